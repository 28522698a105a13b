"""An operator stops what runs for a tenant: it is FAILED at once, a retry goes on, and the record says who did it."""

from collections.abc import Callable
from typing import Any

import pytest

from orchestrator import status
from orchestrator.operations import retry, stopping
from orchestrator.operations.retries import CHANGED_MEANWHILE
from orchestrator.operations.stopping import Stopped
from orchestrator.tenants import lifecycle
from tests.unit.cli.command_line import Run, document, run, stack
from tests.unit.conftest import tenant_created
from tests.unit.faults import lost_response, preceded_by, unreachable
from tests.unit.simulated_aws import Stack, arn_of, ended, reporting

__all__ = ["run", "stack"]

STOPPED = Stopped("acme", "is stopped; see: onboard show acme", stopped=True)
Stop = Callable[[], Stopped]


@pytest.fixture
def stop(stack: Stack) -> Stop:
    """Stop acme, whose first attempt runs."""
    stack.receive(tenant_created())
    return lambda: stopping.stop(stack.clients, stack.settings, "acme", "somebody")


def acts(stack: Stack) -> list[tuple[str, str]]:
    page: Any = status.show(stack.clients, stack.settings, "acme")
    return [(each["what"], each["by"]) for each in page["actions"]]


def test_what_runs_is_stopped_recorded_and_goes_on_by_a_retry(stack: Stack, stop: Stop) -> None:
    assert stop() == STOPPED
    record = stack.record()
    assert (record["status"], record["failure"]["error"]) == (lifecycle.FAILED, "Aborted")
    assert stack.clients.stepfunctions.describe_execution(executionArn=arn_of())["status"] == "ABORTED"
    assert acts(stack) == [("stop", "somebody")]
    assert retry(stack.clients, stack.settings, "acme", by="somebody").attempt == 2
    assert acts(stack) == [("stop", "somebody"), ("retry", "somebody")]


def test_an_execution_that_ended_by_itself_is_recorded_and_nobody_stopped_it(stack: Stack, stop: Stop) -> None:
    ended(arn_of())
    assert stop() == Stopped("acme", "had ended already and is FAILED")
    assert acts(stack) == []


@pytest.mark.parametrize("is_now", [each for each in lifecycle.STATUSES if each not in lifecycle.UNDER_WAY])
def test_nothing_is_stopped_where_nothing_runs(is_now: str, stack: Stack, stop: Stop) -> None:
    stack.change(status=is_now)
    assert stop() == Stopped("acme", f"is {is_now}; nothing runs for it")
    assert stack.wire.count("StopExecution") == 0


def test_a_tenant_that_nobody_knows_or_that_has_not_begun_is_not_stopped(stack: Stack, stop: Stop) -> None:
    unknown = stopping.stop(stack.clients, stack.settings, "nobody")
    assert unknown.message == "is not known; see: onboard list"
    follow = "about to start; follow it: onboard show acme --watch"
    stack.change(status=lifecycle.PENDING)
    assert stop().message == f"is PENDING, {follow}"
    stack.change(attempt=2, status=lifecycle.IN_PROGRESS)
    assert stop().message == f"is {follow}"


def test_of_two_who_act_at_once_one_is_told_to_look_again(stack: Stack, stop: Stop) -> None:
    with stack.wire.strikes("UpdateItem", preceded_by(lambda: stack.change(redriveCount=1))):
        assert stop() == Stopped("acme", CHANGED_MEANWHILE)
    assert stack.wire.count("StopExecution") == 0


def test_what_another_lists_meanwhile_is_kept(stack: Stack, stop: Stop) -> None:
    """Nothing else of the record has changed, so the stop is listed on top of it."""
    entry = {"at": "2026-01-01T00:00:00.000Z", "what": "redrive", "attempt": 1}
    with stack.wire.strikes("UpdateItem", preceded_by(lambda: stack.change(actions=[entry]))):
        assert stop() == STOPPED
    assert [what for what, _ in acts(stack)] == ["redrive", "stop"]


def test_what_has_not_ended_yet_is_said_to_be_being_stopped(stack: Stack, stop: Stop) -> None:
    """Step Functions was asked, and does not say that it ended; the event of its end is recorded."""
    with stack.wire.strikes("DescribeExecution", reporting(status="RUNNING"), times=2):
        assert stop() == Stopped("acme", "is being stopped; see: onboard show acme", stopped=True)
    assert stack.record()["status"] == lifecycle.IN_PROGRESS
    assert acts(stack) == [("stop", "somebody")]


@pytest.mark.parametrize("fault", [unreachable, lost_response])
def test_what_a_fault_interrupts_is_finished_by_asking_again(fault: Any, stack: Stack, stop: Stop) -> None:
    with stack.wire.strikes("StopExecution", fault, times=9), pytest.raises(Exception, match=r"timeout|timed out"):
        stop()
    assert stop().tenant_id == "acme"
    assert stack.record()["status"] == lifecycle.FAILED


def test_the_command_says_what_came_of_it(stack: Stack, run: Run) -> None:
    stack.receive(tenant_created())
    assert document(run("stop", "acme", "--json")) == STOPPED.document()
    ran = run("stop", "acme")
    assert (ran.code, ran.out) == (1, "acme: is FAILED; nothing runs for it\n")
