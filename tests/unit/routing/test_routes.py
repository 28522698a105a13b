"""A routing key leads to one tenant, and nowhere before that tenant can sign in."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import cancellation_codes
from orchestrator.routing import routes
from orchestrator.tenants.ledger import Record
from tenant_onboarding.authorizer import registry
from tenant_onboarding.contracts.tenant_created import Routing
from tests.unit import faults
from tests.unit.faults import Wire

NOW = "2026-01-01T00:00:00.000Z"
TARGET = {"region": "eu-central-1", "userPoolId": "eu-central-1_A", "appClientId": "client-1", "issuer": "https://i"}


def routing(subdomain: str, *, tenant_code: str | None = None, email_domains: Sequence[str] = ()) -> Routing:
    """Return the routing that an event asks for."""
    asked = {"subdomain": subdomain, "tenantCode": tenant_code, "emailDomains": list(email_domains)}
    return Routing.model_validate(asked)


ACME = routing(subdomain="acme", tenant_code="ACME-42", email_domains=["acme.example"])


def item(clients: Clients, key: str) -> dict[str, Any] | None:
    """Return a row of the routes table."""
    found = clients.dynamodb.get_item(TableName="routes", Key={"routeKey": key}).get("Item")
    return dict(found) if found else None


def write(clients: Clients, actions: Sequence[dict[str, Any]]) -> None:
    """Write all or nothing."""
    clients.dynamodb.transact_write_items(TransactItems=actions)  # type: ignore[arg-type]  # plain values


def reserve(clients: Clients, tenant_id: str, wanted: Routing) -> None:
    """Claim a tenant's keys."""
    write(clients, [action for _, action in routes.reservations("routes", tenant_id, wanted, NOW)])


def test_keys_are_spelled_by_their_kind() -> None:
    assert registry.subdomain_key("acme") == "subdomain#acme"
    assert registry.code_key("ACME-42") == "code#ACME-42"
    assert registry.domain_key("acme.example") == "domain#acme.example"
    assert registry.client_key("pool", "client") == "client#pool#client"
    assert registry.tenant_key("acme") == "tenant#acme"


def test_exclusive_keys_name_the_fields_that_ask_for_them() -> None:
    assert routes.exclusive_keys(ACME) == {
        "subdomain#acme": "routing.subdomain",
        "code#ACME-42": "routing.tenantCode",
    }
    assert routes.exclusive_keys(routing(subdomain="acme")) == {"subdomain#acme": "routing.subdomain"}


def test_a_reserved_key_leads_nowhere_yet(clients: Clients) -> None:
    reserve(clients, "acme", ACME)
    expected = {"tenantId": "acme", "state": routes.RESERVED, "reservedAt": NOW}
    for key in routes.exclusive_keys(ACME):
        assert item(clients, key) == expected | {"routeKey": key}
        assert registry.resolve(clients.dynamodb, "routes", key) is None


@pytest.mark.parametrize(
    "wanted",
    [routing(subdomain="acme"), routing(subdomain="globex", tenant_code="ACME-42")],
    ids=["subdomain", "tenant code"],
)
def test_a_key_is_reserved_for_one_tenant_and_a_refused_one_reserves_nothing(wanted: Routing, clients: Clients) -> None:
    reserve(clients, "acme", ACME)
    with pytest.raises(ClientError) as refused:
        reserve(clients, "globex", wanted)
    assert "ConditionalCheckFailed" in cancellation_codes(refused.value)
    taken = item(clients, "subdomain#acme")
    assert taken
    assert taken["tenantId"] == "acme"
    assert item(clients, "subdomain#globex") is None


def test_an_unverified_email_domain_may_be_claimed_by_several_and_routes_nobody(clients: Clients) -> None:
    reserve(clients, "acme", routing(subdomain="acme", email_domains=["shared.example"]))
    reserve(clients, "globex", routing(subdomain="globex", email_domains=["shared.example"]))
    for tenant_id in ("acme", "globex"):
        claimed = item(clients, f"domain-claim#shared.example#{tenant_id}")
        assert claimed
        assert claimed["state"] == routes.UNVERIFIED
    assert registry.resolve(clients.dynamodb, "routes", "domain#shared.example") is None
    assert registry.resolve(clients.dynamodb, "routes", "domain-claim#shared.example#acme") is None


def test_activated_keys_lead_to_the_tenants_user_pool(clients: Clients) -> None:
    reserve(clients, "acme", ACME)
    keys = list(routes.exclusive_keys(ACME))
    write(clients, routes.activations("routes", "acme", keys, TARGET, NOW))
    for key in keys:
        expected = {"routeKey": key, "tenantId": "acme", "activatedAt": NOW, **TARGET}
        assert registry.resolve(clients.dynamodb, "routes", key) == expected


def test_activation_is_safe_to_repeat(clients: Clients) -> None:
    reserve(clients, "acme", ACME)
    for _ in range(2):
        write(clients, routes.activations("routes", "acme", ["subdomain#acme"], TARGET, NOW))
    assert registry.resolve(clients.dynamodb, "routes", "subdomain#acme")


