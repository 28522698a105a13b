"""The step protocol: whoever begins, dies, repeats or comes late, a step is done once and its doubt is never lost."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from orchestrator import steps
from orchestrator.aws.clients import Clients
from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import (
    ConfigurationError,
    OnboardingError,
    QuotaExceededError,
    SupersededError,
    TenantConflictError,
    ThrottledError,
    TransientError,
    UnexpectedError,
)
from orchestrator.aws.settings import Settings
from orchestrator.tenants import lifecycle, transitions
from orchestrator.tenants.ledger import (
    CONFLICT_TRIES,
    Begun,
    DoneError,
    Ledger,
    Made,
    Record,
    RedrivenError,
    Turn,
    timestamp,
    transact,
)
from orchestrator.tenants.records import read_record, record_key
from tests.unit import faults
from tests.unit.faults import DeathError, Wire
from tests.unit.tenants.test_lifecycle import counted

STEP = "CreateTenantGroup"
FIRST = "request-1"
SECOND = "request-2"
LEASE = 60.0


@dataclass
class Clock:
    """A clock that a test turns."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Book:
    """The ledger of acme's record, with a clock of its own."""

    ledger: Ledger
    clock: Clock
    clients: Clients

    def turn(self, owner: str = FIRST, *, attempt: int = 1, redrive: int = 0, step: str = STEP) -> Turn:
        """Return a claim whose lease ends a minute from now."""
        return Turn(step, owner, attempt, redrive, lease_until=self.clock.now + LEASE)

    def begin(self, owner: str = FIRST, **which: Any) -> Begun:
        """Begin the step."""
        return self.ledger.begin(self.turn(owner, **which))

    def finish(self, owner: str = FIRST, **made: Any) -> None:
        """Finish the step."""
        self.ledger.finish(self.turn(owner), Made(**made), self.clock.now - 1.5)

    def fail(self, owner: str = FIRST, error: OnboardingError | None = None) -> None:
        """Let the step fail."""
        self.ledger.fail(self.turn(owner), error or ThrottledError("slow down"))

    def pass_the_lease(self) -> None:
        """Let the time pass that a lease lasts."""
        self.clock.now += LEASE + 1

    def amend(self, **values: object) -> None:
        """Change the record behind the ledger's back; in names a double underscore stands for a dot."""
        change = Change("tenants", record_key("acme"))
        for path, value in values.items():
            change.set(path.replace("__", "."), value)
        self.clients.dynamodb.update_item(**change.arguments())

    @property
    def record(self) -> Record:
        """The record as it is now."""
        record = read_record(self.clients.dynamodb, "tenants", "acme")
        assert record
        return record

    @property
    def step(self) -> dict[str, Any]:
        """The step's entry as it is now."""
        return dict(self.record["steps"][STEP])

    @property
    def counts(self) -> tuple[int, int]:
        """How often the step was begun and how often it settled."""
        return int(self.step["begun"]), int(self.step["settled"])


@pytest.fixture
def book(claim: Callable[..., Record], clients: Clients, settings: Settings, wire: Wire) -> Book:
    claim("acme")
    wire.attempts.clear()
    clock = Clock()
    key = record_key("acme")
    ledger = Ledger(clients.dynamodb, settings.tenants_table, key, active=lifecycle.ACTIVE, clock=clock)
    return Book(ledger, clock, clients)


# begin


def test_the_first_begin_takes_a_lease_and_is_not_in_doubt(book: Book) -> None:
    begun = book.begin()
    assert not begun.in_doubt
    assert begun.record == book.record
    assert begun.record["currentStep"] == STEP
    assert begun.record["updatedAt"] == timestamp(book.clock.now)
    assert book.step == {
        "status": "RUNNING",
        "begun": 1,
        "settled": 0,
        "leaseOwner": FIRST,
        "leaseUntil": (book.clock.now + LEASE) * 1000,
        "startedAt": timestamp(book.clock.now),
    }


def test_begin_is_one_write_and_no_read(book: Book, wire: Wire) -> None:
    book.begin()
    assert wire.operations() == ["UpdateItem"]


