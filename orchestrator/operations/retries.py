"""Retries: a tenant that FAILED goes on where it stopped; what is done stays done.

By a redrive of its execution where Step Functions allows one and the workflow is still the same, else by its next
attempt. Both go on at the first step that is not done.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.aws.dynamodb import Change
from orchestrator.onboarding import executions, redo, retries
from orchestrator.onboarding.outcome import record_outcome
from orchestrator.onboarding.reconcile import bring_up_to_date
from orchestrator.tenants import kinds, lifecycle, tiers, verdicts
from orchestrator.tenants.actions import Action
from orchestrator.tenants.commands import command
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import read_record, record_key
from orchestrator.tenants.verdicts import Act

if TYPE_CHECKING:
    from types_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

REDRIVEN = "redriven"
STARTED = "started"
REDRIVABLE = "REDRIVABLE"
CHANGED_MEANWHILE = "was changed by somebody else at this moment; look at it again"


@dataclass(frozen=True)
class Retried:
    """What a retry did, or would do: `attempt` was redriven or started, or it is 0 and the message says why."""

    tenant_id: str
    attempt: int
    message: str
    how: str = ""
    """REDRIVEN or STARTED; empty if the tenant was not retried."""

    def document(self) -> dict[str, Any]:
        """Return it as a document; null for an attempt and a way that there are not."""
        return {
            "tenantId": self.tenant_id,
            "attempt": self.attempt or None,
            "how": self.how or None,
            "message": self.message,
        }


@dataclass(frozen=True)
class _Prospect:
    """A tenant as it was seen, and why it cannot be retried, or whether that is by a redrive."""

    record: Record
    refusal: str = ""
    redrivable: bool = False
    untold: bool = False
    """Its execution was redriven by somebody else and ended again, and the record has not been told yet."""


def retry(
    clients: "Clients",
    settings: "Settings",
    tenant_id: str,
    *,
    redo: str = "",
    by: str | None = None,
    observe: lifecycle.Observe = lifecycle.unobserved,
) -> Retried:
    """Let a FAILED tenant go on; `redo` names a step to be done again although it is done, as its resource is gone.

    `by` is who asks for it, as `orchestrator.tenants.actions` has it.

    The record moves first, conditionally, so of two operators one retries. A fault after that is finished by
    reconcile. Raises only errors of AWS.
    """
    bring_up_to_date(clients, settings, kinds.of_tenant(settings, tenant_id), observe)
    prospect = _look(clients, settings, tenant_id, redo)
    if prospect.untold:
        record_outcome(clients, settings, _arn(settings, prospect.record), observe)
        prospect = _look(clients, settings, tenant_id, redo)
    if prospect.refusal:
        return Retried(tenant_id, 0, prospect.refusal)
    record, action = prospect.record, Action(f"retry --redo {redo}" if redo else "retry", by)
    if prospect.redrivable:
        moved = retries.redrive(clients, settings, record, action)
    else:
        moved = _start_next(clients, settings, record, redo, action)
    if moved is None:
        return Retried(tenant_id, 0, CHANGED_MEANWHILE)
    attempt, redrive = int(moved["attempt"]), int(moved["redriveCount"])
    if redrive:
        return Retried(tenant_id, attempt, f"attempt {attempt} redriven", REDRIVEN)
    return Retried(tenant_id, attempt, f"attempt {attempt} started", STARTED)


def preview(clients: "Clients", settings: "Settings", tenant_id: str, *, redo: str = "") -> Retried:
    """Return what a retry would do now, and from which step on; changes nothing. Raises only errors of AWS."""
    prospect = _look(clients, settings, tenant_id, redo)
    if prospect.refusal:
        return Retried(tenant_id, 0, prospect.refusal)
    attempt, step = int(prospect.record["attempt"]), _next_step(prospect.record, redo)
    if prospect.redrivable:
        return Retried(tenant_id, attempt, f"would redrive attempt {attempt} from {step} on", REDRIVEN)
    return Retried(tenant_id, attempt + 1, f"would start attempt {attempt + 1} from {step} on", STARTED)


def _look(clients: "Clients", settings: "Settings", tenant_id: str, redone: str) -> _Prospect:
    """Judge a tenant as it is now."""
    record = read_record(clients.dynamodb, settings.tenants_table, tenant_id) or {}
    if refusal := _refusal(record, tenant_id, redone):
        return _Prospect(record, refusal)
    execution = executions.describe(clients, _arn(settings, record))
    if execution is None:
        return _Prospect(record)
    more = execution.get("redriveCount", 0) - int(record["redriveCount"])
    if more > 0 and execution["status"] in executions.RUNNING:
        return _Prospect(record, f"was redriven outside of this program; see: {command('show', tenant_id)}")
    redrivable = not redone and more >= 0 and _can_redrive(clients, execution)
    return _Prospect(record, redrivable=redrivable, untold=more > 0)


def _refusal(record: Record, tenant_id: str, redone: str) -> str:
    """Return why a tenant cannot be retried as its record stands; empty if it can."""
    if refusal := verdicts.refusal(record, tenant_id, Act.REDO if redone else Act.RETRY):
        return refusal
    return redo.refusal(record, redone) if redone else ""


def _can_redrive(clients: "Clients", execution: "DescribeExecutionOutputTypeDef") -> bool:
    """Tell whether Step Functions would redrive an execution, and that is by the workflow as it is deployed now."""
    if execution.get("redriveStatus") != REDRIVABLE:
        return False
    began_as = clients.stepfunctions.describe_state_machine_for_execution(executionArn=execution["executionArn"])
    now = clients.stepfunctions.describe_state_machine(stateMachineArn=execution["stateMachineArn"])
    # A first revision has no id to compare; these two are what a revision is made of.
    return (began_as["definition"], began_as["roleArn"]) == (now["definition"], now["roleArn"])


def _start_next(clients: "Clients", settings: "Settings", record: Record, redone: str, action: Action) -> Record | None:
    to = action.listed(record, int(record["attempt"]) + 1)
    if not redone:
        return retries.start_next(clients, settings, record, to)
    change = Change(settings.tenants_table, record_key(record["tenantId"]))
    redo.undo(change, record, redone)
    removed = redo.unregister(settings.routes_table, record, redone)
    return retries.start_next(clients, settings, record, to, change, removed)


def _next_step(record: Record, redone: str) -> str:
    """Return the first step of the tenant's path that a retry would do."""
    path = tiers.path(record["tier"], federated=record["federated"])
    undone = [step for step in path if step == redone or record["steps"].get(step, {}).get("status") != "DONE"]
    return (undone or path[-1:])[0]


def _arn(settings: "Settings", record: Record) -> str:
    return executions.execution_arn(settings, record["tenantId"], int(record["attempt"]))
