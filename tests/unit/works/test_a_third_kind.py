"""A kind that nobody foresaw goes through everything: steps, outbox, outcome, reconcile, redrive, next attempt."""

import json

import pytest

from handlers import step as step_function
from orchestrator.aws.errors import ConfigurationError, SupersededError
from orchestrator.onboarding import outcome, reconcile, retries
from orchestrator.onboarding.outcome import IGNORED, RECORDED
from orchestrator.steps import StepContext
from orchestrator.tenants import kinds
from orchestrator.tenants.actions import Action
from orchestrator.tenants.ledger import Made
from tests.unit.faults import DeathError, death_after, death_before
from tests.unit.simulated_aws import ended, executions
from tests.unit.works.greeter import Greeter, greeter, greeting
from tests.unit.works.greeting import CHANGE_ID, GREETING, KEY, MACHINE, PEOPLE
from tests.unit.works.steps import write_greeting

__all__ = ["greeter", "greeting"]

OF_LISTS = {"status", "statusChangedAt", "unpublished", "unpublishedSince"}
ALL_STEPS = ["WriteGreeting"] * len(PEOPLE) + ["CompleteGreeting"]
"""The workflow loops on the portions of the first."""
GREETED = {f"greeting{number}": f"Hello, {person}" for number, person in enumerate(PEOPLE)}
DONE, STOPPED = f"acme:GreetingCompleted:{CHANGE_ID}", f"acme:GreetingFailed:{CHANGE_ID}"
AGAIN = Action("retry")


def record_outcome(greeter: Greeter) -> str:
    return outcome.record_outcome(greeter.stack.clients, greeter.stack.settings, greeter.arn)


def finish(greeter: Greeter) -> bool:
    """Let reconcile look after the greeting; returns whether it is over."""
    return reconcile.finish(greeter.stack.clients, greeter.stack.settings, greeter.work)


def fails(_: StepContext) -> Made:
    raise ConfigurationError("nobody may be greeted", code="AccessDeniedException", next_action="Allow it.")


