"""What events missed is found and finished, once, before a deadline, and one trouble keeps to itself."""

import itertools
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from orchestrator import operations
from orchestrator.aws.errors import OnboardingError, TransientError
from orchestrator.onboarding import executions
from orchestrator.onboarding.outcome import record_outcome
from orchestrator.onboarding.reconcile import GRACE_SECONDS, PER_PAGE, bring_up_to_date, reconcile
from orchestrator.tenants import kinds, lifecycle
from orchestrator.tenants.records import STATUS_INDEX, UNPUBLISHED_INDEX
from tests.unit import simulated_aws
from tests.unit.conftest import tenant_created
from tests.unit.faults import DeathError, death_before, preceded_by, refused, server_error
from tests.unit.simulated_aws import Stack, arn_of, ended, entry_refused, stack

__all__ = ["stack"]

NOTHING = {"started": 0, "recorded": 0, "published": 0, "failed": 0}
STARTED, FAILED, REJECTED = "TenantOnboardingStarted", "TenantOnboardingFailed", "TenantOnboardingRejected"

throttled = refused("ThrottlingException", "Rate exceeded")


@pytest.fixture
def run(stack: Stack) -> Callable[[], dict[str, int]]:
    """Reconcile; returns what was found, without the zeros."""
    return lambda: {what: n for what, n in reconcile(stack.clients, stack.settings).items() if n}


Run = Callable[[], dict[str, int]]


def claim_but_die(stack: Stack, tenant_id: str = "acme", operation: str = "StartExecution") -> None:
    """Let intake die before a call of its own."""
    with stack.wire.strikes(operation, death_before), pytest.raises(DeathError):
        stack.receive(tenant_created(tenant_id), f"event-{tenant_id}")


def retry_but_die(stack: Stack, operation: str) -> None:
    """Let acme fail, and an operator's retry die before a call of its own."""
    stack.receive(tenant_created())
    record_outcome(stack.clients, stack.settings, ended(arn_of()))
    with stack.wire.strikes(operation, death_before), pytest.raises(DeathError):
        operations.retry(stack.clients, stack.settings, "acme")


def test_where_nothing_was_left_behind_nothing_is_done(stack: Stack) -> None:
    assert reconcile(stack.clients, stack.settings) == NOTHING


# Each kind of what is left behind


@pytest.mark.parametrize("operation", ["StartExecution", "PutEvents"])
def test_a_tenant_that_was_claimed_but_not_started_is_started(stack: Stack, run: Run, operation: str) -> None:
    claim_but_die(stack, operation=operation)
    stack.age()
    assert run() == {"started": 1}
    record = stack.record()
    assert (record["status"], record["executionArn"], record["outbox"]) == (lifecycle.IN_PROGRESS, arn_of(), {})
    assert simulated_aws.executions() == ["acme-1"]
    assert stack.event_keys() == ["acme:TenantOnboardingStarted:1:0"]
    assert stack.counters() == {"IN_PROGRESS#pool": 1}
    assert run() == {}


@pytest.mark.parametrize("operation", ["StartExecution", "PutEvents"])
def test_a_retry_whose_start_was_lost_is_started(stack: Stack, run: Run, operation: str) -> None:
    retry_but_die(stack, operation)
    stack.age()
    assert sum(run().values()) == 1
    assert simulated_aws.executions() == ["acme-1", "acme-2"]
    assert stack.record()["outbox"] == {}
    assert stack.event_keys()[-1] == "acme:TenantOnboardingStarted:2:0"
    assert len(stack.published(STARTED)) == 2
    assert run() == {}


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_an_execution_that_ended_without_a_word_is_recorded(stack: Stack, run: Run, status: str) -> None:
    stack.receive(tenant_created())
    ended(arn_of(), status)
    stack.age()
    assert run() == {"recorded": 1}
    assert stack.record()["status"] == lifecycle.FAILED
    assert len(stack.published(FAILED)) == 1
    assert run() == {}


def test_a_tenant_whose_execution_failed_before_its_start_was_noted_is_recorded_in_the_end(
    stack: Stack, run: Run
) -> None:
    claim_but_die(stack, operation="PutEvents")
    ended(arn_of())
    for _ in range(2):
        stack.age()
        run()
    assert stack.record()["status"] == lifecycle.FAILED
    assert stack.event_keys() == ["acme:TenantOnboardingStarted:1:0", "acme:TenantOnboardingFailed:1:0"]


