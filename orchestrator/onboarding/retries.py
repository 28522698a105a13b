"""Retries: a work that stopped runs again, by a redrive of its execution or by its next attempt.

Its item says so first, conditionally: of two who try at once one acts. What a fault interrupts after that is finished
by whoever comes next, reconcile at the latest. A redrive that Step Functions refuses becomes the next attempt, so that
no work is left between the two.
"""

import hashlib
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import CONDITION_FAILED, Change, is_code
from orchestrator.aws.errors import cancellation_codes
from orchestrator.onboarding import executions
from orchestrator.tenants import actions, kinds, transitions
from orchestrator.tenants.actions import GO_ON, Action
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.outbox import post, publish_in_turn

if TYPE_CHECKING:
    from types_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

TOKEN_MAX = 64
NOT_REDRIVABLE = ("ExecutionNotRedrivable", "ExecutionDoesNotExist")


def start_next(
    clients: "Clients",
    settings: "Settings",
    record: Record,
    to: Record,
    change: Change | None = None,
    together_with: Sequence[dict[str, Any]] = (),
) -> Record | None:
    """Move a record, as it was seen, to its next attempt and start that; return the record as it is then.

    `to` are attributes that the attempt is to find otherwise, among them who began it. `change` may bring more to write
    to the record, `together_with` to other items: all or nothing. Returns None, changing nothing, if somebody was
    faster. Raises errors of AWS; what was recorded by then is finished by reconcile.
    """
    to = {**to, "attempt": int(record["attempt"]) + 1, "redriveCount": 0}
    moved = _move(clients, settings, record, to, change, together_with)
    if moved:
        executions.start(clients, settings, moved)
    return moved


def redrive(clients: "Clients", settings: "Settings", record: Record, action: Action) -> Record | None:
    """Count one more redrive of a record's execution, as it was seen, and redrive it; return the record as it is then.

    That is a record of the next attempt where Step Functions refuses. Returns None, changing nothing, if somebody was
    faster. Raises errors of AWS; what was recorded by then is finished by reconcile.
    """
    to = {"redriveCount": int(record["redriveCount"]) + 1, **action.listed(record, int(record["attempt"]))}
    moved = _move(clients, settings, record, to)
    return _redrive(clients, settings, moved, action) if moved else None


def resume(
    clients: "Clients", settings: "Settings", record: Record, execution: "DescribeExecutionOutputTypeDef | None"
) -> bool:
    """Complete what a fault interrupted of a record's redrive; tell whether the execution was still to be redriven."""
    kind = kinds.of(record)
    if not (kind.can_go_on and kind.is_under_way(record) and record["redriveCount"]):
        return False
    if _has_run(record, execution):
        _publish(clients, settings, record)
        return False
    _redrive(clients, settings, record, GO_ON)
    return True


def _has_run(record: Record, execution: "DescribeExecutionOutputTypeDef | None") -> bool:
    """Tell whether an execution was redriven as often as the record counts."""
    if execution is None:
        return False
    return execution["status"] in executions.RUNNING or execution.get("redriveCount", 0) >= record["redriveCount"]


def _redrive(clients: "Clients", settings: "Settings", record: Record, action: Action) -> Record | None:
    """Redrive the execution up to the record's count, publish that it runs and note that."""
    work = kinds.work_of(settings, record)
    attempt, redrive = int(record["attempt"]), int(record["redriveCount"])
    arn = work.execution_arn(settings, attempt)
    try:
        clients.stepfunctions.redrive_execution(
            executionArn=arn,
            # Step Functions takes the same token for the same redrive for 15 minutes; `resume` asks after that.
            clientToken=_token(f"{work.execution_name(attempt)}-{redrive}"),
        )
    except ClientError as error:
        if not any(is_code(error, code) for code in NOT_REDRIVABLE):
            raise
        if not _has_run(record, executions.describe(clients, arn)):
            return start_next(clients, settings, record, action.listed(record, attempt + 1))
    _publish(clients, settings, record)
    return record


def _publish(clients: "Clients", settings: "Settings", record: Record) -> None:
    event = executions.started_event_of(settings, record)
    if event and event.outbox_key in record["outbox"]:
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
    work, moved = kinds.work_of(settings, record), record | to
    if not work.kind.can_go_on:
        return None
    arn = work.execution_arn(settings, int(moved["attempt"]))
    change = change or Change(work.table, dict(work.key))
    for name, value in (to | {"executionArn": arn}).items():
        change.set(name, value)
    change.remove("currentStep")
    if actions.ACTIONS in to:
        actions.require_as_seen(change, record)
    if work.kind.goes_on_if:
        change.require(work.kind.goes_on_if)
    for step, entry in record["steps"].items():
        if entry["status"] == "FAILED":  # counters and leases stay
            change.set(f"steps.{step}.status", "PENDING").remove(f"steps.{step}.error")
    outbox = _outbox(settings, record, moved, change)
    try:
        moving = transitions.moving(work.table, record, work.kind.running, change, tier=moved.get("tier", ""))
        writes.transact(clients.dynamodb, [*moving, *together_with])
    except ClientError as error:
        if cancellation_codes(error)[:1] == [CONDITION_FAILED]:
            return None
        raise
    return moved | {work.kind.status: work.kind.running, "executionArn": arn, "outbox": outbox}


def _outbox(settings: "Settings", record: Record, moved: Record, change: Change) -> Record:
    """Let a change put into the outbox that the work runs again, and return the outbox as it is then."""
    kind, outbox = kinds.of(record), dict(record["outbox"])
    untrue = executions.started_event_of(settings, record)
    if untrue and kind.is_under_way(record) and outbox.pop(untrue.outbox_key, None):  # a redrive that never was
        change.remove(f"outbox.{untrue.outbox_key}")
    event = executions.started_event_of(settings, moved)
    if event:
        post(change, event, time.time(), kind)
        outbox[event.outbox_key] = event.to_json()
    return outbox


def _token(text: str) -> str:
    """Return a token for Step Functions, which takes at most 64 characters."""
    return text if len(text) <= TOKEN_MAX else hashlib.sha256(text.encode()).hexdigest()
