"""In a shared user pool a SAML provider is one tenant's."""

import hashlib
from typing import Any

import pytest

from tests.unit.conftest import tenant_created
from tests.unit.faults import preceded_by
from tests.unit.onboarding.intake_events import reasons_of, routing
from tests.unit.simulated_aws import Stack, stack
from tests.unit.tenant_onboarding.sample_providers import (
    METADATA,
    OIDC,
    SAML,
    SAML_DOCUMENT,
    named,
    secret_arn,
)

__all__ = ["stack"]

ANOTHER = "is another bridge tenant's SAML provider, and a user pool could not tell the two apart; use silo"
AT_ADDRESS = SAML
IN_DOCUMENT = SAML_DOCUMENT
OF_THE_SAME_NAME = SAML_DOCUMENT | {
    "name": "other",
    "metadataDocument": METADATA.replace("acme.example/post", "x.example"),
}
BY_ITS_NAME = SAML | {"name": "third", "metadataUrl": "https://idp.acme.example/saml"}
SPELLED, URL = SAML | {"name": "spelled"}, "metadataUrl"
CLASHES = {
    "one address": (AT_ADDRESS, AT_ADDRESS, "metadataUrl"),
    "one document": (IN_DOCUMENT, IN_DOCUMENT, "metadataDocument"),
    "two documents of one name": (IN_DOCUMENT, OF_THE_SAME_NAME, "metadataDocument"),
    "an address that is the other's name": (IN_DOCUMENT, BY_ITS_NAME, "metadataUrl"),
    "a name that is the other's address": (BY_ITS_NAME, IN_DOCUMENT, "metadataDocument"),
    "an address in other capitals": (AT_ADDRESS, SPELLED | {"metadataUrl": "https://IDP.acme.example/metadata"}, URL),
    "an address with its port": (SPELLED | {"metadataUrl": "https://idp.acme.example:443/metadata"}, AT_ADDRESS, URL),
    "two spellings of an address": (
        SPELLED | {"metadataUrl": "https://IDP.acme.example/%6Detadata"},
        SPELLED | {"metadataUrl": "https://idp.acme.example:443/metadata"},
        URL,
    ),
    "another spelling of the other's name": (
        IN_DOCUMENT,
        SPELLED | {"metadataUrl": "https://idp.acme.example:443/saml"},
        URL,
    ),
}


def saml_routes(stack: Stack) -> dict[str, str]:
    """Return which tenant has each claim of a SAML provider."""
    return {key: route["tenantId"] for key, route in stack.routes().items() if key.startswith("saml#")}


def hashed(identity: str) -> str:
    return f"saml#{hashlib.sha256(identity.encode()).hexdigest()}"


@pytest.mark.parametrize("clash", CLASHES)
def test_of_two_bridge_tenants_with_one_saml_provider_the_second_is_told_to_use_silo(stack: Stack, clash: str) -> None:
    """A user pool tells SAML providers apart by the name in their answers: one could let people in for the other."""
    first, second, field = CLASHES[clash]
    assert stack.receive(tenant_created(tier="bridge", identityProviders=[first])) == "started"
    oidc = OIDC | {"name": "oidc", "clientSecretArn": secret_arn("globex")}
    late = tenant_created("globex", tier="bridge", identityProviders=[oidc, second])
    assert stack.receive(late, "event-2") == "rejected"
    assert reasons_of(stack, "event-2") == {f"identityProviders[1].{field}": ANOTHER}
    assert set(saml_routes(stack).values()) == {"acme"}
    assert "subdomain#globex" not in stack.routes()
    assert stack.receive(late | {"tier": "silo"}, "event-3") == "started"


@pytest.mark.parametrize(
    ("provider", "identity"), [(SAML, SAML["metadataUrl"]), (SAML_DOCUMENT, "https://idp.acme.example/saml")]
)
def test_a_claim_is_known_by_the_providers_name_or_its_address(
    stack: Stack, provider: dict[str, Any], identity: str
) -> None:
    stack.receive(tenant_created(tier="bridge", identityProviders=[provider]))
    item = stack.routes()[hashed(identity)]
    assert item.pop("reservedAt")
    assert item == {"routeKey": hashed(identity), "tenantId": "acme", "state": "RESERVED"}
    assert stack.record()["routeKeys"] == ["subdomain#acme", "code#ACME-42"]


