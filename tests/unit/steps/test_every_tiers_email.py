"""On every tier the welcome email says how to come in, in text alone, and no more."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.aws.dynamodb import Change
from orchestrator.tenants.records import record_key
from tests.unit import faults
from tests.unit.conftest import SENDER, TABLES
from tests.unit.every_tier import CASES, World, mails, until_done, world
from tests.unit.identity.providers import DETAILS

__all__ = ["world"]


@pytest.mark.parametrize("case", ["bridge with SAML", "silo with OIDC and SAML", "silo with social providers"])
def test_a_federated_tenant_is_told_how_to_connect_and_gets_no_password(case: str, world: World) -> None:
    resources = world.onboard(CASES[case])["resources"]
    (mail,) = mails(world.wire)
    assert (mail["to"], mail["from"]) == (["admin@acme.example"], SENDER)
    assert mail["subject"] == "Acme Inc. is ready: connect your identity provider"
    kinds = set(CASES[case].providers)
    entity_id = f"urn:amazon:cognito:sp:{resources['userPoolId']}"
    sent = {claim for provider in resources["identityProviders"] for claim in provider["claims"].values()}
    said = {
        "https://acme.app.product.example": True,
        entity_id: "SAML" in kinds,
        f"https://{resources['domain']}/saml2/idpresponse": "SAML" in kinds,
        f"https://{resources['domain']}/oauth2/idpresponse": kinds != {"SAML"},
        **{DETAILS[kind]["name"]: True for kind in kinds},
        **dict.fromkeys(sent, True),
    }
    for body in mail["bodies"]:
        assert {text: text in body for text in said} == said
    forbidden = ("AdminSetUserPassword", "AdminGetUser", "AdminCreateUser")
    assert not [name for name in world.wire.operations() if name in forbidden]


def test_a_tenant_whose_providers_were_noted_without_claims_is_mailed_all_the_same(world: World) -> None:
    """As those that an earlier version made."""
    world.lead_to("SendWelcomeEmail", CASES["bridge with SAML"])
    resources = world.stack.record()["resources"]
    [made] = resources["identityProviders"]
    earlier = {name: made[name] for name in ("name", "label", "type", "mapped")}
    change = Change("tenants", record_key("acme")).set("resources.identityProviders", [earlier])
    world.clients.dynamodb.update_item(**change.arguments())
    world.run("SendWelcomeEmail")
    (mail,) = mails(world.wire)
    assert not [body for body in mail["bodies"] if "Attribute for" in body]


@pytest.mark.parametrize("strike", [faults.lost_response, faults.death_after], ids=["lost response", "death"])
def test_in_doubt_a_federated_tenant_is_told_again(strike: Callable[..., Any], world: World) -> None:
    """Nothing tells whether the mail went out; it holds no password, so twice is better than never."""
    world.lead_to("SendWelcomeEmail", CASES["bridge with SAML"])
    world.wire.attempts.clear()
    with world.wire.strikes("SendEmail", strike):
        until_done(world.run, "SendWelcomeEmail")
    assert [name for name in world.wire.operations() if name != "UpdateItem"] == ["SendEmail", "SendEmail"]
    first, second = mails(world.wire)
    assert first == second


@pytest.mark.parametrize(("length", "days", "said"), [(99, 1, "for 1 day;"), (8, 30, "for 30 days;")])
def test_a_silo_admin_gets_a_password_that_meets_the_tenants_own_policy(
    length: int, days: int, said: str, world: World
) -> None:
    policy = {"minimumLength": length, "temporaryPasswordValidityDays": days}
    with world.wire.strikes("AdminSetUserPassword", faults.answered()):  # moto takes no password of 99 characters
        world.onboard(CASES["silo"], security={"passwordPolicy": policy})
    password = world.wire.bodies("AdminSetUserPassword")[0]["Password"]
    assert len(password) >= length
    (mail,) = mails(world.wire)
    text, html = mail["bodies"]
    assert password in text
    assert password in html
    assert said in text
    assert said in html
    tables = [world.clients.dynamodb.scan(TableName=name)["Items"] for name in TABLES]
    assert password not in json.dumps(tables, default=str)


def test_a_tenants_names_are_text_in_its_mail_and_nothing_else(world: World) -> None:
    nasty: dict[str, Any] = {
        "tenantName": "<b>Acme</b>",
        "admin": {"email": "admin@acme.example", "name": "<i>Ada</i>"},
    }
    world.onboard(CASES["bridge with SAML"], **nasty)
    (mail,) = mails(world.wire)
    text, html = mail["bodies"]
    assert "<b>Acme</b>" in text
    assert "&lt;b&gt;Acme&lt;/b&gt;" in html
    assert "&lt;i&gt;Ada&lt;/i&gt;" in html
    assert "<b>" not in html
