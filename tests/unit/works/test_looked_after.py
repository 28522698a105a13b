"""Reconcile looks after a work with an item of its own until it is over, whatever its start, outcome or fence met."""

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.aws.errors import ConfigurationError
from orchestrator.onboarding import outcome, reconcile, retries
from orchestrator.onboarding.outcome import RECORDED
from orchestrator.steps import StepContext
from orchestrator.tenants import fence, kinds, lifecycle
from orchestrator.tenants.actions import Action
from orchestrator.tenants.ledger import Made, Record
from orchestrator.tenants.records import read_item
from orchestrator.tenants.work import Kind
from tests.unit.faults import DeathError, death_before, preceded_by
from tests.unit.simulated_aws import LONG_AGO, executions
from tests.unit.works.greeter import Greeter, greeter
from tests.unit.works.greeting import CHANGE_ID, GREETING, KEY, MACHINE
from tests.unit.works.steps import write_greeting

__all__ = ["greeter"]

FENCED = replace(GREETING, fence=fence.around(fence.LIVE))
DUE = {"tenantId": "acme", "item": f"DUE#WORK#{KEY['item']}"}
STOPPED, DONE = f"acme:GreetingFailed:{CHANGE_ID}", f"acme:GreetingCompleted:{CHANGE_ID}"
AGAIN = Action("retry")


@pytest.fixture
def greeting() -> Kind:
    """A greeting that may be made while its tenant is live."""
    return FENCED


@pytest.fixture
def live(greeter: Greeter) -> Greeter:
    """A greeting of a live tenant, which nobody has started."""
    tenant(greeter, status=lifecycle.COMPLETED)
    return greeter


def tenant(greeter: Greeter, **record: Any) -> None:
    """Let acme's record say this."""
    greeter.stack.change("acme", **record)


def due(greeter: Greeter) -> Record:
    """Return the item by which the greeting is looked after."""
    return read_item(greeter.stack.clients.dynamodb, greeter.work.table, DUE) or {}


def look(greeter: Greeter) -> dict[str, int]:
    """Let time pass, and reconcile look after what is due; return what it found, without the zeros."""
    if "due" in due(greeter):
        greeter.stack.change("acme", DUE["item"], dueAt=LONG_AGO)
    found = reconcile.look_after(greeter.stack.clients, greeter.stack.settings)
    return {what: number for what, number in found.items() if number}


def record_outcome(greeter: Greeter) -> str:
    return outcome.record_outcome(greeter.stack.clients, greeter.stack.settings, greeter.arn)


def fails(_: StepContext) -> Made:
    raise ConfigurationError("nobody may be greeted")


def stop(greeter: Greeter, monkeypatch: pytest.MonkeyPatch, act: Any = fails) -> None:
    """Let the greeting end badly at its first step."""
    with monkeypatch.context() as patch:
        patch.setattr(write_greeting, "act", act)
        greeter.carry_out()


def test_a_work_that_was_never_started_is_started_and_looked_after_until_it_is_over(live: Greeter) -> None:
    assert look(live) == {"goingOn": 1}
    assert executions(MACHINE) == [f"acme__CHANGE_{CHANGE_ID}_1"]
    assert look(live) == {"goingOn": 1}
    live.carry_out()
    assert look(live) == {"over": 1}
    assert look(live) == {}
    assert "due" not in due(live)
    assert "expiresAt" in due(live)


def test_a_work_is_in_its_makers_hands_at_first(live: Greeter) -> None:
    assert reconcile.look_after(live.stack.clients, live.stack.settings) == {"over": 0, "goingOn": 0, "failed": 0}
    assert executions(MACHINE) == []