def test_an_address_that_is_spelled_otherwise_is_claimed_by_both_spellings(stack: Stack) -> None:
    """Claims from before equal addresses were one stand under what the event had."""
    spelled = SAML | {"metadataUrl": "https://IDP.acme.example/metadata"}
    assert stack.receive(tenant_created(tier="bridge", identityProviders=[spelled])) == "started"
    assert set(saml_routes(stack)) == {hashed(SAML["metadataUrl"]), hashed(spelled["metadataUrl"])}


@pytest.mark.parametrize("tiers_of_two", [("silo", "silo"), ("bridge", "silo"), ("silo", "bridge")])
def test_a_silo_tenants_saml_provider_is_nobody_elses_business(stack: Stack, tiers_of_two: tuple[str, str]) -> None:
    for tenant_id, tier in zip(("acme", "globex"), tiers_of_two, strict=True):
        detail = tenant_created(tenant_id, tier=tier, identityProviders=[SAML, SAML_DOCUMENT | {"name": "two"}])
        assert stack.receive(detail, tenant_id) == "started"
    holders = [tenant_id for tenant_id, tier in zip(("acme", "globex"), tiers_of_two, strict=True) if tier == "bridge"]
    assert sorted(saml_routes(stack).values()) == holders * 2


def test_the_same_event_again_does_not_collide_with_itself(stack: Stack) -> None:
    detail = tenant_created(tier="bridge", identityProviders=[SAML, SAML_DOCUMENT | {"name": "two"}])
    assert stack.receive(detail) == "started"
    assert stack.receive(detail, "event-2") == "repeated"
    assert stack.rejections() == []
    assert set(saml_routes(stack).values()) == {"acme"}


def test_a_known_tenant_with_other_providers_is_told_that_it_is_known(stack: Stack) -> None:
    stack.receive(tenant_created(tier="bridge", identityProviders=[SAML]))
    detail = tenant_created(tier="bridge", identityProviders=[SAML, SAML_DOCUMENT | {"name": "two"}])
    assert stack.receive(detail, "event-2") == "rejected"
    assert list(reasons_of(stack, "event-2")) == ["tenantId"]
    assert saml_routes(stack) == {hashed(SAML["metadataUrl"]): "acme"}


def test_a_taken_provider_is_said_together_with_a_taken_subdomain(stack: Stack) -> None:
    stack.receive(tenant_created(tier="bridge", identityProviders=[SAML]))
    late = tenant_created("globex", tier="bridge", identityProviders=[SAML], **routing("acme"))
    assert stack.receive(late, "event-2") == "rejected"
    assert reasons_of(stack, "event-2") == {
        "routing.subdomain": "is taken by another tenant; choose another",
        "identityProviders[0].metadataUrl": ANOTHER,
    }


def test_of_twenty_bridge_tenants_with_one_saml_provider_at_once_one_starts(stack: Stack) -> None:
    answers: list[str] = []

    def enter(number: int) -> None:
        detail = tenant_created(f"tenant-{number:02}", tier="bridge", identityProviders=[SAML])
        if number == 19:
            answers.append(stack.receive(detail, f"event-{number}"))
            return
        with stack.wire.strikes("TransactWriteItems", preceded_by(lambda: enter(number + 1))):
            answers.append(stack.receive(detail, f"event-{number}"))

    enter(0)
    assert sorted(answers) == ["rejected"] * 19 + ["started"]
    assert len(saml_routes(stack)) == 1


def test_the_claim_of_a_tenant_with_all_that_it_may_bring_is_one_transaction(stack: Stack) -> None:
    """DynamoDB: at most 100 actions."""
    asked = {"subdomain": "acme", "tenantCode": "A", "emailDomains": [f"a{number}.example" for number in range(20)]}
    several = [
        SAML_DOCUMENT | {"name": f"sso-{number}", "metadataDocument": named(f"https://IDP.acme.example/{number}")}
        for number in range(20)
    ]
    assert stack.receive(tenant_created(tier="bridge", routing=asked, identityProviders=several)) == "started"
    assert len(saml_routes(stack)) == 40
