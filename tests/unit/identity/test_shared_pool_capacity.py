"""The tick: the next shared user pool is open before it is needed, and each warning is given once, whatever fails."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import OnboardingError, TransientError
from orchestrator.aws.settings import Settings
from orchestrator.identity import shared_pool_capacity, shared_pools
from orchestrator.identity.shared_pool_capacity import Fill
from orchestrator.identity.shared_pools import OPEN, OPENING
from tenant_onboarding.contracts.outgoing import SharedPoolNearlyFull
from tests.unit import faults
from tests.unit.conftest import REGION, turn
from tests.unit.faults import DeathError, Wire
from tests.unit.identity.shared_pool_rows import assign, being_opened, put_row, rows, small, with_limits
from tests.unit.identity.user_pools import app_clients, pools, server_clients
from tests.unit.simulated_aws import entry_refused

NOTHING = {"withRoom": 1, "lacking": 0, "refreshed": 0, "warned": 0, "opened": 0, "failed": 0}
FULL = {"groups": 10, "appClients": 10, "identityProviders": 10}
ALIKE = {"limits": FULL}


@pytest.fixture
def ten(settings: Settings) -> Settings:
    """Settings that allow ten of everything in a shared user pool."""
    return small(settings)


@pytest.fixture
def tick(clients: Clients, ten: Settings) -> Callable[..., dict[str, int]]:
    """Run one tick, an invocation of its own."""
    owners = itertools.count(1)

    def tick(settings: Settings = ten, lease: float = 60.0, **told: Any) -> dict[str, int]:
        return shared_pool_capacity.tick(clients, settings, turn("", f"tick-{next(owners)}", lease=lease), **told)

    return tick


Tick = Callable[..., dict[str, int]]
Published = Callable[[], list[dict[str, Any]]]


# opening ahead of need


@pytest.mark.parametrize(("groups", "opened"), [(0, 0), (7, 0), (8, 1), (10, 1)])
def test_the_next_one_is_opened_from_80_percent_on(
    groups: int, opened: int, clients: Clients, settings: Settings, tick: Tick
) -> None:
    put_row(clients, settings, 1, groups=groups)
    assert tick()["opened"] == opened
    assert len(pools(clients)) == opened
    assert [row["status"] for row in rows(clients, settings).values()] == [OPEN] * (1 + opened)
    assert tick()["opened"] == 0
    assert len(pools(clients)) == opened


@pytest.mark.parametrize("counter", ["groups", "appClients", "identityProviders"])
def test_each_counter_makes_the_next_one_due(counter: str, clients: Clients, settings: Settings, tick: Tick) -> None:
    put_row(clients, settings, 1, **{counter: 8})
    assert tick()["opened"] == 1


def test_a_tick_with_nothing_to_do_costs_one_query(
    clients: Clients, settings: Settings, tick: Tick, wire: Wire
) -> None:
    put_row(clients, settings, 1, groups=7)
    wire.attempts.clear()
    assert tick() == NOTHING
    assert wire.operations() == ["Query"]


def test_opening_ahead_costs_a_fixed_number_of_calls(
    clients: Clients, settings: Settings, tick: Tick, wire: Wire
) -> None:
    put_row(clients, settings, 1, groups=8, nearlyFull80="{}", nearlyFull80PublishedAt="2026")
    wire.attempts.clear()
    assert tick()["opened"] == 1
    begin, finish = "UpdateItem", "UpdateItem"
    assert wire.operations() == [
        *("Query", "PutItem"),
        *(begin, "CreateUserPool", finish),
        *(begin, "SetUserPoolMfaConfig", "CreateUserPoolDomain", "CreateUserPoolClient", "TransactWriteItems"),
        *(begin, "CreateUserPoolClient", finish),
    ]


def test_what_a_tick_opened_is_used_when_it_is_needed_at_the_usual_price(
    clients: Clients, settings: Settings, ten: Settings, tick: Tick, wire: Wire
) -> None:
    put_row(clients, settings, 1, groups=9)
    tick()
    wire.attempts.clear()
    assert [assign(clients, ten, f"tenant-{number}") for number in range(3)] == [
        "shared-001",
        "shared-002",
        "shared-002",
    ]
    assert wire.operations() == ["Query", "TransactWriteItems"] * 3


def test_the_first_one_is_opened_by_the_first_tenant(clients: Clients, tick: Tick) -> None:
    """A deployment of silo tenants alone needs none."""
    assert tick() == NOTHING | {"withRoom": 0}
    assert pools(clients) == []


@pytest.mark.parametrize(("several", "opened"), [(1, 0), (2, 1), (3, 1)])
def test_as_many_as_are_kept_open_have_room_after_a_tick_for_each(
    several: int, opened: int, clients: Clients, settings: Settings, ten: Settings, tick: Tick
) -> None:
    put_row(clients, settings, 1, groups=2)
    put_row(clients, settings, 2, groups=9)
    spreading = with_limits(ten, open_shards=several)
    assert tick(spreading)["opened"] == opened
    for _ in range(5):
        tick(spreading)
    assert len(pools(clients)) == several - 1


@pytest.mark.parametrize("limits", [{"app_clients_per_pool": 1}, {"identity_providers_per_pool": 0}])
def test_what_not_even_an_empty_one_offers_makes_none_due(
    limits: dict[str, int], clients: Clients, settings: Settings, ten: Settings, tick: Tick
) -> None:
    """Else every tick would open one more, for ever."""
    only = with_limits(ten, **limits)
    assign(clients, only, "acme")
    for _ in range(3):
        assert tick(only)["opened"] == 0
    assert len(pools(clients)) == 1


def test_a_closed_one_has_no_room(clients: Clients, settings: Settings, tick: Tick) -> None:
    put_row(clients, settings, 1, status="CLOSED")
    assert tick()["opened"] == 1


# two at once


def test_two_ticks_at_once_open_one(clients: Clients, settings: Settings, tick: Tick, wire: Wire) -> None:
    """The other one does it all just after ours saw that it is due."""
    put_row(clients, settings, 1, groups=8)
    with wire.strikes("PutItem", faults.preceded_by(tick)):
        tick()
    assert len(rows(clients, settings)) == 2
    assert len(pools(clients)) == 1


def test_a_tick_leaves_alone_what_another_is_opening(
    clients: Clients, settings: Settings, tick: Tick, wire: Wire
) -> None:
    put_row(clients, settings, 1, groups=8, **ALIKE)
    found: list[dict[str, int]] = []
    with wire.strikes("CreateUserPool", faults.preceded_by(lambda: found.append(tick()))):
        assert tick()["opened"] == 1
    assert (found[0]["opened"], found[0]["failed"]) == (0, 0)
    assert len(pools(clients)) == 1


def test_one_that_began_after_our_look_is_left_alone_too(
    clients: Clients, settings: Settings, tick: Tick, wire: Wire
) -> None:
    put_row(clients, settings, 1, groups=8)

    def begin() -> None:
        being_opened(clients, settings, 2, lease=60)

    with wire.strikes("PutItem", faults.preceded_by(begin)):
        found = tick()
    assert (found["opened"], found["failed"]) == (0, 0)
    assert pools(clients) == []


def test_tenants_are_placed_while_a_tick_opens_the_next(
    clients: Clients, settings: Settings, ten: Settings, tick: Tick, wire: Wire
) -> None:
    put_row(clients, settings, 1, groups=8)
    placed: list[str] = []

    def place() -> None:
        placed.append(assign(clients, ten, f"tenant-{len(placed)}"))

    with wire.strikes("CreateUserPool", faults.preceded_by(place)):
        tick()
    assert placed == ["shared-001"]


def test_a_tenant_and_a_tick_open_the_same_one(
    clients: Clients, settings: Settings, ten: Settings, tick: Tick, wire: Wire
) -> None:
    put_row(clients, settings, 1, groups=10)
    with wire.strikes("PutItem", faults.preceded_by(lambda: assign(clients, ten, "acme"))):
        tick()
    assert set(rows(clients, settings)) == {"shared-001", "shared-002"}
    assert len(pools(clients)) == 1


def test_a_tenant_that_needs_what_a_tick_is_opening_comes_back(
    clients: Clients, settings: Settings, ten: Settings, tick: Tick, wire: Wire
) -> None:
    put_row(clients, settings, 1, groups=10)
    refused: list[str] = []

    def come() -> None:
        with pytest.raises(TransientError) as error:
            assign(clients, ten, "acme")
        refused.append(error.value.code)

    with wire.strikes("CreateUserPool", faults.preceded_by(come)):
        tick()
    assert refused == ["LeaseHeld"]
    assert assign(clients, ten, "acme") == "shared-002"
    assert len(pools(clients)) == 1


# faults while opening ahead

OPENING_CALLS = ["PutItem", "CreateUserPool", "SetUserPoolMfaConfig", "CreateUserPoolDomain", "CreateUserPoolClient"]


@pytest.mark.parametrize("operation", OPENING_CALLS)
@pytest.mark.parametrize("strike", [faults.death_before, faults.death_after], ids=["before", "after"])
@pytest.mark.parametrize("heir", ["tick", "tenant"])
def test_what_a_dead_tick_left_is_finished_by_whoever_comes_next(
    heir: str,
    strike: Callable[..., Any],
    operation: str,
    clients: Clients,
    settings: Settings,
    ten: Settings,
    tick: Tick,
    wire: Wire,
) -> None:
    put_row(clients, settings, 1, groups=10)
    with wire.strikes(operation, strike), pytest.raises(DeathError):
        tick(lease=-1)
    if heir == "tick":
        assert tick()["opened"] == 1
    assert assign(clients, ten, "acme") == "shared-002"
    (pool_id,) = pools(clients)
    (client_id,) = app_clients(clients, pool_id)
    opened = rows(clients, settings)["shared-002"]
    assert (opened["resources"]["userPoolId"], opened["resources"]["appClientId"]) == (pool_id, client_id)


@pytest.mark.parametrize(
    ("operation", "spare"), [("CreateUserPool", 0), ("CreateUserPoolClient", 0), ("CreateUserPoolClient", 1)]
)
def test_a_lost_answer_is_adopted_by_the_next_tick(
    operation: str, spare: int, clients: Clients, settings: Settings, tick: Tick, wire: Wire
) -> None:
    put_row(clients, settings, 1, groups=8)
    with wire.strikes(operation, faults.lost_response, spare=spare):
        assert tick()["failed"] == 1
    assert tick()["opened"] == 1
    assert (wire.count("CreateUserPool"), wire.count("CreateUserPoolClient")) == (1, 2)
    (pool_id,) = pools(clients)
    assert len(app_clients(clients, pool_id)) == len(server_clients(clients, pool_id)) == 1


def test_a_dead_tick_keeps_nobody_from_the_open_one(
    clients: Clients, settings: Settings, ten: Settings, tick: Tick, wire: Wire
) -> None:
    put_row(clients, settings, 1, groups=8)
    with wire.strikes("CreateUserPool", faults.death_after), pytest.raises(DeathError):
        tick(lease=60)
    wire.attempts.clear()
    assert assign(clients, ten, "acme") == "shared-001"
    assert wire.operations() == ["Query", "TransactWriteItems"]


def test_a_refused_opening_is_told_harms_nobody_and_is_tried_again(
    clients: Clients, settings: Settings, ten: Settings, tick: Tick, wire: Wire
) -> None:
    put_row(clients, settings, 1, groups=8)
    told: list[tuple[str, str]] = []

    def report(pool_key: str, failure: OnboardingError) -> None:
        told.append((pool_key, type(failure).__name__))

    quota = faults.refused("LimitExceededException", "User pool limit exceeded")
    with wire.strikes("CreateUserPool", quota, times=2):
        for _ in range(2):
            found = tick(report=report)
            assert (found["opened"], found["failed"]) == (0, 1)
    assert told == [("", "QuotaExceededError")] * 2
    assert wire.count("CreateUserPool") == 2
    assert assign(clients, ten, "acme") == "shared-001"
    assert tick()["opened"] == 1


# limits


def test_the_rows_own_copy_of_the_limits_follows_the_settings(
    clients: Clients, settings: Settings, tick: Tick, wire: Wire
) -> None:
    for number in range(1, 4):
        put_row(clients, settings, number)
    raised = small(settings, 20)
    wire.attempts.clear()
    assert tick(raised)["refreshed"] == 3
    assert wire.operations() == ["Query"] + ["UpdateItem"] * 3
    assert {row["limits"]["groups"] for row in rows(clients, settings).values()} == {20}
    assert tick(raised)["refreshed"] == 0


def test_a_raised_limit_makes_none_due_that_was_due_before(clients: Clients, settings: Settings, tick: Tick) -> None:
    put_row(clients, settings, 1, groups=9)
    assert tick(small(settings, 20))["opened"] == 0


def test_a_row_that_was_removed_meanwhile_does_not_come_back(
    clients: Clients, settings: Settings, tick: Tick, wire: Wire
) -> None:
    put_row(clients, settings, 1, groups=9)
    key = {"region": REGION, "poolKey": "shared-001"}

    def remove() -> None:
        clients.dynamodb.delete_item(TableName=settings.shared_pools_table, Key=key)

    with wire.strikes("UpdateItem", faults.preceded_by(remove)):
        tick()
    assert "shared-001" not in rows(clients, settings)


# events


def warnings(published: Published) -> list[dict[str, Any]]:
    """Return the details of the warnings on the bus."""
    found = [event for event in published() if event["detail-type"] == SharedPoolNearlyFull.__name__]
    assert {event["source"] for event in found} <= {"tenant.onboarding"}
    return [event["detail"] for event in found]


def keys(published: Published) -> list[str]:
    """Return the keys of the warnings on the bus."""
    return [detail["eventKey"] for detail in warnings(published)]


AT_80 = f"{REGION}:shared-001:SharedPoolNearlyFull:80:groups:10"
AT_95 = f"{REGION}:shared-001:SharedPoolNearlyFull:95:groups:10"


def test_a_row_that_is_nearly_full_is_told_of_once(
    clients: Clients, settings: Settings, tick: Tick, published: Published
) -> None:
    put_row(clients, settings, 1, groups=8, appClients=3)
    assert [tick()["warned"] for _ in range(3)] == [1, 0, 0]
    assert warnings(published) == [
        {
            "region": REGION,
            "poolKey": "shared-001",
            "userPoolId": f"{REGION}_1",
            "counter": "groups",
            "count": 8,
            "limit": 10,
            "percent": 80,
            "threshold": 80,
            "eventKey": AT_80,
        }
    ]


def test_another_counter_that_is_nearly_full_later_is_no_news(
    clients: Clients, settings: Settings, tick: Tick, published: Published
) -> None:
    put_row(clients, settings, 1, groups=8)
    tick()
    row = rows(clients, settings)["shared-001"]
    clients.dynamodb.put_item(TableName=settings.shared_pools_table, Item=row | {"appClients": 9})
    tick()
    assert keys(published) == [AT_80]


def test_each_row_is_told_of(clients: Clients, settings: Settings, tick: Tick, published: Published) -> None:
    for number in range(1, 4):
        put_row(clients, settings, number, groups=9)
    assert tick()["warned"] == 3
    assert [detail["poolKey"] for detail in warnings(published)] == ["shared-001", "shared-002", "shared-003"]


def test_a_tick_tells_of_no_more_than_it_may(
    clients: Clients, settings: Settings, tick: Tick, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_pool_capacity, "WRITES_A_TICK", 2)
    for number in range(1, 6):
        put_row(clients, settings, number, groups=9)
    assert [tick()["warned"] for _ in range(4)] == [2, 2, 1, 0]
    assert len(set(keys(published))) == len(keys(published)) == 5


def test_at_95_percent_it_is_told_again_if_opening_the_next_has_failed(
    clients: Clients, settings: Settings, tick: Tick, published: Published, wire: Wire
) -> None:
    put_row(clients, settings, 1, groups=10)
    quota = faults.refused("LimitExceededException", "User pool limit exceeded")
    with wire.strikes("CreateUserPool", quota, times=9):
        assert [tick()["warned"] for _ in range(4)] == [1, 1, 0, 0]
    assert keys(published) == [AT_80, AT_95]
    assert (warnings(published)[1]["percent"], warnings(published)[1]["threshold"]) == (100, 95)


def test_at_95_percent_it_is_not_told_again_if_another_has_room(
    clients: Clients, settings: Settings, ten: Settings, tick: Tick, published: Published, wire: Wire
) -> None:
    put_row(clients, settings, 1, groups=10)
    put_row(clients, settings, 2, groups=9)
    with wire.strikes("CreateUserPool", faults.refused("LimitExceededException"), times=9):
        for _ in range(3):
            tick()
    assert {detail["threshold"] for detail in warnings(published)} == {80}


def test_at_95_percent_it_is_not_told_again_while_the_next_is_being_opened(
    clients: Clients, settings: Settings, tick: Tick, published: Published
) -> None:
    put_row(clients, settings, 1, groups=10)
    being_opened(clients, settings, 2, lease=60)
    for _ in range(3):
        tick()
    assert keys(published) == [AT_80]


def test_a_row_that_is_nearly_full_by_a_new_limit_is_news(
    clients: Clients, settings: Settings, tick: Tick, published: Published
) -> None:
    put_row(clients, settings, 1, groups=8)
    tick()
    nine = small(settings, 9)
    assert [tick(nine)["refreshed"], tick(nine)["warned"], tick(nine)["warned"]] == [2, 1, 0]
    assert [detail["limit"] for detail in warnings(published)] == [10, 9]


@pytest.mark.parametrize("strike", [faults.death_before, faults.death_after], ids=["before", "after"])
@pytest.mark.parametrize(
    ("operation", "spare"), [("UpdateItem", 0), ("PutEvents", 0), ("UpdateItem", 1)], ids=["record", "publish", "note"]
)
def test_a_tick_that_dies_while_telling_is_made_up_for(
    operation: str,
    spare: int,
    strike: Callable[..., Any],
    clients: Clients,
    settings: Settings,
    tick: Tick,
    published: Published,
    wire: Wire,
) -> None:
    """It is told at least once, always under the same key, and then no more."""
    put_row(clients, settings, 1, groups=8)
    with wire.strikes(operation, strike, spare=spare), pytest.raises(DeathError):
        tick()
    for _ in range(3):
        tick()
    told = keys(published)
    assert set(told) == {AT_80}
    published_before = (operation, spare) == ("UpdateItem", 1) or strike is faults.death_after
    assert len(told) <= (2 if published_before else 1)


@pytest.mark.parametrize(
    "strike",
    [faults.lost_response, faults.server_error, faults.throttled, entry_refused, faults.access_denied("PutEvents")],
    ids=["lost response", "server error", "throttled", "entry refused", "denied"],
)
def test_what_the_bus_did_not_take_is_told_by_the_next_tick_and_opening_goes_on(
    strike: Callable[..., Any],
    clients: Clients,
    settings: Settings,
    tick: Tick,
    published: Published,
    wire: Wire,
) -> None:
    for number in (1, 2):
        put_row(clients, settings, number, groups=8)
    with wire.strikes("PutEvents", strike, times=3):
        found = tick()
    assert (found["warned"], found["failed"], found["opened"]) == (0, 1, 1)
    for _ in range(2):
        tick()
    assert {detail["poolKey"] for detail in warnings(published)} == {"shared-001", "shared-002"}
    assert len(set(keys(published))) == 2
    assert tick()["warned"] == 0


def test_two_ticks_that_tell_at_once_tell_under_one_key(
    clients: Clients, settings: Settings, tick: Tick, published: Published, wire: Wire
) -> None:
    put_row(clients, settings, 1, groups=8, **ALIKE)
    with wire.strikes("UpdateItem", faults.preceded_by(tick)):
        tick()
    assert keys(published) == [AT_80]
    assert tick()["warned"] == 0


def test_what_is_recorded_is_published_as_it_was_recorded(
    clients: Clients, settings: Settings, tick: Tick, published: Published, wire: Wire
) -> None:
    """A number that grows meanwhile makes no other event of it."""
    put_row(clients, settings, 1, groups=8)
    with wire.strikes("PutEvents", faults.death_before), pytest.raises(DeathError):
        tick()
    row = rows(clients, settings)["shared-001"]
    clients.dynamodb.put_item(TableName=settings.shared_pools_table, Item=row | {"groups": 9})
    tick()
    (detail,) = warnings(published)
    assert detail["count"] == 8
    assert detail == json.loads(row["nearlyFull80"])


def test_what_another_tick_recorded_first_is_what_is_published(
    clients: Clients, settings: Settings, tick: Tick, published: Published, wire: Wire
) -> None:
    """It saw one tenant less, and died before it could publish."""
    put_row(clients, settings, 1, groups=9, **ALIKE)
    recorded = json.dumps({"eventKey": AT_80, "count": 8})

    def record() -> None:
        put_row(clients, settings, 1, groups=9, nearlyFull80=recorded, **ALIKE)

    with wire.strikes("UpdateItem", faults.preceded_by(record)):
        tick()
    assert warnings(published) == [json.loads(recorded)]
    assert tick()["warned"] == 0


def test_a_warning_by_a_limit_that_is_raised_before_it_was_published_is_none(
    clients: Clients, settings: Settings, tick: Tick, published: Published, wire: Wire
) -> None:
    put_row(clients, settings, 1, groups=8)
    with wire.strikes("PutEvents", faults.death_before), pytest.raises(DeathError):
        tick()
    for _ in range(2):
        tick(small(settings, 20))
    assert warnings(published) == []


# figures


def test_each_counter_of_each_open_row_is_measured(clients: Clients, settings: Settings, tick: Tick) -> None:
    put_row(clients, settings, 1, groups=10, appClients=3)
    put_row(clients, settings, 2, groups=1)
    put_row(clients, settings, 3, status="CLOSED")
    being_opened(clients, settings, 4, lease=60)
    measured: list[Fill] = []
    assert tick(measure=measured.append)["withRoom"] == 1
    assert [(fill.pool_key, fill.counter, fill.percent) for fill in measured] == [
        ("shared-001", "groups", 100),
        ("shared-001", "appClients", 30),
        ("shared-001", "identityProviders", 0),
        ("shared-002", "groups", 10),
        ("shared-002", "appClients", 10),
        ("shared-002", "identityProviders", 0),
    ]


@pytest.mark.parametrize(
    ("counter", "count", "limit", "percent"),
    [
        ("groups", 7_999, 10_000, 79),
        ("groups", 8_000, 10_000, 80),
        ("groups", 5, 4, 125),
        ("appClients", 1, 1, 0),
        ("identityProviders", 3, 0, 0),
    ],
)
def test_percent_is_rounded_down_and_nothing_of_what_is_not_offered(
    counter: str, count: int, limit: int, percent: int
) -> None:
    assert Fill("shared-001", counter, count, limit).percent == percent


def test_a_row_in_the_middle_of_opening_is_no_row_with_room(clients: Clients, settings: Settings, tick: Tick) -> None:
    being_opened(clients, settings, 1, lease=-1)
    assert rows(clients, settings)["shared-001"]["status"] == OPENING
    found = tick()
    assert (found["withRoom"], found["opened"]) == (0, 1)
    assert shared_pools.next_opening(list(rows(clients, settings).values())) is None