def test_begin_notes_the_execution_that_it_runs_for(book: Book) -> None:
    book.ledger.begin(replace(book.turn(), execution_arn="arn:of-the-execution"))
    assert book.record["executionArn"] == "arn:of-the-execution"


def test_a_step_begins_anew_after_a_failure_without_losing_its_first_start(book: Book) -> None:
    book.begin()
    book.fail()
    first_start = book.step["startedAt"]
    book.clock.now += 5
    book.begin(SECOND)
    assert book.step["startedAt"] == first_start
    assert "error" not in book.step


SETTLING: dict[str, OnboardingError] = {
    "throttling": ThrottledError("slow down"),
    "denial": ConfigurationError("not authorized", code="AccessDeniedException"),
    "validation": ConfigurationError("invalid", code="InvalidParameterException"),
    "a quota": QuotaExceededError("full"),
}
UNSETTLING: dict[str, OnboardingError] = {
    "a time-out": TransientError("read timeout", code="ReadTimeoutError", settled=False),
    "an error inside AWS": TransientError("internal error", code="InternalErrorException", settled=False),
    "a defect of ours": UnexpectedError("KeyError", settled=False),
}


@pytest.mark.parametrize("what", SETTLING)
def test_an_answered_refusal_leaves_no_doubt(what: str, book: Book) -> None:
    book.begin()
    book.fail(error=SETTLING[what])
    assert not book.begin(SECOND).in_doubt
    assert book.counts == (2, 1)


@pytest.mark.parametrize("what", UNSETTLING)
def test_a_call_without_a_clear_answer_leaves_doubt(what: str, book: Book) -> None:
    book.begin()
    book.fail(error=UNSETTLING[what])
    assert book.begin(SECOND).in_doubt
    assert book.counts == (2, 0)


def test_a_death_leaves_doubt(book: Book) -> None:
    book.begin()
    book.pass_the_lease()
    assert book.begin(SECOND).in_doubt


def test_doubt_outlasts_every_later_refusal(book: Book) -> None:
    book.begin()
    book.fail(error=UNSETTLING["a time-out"])
    for number in range(5):
        owner = f"later-{number}"
        assert book.begin(owner).in_doubt
        book.fail(owner, SETTLING["throttling"])
    assert book.counts == (6, 5)


HISTORIES = ["s", "u", "d", "ss", "su", "us", "sd", "ds", "uu", "dd", "sss", "sus", "dsu", "usd"]


@pytest.mark.parametrize("history", HISTORIES)
def test_a_step_is_in_doubt_exactly_when_an_earlier_begin_never_settled(history: str, book: Book) -> None:
    """In a history `s` is a begin that settled, `u` one that failed unsettled, `d` one that died."""
    for number, end in enumerate(history):
        earlier = history[:number]
        assert book.begin(f"request-{number}").in_doubt == bool(set(earlier) & set("ud"))
        if end == "d":
            book.pass_the_lease()
        else:
            book.fail(f"request-{number}", SETTLING["denial"] if end == "s" else UNSETTLING["a time-out"])
    assert book.begin("the last").in_doubt == bool(set(history) & set("ud"))
    assert book.counts == (len(history) + 1, history.count("s"))


# the lease


def test_while_another_invocation_holds_the_lease_nobody_begins(book: Book) -> None:
    book.begin()
    before = book.record
    with pytest.raises(TransientError) as refused:
        book.begin(SECOND)
    assert (refused.value.code, refused.value.settled) == ("LeaseHeld", True)
    assert book.record == before


def test_a_lease_holds_to_its_last_moment_and_is_taken_after_it(book: Book) -> None:
    book.begin()
    book.clock.now += LEASE
    with pytest.raises(TransientError, match="still at work"):
        book.begin(SECOND)
    book.clock.now += 0.001
    assert book.begin(SECOND).in_doubt
    assert book.step["leaseOwner"] == SECOND


def test_a_newer_redrive_respects_the_lease_of_the_older_one(book: Book) -> None:
    book.begin()
    book.amend(redriveCount=1)
    with pytest.raises(TransientError) as refused:
        book.begin(SECOND, redrive=1)
    assert refused.value.code == "LeaseHeld"
    book.pass_the_lease()
    assert book.begin(SECOND, redrive=1).in_doubt


