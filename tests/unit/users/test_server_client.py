"""Our server's own app client is found on every tier, by one read and one call, and nobody can read its secret."""

import base64
import hashlib
import hmac
import logging
import time
from typing import Any

import pytest

from orchestrator.aws.errors import ConfigurationError
from orchestrator.users import server_client
from orchestrator.users.server_client import KEPT_SECONDS
from tenant_onboarding.authorizer import registry, resolver
from tests.unit.every_tier import CASES, Case, World, each_case, user_pools

NOW = 1_764_000_000.0


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what sets the clock; nothing is kept from earlier tests."""
    server_client._of_period.cache_clear()

    def sets(now: float) -> None:
        monkeypatch.setattr(time, "time", lambda: now)

    return sets


def route_of(world: World, tenant_id: str = "acme") -> dict[str, Any]:
    """Return a tenant's own route, by its subdomain."""
    found = registry.resolve(world.clients.dynamodb, world.settings.routes_table, f"subdomain#{tenant_id}")
    assert found
    return found


@each_case
def test_it_is_found_in_the_user_pool_of_every_tenant(case: Case, world: World) -> None:
    world.onboard(case)
    world.wire.attempts.clear()
    found = server_client.find(world.clients, world.settings, route_of(world))
    assert world.wire.operations()[1:] == ["GetItem", "DescribeUserPoolClient"]
    (pool,) = user_pools(world.clients).values()
    assert (found.user_pool_id, found.client_id) == (pool["id"], pool["server"])
    of_pool = {"UserPoolId": found.user_pool_id, "ClientId": found.client_id}
    described = world.clients.cognito.describe_user_pool_client(**of_pool)["UserPoolClient"]
    assert found.secret == described["ClientSecret"]


def test_the_hash_is_what_cognito_documents(world: World) -> None:
    world.onboard(CASES["pool"])
    found = server_client.find(world.clients, world.settings, route_of(world))
    name = "acme/jane@acme.example"
    digest = hmac.new(found.secret.encode(), (name + found.client_id).encode(), hashlib.sha256).digest()
    assert found.secret_hash(name) == base64.b64encode(digest).decode()
    assert found.secret_hash("acme/joe@acme.example") != found.secret_hash(name)


def test_a_process_asks_once_in_a_while_for_each_user_pool(world: World, clock: Any) -> None:
    world.onboard(CASES["silo"])
    world.onboard(CASES["pool"], "globex")
    routes = [route_of(world, tenant_id) for tenant_id in ("acme", "globex")]
    clock(NOW)
    first = [server_client.find(world.clients, world.settings, route) for route in routes]
    world.wire.attempts.clear()
    assert [server_client.find(world.clients, world.settings, route) for route in routes] == first
    assert world.wire.operations() == []
    clock(NOW + KEPT_SECONDS)
    assert [server_client.find(world.clients, world.settings, route) for route in routes] == first
    assert world.wire.count("DescribeUserPoolClient") == 2


def test_a_user_pool_without_one_is_told_by_what_to_do(world: World) -> None:
    world.onboard(CASES["silo"])
    route = route_of(world)
    key = f"internal#{route['userPoolId']}"
    world.clients.dynamodb.delete_item(TableName=world.settings.routes_table, Key={"routeKey": key})
    with pytest.raises(ConfigurationError, match="no app client for our server") as raised:
        server_client.find(world.clients, world.settings, route)
    assert (raised.value.code, raised.value.next_action) == (
        "NoServerClient",
        "Run: onboard converge",
    )


@pytest.mark.parametrize("case", ["pool", "bridge", "silo"])
def test_its_secret_is_in_no_table_and_no_log_and_no_text(
    case: str, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    world.onboard(CASES[case])
    found = server_client.find(world.clients, world.settings, route_of(world))
    assert found.secret not in repr(found) + str(found)
    assert found.secret not in caplog.text
    tables = world.clients.dynamodb.list_tables()["TableNames"]
    kept = [world.clients.dynamodb.scan(TableName=table)["Items"] for table in tables]
    assert found.client_id in repr(kept)
    assert found.secret not in repr(kept)


@pytest.mark.parametrize("case", ["pool", "bridge", "silo"])
def test_no_host_no_address_and_no_code_leads_to_it(case: str, world: World) -> None:
    """Whatever a key leads to, what is marked as ours alone is nobody's to sign in at."""
    record = world.onboard(CASES[case])
    item: dict[str, Any] = world.clients.dynamodb.get_item(
        TableName=world.settings.routes_table, Key={"routeKey": f"internal#{record['resources']['userPoolId']}"}
    )["Item"]
    key = "subdomain#acme"
    tenant = world.stack.routes()[key]
    assert resolver.find(world.clients.dynamodb, world.settings, "host", "acme.app.product.example")
    world.clients.dynamodb.put_item(TableName=world.settings.routes_table, Item=item | {"routeKey": key})
    assert resolver.find(world.clients.dynamodb, world.settings, "host", "acme.app.product.example") is None
    marked = tenant | {"internal": True}
    world.clients.dynamodb.put_item(TableName=world.settings.routes_table, Item=marked)
    assert resolver.find(world.clients.dynamodb, world.settings, "host", "acme.app.product.example") is None