def test_a_failure_that_was_recorded_but_not_published_is_published(stack: Stack, run: Run) -> None:
    stack.receive(tenant_created())
    ended(arn_of())
    with stack.wire.strikes("PutEvents", entry_refused), pytest.raises(TransientError):
        record_outcome(stack.clients, stack.settings, arn_of())
    stack.age()
    assert run() == {"published": 1}
    assert len(stack.published(FAILED)) == 1
    assert "unpublished" not in stack.record()
    assert run() == {}


def test_a_rejection_that_was_recorded_but_not_published_is_published(stack: Stack, run: Run) -> None:
    with stack.wire.strikes("PutEvents", entry_refused), pytest.raises(TransientError):
        stack.receive({"tenantId": "acme"})
    stack.age(item="REJECTED#event-1")
    assert run() == {"published": 1}
    [rejection] = stack.published(REJECTED)
    assert rejection["eventId"] == "event-1"
    assert run() == {}


def test_several_events_in_one_outbox_are_all_published(stack: Stack, run: Run) -> None:
    stack.receive(tenant_created())
    ended(arn_of())
    with stack.wire.strikes("PutEvents", entry_refused), pytest.raises(TransientError):
        record_outcome(stack.clients, stack.settings, arn_of())
    with stack.wire.strikes("PutEvents", death_before, times=9), pytest.raises(DeathError):
        operations.retry(stack.clients, stack.settings, "acme")
    assert set(stack.record()["outbox"]) == {"TenantOnboardingFailed-1-0", "TenantOnboardingStarted-2-0"}
    stack.age()
    assert run() == {"published": 1}
    assert stack.event_keys()[0] == "acme:TenantOnboardingStarted:1:0"
    assert sorted(stack.event_keys()[1:]) == ["acme:TenantOnboardingFailed:1:0", "acme:TenantOnboardingStarted:2:0"]
    assert stack.record()["outbox"] == {}
    assert "unpublished" not in stack.record()


# What is left alone


def test_what_is_younger_than_the_grace_is_still_in_somebodys_hands(stack: Stack, run: Run) -> None:
    claim_but_die(stack, "never-started")
    stack.receive(tenant_created("failed"))
    ended(arn_of("failed"))
    with stack.wire.strikes("PutEvents", entry_refused), pytest.raises(TransientError):
        stack.receive({"tenantId": "rejected"}, "event-2")
    before = stack.items()
    assert run() == {}
    assert stack.items() == before
    everything = reconcile(stack.clients, stack.settings, grace_seconds=-1)
    assert everything == {"started": 1, "recorded": 1, "published": 1, "failed": 0}


def test_the_grace_outlives_a_functions_time_out_and_its_retry() -> None:
    assert GRACE_SECONDS >= 30 + 60


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "PENDING_REDRIVE"])
def test_a_tenant_whose_execution_runs_or_is_done_is_left_alone(stack: Stack, run: Run, status: str) -> None:
    stack.receive(tenant_created())
    ended(arn_of(), status)
    stack.age()
    before = stack.record()
    assert run() == {}
    assert stack.record() == before


@pytest.mark.parametrize("status", [lifecycle.COMPLETED, lifecycle.FAILED])
def test_a_tenant_at_rest_is_left_alone(stack: Stack, run: Run, status: str) -> None:
    stack.receive(tenant_created())
    ended(arn_of())
    stack.change(status=status)
    stack.age()
    before = stack.record()
    stack.wire.attempts.clear()
    assert run() == {}
    assert not bring_up_to_date(stack.clients, stack.settings, kinds.of_tenant(stack.settings, "acme"))
    assert stack.record() == before
    assert stack.wire.count("DescribeExecution") == 0


def test_a_tenant_that_nobody_knows_has_nothing_to_be_brought_up_to_date(stack: Stack) -> None:
    assert not bring_up_to_date(stack.clients, stack.settings, kinds.of_tenant(stack.settings, "nobody"))


