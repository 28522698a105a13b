"""The status of a tenant: who may change it, from what, and what is counted and published with it.

    PENDING ──► IN_PROGRESS ──► COMPLETED
       │             │  ▲
       └──► FAILED ◄─┘  │ retry, amend
             │  ▲ └─────┘
     abandon ▼  │
         ABANDONING ──► ABANDONED

Every change is one transaction of the record and the rows that count it, conditional on the status, attempt and redrive
count that the writer saw; so nothing late, repeated or stale can move a tenant. The event that a change makes true is
put into the record's `outbox` by the same write, and taken out once EventBridge has accepted it.
"""

import time
import zlib
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pydantic import ValidationError

from orchestrator.aws.dynamodb import CONDITION_FAILED, CONDITION_FAILED_EXCEPTION, Change, is_code
from orchestrator.aws.errors import ConfigurationError, ResourceMissingError, cancellation_codes
from orchestrator.tenants import tiers
from orchestrator.tenants.ledger import Record, Turn, timestamp, transact
from tenant_onboarding.contracts.reasons import reasons
from tenant_onboarding.contracts.tenant_created import TenantCreated

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from tenant_onboarding.contracts.outgoing import OutgoingEvent

RECORD = "RECORD"
REQUEST = "REQUEST"
COUNTERS = "COUNTERS"
COUNTER_SHARDS = 8
"""A counter row takes about 1,000 writes a second; eight are far above Cognito's 15 user pools a second."""
COMPLETIONS = "COMPLETIONS"
"""The rows of completions by hour, each hour's as many as counter rows, so that transactions do not conflict on one."""
COMPLETIONS_KEPT_SECONDS = 31 * 86_400
"""For how long at least the numbers of an hour's completions are kept: a month's, and the hour that is under way."""

PENDING = "PENDING"
IN_PROGRESS = "IN_PROGRESS"
COMPLETED = "COMPLETED"
FAILED = "FAILED"
ABANDONING = "ABANDONING"
ABANDONED = "ABANDONED"
STATUSES = (PENDING, IN_PROGRESS, COMPLETED, FAILED, ABANDONING, ABANDONED)
ACTIVE = (PENDING, IN_PROGRESS)
UNDER_WAY = (*ACTIVE, ABANDONING)
"""An execution runs, or is to be started: of the onboarding, or of the abandonment."""

STATUS_INDEX = "status-statusChangedAt"
UNPUBLISHED_INDEX = "unpublished-unpublishedSince"
ID_INDEX = "item-tenantId"
"""The table's own keys the other way round: all records by their tenants' ids."""

Observe = Callable[[str, Record], object]
"""Told of each status that a call has let a record enter, as soon as that is true, with the record."""


def unobserved(_status: str, _record: Record) -> None:
    """Nobody counts."""


def record_key(tenant_id: str) -> dict[str, str]:
    """Return the key of a tenant's record."""
    return {"tenantId": tenant_id, "item": RECORD}


def request_key(tenant_id: str) -> dict[str, str]:
    """Return the key of what the tenant's event asked for."""
    return {"tenantId": tenant_id, "item": REQUEST}


def counter_key(shard: int) -> dict[str, str]:
    """Return the key of one counter row; no tenant id is in capitals."""
    return {"tenantId": f"{COUNTERS}#{shard}", "item": COUNTERS}


