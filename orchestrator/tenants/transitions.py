"""A tenant's move from one status to another: one transaction of the record and the rows that count it.

It is conditional on the status, attempt and redrive count that the writer saw; so nothing late, repeated or stale can
move a tenant.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import CONDITION_FAILED, CONDITION_FAILED_EXCEPTION, Change, is_code
from orchestrator.aws.errors import cancellation_codes
from orchestrator.tenants import tiers
from orchestrator.tenants.counters import count_move
from orchestrator.tenants.ledger import Record, Turn, timestamp
from orchestrator.tenants.lifecycle import ABANDONING, FAILED, IN_PROGRESS
from orchestrator.tenants.records import read_record, record_key

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


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
    change, now = change or Change(table, record_key(record["tenantId"])), time.time()
    enter(as_seen(change, record), status, now)
    if failure:
        change.set("failure", failure)
    elif "failure" in record:
        change.remove("failure")
    return [change.action(), *count_move(table, record, status, now, failure=failure, tier=tier)]


def enter(change: Change, status: str, now: float) -> Change:
    """Let a change move the record to a status, with the time that lists sort by."""
    return change.set("status", status).set("statusChangedAt", timestamp(now)).set("updatedAt", timestamp(now))


def as_seen(change: Change, record: Record) -> Change:
    """Let a change hold only if nobody moved the record since it was read."""
    return change.require(
        "[status] = ? AND [attempt] = ? AND [redriveCount] = ?",
        record["status"],
        record["attempt"],
        record["redriveCount"],
    )


def note_redrive(dynamodb: "DynamoDBClient", table: str, tenant_id: str, turn: Turn) -> None:
    """Let the record follow an execution that was redriven without a word to it, from the console say."""
    record = read_record(dynamodb, table, tenant_id)
    if not record or record["attempt"] != turn.attempt or record["redriveCount"] >= turn.redrive_count:
        return
    change = Change(table, record_key(tenant_id)).set("redriveCount", turn.redrive_count)
    if turn.step in tiers.REMOVALS:
        change.set_once("abandonment", {"since": timestamp(time.time())})
    if record["status"] == FAILED:
        move(dynamodb, table, record, ABANDONING if turn.step in tiers.REMOVALS else IN_PROGRESS, change)
        return
    try:
        writes.in_turn(dynamodb.update_item, **as_seen(change, record).arguments())
    except ClientError as error:
        if not is_code(error, CONDITION_FAILED_EXCEPTION):
            raise  # else: somebody was faster; begin judges anew