@pytest.mark.parametrize("status", [lifecycle.IN_PROGRESS, lifecycle.COMPLETED])
def test_a_tenant_that_somebody_else_started_meanwhile_is_not_started_again(
    stack: Stack, run: Run, status: str
) -> None:
    claim_but_die(stack)
    stack.age()
    with stack.wire.strikes("GetItem", preceded_by(lambda: stack.change(status=status))):
        assert "started" not in run()


def test_a_rejection_that_somebody_else_published_meanwhile_is_not_published_again(stack: Stack, run: Run) -> None:
    with stack.wire.strikes("PutEvents", entry_refused), pytest.raises(TransientError):
        stack.receive({"tenantId": "acme"})
    stack.age(item="REJECTED#event-1")
    with stack.wire.strikes("GetItem", preceded_by(lambda: stack.receive({"tenantId": "acme"}))):
        assert run() == {}
    assert len(stack.published(REJECTED)) == 1


# That one started is said only of one that did


@pytest.mark.parametrize("prepare", [claim_but_die, lambda stack: retry_but_die(stack, "StartExecution")])
def test_no_start_is_published_while_it_cannot_be_made(
    stack: Stack, run: Run, prepare: Callable[[Stack], None]
) -> None:
    prepare(stack)
    stack.age()
    before = stack.event_keys()
    with stack.wire.strikes("StartExecution", refused("StateMachineDeleting"), times=99):
        assert "failed" in run()
    assert stack.event_keys() == before
    assert "unpublished" in stack.record()
    assert sum(run().values()) == 1
    assert len(stack.event_keys()) == len(before) + 1


def test_a_tenant_whose_start_is_published_late_is_in_progress(stack: Stack, run: Run) -> None:
    claim_but_die(stack, operation="PutEvents")
    stack.age()
    with stack.wire.strikes("PutEvents", entry_refused):
        assert run() == {"started": 1, "failed": 1}
    assert stack.record()["status"] == lifecycle.IN_PROGRESS
    assert stack.counters() == {"IN_PROGRESS#pool": 1}


# One trouble keeps to itself


def test_one_that_fails_does_not_keep_the_others_from_being_finished(stack: Stack, run: Run) -> None:
    for tenant_id in ("one", "two", "three"):
        claim_but_die(stack, tenant_id)
        stack.age(tenant_id)
    with stack.wire.strikes("StartExecution", throttled, times=3):  # the SDK tries three times
        assert run() == {"started": 3, "failed": 1}
    assert sorted(simulated_aws.executions()) == ["one-1", "three-1", "two-1"]


def test_a_record_that_cannot_be_understood_does_not_stop_the_rest(stack: Stack, run: Run) -> None:
    for tenant_id in ("bad", "good"):
        stack.receive(tenant_created(tenant_id))
        stack.age(tenant_id)
        ended(arn_of(tenant_id))
    stack.change("bad", attempt="one")
    assert run() == {"recorded": 1, "failed": 1}
    assert stack.record("good")["status"] == lifecycle.FAILED


def test_each_failure_is_reported_with_its_class_and_code(stack: Stack) -> None:
    claim_but_die(stack)
    stack.age()
    reported: list[tuple[str, str, str]] = []

    def report(tenant_id: str, failure: OnboardingError) -> None:
        reported.append((tenant_id, type(failure).__name__, failure.code))

    with stack.wire.strikes("StartExecution", refused("StateMachineDeleting"), times=99):
        assert reconcile(stack.clients, stack.settings, report=report) == NOTHING | {"failed": 2}
    assert reported == [("acme", "ConfigurationError", "StateMachineDeleting")] * 2


def test_an_aws_that_does_not_answer_is_an_error_of_the_run(stack: Stack, run: Run) -> None:
    with stack.wire.strikes("Query", server_error, times=99), pytest.raises(ClientError):
        run()


# Cost


def test_nothing_is_scanned_and_the_calls_do_not_grow_with_the_tenants_at_rest(stack: Stack, run: Run) -> None:
    def calls() -> list[str]:
        stack.wire.attempts.clear()
        run()
        return stack.wire.operations()

    assert calls() == ["Query"] * 4
    for number in range(20):
        stack.receive(tenant_created(f"tenant-{number}"))
        stack.change(f"tenant-{number}", status=lifecycle.COMPLETED, statusChangedAt=simulated_aws.LONG_AGO)
    assert calls() == ["Query"] * 4


