"""Stopping: the execution that is under way for a tenant ends now, and the tenant is FAILED, as it would be by itself.

Nothing is rolled back: a retry goes on where it stopped, and a step that was at work is in doubt.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import CONDITION_FAILED_EXCEPTION, Change, is_code, refused_item
from orchestrator.onboarding import executions
from orchestrator.onboarding.outcome import record_outcome
from orchestrator.operations.retries import CHANGED_MEANWHILE
from orchestrator.tenants import kinds, transitions, verdicts
from orchestrator.tenants.actions import TRIES, Action
from orchestrator.tenants.commands import command
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import read_record, record_key
from orchestrator.tenants.verdicts import Act

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings


@dataclass(frozen=True)
class Stopped:
    """Whether an execution was stopped, and if not, why."""

    tenant_id: str
    message: str
    stopped: bool = False

    def document(self) -> dict[str, Any]:
        """Return it as a document."""
        return {"tenantId": self.tenant_id, "stopped": self.stopped, "message": self.message}


def stop(clients: "Clients", settings: "Settings", tenant_id: str, by: str | None = None) -> Stopped:
    """Stop what runs for a tenant, an onboarding or an abandonment, and record that it FAILED.

    `by` is who asks for it, as `orchestrator.tenants.actions` has it; the record lists that first, conditionally. What
    a fault interrupts after that is recorded by reconcile, or stopped by asking again. Raises only errors of AWS.
    """
    record = read_record(clients.dynamodb, settings.tenants_table, tenant_id)
    refused = verdicts.refusal(record, tenant_id, Act.STOP)
    if refused or record is None:
        return Stopped(tenant_id, refused)
    arn = executions.arn_of(settings, record)
    execution = executions.describe(clients, arn)
    if execution is None:
        return Stopped(tenant_id, f"is about to start; follow it: {command('show', tenant_id, watch=True)}")
    if execution["status"] in executions.RUNNING:
        if not _listed(clients, settings, record, Action("stop", by)):
            return Stopped(tenant_id, CHANGED_MEANWHILE)
        clients.stepfunctions.stop_execution(executionArn=arn)
    record_outcome(clients, settings, arn)
    ended = read_record(clients.dynamodb, settings.tenants_table, tenant_id) or record
    if execution["status"] not in executions.RUNNING:
        return Stopped(tenant_id, f"had ended already and is {ended['status']}")
    is_now = "is being stopped" if kinds.of(ended).is_under_way(ended) else "is stopped"
    return Stopped(tenant_id, f"{is_now}; see: {command('show', tenant_id)}", stopped=True)


def _listed(clients: "Clients", settings: "Settings", seen: Record, action: Action) -> bool:
    """List an action on a tenant's record; return False if anything but that list has changed since it was seen."""
    record, now_at = seen, ("status", "attempt", "redriveCount")
    for _ in range(TRIES):
        change = transitions.as_seen(Change(settings.tenants_table, record_key(seen["tenantId"])), seen)
        action.note(change, record, int(seen["attempt"]))
        try:
            writes.in_turn(clients.dynamodb.update_item, **change.arguments())
        except ClientError as error:
            if not is_code(error, CONDITION_FAILED_EXCEPTION):
                raise
            record = refused_item(error.response)
            if not record or any(record[name] != seen[name] for name in now_at):
                return False
        else:
            return True
    return False
