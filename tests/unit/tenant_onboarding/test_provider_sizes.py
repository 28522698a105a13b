"""Whatever providers are accepted, their request fits into one item of DynamoDB."""

import json

import pytest

from tenant_onboarding.contracts.identity_providers import DOCUMENT_MAX, MAPPABLE
from tenant_onboarding.contracts.reasons import Reason
from tenant_onboarding.contracts.tenant_created import REQUEST_MAX, TenantCreated
from tests.unit.tenant_onboarding.judgement import judge
from tests.unit.tenant_onboarding.sample_events import Json
from tests.unit.tenant_onboarding.sample_providers import ARN, OIDC, documents, event

DYNAMODB_ITEM = 400_000
"""DynamoDB: an item has at most 400 KB."""


def stored(detail: Json) -> int:
    """Return how many bytes an accepted event's request takes in the tenants table, its key apart."""
    return len(TenantCreated.model_validate(detail).model_dump_json(by_alias=True).encode())


@pytest.mark.parametrize("unit", ['"', "\n", "a", "é", "名", "🏭"])
def test_one_document_as_large_as_may_be_is_kept_if_dynamodb_can(unit: str) -> None:
    detail = event(*documents(1, DOCUMENT_MAX, unit))
    fits = len(json.dumps(detail, ensure_ascii=False).encode()) < REQUEST_MAX - 2_000
    found = judge(detail)
    assert [reason.field for reason in found] == ([] if fits else ["identityProviders"])
    if fits:
        assert stored(detail) <= REQUEST_MAX


@pytest.mark.parametrize("unit", ['"', "\n", "a", "é", "名", "🏭"])
@pytest.mark.parametrize("number", range(1, 21))
def test_whatever_is_accepted_fits_into_one_item(number: int, unit: str) -> None:
    detail = event(*documents(number, 40_000, unit))
    found = judge(detail)
    if found:
        [reason] = found
        assert reason.field == "identityProviders"
        assert "use metadataUrl" in reason.message
        assert str(REQUEST_MAX) in reason.message
    else:
        assert stored(detail) + 1_000 < DYNAMODB_ITEM


def test_the_largest_providers_without_documents_fit() -> None:
    largest = OIDC | {
        "issuer": "https://idp.acme.example/".ljust(2048, "a"),
        "clientId": '"' * 256,
        "clientSecretArn": f"{ARN[:-7]}{'x' * 400}-AbC123",
        "scopes": ["openid", *(f"{number:02}".ljust(128, "s") for number in range(19))],
        "attributeMapping": dict.fromkeys(MAPPABLE, '"' * 256),
    }
    providers = [largest | {"name": f"provider-{number:02}"} for number in range(20)]
    rest = {
        "appClient": {
            field: [f"https://a.example/{n:02}".ljust(1024, "a") for n in range(20)]
            for field in ("callbackUrls", "logoutUrls")
        }
    }
    assert stored(event(*providers) | rest) < REQUEST_MAX


def test_what_is_too_large_together_is_refused_beside_nothing_else() -> None:
    largest = event(*documents(3, DOCUMENT_MAX))
    [reason] = judge(largest)
    assert reason == Reason(
        field="identityProviders",
        message=f"are too large: with them the event has more than {REQUEST_MAX} bytes; use metadataUrl",
    )
