"""An onboarded tenant has one SSM parameter: where it signs in, and nothing about persons."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pydantic import ValidationError

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.routing.parameters import write_parameter
from tenant_onboarding.contracts.outgoing import TenantOnboarded
from tests.unit.conftest import message
from tests.unit.faults import Wire, refused

EVENT = TenantOnboarded(
    tenant_id="acme",
    attempt=2,
    redrive=1,
    tier="pool",
    region="eu-central-1",
    user_pool_id="eu-central-1_AbCdEf",
    app_client_id="client",
    issuer="https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf",
    domain="t-0f1e.auth.eu-central-1.amazoncognito.com",
    identity_providers=["0f1e2d3c-the-longest-name-there-is", "0f1e2d3c-Sso"],
    group_name="acme",
    subdomain="acme",
    tenant_code="ACME-42",
)
VALUE: dict[str, Any] = {
    "tenantId": "acme",
    "tier": "pool",
    "region": "eu-central-1",
    "userPoolId": "eu-central-1_AbCdEf",
    "appClientId": "client",
    "issuer": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf",
    "domain": "t-0f1e.auth.eu-central-1.amazoncognito.com",
    "identityProviders": ["0f1e2d3c-the-longest-name-there-is", "0f1e2d3c-Sso"],
    "groupName": "acme",
    "subdomain": "acme",
    "tenantCode": "ACME-42",
}


def body(event: TenantOnboarded = EVENT, **changes: Any) -> str:
    return message(json.loads(event.to_json()) | changes)


def value_of(clients: Clients, name: str) -> Any:
    parameter = clients.ssm.get_parameter(Name=name)["Parameter"]
    assert parameter["Type"] == "String"
    return json.loads(parameter["Value"])


def test_the_parameter_is_named_after_the_tenant_and_says_where_it_signs_in(
    clients: Clients, settings: Settings
) -> None:
    assert write_parameter(clients, settings, body()) == "/tenant-onboarding/tenants/acme"
    assert value_of(clients, "/tenant-onboarding/tenants/acme") == VALUE


def test_the_prefix_is_a_setting(clients: Clients, settings: Settings) -> None:
    chosen = settings.model_copy(update={"parameter_prefix": "/product/x"})
    assert write_parameter(clients, chosen, body()) == "/product/x/tenants/acme"
    assert value_of(clients, "/product/x/tenants/acme") == VALUE


def test_a_tenant_without_a_code_has_none_in_its_parameter(clients: Clients, settings: Settings) -> None:
    name = write_parameter(clients, settings, body(EVENT.model_copy(update={"tenant_code": None})))
    assert "tenantCode" not in value_of(clients, name)


def test_an_event_of_an_earlier_version_without_a_domain_is_written_without(
    clients: Clients, settings: Settings
) -> None:
    detail = json.loads(body())["detail"]
    for name in ("domain", "identityProviders"):
        del detail[name]
    name = write_parameter(clients, settings, message(detail))
    expected = {key: value for key, value in VALUE.items() if key != "domain"} | {"identityProviders": []}
    assert value_of(clients, name) == expected


def test_the_parameter_holds_nothing_about_persons_or_attempts(clients: Clients, settings: Settings) -> None:
    value = value_of(clients, write_parameter(clients, settings, body()))
    assert "@" not in json.dumps(value)
    assert not {"attempt", "redrive", "eventKey", "admin", "adminUsername", "tenantName"} & set(value)


def test_writing_again_overwrites(clients: Clients, settings: Settings) -> None:
    names = {write_parameter(clients, settings, body(appClientId=client)) for client in ("one", "one", "two")}
    assert names == {"/tenant-onboarding/tenants/acme"}
    assert value_of(clients, *names)["appClientId"] == "two"


def test_the_largest_value_fits_into_a_standard_parameter() -> None:
    longest = {name: value * 10 for name, value in VALUE.items()}
    assert len(json.dumps(longest)) < 4096  # Systems Manager: the standard tier's limit


@pytest.mark.parametrize(
    "changes", [{"tenantId": "../x"}, {"tenantId": None}, {"admin": {}}, {"tier": "gold"}, {"attempt": "1"}], ids=str
)
def test_what_is_no_event_of_ours_is_refused(clients: Clients, settings: Settings, changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        write_parameter(clients, settings, body(**changes))
    assert clients.ssm.describe_parameters()["Parameters"] == []


def test_an_error_of_aws_is_raised(clients: Clients, settings: Settings, wire: Wire) -> None:
    with wire.strikes("PutParameter", refused("AccessDeniedException")), pytest.raises(ClientError):
        write_parameter(clients, settings, body())
