"""Refusals: why DynamoDB refused the begin or the finish of a step, by the item as it was then."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import CONDITION_FAILED, CONDITION_FAILED_EXCEPTION, is_code, refused_item
from orchestrator.aws.errors import OnboardingError, SupersededError, TransientError, cancellation_codes

if TYPE_CHECKING:
    from orchestrator.tenants.ledger import Record, Turn
    from orchestrator.tenants.work import Kind, Work


class RedrivenError(Exception):
    """The execution was redriven without a word to the record (from the console, say)."""


class DoneError(Exception):
    """The step was finished before; there is nothing left to do."""

    def __init__(self, record: "Record") -> None:
        super().__init__()
        self.record = record


def of_begin(work: "Work", error: ClientError, turn: "Turn") -> "Record":
    """Say why begin was refused, in this order: superseded, done, leased, fenced; return the item if it is ours.

    Raises the error itself if no condition was refused.
    """
    if is_code(error, CONDITION_FAILED_EXCEPTION):
        return _judge(work.kind, refused_item(error.response), turn)
    own, *others = cancellation_codes(error) or [""]
    if own == CONDITION_FAILED:
        return _judge(work.kind, refused_item(error.response["CancellationReasons"][0]), turn)
    raise of_fence(work, error) if CONDITION_FAILED in others else error


def of_fence(work: "Work", error: ClientError) -> OnboardingError:
    """Return why a work's fence, the last of a transaction's actions, was refused."""
    if work.fence is None:
        raise error
    refused: Any = error.response
    return work.fence.refusal(refused_item(refused["CancellationReasons"][-1]))


def _judge(kind: "Kind", record: "Record", turn: "Turn") -> "Record":
    if not record:
        raise SupersededError(f"{turn.step}: there is no such record any more")
    asked = (turn.attempt, turn.redrive_count)
    recorded = (record["attempt"], record["redriveCount"])
    if asked < recorded:
        raise SupersededError(f"{turn.step}: attempt {recorded[0]}, redrive {recorded[1]} has taken over")
    step: dict[str, Any] = record["steps"].get(turn.step, {})
    if step.get("status") == "DONE":
        raise DoneError(record)
    if asked > recorded:
        raise RedrivenError
    if not kind.is_under_way(record):
        raise SupersededError(f"{turn.step}: the record is {record[kind.status]}")
    if step.get("leaseOwner") == turn.owner:
        return record
    raise TransientError(f"{turn.step}: another invocation is still at work on it", code="LeaseHeld")


def of_finish(record: "Record", turn: "Turn") -> None:
    """Say why finish was refused; return if that is because it was written down already, by this very turn."""
    if record.get("steps", {}).get(turn.step, {}).get("finishedBy") != turn.owner:
        raise TransientError(f"{turn.step}: its lease was lost", code="LeaseLost", settled=False)
