"""An event whose tenant is not ready for it waits, and is applied once as soon as it is; or it is rejected, once."""

import json
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.errors import OnboardingError
from orchestrator.onboarding import intake
from orchestrator.onboarding.life_events import BODY_MAX_BYTES
from orchestrator.onboarding.parked_events import WAITS_SECONDS, look_again
from orchestrator.onboarding.reconcile import reconcile
from orchestrator.tenants import lifecycle
from tests.unit import faults
from tests.unit.conftest import tenant_created
from tests.unit.faults import DeathError
from tests.unit.onboarding import life
from tests.unit.onboarding.intake_events import REJECTED, reasons_of
from tests.unit.simulated_aws import Stack, stack

__all__ = ["stack"]

UNANSWERED = "is not known; the event has waited 24 hours for that to change"


def complete(stack: Stack, tenant_id: str = "acme") -> None:
    stack.change(tenant_id, status=lifecycle.COMPLETED)


@pytest.fixture
def acme(stack: Stack) -> Stack:
    """A stack in which acme is on its way, and an event of it waits."""
    stack.receive(tenant_created(), "of-acme")
    assert life.receive(stack) == "parked"
    return stack


def test_an_event_waits_until_its_tenant_completes_and_not_until_its_time_is_over(acme: Stack) -> None:
    """Each run looks at it; the first after the tenant completed applies it, and leaves nothing waiting."""
    assert life.look(acme) == {"waiting": 1}
    assert life.look(acme) == {"waiting": 1}
    assert life.noted(acme) == []
    complete(acme)
    assert life.look(acme) == {"applied": 1}
    assert life.noted(acme) == ["note-1"]
    assert life.waiting(acme) == []
    assert life.look(acme) == {}


def test_what_waits_is_looked_at_by_every_run_and_not_twice_by_one(acme: Stack) -> None:
    """It is due at once, and once looked at for the next run."""
    life.receive(acme, "note-2")
    for _ in range(3):
        assert life.look(acme) == {"waiting": 2}


def test_an_event_of_a_tenant_that_nobody_knows_yet_waits_for_it(stack: Stack) -> None:
    """It may have overtaken the tenant's own; it is no tenant and no rejection meanwhile."""
    assert life.receive(stack) == "parked"
    assert life.look(stack) == {"waiting": 1}
    assert (stack.record(), stack.rejections()) == ({}, [])
    assert stack.receive(tenant_created(), "of-acme") == "started"
    complete(stack)
    assert life.look(stack) == {"applied": 1}
    assert life.noted(stack) == ["note-1"]


def test_after_a_day_an_event_is_rejected_with_a_reason(stack: Stack) -> None:
    """It is kept and published as any rejection, once, and waits no more."""
    life.receive(stack)
    life.let_a_day_pass(stack)
    assert life.look(stack) == {"rejected": 1}
    assert reasons_of(stack, "note-1", life.REFUSED) == {"tenantId": UNANSWERED}
    assert life.waiting(stack) == []
    assert [item["item"] for item in stack.rejections()] == ["REJECTED#note-1"]
    assert life.look(stack) == {}
    assert len(stack.published(life.REFUSED)) == 1
    assert WAITS_SECONDS == 24 * 3_600


def test_a_tenant_that_is_ready_at_the_last_moment_has_its_event_applied(acme: Stack) -> None:
    """The day is over for an event only if its tenant is still not ready."""
    life.let_a_day_pass(acme)
    complete(acme)
    assert life.look(acme) == {"applied": 1}
    assert acme.rejections() == []


def test_an_event_whose_tenant_fails_is_rejected_in_the_words_of_the_table(acme: Stack) -> None:
    """What the table refuses is not kept waiting."""
    acme.change(status=lifecycle.FAILED)
    assert life.look(acme) == {"rejected": 1}
    said = "is FAILED and was never in use; retry or abandon it; let it go on: onboard retry acme"
    assert reasons_of(acme, "note-1", life.REFUSED) == {"tenantId": said}


def test_events_of_one_tenant_are_applied_in_the_order_in_which_they_came(stack: Stack) -> None:
    """Also after some were looked at in vain and others came."""
    stack.receive(tenant_created(), "of-acme")
    for number in (5, 4, 3, 2, 1):
        assert life.receive(stack, f"note-{number}") == "parked"
        assert life.look(stack) == {"waiting": 6 - number}
    complete(stack)
    assert life.look(stack) == {"applied": 5}
    assert life.noted(stack) == [f"note-{number}" for number in (5, 4, 3, 2, 1)]


