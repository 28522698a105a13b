"""A write that meets a transaction waits its turn; any other refusal is an answer."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.clients import Clients
from orchestrator.aws.dynamodb import Change
from orchestrator.aws.writes import CONFLICT, CONFLICT_TRIES
from tests.unit import faults
from tests.unit.faults import Wire

KEY = {"routeKey": "subdomain#acme"}


def put(clients: Clients, **more: Any) -> None:
    writes.in_turn(clients.dynamodb.put_item, TableName="routes", Item=KEY | {"tenantId": "acme"}, **more)


def delete(clients: Clients, **more: Any) -> None:
    writes.in_turn(clients.dynamodb.delete_item, TableName="routes", Key=KEY, **more)


def update(clients: Clients) -> None:
    change = Change("routes", KEY).set("state", "ACTIVE")
    answer = writes.in_turn(clients.dynamodb.update_item, **change.arguments(), ReturnValues="ALL_NEW")
    assert str(answer["Attributes"]["state"]) == "ACTIVE"


def transact(clients: Clients) -> None:
    writes.transact(clients.dynamodb, [Change("routes", KEY).set("state", "ACTIVE").action()])


Write = Callable[[Clients], None]
PLAIN: dict[str, Write] = {"PutItem": put, "DeleteItem": delete, "UpdateItem": update}
REFUSED = faults.refused(CONFLICT, "Transaction is ongoing for the item")
WRITES = [
    *((operation, write, REFUSED) for operation, write in PLAIN.items()),
    ("TransactWriteItems", transact, faults.cancelled("None", "TransactionConflict")),
]
each_write = pytest.mark.parametrize(
    ("operation", "write", "conflict"), WRITES, ids=[write.__name__ for _, write, _ in WRITES]
)


@each_write
def test_a_conflict_is_waited_out(operation: str, write: Write, conflict: Any, clients: Clients, wire: Wire) -> None:
    with wire.strikes(operation, conflict, times=CONFLICT_TRIES - 1) as struck:
        write(clients)
    assert (struck.struck, wire.count(operation)) == (CONFLICT_TRIES - 1, CONFLICT_TRIES)


@each_write
def test_one_that_does_not_end_is_raised(
    operation: str, write: Write, conflict: Any, clients: Clients, wire: Wire
) -> None:
    with wire.strikes(operation, conflict, times=faults.ALWAYS), pytest.raises(ClientError):
        write(clients)
    assert wire.count(operation) == CONFLICT_TRIES


def test_waits_double_at_most(clients: Clients, wire: Wire, naps: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "uniform", lambda low, high: high)
    with wire.strikes("UpdateItem", REFUSED, times=faults.ALWAYS), pytest.raises(ClientError):
        update(clients)
    assert naps == [0.1 * 2**number for number in range(CONFLICT_TRIES - 1)]


@pytest.mark.parametrize(("operation", "write"), [("PutItem", put), ("DeleteItem", delete)])
def test_a_condition_that_fails_is_not_tried_again(
    operation: str, write: Callable[..., None], clients: Clients, wire: Wire
) -> None:
    with pytest.raises(ClientError):
        write(clients, ConditionExpression="tenantId = :other", ExpressionAttributeValues={":other": "globex"})
    assert wire.count(operation) == 1