def test_a_newer_attempt_respects_the_lease_of_the_older_one(book: Book) -> None:
    book.begin()
    book.amend(attempt=2)
    with pytest.raises(TransientError) as refused:
        book.begin(SECOND, attempt=2)
    assert refused.value.code == "LeaseHeld"
    book.pass_the_lease()
    assert book.begin(SECOND, attempt=2).in_doubt


def test_the_sdk_repeating_a_begin_whose_answer_was_lost_counts_once(book: Book, wire: Wire) -> None:
    with wire.strikes("UpdateItem", faults.lost_response):
        begun = book.begin()
    assert wire.count("UpdateItem") == 2
    assert not begun.in_doubt
    assert book.counts == (1, 0)


def test_a_repeated_begin_in_doubt_is_still_in_doubt(book: Book, wire: Wire) -> None:
    book.begin()
    book.pass_the_lease()
    with wire.strikes("UpdateItem", faults.lost_response, times=2):
        assert book.begin(SECOND).in_doubt
    assert book.counts == (2, 0)


def test_a_begin_whose_every_answer_was_lost_keeps_its_lease_and_acts_not(book: Book, wire: Wire) -> None:
    with (
        wire.strikes("UpdateItem", faults.lost_response, times=faults.ALWAYS),
        pytest.raises(TransientError) as lost,
    ):
        book.ledger.perform(book.turn(), lambda _: pytest.fail("it must not act"))
    assert (lost.value.code, lost.value.settled) == ("ReadTimeoutError", False)
    assert (book.counts, book.step["leaseOwner"]) == ((1, 0), FIRST)


@pytest.mark.parametrize("threads", [20])
def test_of_many_that_begin_at_once_exactly_one_does(threads: int, book: Book, wire: Wire) -> None:
    """All requests are on the wire before the first is answered; DynamoDB takes the writes to one item in turn."""
    gate = threading.Barrier(threads, timeout=20)

    def begin(number: int) -> Begun | TransientError:
        try:
            return book.begin(f"request-{number}")
        except TransientError as error:
            return error

    at_once = faults.preceded_by(gate.wait)
    with wire.strikes("UpdateItem", at_once, times=threads), ThreadPoolExecutor(threads) as pool:
        answers = list(pool.map(begin, range(threads)))
    winners = [number for number, answer in enumerate(answers) if isinstance(answer, Begun)]
    assert len(winners) == 1
    assert {answer.code for answer in answers if isinstance(answer, TransientError)} == {"LeaseHeld"}
    assert book.counts == (1, 0)
    assert book.step["leaseOwner"] == f"request-{winners[0]}"


# who may begin: superseded, done, leased, in that order


def test_a_done_step_says_so_with_its_record(book: Book) -> None:
    book.begin()
    book.finish(resources={"groupName": "acme"})
    before = book.record
    with pytest.raises(DoneError) as done:
        book.begin(SECOND)
    assert done.value.record == before == book.record


@pytest.mark.parametrize("newer", [{"attempt": 2}, {"redriveCount": 1}, {"attempt": 2, "redriveCount": 0}])
@pytest.mark.parametrize("state", ["fresh", "leased", "done"])
def test_an_older_attempt_or_redrive_is_superseded_whatever_the_step_is_at(
    newer: dict[str, int], state: str, book: Book
) -> None:
    if state != "fresh":
        book.begin()
    if state == "done":
        book.finish()
    book.amend(**newer)
    before = book.record
    with pytest.raises(SupersededError, match="has taken over"):
        book.begin(SECOND)
    assert book.record == before


def test_the_holder_of_a_live_lease_cannot_begin_again_for_an_older_attempt(book: Book) -> None:
    book.begin()
    book.amend(attempt=2)
    with pytest.raises(SupersededError):
        book.begin()


def test_an_older_attempt_is_superseded_however_often_it_was_redriven(book: Book) -> None:
    book.amend(attempt=2)
    with pytest.raises(SupersededError):
        book.begin(attempt=1, redrive=5)


