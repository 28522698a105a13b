"""No secret has a place in an event, and no provider fills in an attribute that is ours."""

import pytest

from orchestrator.identity.identity_providers import mapping_of
from tenant_onboarding.contracts.identity_providers import MAPPABLE
from tenant_onboarding.contracts.reasons import Reason
from tests.unit.tenant_onboarding.judgement import judge
from tests.unit.tenant_onboarding.sample_providers import LEAST, PATH, SAML, SECRETS, event, full, parsed, refusal


@pytest.mark.parametrize("kind", LEAST)
@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_in_an_event_is_refused_by_name_and_not_repeated(kind: str, name: str) -> None:
    [reason] = judge(event(full(kind) | {name: "s3cr3t-value"}))
    assert reason == Reason(field=f"{PATH}.{name}", message="is not a field of this event; remove it")


@pytest.mark.parametrize("kind", LEAST)
def test_no_type_has_a_field_for_a_secret(kind: str) -> None:
    secretive = [name for name in full(kind) if "secret" in name.lower() or "key" in name.lower()]
    assert set(secretive) <= {"clientSecretArn", "keyId"}


# Attributes

OURS = [
    "custom:tenantId",
    "custom:tenantTier",
    "custom:tenantRole",
    "custom:userId",
    "custom:TENANTID",
    "CUSTOM:tenantId",
    "custom:anything",
    "dev:custom:tenantId",
    "tenantId",
    "username",
    "Username",
    "sub",
    "email_verified",
    "phone_number_verified",
    "identities",
    "cognito:groups",
    "cognito:username",
    "updated_at",
    "Email",
    "EMAIL",
]


@pytest.mark.parametrize("kind", LEAST)
@pytest.mark.parametrize("attribute", OURS)
def test_an_attribute_that_is_not_the_providers_to_fill_is_refused_by_its_path(kind: str, attribute: str) -> None:
    provider = LEAST[kind] | {"attributeMapping": {"email": "mail", attribute: "tenant"}}
    [reason] = judge(event(provider))
    assert reason.field == f"identityProviders[0].attributeMapping.{attribute}"
    assert reason.message == f"may not be mapped; these may: {', '.join(MAPPABLE)}"


@pytest.mark.parametrize(
    "name", ["", " email", "email ", "email\0", "custom:tenantId\u200b", "jane@acme.example", "x" * 65]
)
def test_an_attribute_that_looks_like_none_is_not_repeated(name: str) -> None:
    assert refusal(SAML | {"attributeMapping": {name: "mail"}})[0] == "attributeMapping.(unreadable name)"


@pytest.mark.parametrize("kind", LEAST)
def test_without_a_mapping_the_email_address_is_filled_in(kind: str) -> None:
    mapping = mapping_of(parsed(LEAST[kind]))
    assert "email" in mapping
    assert judge(event(LEAST[kind] | {"attributeMapping": mapping})) == []
