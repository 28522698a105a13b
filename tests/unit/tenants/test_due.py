"""What is due is found when it is, in the order of its time, by keys alone, and taken by one only."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import cancellation_codes
from orchestrator.aws.settings import Settings
from orchestrator.aws.writes import transact
from orchestrator.tenants import due
from orchestrator.tenants.due import DUE_INDEX, PARKED, SHARDS
from tests.unit.faults import Wire

NOON = 1_767_268_800.0
TENANTS = [f"tenant-{number}" for number in range(40)]


def put(clients: Clients, settings: Settings, tenant_id: str, at: float, kind: str = PARKED, ref: str = "1") -> None:
    transact(clients.dynamodb, [due.put(settings.tenants_table, tenant_id, kind, ref, at, body="{}")])


def found(clients: Clients, settings: Settings, now: float, kind: str = PARKED) -> list[str]:
    return [str(key["tenantId"]) for key in due.read(clients, settings, kind, now)]


def test_what_is_due_comes_in_the_order_of_its_time_from_all_shards(clients: Clients, settings: Settings) -> None:
    """Tenants of every shard, put in another order: those due until now come, the first due first, others do not."""
    for place, tenant_id in enumerate(TENANTS):
        put(clients, settings, tenant_id, NOON + place * 7 % 40)
    in_time = sorted(TENANTS, key=lambda tenant_id: TENANTS.index(tenant_id) * 7 % 40)
    assert found(clients, settings, NOON + 39) == in_time
    assert found(clients, settings, NOON + 9.5) == in_time[:10]
    assert found(clients, settings, NOON - 0.001) == []
    rows = clients.dynamodb.scan(TableName=settings.tenants_table, IndexName=DUE_INDEX)["Items"]
    assert len({row["due"] for row in rows}) == SHARDS
    assert {name for row in rows for name in row} == {"tenantId", "item", "due", "dueAt"}


def test_what_one_tenant_has_due_at_one_moment_lies_in_one_shard(clients: Clients, settings: Settings) -> None:
    """However many things of a kind a tenant has due, their order is the index's own."""
    for number in range(12):
        put(clients, settings, "acme", NOON + number, ref=f"{11 - number:02}")
    read = [str(key["item"]) for key in due.read(clients, settings, PARKED, NOON + 60)]
    assert read == [f"DUE#PARKED#{number:02}" for number in range(11, -1, -1)]


def test_another_kind_is_not_found(clients: Clients, settings: Settings) -> None:
    """One index holds every kind, and each is read alone."""
    put(clients, settings, "acme", NOON)
    put(clients, settings, "acme", NOON, kind="OTHER")
    assert found(clients, settings, NOON) == found(clients, settings, NOON, "OTHER") == ["acme"]


def test_a_read_takes_page_after_page_and_asks_for_none_that_is_not_taken(
    clients: Clients, settings: Settings, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One query a shard begins; then one for each page that is really taken."""
    monkeypatch.setattr(due, "PER_PAGE", 2)
    for number in range(5):
        put(clients, settings, "acme", NOON + number, ref=str(number))
    wire.attempts.clear()
    reader = due.read(clients, settings, PARKED, NOON + 9)
    assert next(reader)["item"] == "DUE#PARKED#0"
    assert wire.operations() == ["Query"] * SHARDS
    assert len(list(reader)) == 4
    assert len(wire.operations()) == SHARDS + 2


def test_what_is_due_is_put_once_and_taken_once(clients: Clients, settings: Settings) -> None:
    """A second put and a second take are refused; what is taken is due no more, and cannot be postponed."""
    put(clients, settings, "acme", NOON)
    with pytest.raises(ClientError) as refused:
        put(clients, settings, "acme", NOON + 1)
    assert cancellation_codes(refused.value) == ["ConditionalCheckFailed"]
    key = due.key("acme", PARKED, "1")
    take = due.take(settings.tenants_table, key).action()
    transact(clients.dynamodb, [take])
    with pytest.raises(ClientError) as refused:
        transact(clients.dynamodb, [take])
    assert cancellation_codes(refused.value) == ["ConditionalCheckFailed"]
    due.put_off(clients, settings, key, NOON, 0)
    assert found(clients, settings, NOON) == []
    left: Any = clients.dynamodb.get_item(TableName=settings.tenants_table, Key=key)["Item"]
    assert left == {**key, "body": "{}"}


def test_what_is_put_off_is_met_by_the_next_reader_in_its_order(clients: Clients, settings: Settings) -> None:
    """A reader does not meet again what it put off; the next one does, and only then what was put meanwhile."""
    for number, tenant_id in enumerate(TENANTS[:9]):
        put(clients, settings, tenant_id, NOON - number)
    in_time = TENANTS[8::-1]
    for place, key in enumerate(due.read(clients, settings, PARKED, NOON)):
        assert key["tenantId"] == in_time[place]
        due.put_off(clients, settings, due.key(key["tenantId"], PARKED, "1"), NOON, place)
    assert found(clients, settings, NOON) == []
    put(clients, settings, "later", NOON + 0.001)
    assert found(clients, settings, NOON + 0.001) == [*in_time, "later"]