def test_a_done_step_is_done_for_a_newer_redrive_too(book: Book) -> None:
    book.begin()
    book.finish()
    with pytest.raises(DoneError):
        book.begin(SECOND, redrive=1)


def test_a_redrive_that_the_record_does_not_know_is_told_apart(book: Book) -> None:
    before = book.record
    with pytest.raises(RedrivenError):
        book.begin(redrive=1)
    assert book.record == before


@pytest.mark.parametrize("status", [lifecycle.FAILED, lifecycle.COMPLETED, "ABANDONED"])
def test_a_record_that_is_not_active_takes_no_begin(status: str, book: Book) -> None:
    book.amend(status=status)
    with pytest.raises(SupersededError, match=f"the record is {status}"):
        book.begin()
    assert book.counts == (0, 0)


def test_a_record_that_is_gone_takes_no_begin(book: Book) -> None:
    book.clients.dynamodb.delete_item(TableName="tenants", Key=record_key("acme"))
    with pytest.raises(SupersededError, match="no such record"):
        book.begin()
    assert read_record(book.clients.dynamodb, "tenants", "acme") is None


# a step that joined the workflow after the record was made


def test_a_step_that_joined_the_workflow_later_begins_like_any_other(book: Book) -> None:
    begun = book.begin(step="ANewStep")
    assert not begun.in_doubt
    assert (
        book.record["steps"]["ANewStep"] | {"status": "RUNNING", "begun": 1, "settled": 0}
        == (book.record["steps"]["ANewStep"])
    )
    with pytest.raises(TransientError, match="still at work"):
        book.begin(SECOND, step="ANewStep")


def test_of_two_that_begin_a_late_step_at_once_one_does_and_the_other_waits(book: Book, wire: Wire) -> None:
    """The other is faster by all of its writes, just after ours was told that the step has no entry."""
    with (
        wire.strikes("UpdateItem", faults.preceded_by(lambda: book.begin(SECOND, step="ANewStep")), spare=1),
        pytest.raises(TransientError) as refused,
    ):
        book.begin(FIRST, step="ANewStep")
    assert refused.value.code == "LeaseHeld"
    assert book.record["steps"]["ANewStep"]["begun"] == 1
    assert book.record["steps"]["ANewStep"]["leaseOwner"] == SECOND


# finish


def test_a_finished_step_keeps_what_it_made_and_gives_up_its_lease(book: Book) -> None:
    book.begin()
    book.clock.now += 2
    book.finish(resources={"groupName": "acme"})
    assert book.record["resources"] == {"groupName": "acme"}
    assert book.record["updatedAt"] == timestamp(book.clock.now)
    assert book.step == {
        "status": "DONE",
        "begun": 1,
        "settled": 1,
        "startedAt": timestamp(book.clock.now - 2),
        "finishedAt": timestamp(book.clock.now),
        "finishedBy": FIRST,
        "durationMs": 1500,
    }


def test_a_later_step_adds_to_the_resources(book: Book) -> None:
    for step, resources in [(STEP, {"groupName": "acme"}), ("CreateTenantAdmin", {"adminUsername": "acme/a"})]:
        book.begin(step=step)
        book.ledger.finish(book.turn(step=step), Made(resources), book.clock.now)
    assert book.record["resources"] == {"groupName": "acme", "adminUsername": "acme/a"}


def test_a_finish_after_the_lease_ended_holds_while_nobody_took_the_step(book: Book) -> None:
    book.begin()
    book.pass_the_lease()
    book.finish()
    assert book.step["status"] == "DONE"


def together(table: str = "routes", condition: str = "attribute_not_exists(routeKey)") -> list[dict[str, Any]]:
    """Return one write of another item."""
    return [{"Put": {"TableName": table, "Item": {"routeKey": "subdomain#x"}, "ConditionExpression": condition}}]


ALONE_OR_TOGETHER = pytest.mark.parametrize("others", [[], together()], ids=["alone", "together"])


