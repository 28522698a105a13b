"""A tenant's admin looks after its people by the account API of the deployed template, with IAM enforced."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from orchestrator.local.first_sign_in import temporary_password
from orchestrator.operations import deployment
from tests.e2e.accounts import FIRST, SECONDS, Somebody
from tests.e2e.world import World, tenant, wait_until


@dataclass(frozen=True)
class SignedIn:
    """Somebody with a token."""

    somebody: Somebody
    token: str

    def ask(self, method: str, path: str, **body: object) -> requests.Response:
        """Ask for the tenant's people, or one of them."""
        address = self.somebody.world.stack.local_address(deployment.outputs()["AccountApiUrl"])
        brought = {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, f"{address}/users{path}", json=body or None, headers=brought, timeout=SECONDS)


def admin_of(world: World, tenant_id: str, tier: str = "pool") -> SignedIn:
    """Onboard a tenant, and let its admin choose a password."""
    world.onboard(tenant(tenant_id, tier=tier))
    admin = Somebody(world, tenant_id, f"first.user@{tenant_id}.example")
    (mail,) = world.mails_to(admin.email)
    asked = admin.ask("sign-in", email=admin.email, password=temporary_password(mail)).json()
    tokens = admin.ask("challenge", session=asked["session"], answers={"newPassword": FIRST}).json()
    return SignedIn(admin, tokens["accessToken"])


def joined(admin: SignedIn, email: str) -> SignedIn:
    """Let the admin invite somebody, who comes."""
    invited = admin.ask("POST", "", email=email)
    assert (invited.status_code, invited.json()["status"]) == (201, "INVITED"), invited.text
    colleague = Somebody(admin.somebody.world, admin.somebody.tenant_id, email)
    wait_until(lambda: bool(colleague.links()), "the invitation's mail")
    assert colleague.click(colleague.links()[-1], FIRST).status_code == 201
    return SignedIn(colleague, signed_in(colleague)["accessToken"])


def signed_in(somebody: Somebody) -> dict[str, Any]:
    """Return the tokens of somebody who signs in."""
    found: dict[str, Any] = somebody.ask("sign-in", email=somebody.email, password=FIRST).json()
    return found


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
