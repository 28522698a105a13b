"""Endings: how an execution ended badly, and what an operator is told of it."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.aws.errors import advice_for
from orchestrator.tenants import commands, tiers
from orchestrator.tenants.ledger import Record

if TYPE_CHECKING:
    from types_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

    from orchestrator.aws.dynamodb import Change

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


@dataclass(frozen=True)
class Ending:
    """How an execution ended: at which step, with which error and, where our code named one, which code."""

    step: str
    error: str
    code: str = ""

    def __str__(self) -> str:
        """Say so without a word of the error's own text, which may name people."""
        return f"{self.step} ended with {self.error}" + (f" ({self.code})" if self.code else "")


def read_ending(path: Sequence[str], record: Record, execution: "DescribeExecutionOutputTypeDef") -> Ending:
    """Return how an execution of a work with these steps ended.

    Our own errors name their step in the cause. Lambda's and Step Functions' do not; theirs is the first step that is
    not done, as it is the one that could not even begin.
    """
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


def account_of(record: Record, ending: Ending, redrive: int) -> dict[str, Any]:
    """Return the step's own account, with `message` and `nextAction` in any case.

    The step's words are best, if they are of this very attempt and redrive and speak of the same error.
    """
    account = record["steps"].get(ending.step, {}).get("error") or {}
    told = (account.get("type"), account.get("code"), account.get("attempt"), account.get("redrive"))
    if told == (ending.error, ending.code, record["attempt"], redrive):
        return dict(account)
    return {"message": str(ending), "nextAction": advice_for(ending.error, ending.code)}


def explained(ending: Ending, message: str, advice: str, *, told: str, command: str, redo: str = "") -> dict[str, str]:
    """Return an explanation as an item holds it; `told` is the command as it is printed, `command` its name."""
    return {
        "step": ending.step,
        "error": ending.error,
        "message": message,
        "nextAction": commands.advice(advice, told),
        "command": command,
        **({"redo": redo} if redo else {}),
    }


def explain_plainly(record: Record, ending: Ending, redrive: int) -> dict[str, str]:
    """Return where, what, why and what to do next; the command is the one that shows the tenant."""
    account = account_of(record, ending, redrive)
    told = commands.command("show", record["tenantId"])
    return explained(ending, account["message"], account["nextAction"], told=told, command="show")


def explain_onboarding(record: Record, ending: Ending, redrive: int) -> dict[str, str]:
    """Return where, what, why and what to do next, in words for an operator."""
    account = account_of(record, ending, redrive)
    command, redo = account.get("command", "retry"), account.get("redo", "")
    return _explained(record, ending, account["message"], account["nextAction"], command, redo)


def explain_abandonment(record: Record, ending: Ending, redrive: int) -> dict[str, str]:
    """Return the same of an abandonment; one that found the tenant in use says to let it finish."""
    account = account_of(record, ending, redrive)
    if ending.code == IN_USE and is_whole(record, ending):
        return _explained(record, ending, account["message"], LET_IT_FINISH, "retry", account.get("redo", ""))
    advice = account["nextAction"]
    return _explained(record, ending, account["message"], advice + ("" if "abandon" in advice else AGAIN), "abandon")


def give_back(change: "Change", record: Record, ending: Ending) -> None:
    """Let a tenant of which an abandonment removed nothing be retried as well, and no removal count as begun."""
    if is_whole(record, ending):
        change.remove("abandonment", *(f"steps.{step}.startedAt" for step in _removals_begun(record)))


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


def _explained(
    record: Record, ending: Ending, message: str, advice: str, command: str, redo: str = ""
) -> dict[str, str]:
    data = [record["tenantId"], "FILE"] if command == "amend" else [record["tenantId"]]
    told = commands.command(command, *data, redo=redo)
    return explained(ending, message, advice, told=told, command=command, redo=redo)


def _removals_begun(record: Record) -> list[str]:
    removing = tiers.REMOVALS - {REMOVES_NOTHING}
    return [step for step, entry in record["steps"].items() if step in removing and "startedAt" in entry]


def _error_message(cause: str) -> str:
    """Return what a function raised, from the cause that Step Functions keeps; empty if no function did."""
    try:
        said = json.loads(cause)
    except ValueError:
        return ""
    return str(said.get("errorMessage", "")) if isinstance(said, dict) else ""