def test_an_outcome_that_nobody_heard_of_is_recorded_and_a_redrive_is_looked_after_again(
    live: Greeter, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.start()
    stop(live, monkeypatch)
    assert look(live) == {"over": 1}
    assert (live.status, live.stack.event_keys()) == ("FAILED", [STOPPED])
    with live.stack.wire.strikes("RedriveExecution", death_before), pytest.raises(DeathError):
        retries.redrive(live.stack.clients, live.stack.settings, live.item, AGAIN)
    assert "expiresAt" not in due(live)
    assert look(live) == {"goingOn": 1}
    assert live.redrives.counts == {live.arn: 1}
    live.carry_out()
    assert look(live) == {"over": 1}
    assert live.stack.event_keys() == [STOPPED, DONE]


def test_a_work_that_begins_again_while_it_is_looked_at_stays_due(
    live: Greeter, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.start()
    stop(live, monkeypatch)
    record_outcome(live)
    again = preceded_by(lambda: retries.redrive(live.stack.clients, live.stack.settings, live.item, AGAIN))
    with live.stack.wire.strikes("UpdateItem", again):
        look(live)
    assert (live.status, "due" in due(live)) == ("IN_PROGRESS", True)


@pytest.mark.parametrize("told", [True, False], ids=["event", "no event"])
@pytest.mark.parametrize("when", ["begin", "finish"])
def test_what_a_suspension_stops_is_no_failure_and_goes_on_once_the_tenant_is_live(
    live: Greeter, when: str, monkeypatch: pytest.MonkeyPatch, *, told: bool
) -> None:
    live.start()
    suspend(live, when, monkeypatch, {"status": lifecycle.SUSPENDED})
    if told:
        assert record_outcome(live) == RECORDED
    for _ in range(2):
        assert look(live) == {"goingOn": 1}
        assert (live.status, live.redrives.counts, live.stack.event_keys()) == (FENCED.held, {}, [])
    tenant(live, status=lifecycle.COMPLETED)
    assert look(live) == {"goingOn": 1}
    assert (live.status, live.redrives.counts) == ("IN_PROGRESS", {live.arn: 1})
    live.carry_out()
    assert look(live) == {"over": 1}
    assert (live.status, live.stack.event_keys()) == ("COMPLETED", [DONE])


@pytest.mark.parametrize("suspended", [True, False])
@pytest.mark.parametrize("when", ["begin", "finish"])
def test_what_a_removal_stops_is_given_up_without_a_failure(
    live: Greeter, when: str, monkeypatch: pytest.MonkeyPatch, *, suspended: bool
) -> None:
    """Also if it waited for the end of a suspension until then."""
    live.start()
    removed = {"status": "OFFBOARDING", "placement": 1}
    suspend(live, when, monkeypatch, {"status": lifecycle.SUSPENDED} if suspended else removed)
    if suspended:
        assert look(live) == {"goingOn": 1}
        tenant(live, **removed)
    assert look(live) == {"over": 1}
    assert (live.status, live.redrives.counts, live.stack.event_keys()) == (FENCED.given_up, {}, [])
    assert look(live) == {}


def test_neither_end_counts_as_a_failure() -> None:
    assert not {FENCED.held, FENCED.given_up} & FENCED.metrics.keys()
    assert not {FENCED.held, FENCED.given_up} & {*FENCED.active, FENCED.failed, FENCED.done}


def test_a_work_of_a_kind_that_this_version_does_not_know_is_left_to_one_that_does(
    live: Greeter, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(kinds, "KINDS", (*kinds.KINDS[:-1], replace(FENCED, name="farewell")))
        assert look(live) == {"goingOn": 1}
    assert executions(MACHINE) == []
    assert look(live) == {"goingOn": 1}
    assert len(executions(MACHINE)) == 1


def test_one_that_cannot_be_looked_at_is_reported(live: Greeter) -> None:
    told: list[str] = []
    live.stack.change("acme", DUE["item"], dueAt=LONG_AGO)
    live.stack.change("acme", KEY["item"], attempt="nonsense")
    found = reconcile.look_after(
        live.stack.clients, live.stack.settings, report=lambda tenant_id, _: told.append(tenant_id)
    )
    assert (found["failed"], told) == (1, ["acme"])


def suspend(greeter: Greeter, when: str, monkeypatch: pytest.MonkeyPatch, record: dict[str, Any]) -> None:
    """Let the tenant's record say this before the first step begins, or while it is at work; and the step end."""

    def act(_: StepContext) -> Made:
        tenant(greeter, **record)
        return Made({})

    if when == "begin":
        tenant(greeter, **record)
    stop(greeter, monkeypatch, act)
