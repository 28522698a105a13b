"""What a tenant asked for is read back whole, or it is said why not."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import ConfigurationError, ResourceMissingError
from orchestrator.aws.settings import Settings
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import by_key, read_request, record_key, request_key
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tests.unit.conftest import tenant_created
from tests.unit.faults import Wire
from tests.unit.tenant_onboarding.sample_providers import SAML

Claim = Callable[..., Record]


LACKING: list[tuple[dict[str, Any], str]] = [
    ({"identityProviders": [{"name": "sso", "type": "OIDC"}]}, "identityProviders[0].clientId"),
    ({"identityProviders": [{"name": "sso", "type": "LDAP"}]}, "identityProviders[0].type"),
    ({"identityProviders": [{"name": "sso"}]}, "identityProviders[0].type"),
    ({"identityProviders": ["s3cr3t-value"]}, "identityProviders[0].type"),
    ({"identityProviders": {"s3cr3t-value": 1}}, "identityProviders"),
    ({"admin": "s3cr3t-value"}, "admin"),
    ({"routing": {"s3cr3t-value": 1}}, "routing.subdomain"),
]
TAKEN_ONCE: list[dict[str, Any]] = [
    {"tenantName": "Ac\nme"},
    {"colour": "blue"},
    {"admin": {"email": "Admin@Acme.example", "title": "Dr."}},
    {"routing": {"subdomain": "WWW", "emailDomains": ["gmail.com", "gmail.com"]}},
    {"tier": "silo", "security": {"mfa": "SMS", "passwordPolicy": {"minimumLength": 6}}},
]


def keep(clients: Clients, request: str) -> None:
    """Let acme's request be what an earlier version kept."""
    item: Any = request_key("acme") | {"request": request}
    clients.dynamodb.put_item(TableName="tenants", Item=item)


def test_what_was_asked_for_is_read_back_whole_by_one_consistent_read(
    claim: Claim, clients: Clients, wire: Wire
) -> None:
    asked = tenant_created(tier="premium", identityProviders=[SAML], security={"mfa": "ON"}, appClient={})
    claim(**{name: value for name, value in asked.items() if name != "tenantId"})
    wire.attempts.clear()
    assert read_request(clients.dynamodb, "tenants", "acme") == TenantCreated.model_validate(asked)
    assert [body["ConsistentRead"] for body in wire.bodies("GetItem")] == [True]


@pytest.mark.parametrize(("changes", "field"), LACKING, ids=lambda value: str(value)[:40])
def test_a_request_that_lacks_what_this_version_needs_is_an_outdated_one_and_says_where(
    claim: Claim, clients: Clients, changes: dict[str, Any], field: str
) -> None:
    claim()
    keep(clients, json.dumps(tenant_created() | changes))
    with pytest.raises(ConfigurationError) as outdated:
        read_request(clients.dynamodb, "tenants", "acme")
    assert outdated.value.code == "RequestOutdated"
    assert f": {field} is not there" in outdated.value.message
    assert "s3cr3t-value" not in outdated.value.message
    assert "retry" in outdated.value.next_action


@pytest.mark.parametrize("changes", TAKEN_ONCE, ids=lambda value: str(value)[:40])
def test_a_request_that_no_rule_would_take_today_is_read_as_it_is(
    claim: Claim, clients: Clients, changes: dict[str, Any]
) -> None:
    claim()
    keep(clients, json.dumps(tenant_created() | changes))
    asked = read_request(clients.dynamodb, "tenants", "acme").model_dump(by_alias=True, exclude_unset=True)
    expected = tenant_created() | changes
    expected.pop("colour", None)
    expected["admin"].pop("title", None)
    assert asked == expected


@pytest.mark.parametrize("request_", ["", "{", "null", "[]", '"text"'])
def test_a_request_that_cannot_be_read_is_an_outdated_one(claim: Claim, clients: Clients, request_: str) -> None:
    claim()
    keep(clients, request_)
    with pytest.raises(ConfigurationError) as outdated:
        read_request(clients.dynamodb, "tenants", "acme")
    assert outdated.value.code == "RequestOutdated"


def test_a_request_that_is_gone_is_missing(claim: Claim, clients: Clients) -> None:
    claim()
    clients.dynamodb.delete_item(TableName="tenants", Key=request_key("acme"))
    with pytest.raises(ResourceMissingError, match="The request of acme is no longer in the tenants table"):
        read_request(clients.dynamodb, "tenants", "acme")


def test_a_key_that_comes_twice_is_read_once(claim: Claim, clients: Clients, settings: Settings) -> None:
    """DynamoDB refuses a batch with the same key twice."""
    record = claim()
    assert list(by_key(clients, settings, [record_key("acme")] * 2)) == [record]