@pytest.mark.parametrize("holder", ["globex", None], ids=["another tenant", "nobody"])
def test_a_key_that_is_not_the_tenants_activates_none(holder: str | None, clients: Clients) -> None:
    reserve(clients, "acme", routing(subdomain="acme"))
    if holder:
        reserve(clients, holder, routing(subdomain="wanted"))
    before = item(clients, "subdomain#wanted")
    keys = ["subdomain#acme", "subdomain#wanted"]
    with pytest.raises(ClientError) as refused:
        write(clients, routes.activations("routes", "acme", keys, TARGET, NOW))
    assert cancellation_codes(refused.value) == ["None", "ConditionalCheckFailed"]
    assert item(clients, "subdomain#wanted") == before
    assert registry.resolve(clients.dynamodb, "routes", "subdomain#acme") is None


def test_a_verified_email_domain_leads_to_its_tenant_whoever_else_claims_it(clients: Clients) -> None:
    reserve(clients, "globex", routing(subdomain="globex", email_domains=["acme.example"]))
    verified: Any = {"routeKey": "domain#acme.example", "tenantId": "acme", "state": registry.ACTIVE, "target": TARGET}
    clients.dynamodb.put_item(TableName="routes", Item=verified)
    found = registry.resolve(clients.dynamodb, "routes", registry.domain_key("acme.example"))
    assert found == {"routeKey": "domain#acme.example", "tenantId": "acme", "activatedAt": None, **TARGET}


def test_a_tenants_own_app_client_leads_to_the_tenant(clients: Clients) -> None:
    key = registry.client_key(TARGET["userPoolId"], TARGET["appClientId"])
    for _ in range(2):
        write(clients, [routes.own_client("routes", "acme", TARGET, NOW)])
    expected = {"routeKey": key, "tenantId": "acme", "activatedAt": NOW, **TARGET}
    assert registry.resolve(clients.dynamodb, "routes", key) == expected


def test_a_tenant_of_a_shared_app_client_is_there_since_it_first_was(clients: Clients) -> None:
    for now in (NOW, "2026-02-02T00:00:00.000Z"):
        write(clients, [routes.own_tenant("routes", "acme", TARGET, now)])
    expected = {"routeKey": "tenant#acme", "tenantId": "acme", "activatedAt": NOW, **TARGET}
    assert registry.resolve(clients.dynamodb, "routes", "tenant#acme") == expected


def test_an_app_client_that_is_another_tenants_is_not_taken_over(clients: Clients) -> None:
    write(clients, [routes.own_client("routes", "acme", TARGET, NOW)])
    with pytest.raises(ClientError) as refused:
        write(clients, [routes.own_client("routes", "globex", TARGET, NOW)])
    assert cancellation_codes(refused.value) == ["ConditionalCheckFailed"]
    found = registry.resolve(
        clients.dynamodb, "routes", registry.client_key(TARGET["userPoolId"], TARGET["appClientId"])
    )
    assert found
    assert found["tenantId"] == "acme"


def test_a_shared_app_client_is_nobodys_to_take_over(clients: Clients) -> None:
    routes.register_shared_client(clients.dynamodb, "routes", TARGET, NOW)
    with pytest.raises(ClientError):
        write(clients, [routes.own_client("routes", "acme", TARGET, NOW)])


def test_a_shared_app_client_is_registered_once_and_belongs_to_no_tenant(clients: Clients) -> None:
    routes.register_shared_client(clients.dynamodb, "routes", TARGET, NOW)
    routes.register_shared_client(clients.dynamodb, "routes", TARGET, "2026-02-02T00:00:00.000Z")
    key = registry.client_key(TARGET["userPoolId"], TARGET["appClientId"])
    registered = item(clients, key)
    assert registered
    assert (registered["activatedAt"], registered["shared"]) == (NOW, True)
    found = {"routeKey": key, "tenantId": None, "activatedAt": NOW, **TARGET}
    assert registry.resolve(clients.dynamodb, "routes", key) == found


def test_a_refusal_to_register_for_another_reason_is_raised(clients: Clients, wire: Wire) -> None:
    with wire.strikes("PutItem", faults.access_denied("dynamodb:PutItem")), pytest.raises(ClientError):
        routes.register_shared_client(clients.dynamodb, "routes", TARGET, NOW)


def test_resolving_is_one_consistent_read(clients: Clients, wire: Wire) -> None:
    assert registry.resolve(clients.dynamodb, "routes", "subdomain#nobody") is None
    assert wire.operations() == ["GetItem"]
    assert wire.bodies("GetItem")[0]["ConsistentRead"] is True


def test_a_claim_reserves_the_keys_that_registering_will_activate(
    claim: Callable[..., Record], clients: Clients
) -> None:
    record = claim("acme", routing={"subdomain": "acme", "tenantCode": "ACME-42", "emailDomains": ["acme.example"]})
    assert record["routeKeys"] == ["subdomain#acme", "code#ACME-42"]
    assert all(item(clients, key) for key in record["routeKeys"])