def test_what_waited_for_a_tenant_is_not_applied_to_another_that_got_its_id(acme: Stack) -> None:
    """The tenant was abandoned and its id used again between two looks."""
    acme.change(status=lifecycle.COMPLETED, eventId="of-another")
    assert life.look(acme) == {"rejected": 1}
    assert reasons_of(acme, "note-1", life.REFUSED) == {"tenantId": "is another tenant's now: the one meant is gone"}
    assert life.noted(acme) == []


@pytest.mark.parametrize("status", [lifecycle.COMPLETED, lifecycle.FAILED])
@pytest.mark.parametrize("parked", [True, False])
def test_what_stays_of_an_event_ends_as_rejections_do_and_has_nothing_of_a_person(
    stack: Stack, status: str, *, parked: bool
) -> None:
    """Whether it is applied or rejected, by a run or by its delivery."""
    stack.receive(tenant_created(), "of-acme")
    if parked:
        life.receive(stack)
    stack.change(status=status)
    before = int(time.time())
    life.look(stack) if parked else life.receive(stack)
    item = stack.items()["acme", "DUE#PARKED#note-1"]
    assert item.keys() <= {
        "tenantId",
        "item",
        "parkedAt",
        "meant",
        "announces",
        "appliedAt",
        "rejectedAt",
        "expiresAt",
    }
    assert 0 <= item["expiresAt"] - before - stack.settings.rejected_retention_days * 86_400 <= 60


# Once, however often it comes


@pytest.mark.parametrize("completed", [False, True])
def test_a_repeated_event_changes_nothing_while_the_first_waits_and_after(acme: Stack, *, completed: bool) -> None:
    """Whether it comes before the tenant completes, or after and before the next look, or after that."""
    before = acme.items()
    assert life.receive(acme) == "repeated"
    assert acme.items() == before
    complete(acme)
    if completed:
        assert life.receive(acme) == "applied"
        assert life.waiting(acme) == []
    assert life.look(acme) == ({} if completed else {"applied": 1})
    assert life.receive(acme) == "repeated"
    assert life.noted(acme) == ["note-1"]


def test_a_repeated_event_changes_nothing_when_its_tenant_stands_otherwise_by_then(acme: Stack) -> None:
    """What was applied is applied, even where it would be parked or refused now."""
    complete(acme)
    life.look(acme)
    for status in lifecycle.STATUSES:
        acme.change(status=status)
        assert life.receive(acme) == "repeated"
    assert life.noted(acme) == ["note-1"]
    assert (acme.rejections(), life.waiting(acme)) == ([], [])


def test_what_was_rejected_stays_rejected(acme: Stack) -> None:
    """Also once the tenant would be ready for it, and where it would wait."""
    life.let_a_day_pass(acme)
    life.look(acme)
    for status in (lifecycle.COMPLETED, lifecycle.IN_PROGRESS):
        acme.change(status=status)
        assert life.receive(acme) == "rejected"
    assert life.noted(acme) == []
    assert life.waiting(acme) == []
    assert len(acme.published(life.REFUSED)) == 1


@pytest.mark.parametrize("status", [lifecycle.COMPLETED, lifecycle.FAILED, lifecycle.IN_PROGRESS])
def test_what_an_earlier_version_rejected_meanwhile_stays_rejected(acme: Stack, status: str) -> None:
    """The event waits, comes again to a version that does not take it, and is looked at by one that does."""
    assert intake.receive(acme.clients, acme.settings, life.body("note-1"))[0] == "rejected"
    acme.change(status=status)
    life.look(acme)
    life.let_a_day_pass(acme)
    life.look(acme)
    assert (life.noted(acme), life.waiting(acme), life.look(acme)) == ([], [], {})
    assert list(reasons_of(acme, "note-1")) == ["detail-type"]
    assert (len(acme.published(REJECTED)), acme.published(life.REFUSED)) == (1, [])


def test_a_wrong_event_is_rejected_and_does_not_wait(stack: Stack) -> None:
    """Nor does one that is too large to be kept, or names no possible tenant."""
    texts = [
        life.body("wrong", note="wrong"),
        life.body("large", note="x" * BODY_MAX_BYTES),
        life.body("nobody", "No Tenant"),
    ]
    for text in texts:
        assert intake.receive(stack.clients, stack.settings, text, receivers=life.receivers())[0] == "rejected"
    assert reasons_of(stack, "wrong", life.REFUSED) == {"note": "must not be wrong"}
    assert list(reasons_of(stack, "large", life.REFUSED)) == ["body"]
    assert reasons_of(stack, "nobody", life.REFUSED) == {"tenantId": "can be no tenant's"}
    assert (len(stack.published(life.REFUSED)), stack.published(REJECTED)) == (3, [])
    assert life.waiting(stack) == []