@ALONE_OR_TOGETHER
def test_the_sdk_repeating_a_finish_whose_answer_was_lost_is_success(
    others: Sequence[dict[str, Any]], book: Book, wire: Wire
) -> None:
    book.begin()
    with wire.strikes("TransactWriteItems" if others else "UpdateItem", faults.lost_response) as lost:
        book.finish(resources={"groupName": "acme"}, together_with=others)
    assert lost.struck == 1
    assert (book.step["status"], book.counts) == ("DONE", (1, 1))


@ALONE_OR_TOGETHER
def test_finishing_twice_is_success_and_counts_once(others: Sequence[dict[str, Any]], book: Book) -> None:
    book.begin()
    book.finish(together_with=others)
    before = book.record
    book.finish(together_with=others)
    assert book.record == before


@ALONE_OR_TOGETHER
@pytest.mark.parametrize("rival", ["is at work", "has failed", "is done"])
def test_who_lost_the_lease_can_neither_finish_nor_fail(
    rival: str, others: Sequence[dict[str, Any]], book: Book
) -> None:
    book.begin(FIRST)
    book.pass_the_lease()
    book.begin(SECOND)
    if rival == "has failed":
        book.fail(SECOND)
    elif rival == "is done":
        book.finish(SECOND, resources={"groupName": "of the second"})
    before = book.record
    with pytest.raises(TransientError) as lost:
        book.finish(FIRST, resources={"groupName": "of the first"}, together_with=others)
    assert (lost.value.code, lost.value.settled) == ("LeaseLost", False)
    book.fail(FIRST, SETTLING["throttling"])
    assert book.record == before
    assert "Item" not in book.clients.dynamodb.get_item(TableName="routes", Key={"routeKey": "subdomain#x"})


def test_a_finish_without_a_record_is_a_lost_lease(book: Book) -> None:
    book.begin()
    book.clients.dynamodb.delete_item(TableName="tenants", Key=record_key("acme"))
    with pytest.raises(TransientError, match="lease was lost"):
        book.finish()
    book.fail()
    assert read_record(book.clients.dynamodb, "tenants", "acme") is None


def test_a_requirement_of_the_finish_that_no_longer_holds_refuses_it(book: Book) -> None:
    begun = book.begin()
    book.amend(redriveCount=1)
    before = book.record
    with pytest.raises(TransientError) as lost:
        book.finish(amend=lambda change: transitions.as_seen(change, begun.record))
    assert lost.value.code == "LeaseLost"
    assert book.record == before


def test_what_belongs_together_is_written_together(book: Book) -> None:
    book.begin()
    book.finish(resources={"groupName": "acme"}, together_with=together())
    assert book.step["status"] == "DONE"
    assert "Item" in book.clients.dynamodb.get_item(TableName="routes", Key={"routeKey": "subdomain#x"})


@pytest.mark.parametrize("named", [True, False], ids=["with a meaning", "without a meaning"])
def test_a_refused_companion_lets_nothing_be_written(named: bool, book: Book) -> None:
    book.begin()
    before = book.record
    meaning = TenantConflictError("taken") if named else None
    refused = together(condition="attribute_exists(routeKey)")
    with pytest.raises(TenantConflictError if named else ClientError):
        book.finish(resources={"groupName": "acme"}, together_with=refused, refusal=meaning)
    assert book.record == before
    assert "Item" not in book.clients.dynamodb.get_item(TableName="routes", Key={"routeKey": "subdomain#x"})


# transactions that meet


def test_a_conflict_of_transactions_is_waited_out(book: Book, wire: Wire) -> None:
    book.begin()
    conflict = faults.cancelled("None", "TransactionConflict")
    with wire.strikes("TransactWriteItems", conflict, times=CONFLICT_TRIES - 1) as struck:
        book.finish(together_with=together())
    assert struck.struck == CONFLICT_TRIES - 1
    assert book.step["status"] == "DONE"


def test_a_conflict_that_does_not_end_is_transient(book: Book, wire: Wire) -> None:
    conflict = faults.cancelled("TransactionConflict", "None")
    with (
        wire.strikes("TransactWriteItems", conflict, times=faults.ALWAYS) as struck,
        pytest.raises(TransientError) as ended,
    ):
        book.ledger.perform(book.turn(), lambda _: Made(together_with=together()))
    assert struck.struck == CONFLICT_TRIES
    assert (ended.value.code, book.step["status"]) == ("TransactionCanceledException", "FAILED")