def stop(greeter: Greeter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the greeting fail at its first step, and be mended."""
    with monkeypatch.context() as patch:
        patch.setattr(write_greeting, "act", fails)
        assert greeter.carry_out() == ["WriteGreeting"]


def test_it_is_begun_carried_out_and_announced(greeter: Greeter) -> None:
    greeter.start()
    assert greeter.carry_out() == ALL_STEPS
    item = greeter.item
    assert (greeter.status, item["outbox"]) == ("COMPLETED", {})
    assert {step["status"] for step in item["steps"].values()} == {"DONE"}
    assert item["resources"] == GREETED
    assert greeter.stack.event_keys() == [DONE]
    assert finish(greeter)


def test_its_item_enters_no_index_of_tenants(greeter: Greeter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers of these indexes would take it for a tenant."""
    greeter.start()
    assert not OF_LISTS & greeter.item.keys()
    stop(greeter, monkeypatch)
    with greeter.stack.wire.strikes("PutEvents", death_before), pytest.raises(DeathError):
        record_outcome(greeter)
    assert greeter.item["outbox"]
    assert not OF_LISTS & greeter.item.keys()
    assert greeter.stack.counters() == {}


def test_its_execution_is_told_ids_and_no_more(greeter: Greeter) -> None:
    greeter.start()
    assert greeter.told() == {"attempt": 1, "work": {"kind": "greeting", **KEY}}
    assert executions(MACHINE) == [f"acme__CHANGE_{CHANGE_ID}_1"]
    assert executions() == []


def test_a_failed_outcome_is_recorded_explained_and_announced(
    greeter: Greeter, monkeypatch: pytest.MonkeyPatch
) -> None:
    greeter.start()
    stop(greeter, monkeypatch)
    assert record_outcome(greeter) == RECORDED
    failure = greeter.item["failure"]
    assert greeter.status == "FAILED"
    assert (failure["step"], failure["message"]) == ("WriteGreeting", "nobody may be greeted")
    assert failure["nextAction"] == "Allow it. Command: onboard show acme"
    assert greeter.stack.event_keys() == [STOPPED]
    assert record_outcome(greeter) == IGNORED


def test_reconcile_records_an_outcome_that_nobody_heard_of(greeter: Greeter, monkeypatch: pytest.MonkeyPatch) -> None:
    greeter.start()
    stop(greeter, monkeypatch)
    assert finish(greeter)
    assert greeter.status == "FAILED"
    assert greeter.stack.event_keys() == [STOPPED]


def test_reconcile_starts_an_execution_that_never_was(greeter: Greeter) -> None:
    with greeter.stack.wire.strikes("StartExecution", death_before), pytest.raises(DeathError):
        greeter.start()
    assert not finish(greeter)
    assert executions(MACHINE) == [f"acme__CHANGE_{CHANGE_ID}_1"]
    assert not finish(greeter)
    greeter.carry_out()
    assert greeter.status == "COMPLETED"


def test_reconcile_publishes_what_was_recorded_only(greeter: Greeter) -> None:
    greeter.start()
    with greeter.stack.wire.strikes("PutEvents", death_before), pytest.raises(DeathError):
        greeter.carry_out()
    assert greeter.stack.event_keys() == []
    assert finish(greeter)
    assert greeter.stack.event_keys() == [DONE]
    assert greeter.item["outbox"] == {}


def test_a_redrive_goes_on_where_it_stopped(greeter: Greeter, monkeypatch: pytest.MonkeyPatch) -> None:
    greeter.start()
    stop(greeter, monkeypatch)
    record_outcome(greeter)
    moved = retries.redrive(greeter.stack.clients, greeter.stack.settings, greeter.item, AGAIN)
    assert moved
    assert (greeter.status, greeter.item["redriveCount"]) == ("IN_PROGRESS", 1)
    assert greeter.redrives.counts == {greeter.arn: 1}
    greeter.carry_out()
    assert greeter.stack.event_keys() == [STOPPED, DONE]


def test_a_redrive_that_is_refused_becomes_the_next_attempt(greeter: Greeter, monkeypatch: pytest.MonkeyPatch) -> None:
    greeter.start()
    stop(greeter, monkeypatch)
    record_outcome(greeter)
    greeter.redrives.refuses = True
    retries.redrive(greeter.stack.clients, greeter.stack.settings, greeter.item, AGAIN)
    assert executions(MACHINE) == [f"acme__CHANGE_{CHANGE_ID}_{attempt}" for attempt in (1, 2)]
    assert greeter.carry_out() == ALL_STEPS
    assert greeter.status == "COMPLETED"


def test_reconcile_completes_a_redrive_that_was_recorded_only(
    greeter: Greeter, monkeypatch: pytest.MonkeyPatch
) -> None:
    greeter.start()
    stop(greeter, monkeypatch)
    record_outcome(greeter)
    with greeter.stack.wire.strikes("RedriveExecution", death_before), pytest.raises(DeathError):
        retries.redrive(greeter.stack.clients, greeter.stack.settings, greeter.item, AGAIN)
    assert not finish(greeter)
    assert greeter.redrives.counts == {greeter.arn: 1}


def test_a_redrive_in_the_console_is_noted_by_its_first_step(greeter: Greeter, monkeypatch: pytest.MonkeyPatch) -> None:
    greeter.start()
    stop(greeter, monkeypatch)
    record_outcome(greeter)
    greeter.redrives.redrive(greeter.arn)
    greeter.carry_out()
    assert (greeter.status, greeter.item["redriveCount"]) == ("COMPLETED", 1)


def test_an_older_attempt_does_nothing_more(greeter: Greeter, monkeypatch: pytest.MonkeyPatch) -> None:
    greeter.start()
    stop(greeter, monkeypatch)
    record_outcome(greeter)
    assert retries.start_next(greeter.stack.clients, greeter.stack.settings, greeter.item, {})
    with pytest.raises(SupersededError):
        greeter.invoke("WriteGreeting", attempt=1)
    assert greeter.item["steps"]["WriteGreeting"]["begun"] == 1


def test_a_portion_whose_answer_was_lost_is_done_once(greeter: Greeter) -> None:
    greeter.start()
    with greeter.stack.wire.strikes("UpdateItem", death_after, spare=1), pytest.raises(DeathError):
        greeter.invoke("WriteGreeting")
    before = greeter.item["steps"]["WriteGreeting"]
    assert greeter.carry_out() == ALL_STEPS[1:]
    assert greeter.item["steps"]["WriteGreeting"]["begun"] == before["begun"] + len(PEOPLE) - 1
    assert greeter.item["resources"] == GREETED


def test_a_redrive_goes_on_at_the_cursor(greeter: Greeter, monkeypatch: pytest.MonkeyPatch) -> None:
    greeter.start()
    assert greeter.invoke("WriteGreeting") == {"done": False}
    entry = greeter.item["steps"]["WriteGreeting"]
    assert (entry["status"], entry["cursor"], entry["count"]) == ("RUNNING", "two", 1)
    stop(greeter, monkeypatch)
    record_outcome(greeter)
    retries.redrive(greeter.stack.clients, greeter.stack.settings, greeter.item, AGAIN)
    assert greeter.carry_out() == ALL_STEPS[1:]
    assert greeter.item["resources"] == GREETED


def test_an_older_attempt_does_no_further_portion(greeter: Greeter, monkeypatch: pytest.MonkeyPatch) -> None:
    greeter.start()
    greeter.invoke("WriteGreeting")
    stop(greeter, monkeypatch)
    record_outcome(greeter)
    retries.start_next(greeter.stack.clients, greeter.stack.settings, greeter.item, {})
    with pytest.raises(SupersededError):
        greeter.invoke("WriteGreeting", attempt=1)
    assert greeter.item["steps"]["WriteGreeting"]["count"] == 1
    assert greeter.invoke("WriteGreeting") == {"done": False}
    assert greeter.item["resources"].keys() == {"greeting0", "greeting1"}


def test_a_step_is_done_for_its_observers_with_its_last_portion_only(greeter: Greeter) -> None:
    greeter.start()
    seen: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(write_greeting, "ENTERS", "GREETED", raising=False)
        patch.setattr(step_function, "entered", lambda status, _: seen.append(status))
        patch.setattr(write_greeting, "afterwards", lambda _: seen.append("afterwards"), raising=False)
        answers = [greeter.invoke("WriteGreeting")["done"] for _ in PEOPLE]
    assert answers == [False, False, True]
    assert seen == ["GREETED", "afterwards"]


def test_somebody_elses_execution_is_not_taken_for_it(greeter: Greeter) -> None:
    """Started by hand, told of the greeting, and of another name."""
    greeter.start()
    by_hand = greeter.stack.clients.stepfunctions.start_execution(
        stateMachineArn=GREETING.machine(greeter.stack.settings), name="by-hand", input=json.dumps(greeter.told())
    )["executionArn"]
    ended(by_hand)
    assert outcome.record_outcome(greeter.stack.clients, greeter.stack.settings, by_hand) == IGNORED
    assert greeter.status == "IN_PROGRESS"


@pytest.mark.parametrize(
    "reference",
    [
        None,
        "greeting",
        {},
        {"kind": "unknown", **KEY},
        {"kind": "greeting", "tenantId": "acme"},
        {"kind": ["greeting"]},
    ],
)
def test_what_names_no_work_is_none(greeter: Greeter, reference: object) -> None:
    assert kinds.named(greeter.stack.settings, reference) is None


def test_a_step_of_an_unknown_kind_says_so(greeter: Greeter) -> None:
    greeter.start()
    with pytest.raises(ConfigurationError, match="WriteGreeting: UnknownStep"):
        greeter.invoke("WriteGreeting", work={"kind": "unknown", **KEY})


def test_it_is_counted_by_its_own_metrics(
    greeter: Greeter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    greeter.start()
    greeter.carry_out()
    counted = capsys.readouterr().out
    assert "GreetingsCompleted" in counted
    assert "Onboardings" not in counted
