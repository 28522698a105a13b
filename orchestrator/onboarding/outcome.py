"""Outcome: an execution that ended badly is recorded as failed, explained, and published.

Status-change events are best effort, late and repeated, and a redrive keeps ARN and attempt. So the event is only a
hint: Step Functions is asked, and the work's item accepts the answer only for the attempt and redrive that it is at.
"""

import json
import time
from typing import TYPE_CHECKING

from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import PlacementRaisedError, TenantNotLiveError
from orchestrator.onboarding import executions
from orchestrator.tenants import endings, kinds, lifecycle, transitions
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.outbox import post, publish_in_turn, publish_outbox
from orchestrator.tenants.records import read_item
from orchestrator.tenants.work import Kind, Work

if TYPE_CHECKING:
    from types_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

RECORDED = "recorded"
IGNORED = "ignored"


def record_outcome(
    clients: "Clients", settings: "Settings", execution_arn: str, observe: lifecycle.Observe = lifecycle.unobserved
) -> str:
    """Record how an execution ended, if it did and its work is still at it; return RECORDED or IGNORED."""
    execution = executions.describe(clients, execution_arn)
    if execution is None or execution["status"] in executions.RUNNING:
        return IGNORED
    about = _speaks_for(settings, execution)
    if about is None:
        return IGNORED
    work, attempt = about
    record = read_item(clients.dynamodb, work.table, work.key)
    redrive = int(execution.get("redriveCount", 0))
    if record is None or (record["attempt"], execution["status"]) == (attempt, "SUCCEEDED"):
        return IGNORED
    of_another_machine = _machine(record.get("executionArn", execution_arn)) != _machine(execution_arn)
    if record["attempt"] != attempt or record["redriveCount"] > redrive or of_another_machine:
        return IGNORED
    kind = kinds.of(record)
    failed_again_unseen = record[kind.status] in kind.stopped_in and redrive > record["redriveCount"]
    if kind.is_under_way(record) or failed_again_unseen:
        return _record_failure(clients, settings, record, execution, observe)
    publish_outbox(clients, settings, record)
    return IGNORED


def _speaks_for(settings: "Settings", execution: "DescribeExecutionOutputTypeDef") -> tuple[Work, int] | None:
    """Return the work and attempt that an execution is of; None for one that somebody started by hand."""
    about = json.loads(execution.get("input") or "null")
    if not isinstance(about, dict):
        return None
    work, attempt = kinds.told_of(settings, about), about.get("attempt")
    if work is None or type(attempt) is not int:
        return None
    return (work, attempt) if execution["name"] == work.execution_name(attempt) else None


def _record_failure(
    clients: "Clients",
    settings: "Settings",
    record: Record,
    execution: "DescribeExecutionOutputTypeDef",
    observe: lifecycle.Observe,
) -> str:
    work, redrive = kinds.work_of(settings, record), int(execution.get("redriveCount", 0))
    kind = work.kind
    ending = endings.read_ending(kind.path(record), record, execution)
    failure = (kind.explain or endings.explain_plainly)(record, ending, redrive)
    status = _fenced_off(kind, ending) or kind.failed
    event = kind.stopped(record, ending, failure, redrive) if kind.stopped and status == kind.failed else None
    change = Change(work.table, dict(work.key))
    change.set("redriveCount", redrive).set("executionArn", execution["executionArn"])
    kind.when_stopped(change, record, ending)
    if event:
        post(change, event, time.time(), kind)
    if not transitions.move(clients.dynamodb, work.table, record, status, change, failure=failure):
        return IGNORED
    observe(status, record | {"failure": failure})
    if event:
        publish_in_turn(clients, settings, record, event)
    return RECORDED


def _fenced_off(kind: Kind, ending: endings.Ending) -> str:
    """Return the status of a work that its fence stopped, which is no failure of it; empty for any other ending."""
    if kind.fence is None:
        return ""
    return {TenantNotLiveError.__name__: kind.held, PlacementRaisedError.__name__: kind.given_up}.get(ending.error, "")


def _machine(execution_arn: str) -> str:
    """Return the machine of an execution: the two of a tenant's record may have executions of one name."""
    return execution_arn.rpartition(":")[0]