def test_a_rejection_that_a_fault_kept_back_is_published_as_what_it_is(acme: Stack) -> None:
    """Reconcile, which knows no event of life, says of it what the event itself would have said; never of a tenant."""
    acme.change(status=lifecycle.FAILED)
    struck(acme, "PutEvents", "death before", lambda: life.look(acme))
    acme.age(item="REJECTED#note-1")
    assert reconcile(acme.clients, acme.settings)["published"] == 1
    assert [event["eventKey"] for event in acme.published(life.REFUSED)] == ["note-1:TenantNoteRejected"]
    assert acme.published(REJECTED) == []


def test_an_event_that_this_version_does_not_know_waits_for_one_that_does(acme: Stack) -> None:
    """A later version parked it and was rolled back; after a day it is rejected all the same."""
    complete(acme)
    on = acme.clients, acme.settings
    assert look_again(*on)["waiting"] == 1
    life.let_a_day_pass(acme)
    assert look_again(*on)["rejected"] == 1
    why = "is none that this version takes; the event has waited 24 hours for that to change"
    assert reasons_of(acme, "note-1", life.REFUSED) == {"detail-type": why}


# Faults


STRIKES = {
    "death before": faults.death_before,
    "death after": faults.death_after,
    "lost": faults.lost_response,
    "server error": faults.server_error_after_effect,
    "conflict": faults.cancelled("TransactionConflict"),
}


def struck(stack: Stack, operation: str, strike: str, act: Callable[[], object]) -> None:
    """Let a call and all its repetitions be struck, and whoever makes it die or give up."""
    with stack.wire.strikes(operation, STRIKES[strike], times=9) as fault:
        with suppress(DeathError, OnboardingError, ClientError, BotoCoreError):
            act()
        assert fault.struck


@pytest.mark.parametrize("strike", [each for each in STRIKES if each != "conflict"])
@pytest.mark.parametrize("operation", ["Query", "GetItem", "TransactWriteItems"])
def test_a_run_that_is_struck_while_it_applies_leaves_it_to_be_applied_once(
    acme: Stack, operation: str, strike: str
) -> None:
    """Whatever call is struck, before or after it took effect, the next run finds the event, or finds it applied."""
    complete(acme)
    struck(acme, operation, strike, lambda: life.look(acme))
    assert life.noted(acme) == ([] if life.waiting(acme) else ["note-1"])
    life.look(acme)
    assert life.noted(acme) == ["note-1"]
    assert life.receive(acme) == "repeated"
    assert life.waiting(acme) == []


@pytest.mark.parametrize("strike", [each for each in STRIKES if each != "conflict"])
@pytest.mark.parametrize("operation", ["TransactWriteItems", "PutEvents", "UpdateItem"])
def test_a_run_that_is_struck_while_it_rejects_leaves_one_rejection(acme: Stack, operation: str, strike: str) -> None:
    """It is recorded once and published; what a fault kept from the bus is found unpublished, as any rejection is."""
    acme.change(status=lifecycle.FAILED)
    struck(acme, operation, strike, lambda: look_again(acme.clients, acme.settings, life.events()))
    life.look(acme)
    assert life.waiting(acme) == []
    (item,) = acme.rejections()
    assert "unpublished" in item or acme.published(life.REFUSED)
    assert life.receive(acme) == "rejected"
    assert {event["eventKey"] for event in acme.published(life.REFUSED)} == {"note-1:TenantNoteRejected"}
    assert life.noted(acme) == []


@pytest.mark.parametrize("strike", STRIKES)
@pytest.mark.parametrize("status", [lifecycle.IN_PROGRESS, lifecycle.COMPLETED, lifecycle.FAILED])
def test_a_delivery_that_is_struck_is_made_good_by_the_next(stack: Stack, status: str, strike: str) -> None:
    """The event is parked, applied or rejected once, whatever the first delivery came to."""
    stack.receive(tenant_created(), "of-acme")
    stack.change(status=status)
    struck(stack, "TransactWriteItems", strike, lambda: life.receive(stack))
    life.receive(stack)
    assert len(life.waiting(stack)) == (status == lifecycle.IN_PROGRESS)
    assert life.noted(stack) == (["note-1"] if status == lifecycle.COMPLETED else [])
    assert len(stack.rejections()) == (status == lifecycle.FAILED)


