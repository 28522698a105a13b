"""Whoever begins a step learns whether it is in doubt; doubt is never lost, and what is over never begins."""

from dataclasses import replace

import pytest

from orchestrator.aws.errors import SupersededError, TransientError
from orchestrator.tenants import lifecycle
from orchestrator.tenants.ledger import timestamp
from orchestrator.tenants.records import read_record, record_key
from orchestrator.tenants.refusals import DoneError, RedrivenError
from tests.unit import faults
from tests.unit.faults import Wire
from tests.unit.tenants.ledger_book import FIRST, LEASE, SECOND, SETTLING, STEP, UNSETTLING, Book, book

__all__ = ["book"]


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
