"""A step is finished or failed once, by whoever holds it, with all that belongs together."""

from collections.abc import Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.errors import ConfigurationError, TenantConflictError, ThrottledError, TransientError
from orchestrator.aws.writes import CONFLICT_TRIES
from orchestrator.tenants import transitions
from orchestrator.tenants.ledger import Made, timestamp
from orchestrator.tenants.records import read_record, record_key
from tests.unit import faults
from tests.unit.faults import Wire
from tests.unit.tenants.ledger_book import FIRST, SECOND, SETTLING, STEP, Book, book

__all__ = ["book"]


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
