"""Executions of both workflows: named after tenant and attempt, so that a repeated start is refused, not doubled."""

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import Change, is_code
from orchestrator.tenants import lifecycle, metadata, transitions
from orchestrator.tenants.events import publish
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.outbox import of_earlier_attempts, publish_outbox, take_out
from orchestrator.tenants.records import record_key
from tenant_onboarding.contracts.outgoing import TenantOnboardingStarted

if TYPE_CHECKING:
    from types_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

RUNNING = ("RUNNING", "PENDING_REDRIVE")


def execution_arn(settings: "Settings", tenant_id: str, attempt: int) -> str:
    """Return the ARN that the execution of a tenant's attempt has or will have."""
    machine = settings.state_machine_arn.replace(":stateMachine:", ":execution:")
    return f"{machine}:{execution_name(tenant_id, attempt)}"


def abandonment_arn(settings: "Settings", tenant_id: str, attempt: int) -> str:
    """Return the ARN that the execution of a tenant's attempt will have which abandons it."""
    machine = settings.abandonment_state_machine_arn.replace(":stateMachine:", ":execution:")
    return f"{machine}:{execution_name(tenant_id, attempt)}"


def arn_of(settings: "Settings", record: Record) -> str:
    """Return the ARN of the execution of a record's current attempt, be it started or not; abandonments name theirs."""
    if "abandonment" in record:
        return str(record["executionArn"])
    return execution_arn(settings, record["tenantId"], int(record["attempt"]))


def started_event(settings: "Settings", record: Record, attempt: int, redrive: int = 0) -> TenantOnboardingStarted:
    """Return the event that says that an attempt of a tenant runs, or that it runs again after a redrive."""
    return TenantOnboardingStarted(
        tenant_id=record["tenantId"],
        attempt=attempt,
        redrive=redrive,
        metadata=metadata.of(record),
        tier=record["tier"],
        execution_arn=execution_arn(settings, record["tenantId"], attempt),
    )


def started_event_of(settings: "Settings", record: Record) -> TenantOnboardingStarted:
    """Return the event that says that a record's current attempt runs, as often redriven as the record counts."""
    return started_event(settings, record, int(record["attempt"]), int(record["redriveCount"]))


def start(clients: "Clients", settings: "Settings", record: Record) -> None:
    """Start the record's current attempt, publish that it started and note both; safe to repeat at any point.

    What came true of earlier attempts, as of an abandoned tenant of that id, is published before. The record, not Step
    Functions, is the authority: "already exists" means that an earlier try got this far.
    """
    tenant_id, attempt = record["tenantId"], int(record["attempt"])
    values = {
        "tenantId": tenant_id,
        "tier": record["tier"],
        "federated": record["federated"],
        "attempt": attempt,
    }
    try:
        clients.stepfunctions.start_execution(
            stateMachineArn=arn_of(settings, record).rpartition(":")[0].replace(":execution:", ":stateMachine:"),
            name=execution_name(tenant_id, attempt),
            input=json.dumps(values, sort_keys=True, separators=(",", ":")),
        )
    except ClientError as error:
        if not is_code(error, "ExecutionAlreadyExists"):
            raise
    event = started_event(settings, record, attempt)
    if event.outbox_key not in record["outbox"]:  # an abandonment is announced once it is complete
        return
    former, own = of_earlier_attempts(record)
    publish_outbox(clients, settings, record | {"outbox": former})
    publish(clients, settings, event)
    _note_started(clients, settings, record | {"outbox": own}, event)


def catch_up(clients: "Clients", settings: "Settings", record: Record) -> None:
    """Complete what a fault interrupted: start the current attempt unless that was done, publish all that is not yet.

    That an attempt started is left to `start`, so it is never said of one that did not; that it was redriven is left
    to `retries.resume`, which reconcile calls.
    """
    outbox = dict(record["outbox"])
    event = started_event_of(settings, record)
    if record["status"] in lifecycle.ACTIVE and outbox.pop(event.outbox_key, None) and not event.redrive:
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


def _note_started(clients: "Clients", settings: "Settings", record: Record, event: TenantOnboardingStarted) -> None:
    """Take the event out of the outbox; with the first attempt's, the tenant is in progress from now on."""
    only_entry = len(record["outbox"]) == 1
    if record["status"] == lifecycle.PENDING and only_entry:
        change = Change(settings.tenants_table, record_key(event.tenant_id))
        change.set("executionArn", event.execution_arn)
        change.remove(f"outbox.{event.outbox_key}", "unpublished", "unpublishedSince")
        if transitions.move(clients.dynamodb, settings.tenants_table, record, lifecycle.IN_PROGRESS, change):
            return
    take_out(clients.dynamodb, settings.tenants_table, event)


def execution_name(tenant_id: str, attempt: int) -> str:
    """Return the name of an attempt's execution. Step Functions: at most 80 characters; a tenant id has at most 40."""
    return f"{tenant_id}-{attempt}"
