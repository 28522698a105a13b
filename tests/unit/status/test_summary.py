"""The summary tells how all tenants stand, equals a recount, and costs the same for 100 tenants and for 100,000."""

import random
import time
import zlib
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from orchestrator import status
from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import ThrottledError
from orchestrator.aws.settings import Settings
from orchestrator.identity import shared_pools
from orchestrator.status.contract import OnboardingSummary
from orchestrator.status.rejected import COUNTED
from orchestrator.status.summary import RECENT
from orchestrator.tenants import counters, lifecycle, transitions
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.lifecycle import REJECTED
from orchestrator.tenants.records import READ_TRIES, RECORD, record_key
from tenant_onboarding.contracts.fields import TIERS
from tests.unit.conftest import ACCOUNT, REGION, tenant_created
from tests.unit.faults import Wire, answered
from tests.unit.identity.shared_pool_rows import put_row
from tests.unit.simulated_aws import Stack, stack
from tests.unit.status.read_model import CALLS

__all__ = ["stack"]

NOW = 1_767_225_600.0
HOURLY = [f"2025-12-31T{hour:02d}:00:00Z" for hour in range(1, 24)] + ["2026-01-01T00:00:00Z"]
"""The hours before NOW, and the one that begins with it."""
FAILURES = (
    {"step": "CreateTenantGroup", "error": "QuotaExceededError", "message": "full", "nextAction": "Free some."},
    {"step": "SendWelcomeEmail", "error": "ConfigurationError", "message": "unverified", "nextAction": "Verify it."},
    {"step": "SendWelcomeEmail", "error": "States.Timeout", "message": "late", "nextAction": "Retry."},
)


@pytest.fixture
def summary(clients: Clients, settings: Settings) -> Callable[[], status.Document]:
    """Tell the summary, which its model knows to the last key."""

    def summary() -> status.Document:
        told = status.summary(clients, settings, clock=lambda: NOW)
        assert OnboardingSummary.model_validate(told).model_dump(by_alias=True) == told
        return told

    return summary


Summary = Callable[[], status.Document]


def recount(records: list[Record]) -> dict[str, Any]:
    """Return what a summary must say of these records, counted one by one."""
    stand = Counter((record["status"], record["tier"]) for record in records)
    failed = Counter(
        (record["failure"]["step"], record["failure"]["error"]) for record in records if record["status"] == "FAILED"
    )
    return {
        "total": len(records),
        "tenants": {each: {tier: stand[each, tier] for tier in TIERS} for each in lifecycle.STATUSES},
        "failures": sorted(
            ({"step": step, "error": error, "tenants": number} for (step, error), number in failed.items()),
            key=lambda failure: (-failure["tenants"], failure["step"], failure["error"]),
        ),
    }


def counted(told: status.Document) -> dict[str, Any]:
    return {name: told[name] for name in ("total", "tenants", "failures")}


# What it says


def test_without_tenants_everything_is_there_and_is_nothing(summary: Summary) -> None:
    assert summary() == {
        "countedAt": "2026-01-01T00:00:00.000Z",
        "total": 0,
        "tenants": {each: dict.fromkeys(TIERS, 0) for each in lifecycle.STATUSES},
        "failures": [],
        "oldestInProgress": None,
        "durations": {"tenants": 0, "p50Seconds": None, "p95Seconds": None, "maxSeconds": None},
        "completions": [{"hour": hour, "tenants": 0} for hour in HOURLY],
        "rejections": {"since": "2025-12-31T00:00:00.000Z", "events": 0, "more": False},
        "sharedPools": [],
    }