def count(
    table: str, tenant_id: str, *, leaves: Collection[str] = (), enters: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return the action that counts a tenant out of some counters and into others; none where nothing changes."""
    left, entered = set(leaves) - set(enters), set(enters) - set(leaves)
    if not left and not entered:
        return []
    change = Change(table, counter_key(_shard(tenant_id)))
    for name in sorted(left):
        change.increase_named(name, -1)
    for name in sorted(entered):
        change.increase_named(name)
    return [change.action()]


def count_move(
    table: str, record: Record, status: str, now: float, *, failure: Mapping[str, str] | None = None, tier: str = ""
) -> list[dict[str, Any]]:
    """Return the actions that count a record's move to a status, and into COMPLETED among its hour's completions."""
    leaves = counters_of(record["status"], record["tier"], record.get("failure"))
    enters = counters_of(status, tier or record["tier"], failure)
    counted = count(table, record["tenantId"], leaves=leaves, enters=enters)
    if status == COMPLETED and record["status"] != COMPLETED:
        counted.append(_count_completion(table, record["tenantId"], tier or record["tier"], now))
    return counted


def _count_completion(table: str, tenant_id: str, tier: str, now: float) -> dict[str, Any]:
    """Return the action that counts a completion in its hour, among all tenants and among those of its tier."""
    change = Change(table, completions_key(hour_of(now), _shard(tenant_id))).increase("tenants").increase(tier)
    return change.set("expiresAt", int(now) + COMPLETIONS_KEPT_SECONDS).action()


def completions_key(hour: str, shard: int) -> dict[str, str]:
    """Return the key of one row of an hour's completions; they sort by time, and no tenant id is in capitals."""
    return {"tenantId": COMPLETIONS, "item": f"{hour}#{shard}"}


def hour_of(seconds: float) -> str:
    """Return the UTC hour that a moment, in epoch seconds, is in: its beginning, as ISO 8601."""
    return f"{timestamp(seconds)[:13]}:00:00Z"


def _shard(tenant_id: str) -> int:
    return zlib.crc32(tenant_id.encode()) % COUNTER_SHARDS


def counters_of(status: str, tier: str, failure: Mapping[str, str] | None = None) -> list[str]:
    """Return the counters that a tenant is counted in: its status and tier, and where and how it FAILED."""
    failed = [f"failed:{failure['step']}:{failure['error']}"] if failure and status == FAILED else []
    return [f"{status}#{tier}", *failed]


def enter(change: Change, status: str, now: float) -> Change:
    """Let a change move the record to a status, with the time that lists sort by."""
    return change.set("status", status).set("statusChangedAt", timestamp(now)).set("updatedAt", timestamp(now))


def given_up(record: Record) -> str:
    """Return what is told to whoever wants a tenant to go on that an operator gave up; empty if none did."""
    if record["status"] == ABANDONED:
        return "was abandoned; to onboard it again, emit its event anew"
    if record["status"] == ABANDONING or "abandonment" in record:
        return f"its abandonment was begun; run: onboard abandon {record['tenantId']}"
    return ""


def as_seen(change: Change, record: Record) -> Change:
    """Let a change hold only if nobody moved the record since it was read."""
    return change.require(
        "[status] = ? AND [attempt] = ? AND [redriveCount] = ?",
        record["status"],
        record["attempt"],
        record["redriveCount"],
    )


def post(change: Change, event: "OutgoingEvent", now: float) -> Change:
    """Put an event into the record's outbox with the change that makes it true."""
    return (
        change.set(f"outbox.{event.outbox_key}", event.to_json())
        .set("unpublished", "YES")
        .set("unpublishedSince", timestamp(now))
    )


def take_out(dynamodb: "DynamoDBClient", table: str, event: "OutgoingEvent") -> None:
    """Note that EventBridge accepted an event; safe to repeat."""
    path = f"outbox.{event.outbox_key}"
    last = Change(table, record_key(event.tenant_id)).remove(path, "unpublished", "unpublishedSince")
    last.require(f"size([outbox]) = ? AND attribute_exists([{path}])", 1)
    try:
        dynamodb.update_item(**last.arguments())
    except ClientError as error:
        if not is_code(error, CONDITION_FAILED_EXCEPTION):
            raise
        one_of_several = Change(table, record_key(event.tenant_id)).remove(path).require("attribute_exists([outbox])")
        left = dynamodb.update_item(**one_of_several.arguments(), ReturnValues="ALL_NEW")["Attributes"]
        if not left["outbox"] and "unpublished" in left:  # somebody took out another one meanwhile
            _note_all_published(dynamodb, table, event.tenant_id)


def _note_all_published(dynamodb: "DynamoDBClient", table: str, tenant_id: str) -> None:
    change = Change(table, record_key(tenant_id)).remove("unpublished", "unpublishedSince")
    try:
        dynamodb.update_item(**change.require("size([outbox]) = ?", 0).arguments())
    except ClientError as error:
        if not is_code(error, CONDITION_FAILED_EXCEPTION):
            raise  # else: a new event was put in


def read(dynamodb: "DynamoDBClient", table: str, tenant_id: str) -> Record | None:
    """Return a tenant's record as it is now, or None."""
    found = dynamodb.get_item(TableName=table, Key=record_key(tenant_id), ConsistentRead=True).get("Item")
    return dict(found) if found else None


def in_status(dynamodb: "DynamoDBClient", table: str, status: str, **options: Any) -> Any:  # Any: what Query takes
    """Return Query's answer about the tenants of a status, by the index; those come first that entered it first."""
    return dynamodb.query(
        TableName=table,
        IndexName=STATUS_INDEX,
        KeyConditionExpression="#status = :status",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":status": status},
        **options,
    )


def read_request(dynamodb: "DynamoDBClient", table: str, tenant_id: str) -> TenantCreated:
    """Return what a tenant's event asked for.

    Raises ConfigurationError if this version's contract allows it no longer, ResourceMissingError if it is gone.
    """
    found: Any = dynamodb.get_item(TableName=table, Key=request_key(tenant_id), ConsistentRead=True).get("Item")
    if not found:
        raise ResourceMissingError(
            f"The request of {tenant_id} is no longer in the tenants table",
            next_action="No step makes it anew: restore that item from a backup of the table, then retry.",
        )
    try:
        return TenantCreated.model_validate_json(found["request"])
    except ValidationError as error:
        fields = ", ".join(reason.field for reason in reasons(error))
        raise ConfigurationError(
            f"This version does not allow what {tenant_id} asked for an earlier one: {fields}",
            code="RequestOutdated",
            next_action="Deploy a version that allows the fields which the message names, then retry.",
        ) from None


def note_redrive(dynamodb: "DynamoDBClient", table: str, tenant_id: str, turn: Turn) -> None:
    """Let the record follow an execution that was redriven without a word to it, from the console say."""
    record = read(dynamodb, table, tenant_id)
    if not record or record["attempt"] != turn.attempt or record["redriveCount"] >= turn.redrive_count:
        return
    change = Change(table, record_key(tenant_id)).set("redriveCount", turn.redrive_count)
    if turn.step in tiers.REMOVALS:
        change.set_once("abandonment", {"since": timestamp(time.time())})
    if record["status"] == FAILED:
        move(dynamodb, table, record, ABANDONING if turn.step in tiers.REMOVALS else IN_PROGRESS, change)
        return
    try:
        dynamodb.update_item(**as_seen(change, record).arguments())
    except ClientError as error:
        if not is_code(error, CONDITION_FAILED_EXCEPTION):
            raise  # else: somebody was faster; begin judges anew


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
        transact(dynamodb, moving(table, record, status, change, failure=failure))
    except ClientError as error:
        if cancellation_codes(error)[:1] == [CONDITION_FAILED]:
            return False
        raise
    return True
