"""The move of a work from one status to another: one transaction of its item and the rows that count it.

It is conditional on the status, attempt and redrive count that the writer saw; so nothing late, repeated or stale can
move it. A tenant's record is moved so, and the item of every other work.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import CONDITION_FAILED, Change
from orchestrator.aws.errors import cancellation_codes
from orchestrator.tenants import due, kinds
from orchestrator.tenants.actions import OUTSIDE, TRIES
from orchestrator.tenants.ledger import Record, Turn, timestamp
from orchestrator.tenants.records import read_item

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from orchestrator.tenants.work import Work


def move(
    dynamodb: "DynamoDBClient",
    table: str,
    record: Record,
    status: str,
    change: Change | None = None,
    *,
    failure: Mapping[str, str] | None = None,
) -> bool:
    """Move a record to a status, as it was seen; return False, changing nothing, if somebody was faster."""
    try:
        writes.transact(dynamodb, moving(table, record, status, change, failure=failure))
    except ClientError as error:
        if cancellation_codes(error)[:1] == [CONDITION_FAILED]:
            return False
        raise
    return True


def moving(
    table: str,
    record: Record,
    status: str,
    change: Change | None = None,
    *,
    failure: Mapping[str, str] | None = None,
    tier: str = "",
) -> list[dict[str, Any]]:
    """Return the actions that move a record to a status, as it was seen; the first is the record's own.

    `failure` is where and why it FAILED; it is kept until the next move. `tier` is given if the change brings another.
    """
    kind, now = kinds.of(record), time.time()
    change = change or Change(table, {name: record[name] for name in kind.key})
    kind.enter(as_seen(change, record), status, timestamp(now))
    if failure:
        change.set("failure", failure)
    elif "failure" in record:
        change.remove("failure")
    actions = [change.action(), *kind.count(table, record, status, now, failure=failure, tier=tier)]
    return actions if kind.is_listed or status not in kind.active else [*actions, due.work_again(table, record, now)]


def beginning(table: str, record: Record) -> list[dict[str, Any]]:
    """Return the actions that put a work's item, which is new and no tenant's record, and let reconcile look after it.

    Whoever puts it starts its execution then (`executions.start`); what a fault keeps from that, reconcile does.
    """
    put = {"TableName": table, "Item": record, "ConditionExpression": "attribute_not_exists(tenantId)"}
    return [{"Put": put}, due.work_again(table, record, time.time())]


def as_seen(change: Change, record: Record) -> Change:
    """Let a change hold only if nobody moved the record since it was read."""
    return change.require(
        f"[{kinds.of(record).status}] = ? AND [attempt] = ? AND [redriveCount] = ?",
        record[kinds.of(record).status],
        record["attempt"],
        record["redriveCount"],
    )


def note_redrive(dynamodb: "DynamoDBClient", work: "Work", turn: Turn) -> None:
    """Let a work's item follow an execution that was redriven without a word to it, from the console say."""
    for _ in range(TRIES):
        record = read_item(dynamodb, work.table, work.key)
        if not record or record["attempt"] != turn.attempt or record["redriveCount"] >= turn.redrive_count:
            return
        if _noted(dynamodb, work, record, turn):
            return


def _noted(dynamodb: "DynamoDBClient", work: "Work", record: Record, turn: Turn) -> bool:
    """Note a redrive on an item as it was seen; return False if somebody was faster, if only to list an act."""
    change, kind = Change(work.table, dict(work.key)).set("redriveCount", turn.redrive_count), work.kind
    OUTSIDE.note(change, record, turn.attempt)
    kind.when_redriven(change)
    if record[kind.status] in kind.stopped_in:
        return move(dynamodb, work.table, record, kind.running, change)
    return writes.if_it_holds(dynamodb.update_item, **as_seen(change, record).arguments())
