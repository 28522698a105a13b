"""Outcome: an execution that ended badly is recorded as FAILED, explained, and published.

Status-change events are best effort, late and repeated, and a redrive keeps ARN and attempt. So the event is only a
hint: Step Functions is asked, and the record accepts the answer only for the attempt and redrive that it is at.
"""

import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import advice_for
from orchestrator.onboarding import executions
from orchestrator.tenants import commands, lifecycle, metadata, tiers, transitions
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.outbox import post, publish_in_turn, publish_outbox
from orchestrator.tenants.records import read_record, record_key
from tenant_onboarding.contracts.outgoing import TenantOnboardingFailed

if TYPE_CHECKING:
    from types_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

RECORDED = "recorded"
IGNORED = "ignored"
BEFORE_THE_FIRST_STEP = "ChooseTier"
ABORTED = "Aborted"
UNKNOWN_TIER = "UnknownTier"
REMOVES_NOTHING = "CheckNobodySignedIn"
IN_USE = "SomebodySignedIn"
LET_IT_FINISH = (
    "The tenant is in use, and nothing of it is removed: let it finish. If it is to go all the same, delete the user"
    " that the message names, then abandon it instead."
)
AGAIN = " What failed is the abandonment, so that is what is to be tried again."
OWN_WORDS = re.compile(r"(?P<step>\w+): (?P<code>[\w.]+)")
"""What the step functions raise: their step and a code."""


def record_outcome(
    clients: "Clients", settings: "Settings", execution_arn: str, observe: lifecycle.Observe = lifecycle.unobserved
) -> str:
    """Record how an execution ended, if it did and the record is still at it; return RECORDED or IGNORED."""
    execution = executions.describe(clients, execution_arn)
    if execution is None or execution["status"] in executions.RUNNING:
        return IGNORED
    about = _speaks_for(execution)
    if about is None:
        return IGNORED
    tenant_id, attempt = about
    record = read_record(clients.dynamodb, settings.tenants_table, tenant_id)
    redrive = int(execution.get("redriveCount", 0))
    if record is None or (record["attempt"], execution["status"]) == (attempt, "SUCCEEDED"):
        return IGNORED
    of_the_other_workflow = _machine(record.get("executionArn", execution_arn)) != _machine(execution_arn)
    if record["attempt"] != attempt or record["redriveCount"] > redrive or of_the_other_workflow:
        return IGNORED
    failed_again_unseen = record["status"] == lifecycle.FAILED and redrive > record["redriveCount"]
    if record["status"] in lifecycle.UNDER_WAY or failed_again_unseen:
        return _record_failure(clients, settings, record, execution, redrive, observe)
    publish_outbox(clients, settings, record)
    return IGNORED


def _speaks_for(execution: "DescribeExecutionOutputTypeDef") -> tuple[str, int] | None:
    """Return the tenant and attempt that an execution is of; None for one that somebody started by hand."""
    about = json.loads(execution.get("input") or "null")
    if not isinstance(about, dict):
        return None
    tenant_id, attempt = about.get("tenantId"), about.get("attempt")
    if not isinstance(tenant_id, str) or type(attempt) is not int:
        return None
    return (tenant_id, attempt) if execution["name"] == executions.execution_name(tenant_id, attempt) else None


def _record_failure(
    clients: "Clients",
    settings: "Settings",
    record: Record,
    execution: "DescribeExecutionOutputTypeDef",
    redrive: int,
    observe: lifecycle.Observe,
) -> str:
    ending = read_ending(record, execution)
    failure = explain(record, ending, redrive)
    event = TenantOnboardingFailed(
        tenant_id=record["tenantId"],
        attempt=int(record["attempt"]),
        redrive=redrive,
        metadata=metadata.of(record),
        tier=record["tier"],
        step=ending.step,
        error=ending.error,
        message=str(ending),
        next_action=failure["nextAction"],
    )
    change = Change(settings.tenants_table, record_key(record["tenantId"]))
    change.set("redriveCount", redrive).set("executionArn", execution["executionArn"])
    if is_whole(record, ending):  # so the tenant may as well be retried, and no removal counts as begun
        change.remove("abandonment", *(f"steps.{step}.startedAt" for step in _removals_begun(record)))
    post(change, event, time.time())
    table = settings.tenants_table
    if not transitions.move(clients.dynamodb, table, record, lifecycle.FAILED, change, failure=failure):
        return IGNORED
    observe(lifecycle.FAILED, record | {"failure": failure})
    publish_in_turn(clients, settings, record, event)
    return RECORDED