@pytest.mark.parametrize("operation", ["GetItem", "TransactWriteItems"])
def test_of_two_runs_at_once_one_applies(acme: Stack, operation: str) -> None:
    """The second acts just before the first reads what it found to be due, or just before it writes."""
    complete(acme)
    rival = faults.preceded_by(lambda: found.append(life.look(acme)))
    found: list[dict[str, int]] = []
    with acme.wire.strikes(operation, rival):
        assert life.look(acme) == {}
    assert found == [{"applied": 1}]
    assert life.noted(acme) == ["note-1"]


def test_of_two_runs_that_judge_otherwise_one_has_its_way(acme: Stack) -> None:
    """One saw the tenant FAILED, the other sees it COMPLETED by then: it is applied and not rejected."""
    acme.change(status=lifecycle.FAILED)

    def completed() -> None:
        complete(acme)
        assert life.look(acme) == {"applied": 1}

    with acme.wire.strikes("TransactWriteItems", faults.preceded_by(completed)):
        assert life.look(acme) == {}
    assert (life.noted(acme), acme.rejections()) == (["note-1"], [])


@pytest.mark.parametrize("status", [lifecycle.COMPLETED, lifecycle.FAILED])
@pytest.mark.parametrize("operation", ["GetItem", "TransactWriteItems"])
def test_a_delivery_and_a_run_at_once_do_not_both_act(acme: Stack, operation: str, status: str) -> None:
    """The event comes again just before the run reads it or writes."""
    acme.change(status=status)
    with acme.wire.strikes(operation, faults.preceded_by(lambda: life.receive(acme))):
        assert life.look(acme) == {}
    assert len(acme.rejections()) + len(life.noted(acme)) == 1
    assert life.waiting(acme) == []


def test_a_tenant_that_completes_while_its_event_is_parked_has_it_applied(stack: Stack) -> None:
    """No event is left waiting by a look that was true a moment ago; and none applied by one that is true no more."""
    stack.receive(tenant_created(), "of-acme")
    with stack.wire.strikes("TransactWriteItems", faults.preceded_by(lambda: complete(stack))):
        assert life.receive(stack) == "applied"
    back = faults.preceded_by(lambda: stack.change(status=lifecycle.ABANDONING))
    with stack.wire.strikes("TransactWriteItems", back):
        assert life.receive(stack, "note-2") == "parked"
    assert life.noted(stack) == ["note-1"]


def test_a_tenant_that_is_claimed_while_its_event_is_parked_is_seen(stack: Stack) -> None:
    """The check of a record that was not there is refused once it is."""
    claim = faults.preceded_by(lambda: stack.receive(tenant_created(), "of-acme"))
    with stack.wire.strikes("TransactWriteItems", claim):
        assert life.receive(stack) == "parked"
    (item,) = life.waiting(stack)
    assert item["meant"] == "of-acme"


def test_one_that_fails_is_reported_and_keeps_no_other_waiting(stack: Stack) -> None:
    """A body that cannot be read is one tenant's trouble."""
    told: list[str] = []
    for tenant_id in ("acme", "globex"):
        stack.receive(tenant_created(tenant_id), f"of-{tenant_id}")
        life.receive(stack, f"note-{tenant_id}", tenant_id)
        complete(stack, tenant_id)
    stack.change("acme", "DUE#PARKED#note-acme", body="nonsense")
    report = look_again(
        stack.clients, stack.settings, life.events(), report=lambda tenant_id, _: told.append(tenant_id)
    )
    assert (report["applied"], report["failed"], told) == (1, 1, ["acme"])
    assert life.noted(stack, "globex") == ["note-globex"]


def test_nothing_is_begun_after_the_deadline(acme: Stack) -> None:
    """What is left is for the next run."""
    complete(acme)
    on = acme.clients, acme.settings, life.events()
    assert sum(look_again(*on, deadline=time.monotonic() - 1).values()) == 0
    assert look_again(*on, deadline=time.monotonic() + 60)["applied"] == 1


def test_what_waits_is_kept_as_it_came(acme: Stack) -> None:
    """Nothing of an event is lost, and it carries none of the attributes that other indexes find items by."""
    (item,) = life.waiting(acme)
    assert json.loads(item["body"]) == json.loads(life.body("note-1"))
    assert not {"status", "statusChangedAt", "unpublished", "unpublishedSince"} & set(item)
