"""Tenants are counted with their status, and completions in their hour, or not at all."""

import time
from collections.abc import Callable

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.status.summary import HOURS
from orchestrator.tenants import counters, lifecycle, transitions
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.lifecycle import COMPLETED, FAILED, IN_PROGRESS, PENDING
from tests.unit import faults
from tests.unit.faults import Wire
from tests.unit.tenants.tenants_table import counted

Claim = Callable[..., Record]


def test_a_claimed_and_started_tenant_is_counted_once_as_in_progress(claim: Claim, clients: Clients) -> None:
    claim()
    assert counted(clients) == {"IN_PROGRESS#pool": 1}


@pytest.mark.parametrize("way", [(FAILED,), (COMPLETED,), (FAILED, IN_PROGRESS), (FAILED, IN_PROGRESS, COMPLETED)])
def test_counters_follow_the_status(way: tuple[str, ...], claim: Claim, clients: Clients, settings: Settings) -> None:
    record = claim()
    claim("globex")
    for status in way:
        assert transitions.move(clients.dynamodb, settings.tenants_table, record, status)
        record = record | {"status": status}
    expected = {"IN_PROGRESS#pool": 1}
    expected[f"{way[-1]}#pool"] = expected.get(f"{way[-1]}#pool", 0) + 1
    assert counted(clients) == expected


def completions(clients: Clients) -> dict[str, int]:
    """Return how many tenants were completed, by hour."""
    found = clients.dynamodb.query(
        TableName="tenants",
        KeyConditionExpression="tenantId = :completions",
        ExpressionAttributeValues={":completions": counters.COMPLETIONS},
    )
    sums: dict[str, int] = {}
    for row in found["Items"]:
        hour, shard = str(row["item"]).split("#")
        assert int(shard) in range(counters.COUNTER_SHARDS)
        sums[hour] = sums.get(hour, 0) + int(str(row["tenants"]))
    return sums


def test_completions_are_counted_by_the_hour_in_which_they_became_true(
    claim: Claim, clients: Clients, wire: Wire, record_of: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the millisecond, and by the very transaction that moves the tenant."""
    last_moment = 1_767_232_799.999  # 01:59:59.999
    for number, now in enumerate((last_moment - 3_599.999, last_moment, last_moment + 0.001, last_moment + 0.002)):
        record = claim(f"tenant-{number}")
        monkeypatch.setattr(time, "time", lambda now=now: now)
        wire.attempts.clear()
        assert transitions.move(clients.dynamodb, "tenants", record, COMPLETED)
        assert wire.operations() == ["TransactWriteItems"]
        assert record_of(f"tenant-{number}")["statusChangedAt"] == timestamp(now)
        monkeypatch.undo()
    assert completions(clients) == {"2026-01-01T01:00:00Z": 2, "2026-01-01T02:00:00Z": 2}


def test_no_other_move_is_a_completion_and_one_that_is_refused_is_none_either(claim: Claim, clients: Clients) -> None:
    record = claim()
    for status in (FAILED, IN_PROGRESS, lifecycle.ABANDONING, lifecycle.ABANDONED):
        assert transitions.move(clients.dynamodb, "tenants", record, status)
        record = record | {"status": status}
    assert not transitions.move(clients.dynamodb, "tenants", record | {"attempt": 7}, COMPLETED)
    assert completions(clients) == {}
    assert transitions.move(clients.dynamodb, "tenants", record, COMPLETED)
    assert not transitions.move(clients.dynamodb, "tenants", record, COMPLETED)
    assert list(completions(clients).values()) == [1]


def test_a_completion_whose_transaction_is_told_to_wait_is_counted_once(
    claim: Claim, clients: Clients, wire: Wire
) -> None:
    record = claim()
    with wire.strikes("TransactWriteItems", faults.cancelled("None", "None", "TransactionConflict"), times=2):
        assert transitions.move(clients.dynamodb, "tenants", record, COMPLETED)
    assert list(completions(clients).values()) == [1]


def test_a_tenant_that_is_completed_already_is_not_counted_again(claim: Claim) -> None:
    record = claim() | {"status": COMPLETED}
    assert counters.count_move("tenants", record, COMPLETED, 1_767_225_600.0) == []


def test_completions_are_kept_for_longer_than_anybody_asks(claim: Claim, clients: Clients) -> None:
    now = 1_767_225_600.0
    _, counted = counters.count_move("tenants", claim(), COMPLETED, now)
    clients.dynamodb.update_item(**counted["Update"])
    (row,) = clients.dynamodb.query(
        TableName="tenants",
        KeyConditionExpression="tenantId = :completions",
        ExpressionAttributeValues={":completions": counters.COMPLETIONS},
    )["Items"]
    assert int(str(row["expiresAt"])) == now + counters.COMPLETIONS_KEPT_SECONDS
    assert counters.COMPLETIONS_KEPT_SECONDS > (HOURS + 1) * 3_600


def test_counter_rows_are_spread_over_shards() -> None:
    rows = {str(counters.count("tenants", f"tenant-{n}", enters=[PENDING])[0]["Update"]["Key"]) for n in range(200)}
    assert len(rows) == counters.COUNTER_SHARDS
