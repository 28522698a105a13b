"""A warm environment reads no route twice within its time, and whoever makes up keys pushes no route out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from tenant_onboarding.authorizer import registry, route_cache
from tenant_onboarding.authorizer.route_cache import RouteCache
from tests.unit.faults import Wire, access_denied

ACME, LATER, NOBODY = "subdomain#acme", "subdomain#later", "subdomain#nobody"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that the cache sees, in seconds; add to its one value."""
    now = [1_000.0]
    monkeypatch.setattr(route_cache, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def cache(clients: Clients, wire: Wire) -> RouteCache:
    put(clients, ACME, registry.ACTIVE)
    put(clients, LATER, "RESERVED")
    wire.attempts.clear()
    return RouteCache(clients.registry, "routes")


def item(key: str, state: str) -> dict[str, Any]:
    return {"routeKey": key, "tenantId": key.partition("#")[2], "state": state, "target": {"tier": "pool"}}


def put(clients: Clients, key: str, state: str) -> None:
    clients.dynamodb.put_item(TableName="routes", Item=item(key, state))


def test_a_route_is_read_once_in_five_minutes(cache: RouteCache, wire: Wire, clock: list[float]) -> None:
    for _ in range(3):
        assert cache.find(ACME) == [{"routeKey": ACME, "tenantId": "acme", "activatedAt": None, "tier": "pool"}]
    clock[0] += 299
    assert cache.find(ACME)
    assert wire.operations() == ["GetItem"]
    clock[0] += 1
    assert cache.find(ACME)
    assert wire.operations() == ["GetItem", "GetItem"]


def test_a_route_that_is_gone_is_forgotten_after_five_minutes(
    cache: RouteCache, clients: Clients, clock: list[float]
) -> None:
    assert cache.find(ACME)
    clients.dynamodb.delete_item(TableName="routes", Key={"routeKey": ACME})
    assert cache.find(ACME)
    clock[0] += 300
    assert cache.find(ACME) == []


@pytest.mark.parametrize("key", [LATER, NOBODY])
def test_what_leads_nowhere_is_read_once_in_thirty_seconds(
    key: str, cache: RouteCache, clients: Clients, wire: Wire, clock: list[float]
) -> None:
    for _ in range(3):
        assert cache.find(key) == []
    clock[0] += 29
    assert cache.find(key) == []
    assert wire.operations() == ["GetItem"]
    put(clients, key, registry.ACTIVE)
    clock[0] += 1
    assert cache.find(key)


def test_made_up_keys_push_no_route_out_and_take_no_more_room(
    cache: RouteCache, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route_cache, "MOST_KEYS", 4)
    assert cache.find(ACME)
    for number in range(20):
        assert cache.find(f"{NOBODY}-{number}") == []
    wire.attempts.clear()
    assert cache.find(ACME)
    assert not any(cache.find(f"{NOBODY}-{number}") for number in range(16, 20))
    assert wire.operations() == []
    assert cache.find(f"{NOBODY}-15") == []
    assert wire.operations() == ["GetItem"]


def test_of_too_many_routes_the_longest_unused_goes(
    cache: RouteCache, clients: Clients, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route_cache, "MOST_KEYS", 2)
    others = [f"subdomain#other-{number}" for number in range(3)]
    for key in others:
        put(clients, key, registry.ACTIVE)
    wire.attempts.clear()
    for key in others:
        assert cache.find(key)
        assert cache.find(ACME)
    assert wire.count("GetItem") == len(others) + 1
    wire.attempts.clear()
    assert cache.find(ACME)
    assert cache.find(others[-1])
    assert wire.operations() == []
    assert cache.find(others[0])
    assert wire.operations() == ["GetItem"]


def test_a_targets_end_is_held_to_the_clock_however_long_it_is_remembered(
    cache: RouteCache, clients: Clients, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = [datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)]
    monkeypatch.setattr(registry, "now", lambda: today[0])
    moving: Any = {"targets": [{"tier": "silo"}, {"tier": "pool", "until": "2027-01-01T00:00:00.000Z"}]}
    clients.dynamodb.put_item(TableName="routes", Item=item(ACME, registry.ACTIVE) | moving)
    wire.attempts.clear()
    assert [each["tier"] for each in cache.find(ACME)] == ["silo", "pool"]
    today[0] += timedelta(seconds=1)
    assert [each["tier"] for each in cache.find(ACME)] == ["silo"]
    assert wire.operations() == ["GetItem"]


def test_a_failing_read_says_so_and_is_not_remembered(cache: RouteCache, clients: Clients, wire: Wire) -> None:
    with (
        wire.strikes("GetItem", access_denied("dynamodb:GetItem")),
        pytest.raises(clients.registry.exceptions.ClientError),
    ):
        cache.find(ACME)
    assert cache.find(ACME)
