"""All that is wrong with a request is said at once: in itself, by its plan and by its tier."""

import json
from typing import Any

import pytest

from orchestrator.onboarding.intake import receive
from tests.unit.conftest import REGION, message, tenant_created
from tests.unit.onboarding.intake_events import REJECTED, reasons_of, routing
from tests.unit.simulated_aws import Stack, stack
from tests.unit.tenant_onboarding.sample_providers import OIDC, SAML, secret_arn

__all__ = ["stack"]


def test_an_unknown_plan_is_rejected_and_the_known_ones_are_named(stack: Stack) -> None:
    assert stack.receive(tenant_created(tier="gold")) == "rejected"
    assert reasons_of(stack) == {"tier": "must be one of pool, bridge, silo, basic, standard, premium"}
    assert stack.routes() == {}


def test_an_unknown_plan_is_said_together_with_all_that_is_wrong_beside_it(stack: Stack) -> None:
    wrong = tenant_created(tier="gold", tenantName="", identityProviders=[{"name": "sso", "type": "OIDC"}])
    assert stack.receive(wrong) == "rejected"
    assert list(reasons_of(stack)) == [
        "tenantName",
        "identityProviders[0].clientId",
        "identityProviders[0].clientSecretArn",
        "identityProviders[0].issuer",
        "tier",
    ]


@pytest.mark.parametrize("tier", ["", "gold!", " gold", 7, None, ["gold"], {"gold": 1}], ids=repr)
def test_what_can_be_no_plan_is_said_once(stack: Stack, tier: Any) -> None:
    assert stack.receive(tenant_created(tier=tier, tenantName="")) == "rejected"
    [event] = stack.published(REJECTED)
    assert [reason["field"] for reason in event["reasons"]] == ["tenantName", "tier"]


def test_what_the_tier_cannot_carry_is_rejected_all_at_once(stack: Stack) -> None:
    detail = tenant_created(
        identityProviders=[SAML], appClient={}, security={"mfa": "ON"}, region="eu-central-1", tier="basic"
    )
    assert stack.receive(detail) == "rejected"
    assert list(reasons_of(stack)) == ["identityProviders", "appClient", "security", "region"]
    assert stack.routes() == {}


ALL_AT_ONCE: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"tier": "pool", **routing("www"), "identityProviders": [SAML], "security": {"mfa": "ON"}},
        ["identityProviders", "security", "routing.subdomain"],
    ),
    ({"tier": "basic", "tenantName": "", "appClient": {}}, ["tenantName", "appClient"]),
    (
        {"tier": "bridge", "identityProviders": [SAML | {"name": "_"}], "region": "eu-west-1"},
        ["identityProviders[0].name", "region"],
    ),
    ({"tier": "silo", "security": {"mfa": "SMS"}}, ["security.mfa"]),
    ({"tier": "pool", "security": {"mfa": "SMS"}}, ["security.mfa", "security"]),
    ({"tier": "gold", **routing("www"), "security": {}}, ["tier", "routing.subdomain"]),
    ({"tier": "gold", "identityProviders": [SAML], "security": {}, "appClient": {}, "region": REGION}, ["tier"]),
    (
        {"tier": "bridge", "security": {}, "appClient": {"callbackUrls": ["https://globex.app.product.example/"]}},
        ["security", "appClient.callbackUrls[0]"],
    ),
]


@pytest.mark.parametrize(("changes", "fields"), ALL_AT_ONCE, ids=lambda value: ",".join(value)[:60])
def test_what_is_wrong_in_itself_and_what_the_tier_cannot_carry_are_said_together_and_once(
    stack: Stack, changes: dict[str, Any], fields: list[str]
) -> None:
    assert stack.receive(tenant_created(**changes)) == "rejected"
    [event] = stack.published(REJECTED)
    assert [reason["field"] for reason in event["reasons"]] == fields


def test_a_type_of_provider_that_bridge_does_not_offer_here_is_rejected(stack: Stack) -> None:
    offering = stack.settings.model_copy(update={"bridge_providers": ("OIDC",)})
    for number, (tier, expected) in enumerate({"bridge": "rejected", "silo": "started"}.items()):
        body = message(tenant_created(tier=tier, identityProviders=[SAML]), f"event-{number}")
        assert receive(stack.clients, offering, body)[0] == expected
    assert reasons_of(stack, "event-0") == {"identityProviders[0].type": "SAML is possible on tier silo only"}


def test_a_secret_of_another_tenant_is_rejected_before_anything_is_claimed(stack: Stack) -> None:
    provider = OIDC | {"clientSecretArn": secret_arn("globex")}
    assert stack.receive(tenant_created(tier="silo", identityProviders=[provider])) == "rejected"
    assert list(reasons_of(stack)) == ["identityProviders[0].clientSecretArn"]
    assert "globex" not in json.dumps(stack.published(REJECTED))
    assert stack.record() == {}


@pytest.mark.parametrize("name", ["clientSecret", "client_secret", "privateKey"])
def test_a_secret_in_an_event_is_rejected_and_not_repeated_on_the_bus(stack: Stack, name: str) -> None:
    provider = OIDC | {"clientSecretArn": secret_arn("acme"), name: "s3cr3t-value"}
    assert stack.receive(tenant_created(tier="silo", identityProviders=[provider])) == "rejected"
    assert reasons_of(stack) == {f"identityProviders[0].{name}": "is not a field of this event; remove it"}
    assert "s3cr3t-value" not in json.dumps(stack.published(REJECTED))
