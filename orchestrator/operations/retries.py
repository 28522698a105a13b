"""Retries: the next attempt of a tenant that FAILED; what is done stays done."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator import executions, lifecycle
from orchestrator.dynamodb import Change
from orchestrator.reconcile import bring_up_to_date

if TYPE_CHECKING:
    from orchestrator.clients import Clients
    from orchestrator.settings import Settings


@dataclass(frozen=True)
class Retried:
    """What a retry did: `attempt` runs now, or 0 and the reason why none does."""

    tenant_id: str
    attempt: int
    message: str


def retry(clients: "Clients", settings: "Settings", tenant_id: str) -> Retried:
    """Start the next attempt of a FAILED tenant; steps that are done are not done again.

    The record moves first, conditionally, so of two operators one retries. A fault after that is finished by
    reconcile. Raises only errors of AWS.
    """
    bring_up_to_date(clients, settings, tenant_id)
    record = lifecycle.read(clients.dynamodb, settings.tenants_table, tenant_id)
    if record is None:
        return Retried(tenant_id, 0, "is not known; see: onboard list")
    if record["status"] != lifecycle.FAILED:
        return Retried(tenant_id, 0, f"is {record['status']}; only a FAILED tenant can be retried")
    attempt = int(record["attempt"]) + 1
    event = executions.started_event(settings, tenant_id, record["tier"], attempt)
    change = Change(settings.tenants_table, lifecycle.record_key(tenant_id))
    change.set("attempt", attempt).set("redriveCount", 0).set("executionArn", event.execution_arn)
    change.remove("currentStep")
    for step, entry in record["steps"].items():
        if entry["status"] == "FAILED":  # of the attempt before; counters and leases stay
            change.set(f"steps.{step}.status", "PENDING").remove(f"steps.{step}.error")
    lifecycle.post(change, event, time.time())
    if not lifecycle.move(clients.dynamodb, settings.tenants_table, record, lifecycle.IN_PROGRESS, change):
        return Retried(tenant_id, 0, "was changed by somebody else at this moment; look at it again")
    moved = {"attempt": attempt, "status": lifecycle.IN_PROGRESS}
    outbox = record["outbox"] | {event.outbox_key: event.to_json()}
    executions.start(clients, settings, record | moved | {"outbox": outbox})
    return Retried(tenant_id, attempt, f"attempt {attempt} started")
