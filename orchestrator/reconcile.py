"""Reconcile: what events missed is found and finished, on a schedule, with a bounded number of calls.

Three things can be left behind: a tenant claimed but never started, an execution that ended but was not recorded, a
status that was recorded but not published. Each has an index to be found by; nothing is scanned.
"""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from orchestrator import executions, intake, lifecycle
from orchestrator.errors import translate
from orchestrator.ledger import Record, timestamp
from orchestrator.outcome import RECORDED, record_outcome

if TYPE_CHECKING:
    from orchestrator.clients import Clients
    from orchestrator.settings import Settings

GRACE_SECONDS = 120.0
"""Younger findings are still in somebody's hands: the functions' time-out is 30 s, a retry of theirs waits 60 s."""
MOST_PER_RUN = 100
"""Of each kind, oldest first; DescribeExecution allows 10 a second in the smaller Regions."""


def reconcile(clients: "Clients", settings: "Settings", grace_seconds: float = GRACE_SECONDS) -> dict[str, int]:
    """Finish what was left behind; return how many were started, recorded, published, and how many failed anew.

    One that fails does not keep the others from being finished.
    """
    before = timestamp(time.time() - grace_seconds)
    found = {"started": 0, "recorded": 0, "published": 0, "failed": 0}

    def each(what: str, keys: Iterator[Record], repair: Callable[[Record], bool]) -> None:
        for key in keys:
            try:
                found[what] += repair(key)
            except Exception as error:  # counted; the next run tries again
                translate(error)
                found["failed"] += 1

    pending = _older(clients, settings, lifecycle.STATUS_INDEX, lifecycle.PENDING, before)
    each("started", pending, lambda key: _start(clients, settings, key))
    in_progress = _older(clients, settings, lifecycle.STATUS_INDEX, lifecycle.IN_PROGRESS, before)
    each("recorded", in_progress, lambda key: bring_up_to_date(clients, settings, str(key["tenantId"])))
    unpublished = _older(clients, settings, lifecycle.UNPUBLISHED_INDEX, "YES", before)
    each("published", unpublished, lambda key: _publish(clients, settings, key))
    return found


def bring_up_to_date(clients: "Clients", settings: "Settings", tenant_id: str) -> bool:
    """Record or restart a tenant whose execution ended or never started; tell whether there was something to do."""
    record = lifecycle.read(clients.dynamodb, settings.tenants_table, tenant_id)
    if record is None or record["status"] not in lifecycle.ACTIVE:
        return False
    arn = executions.execution_arn(settings, tenant_id, int(record["attempt"]))
    if executions.describe(clients, arn) is None:
        executions.start(clients, settings, record)
        return True
    return record_outcome(clients, settings, arn) == RECORDED


def _older(clients: "Clients", settings: "Settings", index: str, value: str, before: str) -> Iterator[Record]:
    hash_key, range_key = index.split("-")
    answer = clients.dynamodb.query(
        TableName=settings.tenants_table,
        IndexName=index,
        KeyConditionExpression="#hash = :hash AND #range < :before",
        ExpressionAttributeNames={"#hash": hash_key, "#range": range_key},
        ExpressionAttributeValues={":hash": value, ":before": before},
        Limit=MOST_PER_RUN,
    )
    yield from answer["Items"]


def _start(clients: "Clients", settings: "Settings", key: Record) -> bool:
    record = lifecycle.read(clients.dynamodb, settings.tenants_table, key["tenantId"])
    if record is None or record["status"] != lifecycle.PENDING:
        return False
    executions.start(clients, settings, record)
    return True


def _publish(clients: "Clients", settings: "Settings", key: Record) -> bool:
    table_key = {"tenantId": key["tenantId"], "item": key["item"]}
    answer = clients.dynamodb.get_item(TableName=settings.tenants_table, Key=table_key, ConsistentRead=True)
    item: Record | None = answer.get("Item")
    if item is None or "unpublished" not in item:
        return False
    if item["item"] != lifecycle.RECORD:
        intake.publish_rejection(clients, settings, dict(item))
        return True
    executions.catch_up(clients, settings, dict(item))
    return True
