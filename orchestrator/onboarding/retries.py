"""Retries: a tenant that stopped runs again, by a redrive of its execution or by its next attempt.

The record says so first, conditionally: of two who try at once one acts. What a fault interrupts after that is finished
by whoever comes next, reconcile at the latest. A redrive that Step Functions refuses becomes the next attempt, so that
no tenant is left between the two.
"""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import CONDITION_FAILED, Change, is_code
from orchestrator.aws.errors import cancellation_codes
from orchestrator.onboarding import executions
from orchestrator.tenants import lifecycle, transitions
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.outbox import post, publish_in_turn
from orchestrator.tenants.records import record_key

if TYPE_CHECKING:
    from types_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

NOT_REDRIVABLE = ("ExecutionNotRedrivable", "ExecutionDoesNotExist")


def start_next(
    clients: "Clients",
    settings: "Settings",
    record: Record,
    change: Change | None = None,
    together_with: Sequence[dict[str, Any]] = (),
    amended: Record | None = None,
) -> Record | None:
    """Move a record, as it was seen, to its next attempt and start that; return the record as it is then.

    `change` may bring more to write to the record, `together_with` to other items: all or nothing; `amended` are
    attributes that the attempt is to find otherwise. Returns None, changing nothing, if somebody was faster. Raises
    errors of AWS; what was recorded by then is finished by reconcile.
    """
    to = {**(amended or {}), "attempt": int(record["attempt"]) + 1, "redriveCount": 0}
    moved = _move(clients, settings, record, to, change, together_with)
    if moved:
        executions.start(clients, settings, moved)
    return moved


def redrive(clients: "Clients", settings: "Settings", record: Record) -> Record | None:
    """Count one more redrive of a record's execution, as it was seen, and redrive it; return the record as it is then.

    That is a record of the next attempt where Step Functions refuses. Returns None, changing nothing, if somebody was
    faster. Raises errors of AWS; what was recorded by then is finished by reconcile.
    """
    moved = _move(clients, settings, record, {"redriveCount": int(record["redriveCount"]) + 1})
    return _redrive(clients, settings, moved) if moved else None


def resume(
    clients: "Clients", settings: "Settings", record: Record, execution: "DescribeExecutionOutputTypeDef | None"
) -> bool:
    """Complete what a fault interrupted of a record's redrive; tell whether the execution was still to be redriven."""
    if record["status"] not in lifecycle.ACTIVE or not record["redriveCount"]:
        return False
    if _has_run(record, execution):
        _publish(clients, settings, record)
        return False
    _redrive(clients, settings, record)
    return True


def _has_run(record: Record, execution: "DescribeExecutionOutputTypeDef | None") -> bool:
    """Tell whether an execution was redriven as often as the record counts."""
    if execution is None:
        return False
    return execution["status"] in executions.RUNNING or execution.get("redriveCount", 0) >= record["redriveCount"]


def _redrive(clients: "Clients", settings: "Settings", record: Record) -> Record | None:
    """Redrive the execution up to the record's count, publish that it runs and note that."""
    event = executions.started_event_of(settings, record)
    try:
        clients.stepfunctions.redrive_execution(
            executionArn=event.execution_arn,
            # Step Functions takes the same token for the same redrive for 15 minutes; `resume` asks after that.
            clientToken=f"{event.tenant_id}-{event.attempt}-{event.redrive}",
        )
    except ClientError as error:
        if not any(is_code(error, code) for code in NOT_REDRIVABLE):
            raise
        if not _has_run(record, executions.describe(clients, event.execution_arn)):
            return start_next(clients, settings, record)
    _publish(clients, settings, record)
    return record


def _publish(clients: "Clients", settings: "Settings", record: Record) -> None:
    event = executions.started_event_of(settings, record)
    if event.outbox_key in record["outbox"]:
        publish_in_turn(clients, settings, record, event)


def _move(
    clients: "Clients",
    settings: "Settings",
    record: Record,
    to: Record,
    change: Change | None = None,
    together_with: Sequence[dict[str, Any]] = (),
) -> Record | None:
    """Move a record to an attempt and redrive of it, with the event in its outbox; None if somebody was faster."""
    table, moved = settings.tenants_table, record | to
    event = executions.started_event_of(settings, moved)
    change = change or Change(table, record_key(record["tenantId"]))
    for name, value in (to | {"executionArn": event.execution_arn}).items():
        change.set(name, value)
    change.remove("currentStep").require("attribute_not_exists([abandonment])")
    for step, entry in record["steps"].items():
        if entry["status"] == "FAILED":  # counters and leases stay
            change.set(f"steps.{step}.status", "PENDING").remove(f"steps.{step}.error")
    outbox = dict(record["outbox"])
    untrue = executions.started_event_of(settings, record).outbox_key
    if record["status"] in lifecycle.ACTIVE and outbox.pop(untrue, None):  # a redrive that never was
        change.remove(f"outbox.{untrue}")
    post(change, event, time.time())
    try:
        moving = transitions.moving(table, record, lifecycle.IN_PROGRESS, change, tier=moved["tier"])
        writes.transact(clients.dynamodb, [*moving, *together_with])
    except ClientError as error:
        if cancellation_codes(error)[:1] == [CONDITION_FAILED]:
            return None
        raise
    outbox |= {event.outbox_key: event.to_json()}
    return moved | {"status": lifecycle.IN_PROGRESS, "outbox": outbox}
