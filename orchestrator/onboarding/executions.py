"""Executions: each is named after its work and attempt, so that a repeated start is refused, not doubled."""

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import Change, is_code
from orchestrator.tenants import kinds, transitions
from orchestrator.tenants.events import publish
from orchestrator.tenants.kinds import ABANDONMENT, ONBOARDING
from orchestrator.tenants.outbox import of_earlier_attempts, publish_outbox, take_out

if TYPE_CHECKING:
    from types_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings
    from orchestrator.tenants.ledger import Record
    from orchestrator.tenants.work import Work
    from tenant_onboarding.contracts.outgoing import Announcement

RUNNING = ("RUNNING", "PENDING_REDRIVE")


def execution_arn(settings: "Settings", tenant_id: str, attempt: int) -> str:
    """Return the ARN that the execution of a tenant's attempt has or will have."""
    return kinds.of_tenant(settings, tenant_id, ONBOARDING).execution_arn(settings, attempt)


def abandonment_arn(settings: "Settings", tenant_id: str, attempt: int) -> str:
    """Return the ARN that the execution of a tenant's attempt will have which abandons it."""
    return kinds.of_tenant(settings, tenant_id, ABANDONMENT).execution_arn(settings, attempt)


def arn_of(settings: "Settings", record: "Record") -> str:
    """Return the ARN of the execution of a work's current attempt, be it started or not."""
    return kinds.work_of(settings, record).arn_of(settings, record)


def started_event(settings: "Settings", record: "Record", attempt: int) -> "Announcement":
    """Return the event that says that an attempt of a tenant's onboarding runs."""
    work = kinds.of_tenant(settings, record["tenantId"])
    seen = record | {"attempt": attempt, "redriveCount": 0}
    return kinds.onboarding_started(seen, work.execution_arn(settings, attempt))


def started_event_of(settings: "Settings", record: "Record") -> "Announcement | None":
    """Return the event that says that an item's current attempt runs, as often redriven as the item counts.

    None where nobody is told so, as of an abandonment, which is announced once it is complete.
    """
    work = kinds.work_of(settings, record)
    if work.kind.started is None:
        return None
    return work.kind.started(record, work.execution_arn(settings, int(record["attempt"])))


def start(clients: "Clients", settings: "Settings", record: "Record") -> None:
    """Start the current attempt of an item's work, publish that it started and note both; safe to repeat at any point.

    What came true of earlier attempts, as of an abandoned tenant of that id, is published before. The item, not Step
    Functions, is the authority: "already exists" means that an earlier try got this far.
    """
    work = kinds.work_of(settings, record)
    arn = work.arn_of(settings, record)
    try:
        clients.stepfunctions.start_execution(
            stateMachineArn=arn.rpartition(":")[0].replace(":execution:", ":stateMachine:"),
            name=work.execution_name(int(record["attempt"])),
            input=_input(work, record),
        )
    except ClientError as error:
        if not is_code(error, "ExecutionAlreadyExists"):
            raise
    event = started_event_of(settings, record | {"redriveCount": 0})
    if event is None or event.outbox_key not in record["outbox"]:
        return
    former, own = of_earlier_attempts(record)
    publish_outbox(clients, settings, record | {"outbox": former})
    publish(clients, settings, event)
    _note_started(clients, work, record | {"outbox": own}, event, arn)


def _input(work: "Work", record: "Record") -> str:
    """Return what an execution is told: ids only, as its history is kept for 90 days."""
    told = work.kind.input_of(record) if work.kind.input_of else {"work": work.reference}
    return json.dumps(told | {"attempt": int(record["attempt"])}, sort_keys=True, separators=(",", ":"))


def catch_up(clients: "Clients", settings: "Settings", record: "Record") -> None:
    """Complete what a fault interrupted: start the current attempt unless that was done, publish all that is not yet.

    That an attempt started is left to `start`, so it is never said of one that did not; that it was redriven is left
    to `retries.resume`, which reconcile calls.
    """
    outbox = dict(record["outbox"])
    event = started_event_of(settings, record)
    announced = event and kinds.of(record).is_under_way(record) and outbox.pop(event.outbox_key, None)
    if announced and not record["redriveCount"]:
        start(clients, settings, record)
        _, outbox = of_earlier_attempts(record | {"outbox": outbox})
    publish_outbox(clients, settings, record | {"outbox": outbox})


def describe(clients: "Clients", arn: str) -> "DescribeExecutionOutputTypeDef | None":
    """Return what Step Functions knows of an execution; None if there is none."""
    try:
        return clients.stepfunctions.describe_execution(executionArn=arn)
    except ClientError as error:
        if is_code(error, "ExecutionDoesNotExist"):
            return None
        raise


def _note_started(
    clients: "Clients", work: "Work", record: "Record", event: "Announcement", execution_arn: str
) -> None:
    """Take the event out of the outbox; with the first attempt's, the work is in progress from now on."""
    only_entry = len(record["outbox"]) == 1
    if record[work.kind.status] == work.kind.pending and only_entry:
        change = Change(work.table, dict(work.key))
        change.set("executionArn", execution_arn)
        change.remove(f"outbox.{event.outbox_key}", "unpublished", "unpublishedSince")
        if transitions.move(clients.dynamodb, work.table, record, work.kind.running, change):
            return
    take_out(clients.dynamodb, work, event)
