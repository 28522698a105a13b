"""Who may register with a tenant: nobody but the invited, unless the tenant has said so, and never by mistake."""

from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.users.sign_up import may_register
from tenant_onboarding.authorizer import registry
from tests.unit.faults import Wire

ADDRESS = "jane@acme.example"


def route(clients: Clients, settings: Settings, **item: Any) -> None:
    """Let acme.example be a verified domain of acme's, but for what `item` says."""
    of_domain = {"routeKey": "domain#acme.example", "tenantId": "acme", "state": registry.ACTIVE, "target": {}}
    clients.dynamodb.put_item(TableName=settings.routes_table, Item=of_domain | item)


def record(sign_up: str | None, *, federated: bool = False) -> dict[str, Any]:
    """Return what counts of a tenant's record."""
    says = {"signUp": sign_up} if sign_up else {}
    return {"tenantId": "acme", "federated": federated} | says


@pytest.mark.parametrize(
    ("sign_up", "may"), [(None, False), ("INVITE_ONLY", False), ("OPEN", True), ("EMAIL_DOMAINS", True), ("Any", False)]
)
def test_the_tenant_decides_and_what_it_does_not_say_is_no(
    clients: Clients, settings: Settings, sign_up: str | None, may: bool
) -> None:
    route(clients, settings)
    assert may_register(clients.dynamodb, settings, record(sign_up), ADDRESS) is may


@pytest.mark.parametrize("sign_up", ["INVITE_ONLY", "EMAIL_DOMAINS", "OPEN"])
def test_nobody_registers_with_a_federated_tenant(clients: Clients, settings: Settings, sign_up: str) -> None:
    route(clients, settings)
    assert not may_register(clients.dynamodb, settings, record(sign_up, federated=True), ADDRESS)


@pytest.mark.parametrize(
    "item",
    [
        {"tenantId": "globex"},
        {"state": "SUSPENDED"},
        {"routeKey": "domain-claim#acme.example#acme", "state": "UNVERIFIED"},
        {"routeKey": "domain#mail.acme.example"},
        {"routeKey": "domain#example"},
    ],
)
def test_a_domain_counts_only_if_it_is_verified_and_this_tenants(
    clients: Clients, settings: Settings, item: dict[str, str]
) -> None:
    route(clients, settings, **item)
    assert not may_register(clients.dynamodb, settings, record("EMAIL_DOMAINS"), ADDRESS)


@pytest.mark.parametrize(
    ("email", "may"),
    [
        ("JANE@ACME.example", True),
        ("jane@globex.example@acme.example", True),
        ("jane@acme.example@globex.example", False),
        ("jane@sub.acme.example", False),
        ("jane@acme.example.", False),
        ("@acme.example", False),
        ("acme.example", False),
        ("jane@", False),
        ("", False),
    ],
)
def test_what_counts_of_an_address_is_its_own_domain(
    clients: Clients, settings: Settings, email: str, may: bool
) -> None:
    route(clients, settings)
    assert may_register(clients.dynamodb, settings, record("EMAIL_DOMAINS"), email) is may


def test_only_the_domain_costs_a_read(clients: Clients, settings: Settings, wire: Wire) -> None:
    for sign_up in (None, "INVITE_ONLY", "OPEN"):
        may_register(clients.dynamodb, settings, record(sign_up), ADDRESS)
    assert wire.count("GetItem") == 0
    may_register(clients.dynamodb, settings, record("EMAIL_DOMAINS"), ADDRESS)
    assert wire.count("GetItem") == 1
