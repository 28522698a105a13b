"""Signing in without the SDK, before the deployed template, by HTTP, with IAM enforced, on every tier."""

import pytest

from orchestrator.local.first_sign_in import temporary_password
from orchestrator.local.product import Product
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
    short = admin.ask("challenge", session=asked["session"], answers={"newPassword": "short"})
    assert short.status_code == 400, short.text

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
