"""Outcome: an execution that ended badly is recorded as FAILED, explained, and published.

Status-change events are best effort, late and repeated, and a redrive keeps ARN and attempt. So the event is only a
hint: Step Functions is asked, and the record accepts the answer only for the attempt and redrive that it is at.
"""

import json
import re
import time
from typing import TYPE_CHECKING

from orchestrator import executions, lifecycle
from orchestrator.contracts import TenantOnboardingFailed
from orchestrator.dynamodb import Change
from orchestrator.errors import OTHER_ADVICE, PLATFORM_ADVICE
from orchestrator.events import publish_from_outbox, publish_outbox
from orchestrator.ledger import Record

if TYPE_CHECKING:
    from types_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

    from orchestrator.clients import Clients
    from orchestrator.settings import Settings

RECORDED = "recorded"
IGNORED = "ignored"
BEFORE_THE_FIRST_STEP = "ChooseTier"
ABORTED = "Aborted"
ADDRESS = re.compile(r"[^\s<>,;:\"']+@[^\s<>,;:\"']+")


def record_outcome(clients: "Clients", settings: "Settings", execution_arn: str) -> str:
    """Record how an execution ended, if it did and the record is still at it; return RECORDED or IGNORED."""
    execution = executions.describe(clients, execution_arn)
    if execution is None or execution["status"] in executions.RUNNING:
        return IGNORED
    about = json.loads(execution["input"])
    if execution["name"] != executions.execution_name(about.get("tenantId", ""), about.get("attempt", 0)):
        return IGNORED  # somebody started it by hand: it speaks for no tenant
    record = lifecycle.read(clients.dynamodb, settings.tenants_table, about["tenantId"])
    redrive = int(execution.get("redriveCount", 0))
    if record is None or (record["attempt"], execution["status"]) == (about["attempt"], "SUCCEEDED"):
        return IGNORED
    if record["attempt"] != about["attempt"] or record["redriveCount"] > redrive:
        return IGNORED
    if record["status"] in lifecycle.ACTIVE:
        return _record_failure(clients, settings, record, execution, redrive)
    publish_outbox(clients, settings, record)
    return IGNORED


def _record_failure(
    clients: "Clients",
    settings: "Settings",
    record: Record,
    execution: "DescribeExecutionOutputTypeDef",
    redrive: int,
) -> str:
    failure = explain(record, execution)
    event = TenantOnboardingFailed(
        tenant_id=record["tenantId"],
        attempt=int(record["attempt"]),
        redrive=redrive,
        tier=record["tier"],
        step=failure["step"],
        error=failure["error"],
        message=ADDRESS.sub("[address]", failure["message"]),
        next_action=failure["nextAction"],
    )
    change = Change(settings.tenants_table, lifecycle.record_key(record["tenantId"]))
    change.set("failure", failure).set("redriveCount", redrive).set("executionArn", execution["executionArn"])
    lifecycle.post(change, event, time.time())
    if not lifecycle.move(clients.dynamodb, settings.tenants_table, record, lifecycle.FAILED, change):
        return IGNORED
    publish_from_outbox(clients, settings, event)
    return RECORDED


def explain(record: Record, execution: "DescribeExecutionOutputTypeDef") -> dict[str, str]:
    """Return where, what, why and what to do next, in words for an operator.

    The step's own account is best; where the function could not give one, Lambda or Step Functions named the error.
    """
    step = record.get("currentStep", BEFORE_THE_FIRST_STEP)
    account = record["steps"].get(step, {}).get("error")
    error = execution.get("error") or "Unknown"
    if execution["status"] == "ABORTED":
        error = ABORTED
    elif execution["status"] == "TIMED_OUT":
        error = "States.Timeout"
    if account and account["type"] == error:
        message, advice = account["message"], account["nextAction"]
    else:
        advice = PLATFORM_ADVICE.get(error, OTHER_ADVICE)
        message = f"The execution ended with {error} at {step}"
    command = f" Command: onboard retry {record['tenantId']}"
    return {"step": step, "error": error, "message": message, "nextAction": advice + command}
