"""The fence lets a work begin and finish only in the placement and the statuses that it is for, and says why not."""

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.aws import writes
from orchestrator.aws.clients import Clients
from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import OnboardingError, PlacementRaisedError, TenantNotLiveError, TransientError
from orchestrator.aws.settings import Settings
from orchestrator.tenants import fence, kinds, lifecycle
from orchestrator.tenants.fence import Fence
from orchestrator.tenants.ledger import Ledger, Made
from orchestrator.tenants.records import read_item, record_key
from orchestrator.tenants.refusals import DoneError
from orchestrator.tenants.work import Work
from tests.unit.conftest import turn
from tests.unit.faults import Wire
from tests.unit.works.greeting import GREETING, KEY, new_item

STEP = "WriteGreeting"
FENCED = replace(GREETING, fence=fence.around(fence.LIVE))
OF_BEFORE: dict[str, Any] = {"status": lifecycle.COMPLETED}
"""A record as a release left it that knew no placement."""


@pytest.fixture
def work(clients: Clients, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Work:
    """A greeting that may begin while its tenant is live."""
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, FENCED))
    item = new_item() | {fence.PLACEMENT: fence.FIRST}
    clients.dynamodb.put_item(TableName=settings.tenants_table, Item=item)
    put(clients, OF_BEFORE)
    return kinds.work_of(settings, item)


def put(clients: Clients, record: dict[str, Any]) -> None:
    """Let acme's record be this."""
    clients.dynamodb.put_item(TableName="tenants", Item=record_key("acme") | record)


def refused(clients: Clients, record: dict[str, Any] | None, statuses: tuple[str, ...], placement: int = 0) -> str:
    """Return the class of error that a check of a record ends with; empty if it holds."""
    clients.dynamodb.delete_item(TableName="tenants", Key=record_key("acme"))
    if record is not None:
        put(clients, record)
    guarding = Fence("tenants", "acme", placement, statuses)
    try:
        writes.transact(clients.dynamodb, [guarding.check()])
    except clients.dynamodb.exceptions.TransactionCanceledException:
        return type(guarding.refusal(read_item(clients.dynamodb, "tenants", record_key("acme")) or {})).__name__
    return ""


NOT_LIVE, RAISED = TenantNotLiveError.__name__, PlacementRaisedError.__name__


@pytest.mark.parametrize(
    ("record", "live", "live_or_suspended", "whatever"),
    [
        (OF_BEFORE, "", "", ""),
        (OF_BEFORE | {"placement": 0}, "", "", ""),
        ({"status": lifecycle.SUSPENDED}, NOT_LIVE, "", ""),
        ({"status": lifecycle.FAILED}, NOT_LIVE, NOT_LIVE, ""),
        (OF_BEFORE | {"placement": 1}, RAISED, RAISED, RAISED),
        ({"status": "OFFBOARDING", "placement": 1}, RAISED, RAISED, RAISED),
        (None, RAISED, RAISED, RAISED),
    ],
    ids=["of before", "live", "suspended", "failed", "raised", "being removed", "gone"],
)
def test_each_fence_holds_in_its_statuses_and_placement(
    record: dict[str, Any] | None, live: str, live_or_suspended: str, whatever: str, clients: Clients
) -> None:
    variants = (fence.LIVE, fence.LIVE_OR_SUSPENDED, fence.WHATEVER_STATUS)
    assert [refused(clients, record, statuses) for statuses in variants] == [live, live_or_suspended, whatever]


def test_a_fence_of_a_later_placement_does_not_take_a_record_without_one(clients: Clients) -> None:
    assert refused(clients, OF_BEFORE, fence.LIVE, placement=1) == RAISED
    assert refused(clients, OF_BEFORE | {"placement": 1}, fence.LIVE, placement=1) == ""