def test_waits_between_conflicting_transactions_double_at_most(book: Book, wire: Wire) -> None:
    waits: list[float] = []
    with (
        wire.strikes("TransactWriteItems", faults.cancelled("TransactionConflict"), times=faults.ALWAYS),
        pytest.raises(ClientError),
    ):
        transact(book.clients.dynamodb, together(), waits.append)
    assert len(waits) == CONFLICT_TRIES - 1
    assert all(0 <= wait <= 0.1 * 2**number for number, wait in enumerate(waits))


def test_a_refused_transaction_is_not_repeated(book: Book, wire: Wire) -> None:
    with pytest.raises(ClientError):
        transact(book.clients.dynamodb, together(condition="attribute_exists(routeKey)"))
    assert wire.count("TransactWriteItems") == 1


# fail


def test_a_failure_is_written_down_for_an_operator(book: Book) -> None:
    book.begin()
    book.fail(error=ConfigurationError("Email not verified", code="MessageRejected", next_action="Verify it."))
    assert book.step["status"] == "FAILED"
    assert book.step["error"] == {
        "type": "ConfigurationError",
        "code": "MessageRejected",
        "message": "Email not verified",
        "nextAction": "Verify it.",
        "retryable": False,
        "attempt": 1,
        "redrive": 0,
    }
    assert "leaseOwner" not in book.step
    assert "leaseUntil" not in book.step


def test_a_failure_says_whether_trying_again_may_help(book: Book) -> None:
    book.begin()
    book.fail(error=ThrottledError("slow down"))
    assert book.step["error"]["retryable"] is True
    assert book.step["error"]["nextAction"] == ThrottledError.advice


def test_a_long_message_is_cut(book: Book) -> None:
    book.begin()
    book.fail(error=ConfigurationError("x" * 400_000))
    assert book.step["error"]["message"] == "x" * 2000


def test_a_fail_that_dynamodb_refuses_for_another_reason_says_so(book: Book, wire: Wire) -> None:
    book.begin()
    with wire.strikes("UpdateItem", faults.access_denied("dynamodb:UpdateItem")), pytest.raises(ClientError):
        book.fail()


# perform: begin, act, finish


def act_with(outcome: Exception | Made) -> Callable[[Begun], Made]:
    """Return what a step does: it makes something or raises."""

    def act(_: Begun) -> Made:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return act


def test_a_step_is_performed_and_returns_the_record_as_it_began(book: Book) -> None:
    record = book.ledger.perform(book.turn(), act_with(Made({"groupName": "acme"})))
    assert record["steps"][STEP]["status"] == "RUNNING"
    assert book.record["resources"] == {"groupName": "acme"}


def test_a_performed_step_is_two_writes(book: Book, wire: Wire) -> None:
    book.ledger.perform(book.turn(), act_with(Made()))
    assert wire.operations() == ["UpdateItem", "UpdateItem"]


@pytest.mark.parametrize(
    ("raised", "expected", "settled"),
    [
        (ThrottledError("slow down"), ThrottledError, 1),
        (ReadTimeoutError(endpoint_url="https://cognito"), TransientError, 0),
        (KeyError("userPoolId"), UnexpectedError, 0),
    ],
    ids=["an error of ours", "an error of the SDK", "a defect"],
)
def test_what_goes_wrong_in_a_step_is_written_down_and_raised(
    raised: Exception, expected: type[OnboardingError], settled: int, book: Book
) -> None:
    with pytest.raises(expected):
        book.ledger.perform(book.turn(), act_with(raised))
    assert book.step["error"]["type"] == expected.__name__
    assert book.counts == (1, settled)


def test_a_failure_that_cannot_be_written_down_is_raised_all_the_same_and_leaves_doubt(book: Book, wire: Wire) -> None:
    with (
        wire.strikes("UpdateItem", faults.server_error, times=faults.ALWAYS, spare=1),
        pytest.raises(ThrottledError),
    ):
        book.ledger.perform(book.turn(), act_with(ThrottledError("slow down")))
    assert (book.step["status"], book.counts) == ("RUNNING", (1, 0))
    book.pass_the_lease()
    assert book.begin(SECOND).in_doubt