def test_it_equals_a_recount_after_every_move(stack: Stack, summary: Summary) -> None:
    """Twelve tenants are moved about, with failures and without; a move that comes too late is not counted."""
    chance = random.Random(5)
    for number in range(12):
        stack.receive(tenant_created(f"tenant-{number}", tier=TIERS[number % 3]), f"event-{number}")
    for _ in range(60):
        tenant_id, to = f"tenant-{chance.randrange(12)}", chance.choice(lifecycle.STATUSES)
        seen = stack.record(tenant_id)
        if chance.random() < 0.2:
            seen |= {"attempt": 7}
        failure = chance.choice(FAILURES) if to == lifecycle.FAILED else None
        transitions.move(stack.clients.dynamodb, stack.settings.tenants_table, seen, to, failure=failure)
        records = [row for (_, item), row in stack.items().items() if item == RECORD]
        assert counted(summary()) == recount(records)
    assert {record["status"] for record in records} == set(lifecycle.STATUSES)


def test_the_oldest_on_its_way_is_told_whichever_way_it_is_on(stack: Stack, summary: Summary) -> None:
    for tenant_id in ("young", "old", "done"):
        stack.receive(tenant_created(tenant_id), tenant_id)
    stack.change("young", statusChangedAt=timestamp(NOW - 5))
    stack.change("old", status=lifecycle.PENDING, statusChangedAt=timestamp(NOW - 3_600.4))
    stack.change("done", status=lifecycle.FAILED, failure=FAILURES[0], statusChangedAt=timestamp(NOW - 9_999))
    oldest = {"tenantId": "old", "status": "PENDING", "since": timestamp(NOW - 3_600.4), "ageSeconds": 3_600}
    assert summary()["oldestInProgress"] == oldest
    stack.change("old", status=lifecycle.FAILED)
    assert summary()["oldestInProgress"]["tenantId"] == "young"


def test_a_clock_behind_the_tables_shows_no_negative_age(stack: Stack, summary: Summary) -> None:
    stack.receive(tenant_created())
    stack.change(statusChangedAt=timestamp(NOW + 3))
    assert summary()["oldestInProgress"]["ageSeconds"] == 0


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        ([4.0], (1, 4.0, 4.0, 4.0)),
        ([3.0, 1.0], (2, 1.0, 3.0, 3.0)),
        ([float(each) for each in range(1, 21)], (20, 10.0, 19.0, 20.0)),
        ([100.0] * 5 + [2.5] * RECENT, (20, 2.5, 2.5, 2.5)),
    ],
    ids=["one", "two", "twenty", "older ones too"],
)
def test_durations_are_those_of_the_last_completed(
    clients: Clients, settings: Settings, summary: Summary, seconds: list[float], told: tuple[float, ...]
) -> None:
    for number, took in enumerate(seconds):
        completed = NOW + number
        row = {
            **record_key(f"tenant-{number}"),
            "status": lifecycle.COMPLETED,
            "statusChangedAt": timestamp(completed),
            "requestedAt": timestamp(completed - took),
            "completedAt": timestamp(completed),
        }
        clients.dynamodb.put_item(TableName=settings.tenants_table, Item=row)
    assert tuple(summary()["durations"].values()) == told


def complete(stack: Stack, monkeypatch: pytest.MonkeyPatch, tenant_id: str, now: float) -> None:
    """Let a tenant be claimed, and be completed at a time."""
    stack.receive(tenant_created(tenant_id), tenant_id)
    stack.change(tenant_id, requestedAt=timestamp(now - 2))
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: now)
        table = stack.settings.tenants_table
        assert transitions.move(stack.clients.dynamodb, table, stack.record(tenant_id), lifecycle.COMPLETED)


