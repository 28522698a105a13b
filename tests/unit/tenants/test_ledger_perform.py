"""A step that is performed begins, acts and finishes; wherever it dies, nothing is forgotten and nothing done twice."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from orchestrator.aws.errors import OnboardingError, SupersededError, ThrottledError, TransientError, UnexpectedError
from orchestrator.aws.settings import Settings
from orchestrator.tenants import lifecycle, transitions
from orchestrator.tenants.ledger import Begun, Made
from tests.unit import faults
from tests.unit.conftest import carry_out
from tests.unit.faults import DeathError, Wire
from tests.unit.tenants.ledger_book import FIRST, SECOND, STEP, Book, book
from tests.unit.tenants.tenants_table import counted

__all__ = ["book"]


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
    carry_out(book.clients, settings, "acme", turn)


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
