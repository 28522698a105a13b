"""Signing in without the SDK, before the deployed template, by HTTP, with IAM enforced, on every tier."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from orchestrator.local.first_sign_in import temporary_password
from orchestrator.local.product import Product
from orchestrator.operations import deployment
from tests.e2e.accounts import FIRST, Somebody
from tests.e2e.people import me
from tests.e2e.world import World, tenant


@pytest.mark.parametrize("tier", ["pool", "bridge", "silo"])
def test_an_admin_signs_in_goes_on_and_signs_out(everything: World, sample: Product, tier: str) -> None:
    """By the mailed password and then the chosen one; the sample product's API takes each token, at that host alone."""
    tenant_id = f"sessions-{tier}"
    everything.onboard(tenant(tenant_id, tier=tier))
    admin = Somebody(everything, tenant_id, f"first.user@{tenant_id}.example")
    (mail,) = everything.mails_to(admin.email)
    known = {"email": admin.email, "password": temporary_password(mail)}
    elsewhere = f"early-0.{everything.stack.settings.app_domain}"

    asked = admin.ask("sign-in", **known).json()
    assert asked.keys() == {"challenge", "session"}
    assert asked["challenge"] == "NEW_PASSWORD_REQUIRED"
    answer = {"session": asked["session"], "answers": {"newPassword": FIRST}}
    refused = [
        admin.ask("sign-in", email=admin.email, password="A-wrong-password-1"),
        admin.ask("sign-in", host=elsewhere, **known),
        admin.ask("challenge", host=elsewhere, **answer),
    ]
    assert {(each.status_code, each.text) for each in refused} == {(401, refused[0].text)}

    tokens = admin.ask("challenge", **answer).json()
    again = admin.ask("refresh", refreshToken=tokens["refreshToken"]).json()
    by_the_new_one = admin.ask("sign-in", email=admin.email, password=FIRST).json()
    for each in (tokens, again, by_the_new_one):
        assert each.keys() == {"accessToken", "idToken", "refreshToken", "expiresIn"}
        status, body = me(sample, admin.host, each["accessToken"])
        assert (status, body["tenantId"]) == (200, tenant_id)
        assert me(sample, elsewhere, each["accessToken"])[0] == 403

    assert admin.ask("sign-out", refreshToken=tokens["refreshToken"]).status_code == 204
    assert admin.ask("sign-out", refreshToken="no token").status_code == 204


GUIDE = Path(__file__).parents[2] / "docs/sign-in.md"


def test_the_commands_of_the_guide_work(everything: World) -> None:
    """As they are written there, but for whose they are."""
    section = GUIDE.read_text().split("### Sign in without the SDK\n")[1].split("\n### ")[0]
    sign_in, challenge, going_on = re.findall(r"```\n(curl .*?)\n```", section, re.DOTALL)
    refresh, sign_out = going_on.splitlines()
    everything.onboard(tenant("sessions-curl"))
    admin = Somebody(everything, "sessions-curl", "first.user@sessions-curl.example")
    (mail,) = everything.mails_to(admin.email)
    ours = {
        "acme.app.example": admin.host,
        "jane@acme.example": admin.email,
        "Correct-Horse-7-Battery": temporary_password(mail),
    }
    address = everything.stack.local_address(deployment.outputs()["AccountApiUrl"])

    def run(command: str, **variables: str) -> Any:
        for theirs, of_ours in ours.items():
            command = command.replace(theirs, of_ours)
        known = {"ACCOUNT_API_URL": address, "NO_PROXY": "127.0.0.1", "PATH": "/usr/bin:/bin", **variables}
        done = subprocess.run(["bash", "-c", command], env=known, capture_output=True, text=True, check=True)
        return json.loads(done.stdout or "null")

    asked = run(sign_in)
    assert asked["challenge"] == "NEW_PASSWORD_REQUIRED"
    tokens = run(challenge, SESSION=asked["session"])
    assert run(refresh, REFRESH_TOKEN=tokens["refreshToken"]).keys() == tokens.keys()
    assert run(sign_out, REFRESH_TOKEN=tokens["refreshToken"]) is None
