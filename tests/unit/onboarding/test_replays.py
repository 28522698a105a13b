"""A replay of archived events: who was missed is onboarded, and nothing else changes."""

import json
from typing import Any

import pytest

from orchestrator.onboarding import intake
from orchestrator.tenants import lifecycle
from tests.unit.conftest import message, tenant_created
from tests.unit.simulated_aws import LONG_AGO, Stack, stack

__all__ = ["stack"]

REPLAY = {"replay-name": "tenants-1"}
"""The field that EventBridge adds to an event's envelope when it replays it."""
AT_FIRST = "2026-01-01T00:00:00Z"
AFTERWARDS = "2026-03-01T00:00:00Z"


def receive(stack: Stack, detail: dict[str, Any], event_id: str = "event-1", **more: str) -> str:
    envelope = json.loads(message(detail, event_id, more.pop("sent_at", AT_FIRST))) | more
    return intake.receive(stack.clients, stack.settings, json.dumps(envelope))[0]


def abandon(stack: Stack) -> None:
    stack.change(status=lifecycle.ABANDONED, statusChangedAt="2026-02-01T00:00:00.000Z")


def test_a_tenant_that_was_missed_is_onboarded(stack: Stack) -> None:
    assert receive(stack, tenant_created(), **REPLAY) == "started"
    assert stack.record()["status"] == lifecycle.IN_PROGRESS


KNOWN = [lifecycle.IN_PROGRESS, lifecycle.COMPLETED, lifecycle.FAILED]


@pytest.mark.parametrize(
    ("event_id", "status"),
    [
        ("event-1", lifecycle.ABANDONED),
        *((event_id, status) for event_id in ("event-1", "event-2") for status in KNOWN),
    ],
)
def test_a_tenant_that_is_known_stays_as_it_is(stack: Stack, status: str, event_id: str) -> None:
    receive(stack, tenant_created())
    stack.change(status=status, statusChangedAt=LONG_AGO.replace("-01-01", "-02-01"))
    before, said = stack.record(), stack.read_bus()
    assert receive(stack, tenant_created(), event_id, **REPLAY) == "repeated"
    assert stack.record() == before
    assert stack.read_bus() == said


def test_a_copy_of_an_abandoned_tenants_event_is_rejected_and_changes_nothing(stack: Stack) -> None:
    receive(stack, tenant_created())
    abandon(stack)
    before = stack.record()
    assert receive(stack, tenant_created(), "event-2", **REPLAY) == "rejected"
    assert stack.record() == before


def test_the_event_of_a_tenant_that_came_anew_after_it_is_rejected(stack: Stack) -> None:
    receive(stack, tenant_created())
    abandon(stack)
    corrected = tenant_created(routing={"subdomain": "acme-again"})
    assert receive(stack, corrected, "event-2", sent_at=AFTERWARDS) == "started"
    before = stack.record()
    assert receive(stack, tenant_created(), "event-3", **REPLAY) == "rejected"
    assert receive(stack, corrected, "event-2", sent_at=AFTERWARDS, **REPLAY) == "repeated"
    assert stack.record() == before


def test_a_rejected_event_gets_no_second_answer(stack: Stack) -> None:
    wrong = tenant_created(tier="gold")
    assert receive(stack, wrong) == "rejected"
    said = stack.read_bus()
    assert receive(stack, wrong, **REPLAY) == "rejected"
    assert stack.read_bus() == said
    assert stack.record() == {}
