"""A tenant's admin looks after its people by the account API of the deployed template, with IAM enforced."""

import json
import re
import subprocess
from pathlib import Path

import pyotp
import pytest

from orchestrator.operations import deployment
from tests.e2e.accounts import FIRST, SECOND, Somebody
from tests.e2e.members import admin_of, joined, signed_in
from tests.e2e.world import World


@pytest.mark.parametrize("tier", ["pool", "bridge", "silo"])
def test_an_admin_invites_changes_disables_and_removes(everything: World, tier: str) -> None:
    admin = admin_of(everything, f"members-{tier}", tier)
    me = admin.ask("GET", "/me").json()
    assert (me["tenantId"], me["role"], me["status"]) == (f"members-{tier}", "admin", "ACTIVE")
    colleague = joined(admin, f"colleague@members-{tier}.example")
    path = f"/{colleague.ask('GET', '/me').json()['userId']}"
    assert [each["email"] for each in admin.ask("GET", "?search=colleague").json()["users"]] == [
        colleague.somebody.email
    ]
    assert colleague.ask("GET", "").status_code == 403
    assert admin.ask("PATCH", path, role="admin").json()["role"] == "admin"
    assert colleague.ask("GET", "").status_code == 200, "by the token of before: the row decides"

    assert admin.ask("PATCH", path, status="DISABLED").json()["status"] == "DISABLED"
    assert colleague.ask("GET", "/me").status_code == 403
    assert signed_in(colleague.somebody)["status"] == 401
    assert admin.ask("PATCH", path, status="ACTIVE").json()["status"] == "ACTIVE"
    assert "accessToken" in signed_in(colleague.somebody)

    assert admin.ask("DELETE", path).status_code == 204
    assert signed_in(colleague.somebody)["status"] == 401
    assert admin.ask("GET", path).status_code == 404
    assert admin.ask("DELETE", "/me").json()["type"].endswith("last-admin")


def test_somebody_changes_the_own_password_and_adds_an_authenticator(everything: World) -> None:
    """By the present password each time; the token that Cognito wants for the authenticator never leaves the server."""
    admin = admin_of(everything, "members-own")
    assert admin.ask("PUT", "/me/password", currentPassword=SECOND, newPassword=FIRST).status_code == 401
    weak = admin.ask("PUT", "/me/password", currentPassword=FIRST, newPassword="short")
    assert (weak.status_code, weak.json()["type"].rpartition(":")[2]) == (400, "password-refused")
    assert admin.ask("PUT", "/me/password", currentPassword=FIRST, newPassword=SECOND).status_code == 204
    assert signed_in(admin.somebody)["status"] == 401

    begun = admin.ask("POST", "/me/mfa", password=SECOND)
    assert begun.status_code == 200, begun.text
    totp = pyotp.TOTP(begun.json()["secretCode"])
    assert admin.ask("POST", "/me/mfa", password=SECOND, code=totp.now()).status_code == 204
    challenged = admin.somebody.ask("sign-in", email=admin.somebody.email, password=SECOND).json()
    assert challenged["challenge"] == "SOFTWARE_TOKEN_MFA"


GUIDE = Path(__file__).parents[2] / "docs/users.md"


def test_the_commands_of_the_guide_work(everything: World) -> None:
    """As they are written there, in their order, but for whose they are."""
    section = GUIDE.read_text().split("\n## Let admins look after their people\n")[1].split("\n## ")[0]
    commands = re.findall(r"```bash\n(.*?)```", section, re.DOTALL)
    admin = admin_of(everything, "members-curl")
    invited = Somebody(everything, "members-curl", "colleague@members-curl.example")
    address = everything.stack.local_address(deployment.outputs()["AccountApiUrl"])
    known = {"ACCOUNT_API": address, "TOKEN": admin.token, "NO_PROXY": "127.0.0.1", "PATH": "/usr/bin:/bin"}
    answers = []
    for command in commands:
        ours = command.replace("colleague@acme.example", invited.email)
        done = subprocess.run(["bash", "-c", ours], env=known, capture_output=True, text=True, check=True)
        answers.append(json.loads(done.stdout) if done.stdout else None)
        known |= {"USER_ID": answers[-1]["userId"]} if answers[-1] and "status" in answers[-1] else {}
    assert [each["userId"] for each in answers if each and "userId" in each]
    assert answers[-1] is None
    assert [each["email"] for each in admin.ask("GET", "").json()["users"]] == [admin.somebody.email]
