"""While one invocation holds the lease of a step, nobody else begins it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from orchestrator.aws.errors import TransientError
from orchestrator.tenants.ledger import Begun
from tests.unit import faults
from tests.unit.faults import Wire
from tests.unit.tenants.ledger_book import FIRST, LEASE, SECOND, Book, book

__all__ = ["book"]


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
