"""However often an event comes, and however many at once, it makes one tenant and one execution."""

import json
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.errors import ThrottledError, TransientError
from orchestrator.onboarding.intake import receive
from orchestrator.tenants import lifecycle
from tests.unit import simulated_aws
from tests.unit.conftest import message, tenant_created
from tests.unit.faults import (
    DeathError,
    death_after,
    death_before,
    lost_response,
    preceded_by,
    refused,
    server_error,
    unreachable,
)
from tests.unit.onboarding.intake_events import STARTED
from tests.unit.simulated_aws import Stack, entry_refused, stack

__all__ = ["stack"]


def test_a_repeated_event_changes_nothing(stack: Stack) -> None:
    detail = tenant_created()
    stack.receive(detail)
    before, routes = stack.items(), stack.routes()
    reordered = dict(reversed(detail.items()))
    for repeated, event_id in ((detail, "event-1"), (detail, "event-2"), (reordered, "event-3")):
        assert stack.receive(repeated, event_id) == "repeated"
    spaced = json.dumps(json.loads(message(detail, "event-4")), indent=4)
    assert receive(stack.clients, stack.settings, spaced) == ("repeated", "acme")
    assert (stack.items()["acme", "RECORD"], stack.routes()) == (before["acme", "RECORD"], routes)
    assert stack.counters() == {"IN_PROGRESS#pool": 1}
    assert simulated_aws.executions() == ["acme-1"]
    assert len(stack.published(STARTED)) == 1


@pytest.mark.parametrize("status", [lifecycle.COMPLETED, lifecycle.FAILED])
def test_a_repeated_event_does_not_wake_a_tenant_at_rest(stack: Stack, status: str) -> None:
    stack.receive(tenant_created())
    stack.change(status=status)
    stack.wire.attempts.clear()
    assert stack.receive(tenant_created(), "event-2") == "repeated"
    assert stack.wire.operations() == ["TransactWriteItems"]


@pytest.mark.parametrize("strike", [death_before, death_after], ids=["before", "after"])
@pytest.mark.parametrize("operation", ["TransactWriteItems", "StartExecution", "PutEvents"])
def test_what_died_on_the_way_is_completed_by_the_repeated_event(stack: Stack, operation: str, strike: Any) -> None:
    with stack.wire.strikes(operation, strike), pytest.raises(DeathError):
        stack.receive(tenant_created())
    assert stack.receive(tenant_created()) in ("started", "repeated")
    record = stack.record()
    assert (record["status"], record["outbox"]) == (lifecycle.IN_PROGRESS, {})
    assert simulated_aws.executions() == ["acme-1"]
    assert set(stack.event_keys()) == {"acme:TenantOnboardingStarted:1:0"}
    assert stack.counters() == {"IN_PROGRESS#pool": 1}


@pytest.mark.parametrize(
    ("operation", "strike", "error"),
    [
        ("StartExecution", server_error, ClientError),
        ("StartExecution", unreachable, BotoCoreError),
        ("StartExecution", refused("AccessDeniedException"), ClientError),
        ("PutEvents", server_error, ClientError),
        ("PutEvents", entry_refused, TransientError),
        ("PutEvents", unreachable, BotoCoreError),
        ("TransactWriteItems", server_error, ClientError),
        ("TransactWriteItems", refused("ThrottlingException"), ClientError),
    ],
)
def test_an_error_of_aws_brings_the_event_back_and_then_it_is_completed(
    stack: Stack, operation: str, strike: Any, error: type[Exception]
) -> None:
    times = 1 if strike is entry_refused else 3
    with stack.wire.strikes(operation, strike, times=times), pytest.raises(error):
        stack.receive(tenant_created())
    assert stack.published(STARTED) == []
    assert stack.receive(tenant_created()) in ("started", "repeated")
    assert len(stack.published(STARTED)) == 1
    assert stack.rejections() == []


@pytest.mark.parametrize("operation", ["TransactWriteItems", "StartExecution", "PutEvents"])
def test_a_lost_answer_doubles_nothing(stack: Stack, operation: str) -> None:
    with stack.wire.strikes(operation, lost_response):
        assert stack.receive(tenant_created()) in ("started", "repeated")
    assert simulated_aws.executions() == ["acme-1"]
    assert stack.counters() == {"IN_PROGRESS#pool": 1}
    assert set(stack.event_keys()) == {"acme:TenantOnboardingStarted:1:0"}
    assert stack.rejections() == []


def test_a_throttled_entry_of_the_bus_is_throttling(stack: Stack) -> None:
    entry = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
    strike = refused("", status=200, FailedEntryCount=1, Entries=[entry])
    with stack.wire.strikes("PutEvents", strike), pytest.raises(ThrottledError, match="slow down"):
        stack.receive(tenant_created())


def test_of_twenty_copies_of_one_event_at_once_one_starts(stack: Stack) -> None:
    answers: list[str] = []

    def enter(left: int) -> None:
        if left:
            with stack.wire.strikes("TransactWriteItems", preceded_by(lambda: enter(left - 1))):
                answers.append(stack.receive(tenant_created(), f"event-{left}"))
        else:
            answers.append(stack.receive(tenant_created(), "event-0"))

    enter(19)
    assert sorted(answers) == ["repeated"] * 19 + ["started"]
    assert simulated_aws.executions() == ["acme-1"]
    assert set(stack.event_keys()) == {"acme:TenantOnboardingStarted:1:0"}
    assert stack.counters() == {"IN_PROGRESS#pool": 1}


def test_copies_that_meet_between_claim_and_start_make_one_execution(stack: Stack) -> None:
    def copy() -> None:
        assert stack.receive(tenant_created(), "event-2") == "repeated"

    with stack.wire.strikes("StartExecution", preceded_by(copy)):
        assert stack.receive(tenant_created()) == "started"
    assert simulated_aws.executions() == ["acme-1"]
    assert set(stack.event_keys()) == {"acme:TenantOnboardingStarted:1:0"}
    record = stack.record()
    assert (record["status"], record["outbox"]) == (lifecycle.IN_PROGRESS, {})
    assert "unpublished" not in record
    assert stack.counters() == {"IN_PROGRESS#pool": 1}