def test_the_calls_for_one_of_each_kind_are_counted(stack: Stack, run: Run) -> None:
    claim_but_die(stack, "never-started")
    stack.age("never-started")
    stack.receive(tenant_created("running"), "event-2")
    stack.age("running")
    stack.wire.attempts.clear()
    assert run() == {"started": 1}
    allowed = {"Query", "GetItem", "StartExecution", "DescribeExecution", "PutEvents", "TransactWriteItems"}
    assert set(stack.wire.operations()) <= allowed
    assert len(stack.wire.operations()) <= 11


def test_each_query_is_bounded_and_takes_the_oldest_first_and_what_is_unpublished_before_all(
    stack: Stack, run: Run
) -> None:
    run()
    bodies = stack.wire.bodies("Query")
    assert [body["IndexName"] for body in bodies] == [UNPUBLISHED_INDEX, *[STATUS_INDEX] * 3]
    assert all(body["Limit"] == PER_PAGE for body in bodies)
    assert all(body.get("ScanIndexForward", True) for body in bodies)


# Nothing starves


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a query find at most two."""
    monkeypatch.setattr("orchestrator.onboarding.reconcile.PER_PAGE", 2)


def test_one_run_takes_page_after_page(stack: Stack, run: Run, small_pages: None) -> None:
    for number in range(5):
        claim_but_die(stack, f"tenant-{number}")
        stack.change(f"tenant-{number}", unpublishedSince=f"2026-01-01T00:00:0{number}.000Z")
    assert run() == {"started": 5}
    assert simulated_aws.executions() == [f"tenant-{number}-1" for number in range(5)]


def test_a_full_page_of_those_that_run_does_not_hide_one_that_ended(stack: Stack, run: Run, small_pages: None) -> None:
    for number in range(5):
        stack.receive(tenant_created(f"tenant-{number}"), f"event-{number}")
        stack.change(f"tenant-{number}", statusChangedAt=f"2026-01-01T00:00:0{number}.000Z")
    ended(arn_of("tenant-4"))
    assert run() == {"recorded": 1}


def test_a_full_page_of_those_that_fail_does_not_hide_the_next(stack: Stack, run: Run, small_pages: None) -> None:
    for tenant_id in ("bad-1", "bad-2", "good"):
        stack.receive(tenant_created(tenant_id), f"event-{tenant_id}")
        ended(arn_of(tenant_id))
        stack.age(tenant_id)
    for tenant_id in ("bad-1", "bad-2"):
        stack.change(tenant_id, attempt="one", statusChangedAt="2025-01-01T00:00:00.000Z")
    assert run() == {"recorded": 1, "failed": 2}


def test_after_the_deadline_nothing_is_begun(stack: Stack) -> None:
    claim_but_die(stack)
    stack.age()
    assert reconcile(stack.clients, stack.settings, deadline=time.monotonic() - 1) == NOTHING
    assert simulated_aws.executions() == []


def test_the_time_is_shared_so_that_one_kind_does_not_starve_the_others(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        with stack.wire.strikes("PutEvents", entry_refused), pytest.raises(TransientError):
            stack.receive({"tenantId": f"rejected-{number}"}, f"event-{number}")
        stack.age(f"rejected-{number}", item=f"REJECTED#event-{number}")
    stack.receive(tenant_created(), "event-acme")
    ended(arn_of())
    stack.age()
    clock = itertools.count()  # each look at it takes a second
    ticks = SimpleNamespace(time=time.time, monotonic=lambda: next(clock))
    for module in ("reconcile", "turns"):
        monkeypatch.setattr(f"orchestrator.onboarding.{module}.time", ticks)
    assert reconcile(stack.clients, stack.settings, deadline=9) == NOTHING | {"published": 2, "recorded": 1}


def test_a_start_that_is_repeated_by_many_makes_one_execution(stack: Stack) -> None:
    claim_but_die(stack)
    record = stack.record()
    for _ in range(3):
        executions.start(stack.clients, stack.settings, record)
    assert simulated_aws.executions() == ["acme-1"]
    assert stack.counters() == {"IN_PROGRESS#pool": 1}
    assert set(stack.event_keys()) == {"acme:TenantOnboardingStarted:1:0"}