@dataclass(frozen=True)
class Ending:
    """How an execution ended: at which step, with which error and, where our code named one, which code."""

    step: str
    error: str
    code: str = ""

    def __str__(self) -> str:
        """Say so without a word of the error's own text, which may name people."""
        return f"{self.step} ended with {self.error}" + (f" ({self.code})" if self.code else "")


def read_ending(record: Record, execution: "DescribeExecutionOutputTypeDef") -> Ending:
    """Return how an execution ended.

    Our own errors name their step in the cause. Lambda's and Step Functions' do not; theirs is the first step that is
    not done, as it is the one that could not even begin.
    """
    path = tiers.path_of(record)
    undone = [step for step in path if record["steps"].get(step, {}).get("status") != "DONE"]
    step = (undone or path[-1:])[0]
    if execution["status"] != "FAILED":
        return Ending(step, ABORTED if execution["status"] == "ABORTED" else "States.Timeout")
    error = execution.get("error") or "Unknown"
    if error == UNKNOWN_TIER:
        return Ending(BEFORE_THE_FIRST_STEP, error)
    named = OWN_WORDS.fullmatch(_error_message(execution.get("cause", "")))
    if named and named["step"] in path:
        return Ending(named["step"], error, named["code"])
    return Ending(step, error)


def is_whole(record: Record, ending: Ending) -> bool:
    """Tell whether an abandonment ended before it, or any before it, removed anything.

    In doubt it did: a removal counts as soon as it has begun, unless its only try found somebody signed in.
    """
    begun = _removals_begun(record)
    if ending.step == REMOVES_NOTHING:
        return not begun
    if ending.code != IN_USE or begun != [ending.step]:
        return False
    entry = record["steps"][ending.step]
    return bool(entry["begun"] == entry["settled"] == 1)


def _removals_begun(record: Record) -> list[str]:
    removing = tiers.REMOVALS - {REMOVES_NOTHING}
    return [step for step, entry in record["steps"].items() if step in removing and "startedAt" in entry]


def explain(record: Record, ending: Ending, redrive: int) -> dict[str, str]:
    """Return where, what, why and what to do next, in words for an operator.

    The step's own account is best, if it is of this very attempt and redrive and speaks of the same error.
    """
    account = record["steps"].get(ending.step, {}).get("error") or {}
    told = (account.get("type"), account.get("code"), account.get("attempt"), account.get("redrive"))
    if told == (ending.error, ending.code, record["attempt"], redrive):
        message, advice = account["message"], account["nextAction"]
    else:
        account, message, advice = {}, str(ending), advice_for(ending.error, ending.code)
    command, redone = account.get("command", "retry"), account.get("redo", "")
    if ending.code == IN_USE and is_whole(record, ending):
        advice, command = LET_IT_FINISH, "retry"
    elif "abandonment" in record:
        command, redone = "abandon", ""
        advice += "" if "abandon" in advice else AGAIN
    data = [record["tenantId"], "FILE"] if command == "amend" else [record["tenantId"]]
    said = commands.command(command, *data, redo=redone)
    return {
        "step": ending.step,
        "error": ending.error,
        "message": message,
        "nextAction": commands.advice(advice, said),
        "command": command,
        **({"redo": redone} if redone else {}),
    }


def _machine(execution_arn: str) -> str:
    return execution_arn.rpartition(":")[0]


def _error_message(cause: str) -> str:
    """Return what a function raised, from the cause that Step Functions keeps; empty if no function did."""
    try:
        said = json.loads(cause)
    except ValueError:
        return ""
    return str(said.get("errorMessage", "")) if isinstance(said, dict) else ""