def test_completions_equal_a_recount_by_the_hour_and_older_ones_are_left_out(
    stack: Stack, summary: Summary, monkeypatch: pytest.MonkeyPatch
) -> None:
    more_than_there_are_shards = range(100, 1_000, 100)
    ago = [0, 0.001, 1, 3_599, 3_600, 3_601, 7_000, 82_799.999, 82_800, 82_800.001, 86_400, 400_000]
    ago += more_than_there_are_shards
    assert len(more_than_there_are_shards) > counters.COUNTER_SHARDS
    for number, seconds in enumerate(ago):
        complete(stack, monkeypatch, f"tenant-{number}", NOW - seconds)
    records = [stack.record(f"tenant-{number}") for number in range(len(ago))]
    stand = Counter(f"{record['statusChangedAt'][:13]}:00:00Z" for record in records)
    told = summary()["completions"]
    assert told == [{"hour": hour, "tenants": stand[hour]} for hour in HOURLY]
    assert sum(each["tenants"] for each in told) == 9 + 9
    assert told[-1]["tenants"] == 1


def test_what_a_clock_ahead_of_ours_has_completed_does_not_disturb(
    stack: Stack, summary: Summary, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete(stack, monkeypatch, "early", NOW + 3_600)
    assert [each["hour"] for each in summary()["completions"]] == HOURLY


@pytest.mark.parametrize(
    ("number", "told"),
    [(1, (1, False)), (COUNTED, (COUNTED, False)), (COUNTED + 1, (COUNTED, True)), (COUNTED + 5, (COUNTED, True))],
)
def test_rejected_events_of_the_last_day_are_counted_as_far_as_that_goes(
    clients: Clients, settings: Settings, wire: Wire, summary: Summary, number: int, told: tuple[int, bool]
) -> None:
    """DynamoDB says that there may be more whenever it stops at the limit, so that is one more than is told."""
    for each in range(-1, number):  # the first one is a moment too old
        key: Any = {"tenantId": "acme", "item": f"{REJECTED}#{each}"}
        row = key | {"status": REJECTED, "statusChangedAt": timestamp(NOW - 86_400 + each / 1_000)}
        clients.dynamodb.put_item(TableName=settings.tenants_table, Item=row)
    found = summary()["rejections"]
    assert (found["events"], found["more"]) == told
    assert found["since"] == timestamp(NOW - 86_400)
    assert [body["Limit"] for body in wire.bodies("Query") if body.get("Select") == "COUNT"] == [COUNTED + 1]


def test_capacity_is_told_by_the_limits_in_force(clients: Clients, settings: Settings) -> None:
    """A row's own copy of the limits may be of an older deployment."""
    put_row(clients, settings, 1, groups=9, appClients=3)
    put_row(clients, settings, 2, status=shared_pools.OPENING, resources={})
    put_row(clients, settings, 3, status="CLOSED")
    chosen = settings.model_copy(update={"groups_per_pool": 12, "app_clients_per_pool": 20})
    told = status.summary(clients, chosen)
    OnboardingSummary.model_validate(told)
    first, second, third = told["sharedPools"]
    assert first == {
        "region": REGION,
        "poolKey": "shared-001",
        "status": "OPEN",
        "userPoolId": f"{REGION}_1",
        "percent": 75,
        "counters": {
            "groups": {"count": 9, "limit": 12, "percent": 75},
            "appClients": {"count": 3, "limit": 20, "percent": 15},
            "identityProviders": {"count": 0, "limit": 300, "percent": 0},
        },
    }
    assert (second["status"], second["userPoolId"], second["percent"]) == ("OPENING", None, 5)
    assert third["status"] == "CLOSED"


# What it costs


def test_counters_that_dynamodb_left_unread_are_asked_for_again(stack: Stack, summary: Summary) -> None:
    for number in range(9):
        stack.receive(tenant_created(f"tenant-{number}"), f"event-{number}")
    full = counted(summary())
    keys = [{name: {"S": value} for name, value in counters.counter_key(shard).items()} for shard in range(8)]
    unread = {stack.settings.tenants_table: {"Keys": keys}}
    nothing = answered(Responses={stack.settings.tenants_table: []}, UnprocessedKeys=unread)
    with stack.wire.strikes("BatchGetItem", nothing) as fault:
        assert counted(summary()) == full
    assert fault.struck == 1
    with (
        stack.wire.strikes("BatchGetItem", nothing, times=READ_TRIES),
        pytest.raises(ThrottledError) as busy,
    ):
        summary()
    assert busy.value.code == "UnprocessedKeys"


def shared(**values: str) -> dict[str, DynamoType]:
    return {name: DynamoType({"N" if name == "attempt" else "S": value}) for name, value in values.items()}


def fill(settings: Settings, number: int) -> list[Record]:
    """Put so many records and their counters into the table, past the API, which would take minutes; return them."""
    table = dynamodb_backends[ACCOUNT][REGION].tables[settings.tenants_table]
    chance = random.Random(number)
    moments = shared(requestedAt=timestamp(NOW - 200_000), updatedAt=timestamp(NOW), completedAt=timestamp(NOW))
    rest = {**shared(tenantName="Tenant", attempt="1", item=RECORD), **moments}
    by_tier = {tier: shared(tier=tier) for tier in TIERS}
    by_status = {each: shared(status=each) for each in lifecycle.STATUSES}
    failures = [
        {"failure": DynamoType({"M": {name: {"S": text} for name, text in failure.items()}})} for failure in FAILURES
    ]
    records: list[Record] = []
    sums: dict[int, Counter[str]] = {}
    for each in range(number):
        record: Record = {"tenantId": f"tenant-{each}", "status": chance.choice(lifecycle.STATUSES)}
        record |= {"tier": chance.choice(TIERS), "failure": FAILURES[each % 3]}
        item = Item(DynamoType({"S": record["tenantId"]}), rest["item"], {})
        item.attrs.update(rest | by_tier[record["tier"]] | by_status[record["status"]])
        item.attrs.update(shared(statusChangedAt=timestamp(NOW - each)), tenantId=item.hash_key)
        if record["status"] == lifecycle.FAILED:
            item.attrs.update(failures[each % 3])
        table.items[item.hash_key][item.range_key] = item
        shard = zlib.crc32(record["tenantId"].encode()) % counters.COUNTER_SHARDS
        names = counters.counters_of(record["status"], record["tier"], record["failure"])
        sums.setdefault(shard, Counter()).update(names)
        records.append(record)
    for shard, counter in sums.items():
        row = {name: {"S": value} for name, value in counters.counter_key(shard).items()}
        table.put_item(row | {name: {"N": str(value)} for name, value in counter.items()})
    return records


@pytest.fixture
def _quick_strings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let moto compare strings as they are; millions of times it would ask first what else they could be."""
    cast: Any = DynamoType.cast_value
    monkeypatch.setattr(
        DynamoType, "cast_value", property(lambda self: self.value if self.type == "S" else cast.fget(self))
    )


@pytest.mark.usefixtures("_quick_strings")
@pytest.mark.parametrize("number", [100, 100_000])
def test_a_page_a_search_and_the_summary_cost_the_same_whatever_the_number_of_tenants(
    clients: Clients, settings: Settings, wire: Wire, summary: Summary, number: int
) -> None:
    records = fill(settings, number)
    wire.attempts.clear()
    told = summary()
    assert wire.operations() == CALLS
    assert counted(told) == recount(records)
    assert told["durations"]["tenants"] in {RECENT, Counter(each["status"] for each in records)["COMPLETED"]}
    wire.attempts.clear()
    page = status.list_page(clients, settings, status.Wanted(), 25)
    assert wire.operations() == ["Query"] * len(lifecycle.STATUSES) + ["BatchGetItem"]
    assert [row["tenantId"] for row in page.rows] == [f"tenant-{each}" for each in range(25)]
    assert page.cursor
    wire.attempts.clear()
    found = status.list_page(clients, settings, status.Wanted(search="tenant-9"), 25)
    assert wire.operations() == ["GetItem", "GetItem", "Query", "BatchGetItem"]
    assert [row["tenantId"] for row in found.rows] == sorted(
        each["tenantId"] for each in records if each["tenantId"].startswith("tenant-9")
    )[:25]
