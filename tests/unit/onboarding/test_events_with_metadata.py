"""Every event about a tenant gives its metadata back, on every way that leads to one."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from orchestrator import operations
from orchestrator.aws.errors import TransientError
from orchestrator.onboarding.outcome import record_outcome
from orchestrator.onboarding.reconcile import reconcile
from orchestrator.tenants import lifecycle
from tests.unit.conftest import tenant_created
from tests.unit.every_tier import CASES, World, world
from tests.unit.faults import DeathError, death_after, death_before, lost_response
from tests.unit.operations.undoing import Undoing, undoing
from tests.unit.simulated_aws import Stack, arn_of, ended, entry_refused, stack

__all__ = ["stack", "undoing", "world"]

BILLING = {"stripeCustomer": "cus_1"}
STARTED, FAILED, REJECTED = "TenantOnboardingStarted", "TenantOnboardingFailed", "TenantOnboardingRejected"


def told(stack: Stack, *detail_types: str) -> list[Any]:
    """Return the metadata of each event, and that of each type there was one."""
    found = [stack.published(detail_type) for detail_type in detail_types]
    assert all(found)
    return [event.get("metadata") for events in found for event in events]


def in_order(stack: Stack) -> list[tuple[str, Any]]:
    """Return the key and the metadata of each event of ours, in the order in which they were published."""
    return [(event["detail"]["eventKey"], event["detail"].get("metadata")) for event in stack.read_bus()]


def test_started_and_onboarded(world: World) -> None:
    world.onboard(CASES["pool"], metadata=BILLING)
    assert told(world.stack, STARTED, "TenantOnboarded") == [BILLING] * 2


def test_failed_and_started_again_by_a_redrive_or_the_next_attempt(stack: Stack) -> None:
    stack.receive(tenant_created(metadata=BILLING))
    record_outcome(stack.clients, stack.settings, ended(arn_of()))
    operations.retry(stack.clients, stack.settings, "acme")
    assert told(stack, STARTED, FAILED) == [BILLING] * 3


@pytest.mark.parametrize("operation", ["StartExecution", "PutEvents"])
def test_started_where_intake_died_and_reconcile_finished_it(stack: Stack, operation: str) -> None:
    with stack.wire.strikes(operation, death_before), pytest.raises(DeathError):
        stack.receive(tenant_created(metadata=BILLING))
    stack.age()
    reconcile(stack.clients, stack.settings)
    assert told(stack, STARTED) == [BILLING]


def test_abandoned_also_where_the_step_died_before_it_said_so(undoing: Undoing) -> None:
    """By then the record has forgotten it; the outbox has not."""
    undoing.fail_before(CASES["pool"], "CompleteOnboarding", metadata=BILLING)
    undoing.abandon()
    with undoing.world.wire.strikes("PutEvents", death_before):
        assert undoing.undo() == lifecycle.ABANDONED
    assert told(undoing.world.stack, STARTED, FAILED, "TenantAbandoned") == [BILLING] * 3


def test_abandoned_is_said_again_in_the_same_words(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "CompleteOnboarding", metadata=BILLING)
    undoing.abandon()
    with undoing.world.wire.strikes("PutEvents", death_after):
        assert undoing.undo() == lifecycle.ABANDONED
    first, again = undoing.world.stack.published("TenantAbandoned")
    assert first == again
    assert first["metadata"] == BILLING


@pytest.mark.parametrize("strike", [death_after, lost_response])
def test_abandoned_where_the_answer_to_its_record_was_lost_is_said_after_what_was_kept_back(
    undoing: Undoing, strike: Callable[[AWSPreparedRequest], AWSResponse]
) -> None:
    """The repeated step finds a record without metadata, and two events in its outbox."""
    stack, path = undoing.world.stack, undoing.world.claim(CASES["pool"], metadata=BILLING)
    for step in path[:-1]:
        undoing.run(step)
    with stack.wire.strikes("PutEvents", entry_refused), pytest.raises(TransientError):
        undoing.fail()
    undoing.abandon()
    undoing.undo(until="CompleteAbandonment")
    with stack.wire.strikes("TransactWriteItems", strike) as struck:
        assert undoing.undo() == lifecycle.ABANDONED
    assert struck.left == 0
    assert [(key.split(":")[1], metadata) for key, metadata in in_order(stack)] == [
        (STARTED, BILLING),
        (FAILED, BILLING),
        ("TenantAbandoned", BILLING),
    ]
    assert undoing.record["outbox"] == {}


def test_rejected_for_what_else_is_wrong(stack: Stack) -> None:
    stack.receive({"tenantId": "acme", "metadata": BILLING})
    stack.receive(tenant_created(metadata=BILLING), "event-2")
    stack.receive(tenant_created(tenantName="Another", metadata=BILLING), "event-3")
    assert told(stack, REJECTED) == [BILLING] * 2


@pytest.mark.parametrize(
    "metadata",
    [{}, None, "a=b", {"a": 1}, {"a.b": "c"}, {"a": "jane@acme.example"}, {"apiKey": "sk_1"}, BILLING | {"b": ""}],
    ids=str,
)
def test_rejected_with_none_where_any_of_it_is_wrong(stack: Stack, metadata: object) -> None:
    assert stack.receive({"tenantId": "acme", "metadata": metadata}) == "rejected"
    assert told(stack, REJECTED) == [None]


@pytest.mark.parametrize("detail", [None, [], "text", {"tenantId": "acme"}], ids=str)
def test_rejected_with_none_where_there_is_none(stack: Stack, detail: object) -> None:
    assert stack.receive(detail) == "rejected"
    assert told(stack, REJECTED) == [None]
