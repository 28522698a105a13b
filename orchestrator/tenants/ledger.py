"""Exactly one of everything: the protocol by which every step begins, acts and finishes.

Cognito has no idempotency tokens, functions die, answers get lost, events come twice. So no step acts before it has
written down that it will, and none is done before that is written down too. `Ledger.begin` and `Ledger.finish` are
one conditional write each, on the item of a `Work` or of a shared user pool:

    begin   counts `begun`, takes a lease, returns the record
    act     (the step) creates its resource, or in doubt looks for it first
    finish  counts `settled`, stores what was made, gives up the lease

The races this stops:

* *Two invocations of one step at once* (a time-out that was none, a redrive, a new attempt): the second finds the
  lease and comes back later. The lease outlives the function and the last HTTP call it can have under way.
* *A lost answer*: the call took effect, nobody wrote it down. That begin never settled, so the next one is *in doubt*
  (`begun - 1 > settled`) and looks before it creates. Counters are never reset; an answered refusal settles.
* *A dead function*: the same; its lease ends by itself.
* *An old attempt waking up*: it is superseded at begin, and finish takes only the lease's owner.
* *The SDK repeating begin or finish* after a lost answer of DynamoDB: refused, but "already so, by me" is success.

A step that is too long for one invocation finishes in *portions*. Each is begun and finished like a step, with a cursor
that the next one begins at; so a lost answer, a death, a redrive and a new attempt go on there, and none is done twice.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws import writes
from orchestrator.aws.clients import READ_TIMEOUT_SECONDS
from orchestrator.aws.dynamodb import (
    CONDITION_FAILED,
    CONDITION_FAILED_EXCEPTION,
    INVALID_IN_TRANSACTION,
    INVALID_PATH,
    Change,
    is_code,
    refused_item,
)
from orchestrator.aws.errors import (
    OnboardingError,
    UnexpectedError,
    cancellation_codes,
    translate,
)
from orchestrator.tenants import notes, portions, refusals
from orchestrator.tenants.notes import Notes
from orchestrator.tenants.portions import Portion

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from orchestrator.tenants.work import Work

Record = dict[str, Any]

OF_ITS_END = ("finishedAt", "finishedBy", "durationMs", "cursor", "count")
"""What a step's entry says of how far it is, and must say no more of one that is to be done anew."""
LEASE_MARGIN_SECONDS = 5.0
"""Beyond the function's deadline and the longest HTTP call: for clocks that disagree."""


@dataclass(frozen=True)
class Turn:
    """One invocation's claim to one step: who, for which attempt, and until when (epoch seconds)."""

    step: str
    owner: str
    attempt: int
    redrive_count: int
    lease_until: float
    execution_arn: str = ""


@dataclass(frozen=True)
class Begun:
    """A step that is ours until the lease ends; `in_doubt` when an earlier begin never settled."""

    record: Record
    in_doubt: bool
    notes: Notes = field(default_factory=Notes)


@dataclass(frozen=True)
class Made:
    """What a step made, and what must become true in the same transaction as its being done."""

    resources: Mapping[str, Any] = field(default_factory=dict)
    amend: Callable[[Change], object] = lambda change: change
    """Adds to the write of the record itself."""
    together_with: Sequence[dict[str, Any]] = ()
    """Writes of other items: all or nothing."""
    refusal: OnboardingError | None = None
    """What it means when DynamoDB refuses one of `together_with`."""
    portion: Portion | None = None
    """Where the step is to go on, with `count` of this portion alone; None if it is done."""