def test_a_death_in_the_middle_leaves_lease_and_doubt(book: Book) -> None:
    def die(_: Begun) -> Made:
        raise DeathError

    with pytest.raises(DeathError):
        book.ledger.perform(book.turn(), die)
    assert (book.step["status"], book.step["leaseOwner"], book.counts) == ("RUNNING", FIRST, (1, 0))


FINISH_REFUSALS = {
    "throttled": faults.refused("ThrottlingException", "Rate of requests exceeds the allowed throughput."),
    "denied": faults.access_denied("dynamodb:UpdateItem"),
    "invalid": faults.refused("ValidationException", "Item size has exceeded the maximum allowed size"),
}


@pytest.mark.parametrize("refusal", FINISH_REFUSALS)
def test_what_was_made_but_not_written_down_leaves_doubt(refusal: str, book: Book, wire: Wire) -> None:
    """DynamoDB answered clearly; but the step had made something before."""
    # One begin, then the finish with the SDK's own three tries; the fail after them gets through.
    times = 3 if refusal == "throttled" else 1
    with (
        wire.strikes("UpdateItem", FINISH_REFUSALS[refusal], times=times, spare=1) as struck,
        pytest.raises(OnboardingError) as caught,
    ):
        book.ledger.perform(book.turn(), act_with(Made({"userPoolId": "made"})))
    assert struck.struck == times
    assert not caught.value.settled
    assert (book.step["status"], book.counts) == ("FAILED", (1, 0))
    assert book.begin(SECOND).in_doubt


# through steps.run: an execution redriven from the console


@pytest.fixture
def with_user_pool(book: Book) -> str:
    """A user pool in which CreateTenantGroup can act."""
    pool_id = book.clients.cognito.create_user_pool(PoolName="shared")["UserPool"]["Id"]
    book.amend(resources={"userPoolId": pool_id})
    return pool_id


def run(book: Book, settings: Settings, owner: str = FIRST, **which: Any) -> None:
    """Run the step as its function does, by the real clock."""
    turn = replace(book.turn(owner, **which), lease_until=4_000_000_000.0)
    steps.run(book.clients, settings, "acme", turn)


@pytest.mark.usefixtures("with_user_pool")
def test_a_redrive_from_the_console_moves_the_failed_tenant_on_with_counters_right(
    book: Book, settings: Settings
) -> None:
    transitions.move(book.clients.dynamodb, "tenants", book.record, lifecycle.FAILED)
    assert counted(book.clients) == {"FAILED#pool": 1}
    run(book, settings, redrive=1)
    assert (book.record["status"], book.record["redriveCount"]) == (lifecycle.IN_PROGRESS, 1)
    assert (book.step["status"], book.record["resources"]["groupName"]) == ("DONE", "acme")
    assert counted(book.clients) == {"IN_PROGRESS#pool": 1}


@pytest.mark.usefixtures("with_user_pool")
def test_a_redrive_from_the_console_goes_on_where_nobody_had_seen_it_fail(book: Book, settings: Settings) -> None:
    run(book, settings, redrive=3)
    assert (book.record["redriveCount"], book.step["status"]) == (3, "DONE")


@pytest.mark.usefixtures("with_user_pool")
def test_a_done_step_runs_no_second_time(book: Book, settings: Settings, wire: Wire) -> None:
    run(book, settings)
    run(book, settings, SECOND)
    assert wire.count("CreateGroup") == 1


def test_a_redrive_of_an_attempt_that_the_record_does_not_know_comes_back_later(book: Book, settings: Settings) -> None:
    with pytest.raises(TransientError) as caught:
        run(book, settings, attempt=2)
    assert caught.value.code == "RecordChanged"
    assert book.counts == (0, 0)


def test_a_superseded_redrive_touches_nothing(book: Book, settings: Settings, wire: Wire) -> None:
    book.amend(redriveCount=2)
    before = book.record
    with pytest.raises(SupersededError):
        run(book, settings, redrive=1)
    assert book.record == before
    assert wire.count("CreateGroup") == 0