def test_a_fenced_step_begins_and_finishes_with_the_check(work: Work, clients: Clients, wire: Wire) -> None:
    wire.attempts.clear()
    Ledger(clients.dynamodb, work).perform(turn(STEP), lambda _: Made({"greeting": "Hello"}))
    assert wire.operations() == ["TransactWriteItems", "GetItem", "TransactWriteItems"]
    assert all("ConditionCheck" in body["TransactItems"][-1] for body in wire.bodies("TransactWriteItems"))
    with pytest.raises(DoneError):
        Ledger(clients.dynamodb, work).begin(turn(STEP, "another"))


def test_a_begin_that_the_ledger_refuses_says_so_before_the_fence(work: Work, clients: Clients) -> None:
    Ledger(clients.dynamodb, work).begin(turn(STEP))
    put(clients, OF_BEFORE | {"placement": 1})
    with pytest.raises(TransientError, match="still at work"):
        Ledger(clients.dynamodb, work).begin(turn(STEP, "another"))


@pytest.mark.parametrize(
    ("record", "error"),
    [({"status": lifecycle.SUSPENDED}, TenantNotLiveError), (OF_BEFORE | {"placement": 1}, PlacementRaisedError)],
    ids=["suspended", "being removed"],
)
def test_begin_and_finish_are_refused_with_the_reason_and_leave_doubt(
    record: dict[str, Any], error: type[OnboardingError], work: Work, clients: Clients
) -> None:
    """One that stays for reconcile and one that is given up are told apart; what was made may be there for both."""

    def act(_: object) -> Made:
        put(clients, record)
        return Made({"greeting": "Hello"})

    with pytest.raises(error):
        Ledger(clients.dynamodb, work).perform(turn(STEP), act)
    item = read_item(clients.dynamodb, "tenants", KEY)
    assert item
    assert (item["steps"][STEP]["status"], item["resources"]) == ("FAILED", {})
    assert (item["steps"][STEP]["begun"], item["steps"][STEP]["settled"]) == (1, 0)
    with pytest.raises(error):
        Ledger(clients.dynamodb, work).begin(turn(STEP, "another"))


def test_what_a_suspension_held_up_goes_on_afterwards(work: Work, clients: Clients) -> None:
    put(clients, {"status": lifecycle.SUSPENDED})
    with pytest.raises(TenantNotLiveError):
        Ledger(clients.dynamodb, work).begin(turn(STEP))
    put(clients, OF_BEFORE)
    assert not Ledger(clients.dynamodb, work).begin(turn(STEP)).in_doubt


def test_an_execution_is_told_the_placement_that_its_work_began_in(work: Work, settings: Settings) -> None:
    assert work.reference == {"kind": "greeting", **KEY, "placement": 0}
    assert kinds.named(settings, work.reference) == work
    assert kinds.named(settings, {"kind": "greeting", **KEY}) is None


def test_the_placement_is_raised_once_and_from_the_one_that_was_seen(clients: Clients) -> None:
    put(clients, OF_BEFORE)

    def raised(placement: int) -> dict[str, Any]:
        return fence.raise_in(Change("tenants", record_key("acme")), placement, 1_800_000_000.0).action()

    writes.transact(clients.dynamodb, [raised(0)])
    record = read_item(clients.dynamodb, "tenants", record_key("acme"))
    assert record == record_key("acme") | OF_BEFORE | {"placement": 1, "raisedAt": 1_800_000_000_000}
    with pytest.raises(clients.dynamodb.exceptions.TransactionCanceledException):
        writes.transact(clients.dynamodb, [raised(0)])


def test_a_removal_begins_once_the_longest_lease_is_over(clients: Clients) -> None:
    raised_at = 1_800_000_000.0
    record = record_key("acme") | {"raisedAt": round(raised_at * 1000)}
    with pytest.raises(TransientError) as early:
        fence.check_waited(record, raised_at + fence.LONGEST_LEASE_SECONDS - 0.1)
    assert early.value.code == fence.MAY_BE_UNDER_WAY
    fence.check_waited(record, raised_at + fence.LONGEST_LEASE_SECONDS)