class Ledger:
    """The steps of one work: begin, finish, fail."""

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        work: "Work",
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._dynamodb = dynamodb
        self._work = work
        self._clock = clock

    def perform(self, turn: Turn, act: Callable[[Begun], Made]) -> Record:
        """Begin, act and finish; return the record as begin found it.

        Raises DoneError and RedrivenError as they are, every other error, once it is written down, as one of
        `orchestrator.aws.errors`.
        """
        begun_at = self._clock()
        try:
            begun = self.begin(turn)
        except (ClientError, BotoCoreError) as error:
            raise translate(error) from None
        acted = False
        try:
            made = act(begun)
            acted = True
            self.finish(turn, made, begun_at)
        except Exception as error:
            failure = translate(error)
            # What was made and not written down is for the next one to find, however clearly DynamoDB refused.
            failure.settled = failure.settled and not acted
            with suppress(ClientError, BotoCoreError):  # unwritten, the lease ends by itself and the step is in doubt
                self.fail(turn, failure)
            raise failure from (error if isinstance(failure, UnexpectedError) else None)
        return begun.record

    def begin(self, turn: Turn) -> Begun:
        """Take the step, or say why not.

        Raises DoneError, SupersededError, RedrivenError, TransientError while another invocation holds the lease, and
        PlacementRaisedError or TenantNotLiveError by the work's fence.
        """
        try:
            record = self._begin_or_add(turn)
        except ClientError as error:
            record = refusals.of_begin(self._work, error, turn)
        step = record["steps"][turn.step]
        return Begun(record, in_doubt=step["begun"] - 1 > step["settled"], notes=self._notes(turn, step))

    def finish(self, turn: Turn, made: Made, begun_at: float) -> None:
        """Write down that the step is done, or a portion of it, with all that `made` says, in one write.

        After a portion the step is RUNNING without a lease.

        Raises TransientError if the lease was lost (or what `made.amend` requires no longer holds),
        PlacementRaisedError or TenantNotLiveError by the work's fence, and `made.refusal` if what belongs together is
        refused.
        """
        path = f"steps.{turn.step}"
        now = self._clock()
        change = self._settle(turn, now).set(f"{path}.finishedBy", turn.owner).remove(f"{path}.notes")
        if made.portion:
            portions.write(change, path, made.portion)
        else:
            change.set(f"{path}.status", "DONE").set(f"{path}.finishedAt", timestamp(now))
            change.set(f"{path}.durationMs", round((now - begun_at) * 1000)).increase(f"{path}.settled")
        for name, value in made.resources.items():
            change.set(f"resources.{name}", value)
        made.amend(change)
        if made.together_with or self._work.fence:
            self._finish_together(turn, change, made)
        else:
            self._finish_alone(turn, change)

    def fail(self, turn: Turn, error: OnboardingError) -> None:
        """Write down why the step failed and give up the lease; does nothing if the lease was lost."""
        path = f"steps.{turn.step}"
        account = error.account() | {"attempt": turn.attempt, "redrive": turn.redrive_count}
        change = self._settle(turn, self._clock()).set(f"{path}.status", "FAILED").set(f"{path}.error", account)
        if error.settled:
            change.increase(f"{path}.settled")
        writes.if_it_holds(self._dynamodb.update_item, **change.arguments())

    def _change(self) -> Change:
        return Change(self._work.table, dict(self._work.key))

    def _begin_or_add(self, turn: Turn) -> Record:
        try:
            return self._begin(turn)
        except ClientError as error:
            if not is_code(error, INVALID_PATH) and cancellation_codes(error)[:1] != [INVALID_IN_TRANSACTION]:
                raise
        self._add_step(turn.step)
        return self._begin(turn)

    def _begin(self, turn: Turn) -> Record:
        path, active = f"steps.{turn.step}", self._work.active
        now = self._clock()
        change = (
            self._change()
            .increase(f"{path}.begun")
            .set(f"{path}.status", "RUNNING")
            .set(f"{path}.leaseOwner", turn.owner)
            .set(f"{path}.leaseUntil", round(turn.lease_until * 1000))
            .set_once(f"{path}.startedAt", timestamp(now))
            .set("currentStep", turn.step)
            .set("updatedAt", timestamp(now))
            .remove(f"{path}.error")
            .require("[attempt] = ? AND [redriveCount] = ?", turn.attempt, turn.redrive_count)
            .require(f"[{self._work.kind.status}] IN ({', '.join('?' * len(active))})", *active)
            .require(f"[{path}.status] <> ?", "DONE")
            .require(f"attribute_not_exists([{path}.leaseUntil]) OR [{path}.leaseUntil] < ?", round(now * 1000))
        )
        if turn.execution_arn:
            change.set("executionArn", turn.execution_arn)
        if self._work.fence:
            return self._work.fence.begin(self._dynamodb, self._work, change)
        return dict(
            writes.in_turn(self._dynamodb.update_item, **change.arguments(), ReturnValues="ALL_NEW")["Attributes"]
        )

    def _add_step(self, step: str) -> None:
        """Make room for a step that joined the workflow after this record was made."""
        change = self._change().set_once(f"steps.{step}", new_step())
        writes.in_turn(self._dynamodb.update_item, **change.require("attribute_exists([steps])").arguments())

    def _notes(self, turn: Turn, step: Mapping[str, Any]) -> Notes:
        which = {"attempt": turn.attempt, "redrive": turn.redrive_count}
        deadline = turn.lease_until - LEASE_MARGIN_SECONDS - READ_TIMEOUT_SECONDS

        def write(kept: Mapping[str, Any]) -> None:
            entry = notes.written_down(dict(kept), self._clock(), **which)
            self._finish_alone(turn, self._owned(turn).set(f"steps.{turn.step}.notes", entry))

        return Notes(notes.of(step, self._clock(), **which), write, until=deadline - notes.RESERVED_SECONDS)

    def _owned(self, turn: Turn) -> Change:
        path = f"steps.{turn.step}"
        return self._change().require(f"[{path}.leaseOwner] = ? AND [{path}.status] = ?", turn.owner, "RUNNING")

    def _settle(self, turn: Turn, now: float) -> Change:
        path = f"steps.{turn.step}"
        return self._owned(turn).set("updatedAt", timestamp(now)).remove(f"{path}.leaseOwner", f"{path}.leaseUntil")

    def _finish_alone(self, turn: Turn, change: Change) -> None:
        try:
            writes.in_turn(self._dynamodb.update_item, **change.arguments())
        except ClientError as error:
            if not is_code(error, CONDITION_FAILED_EXCEPTION):
                raise
            refusals.of_finish(refused_item(error.response), turn)

    def _finish_together(self, turn: Turn, change: Change, made: Made) -> None:
        fenced = [self._work.fence.check()] if self._work.fence else []
        try:
            writes.transact(self._dynamodb, [change.action(), *made.together_with, *fenced])
        except ClientError as error:
            own, *others = cancellation_codes(error) or [""]
            if own == CONDITION_FAILED:
                refusals.of_finish(refused_item(error.response["CancellationReasons"][0]), turn)
            elif fenced and others[-1:] == [CONDITION_FAILED]:
                raise refusals.of_fence(self._work, error) from None
            elif CONDITION_FAILED in others and made.refusal:
                raise made.refusal from None
            else:
                raise


def new_step() -> dict[str, Any]:
    """Return the ledger's entry for a step that nobody has begun."""
    return {"status": "PENDING", "begun": 0, "settled": 0}


def timestamp(seconds: float) -> str:
    """Return epoch seconds as ISO 8601 in UTC with milliseconds; such strings sort by time."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
