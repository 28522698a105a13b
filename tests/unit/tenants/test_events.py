"""An event counts as published when the bus says so, entry by entry; until then it stays in the outbox."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.clients import Clients
from orchestrator.aws.dynamodb import Change
from orchestrator.aws.error_codes import THROTTLING_CODES
from orchestrator.aws.errors import (
    ConfigurationError,
    OnboardingError,
    ThrottledError,
    TransientError,
)
from orchestrator.aws.settings import Settings
from orchestrator.tenants import events, kinds
from orchestrator.tenants.outbox import post, publish_from_outbox, publish_outbox
from orchestrator.tenants.records import record_key
from tenant_onboarding.contracts.outgoing import OutgoingEvent, TenantOnboardingFailed, TenantOnboardingStarted
from tenant_onboarding.put_events import FINAL_CODES
from tests.unit.conftest import EVENT_BUS, tenant_created
from tests.unit.faults import DeathError, Wire, death_after, refused, server_error
from tests.unit.simulated_aws import Stack, arn_of, entry_refused

STARTED = TenantOnboardingStarted(tenant_id="acme", attempt=2, tier="pool", execution_arn=arn_of(attempt=2))
FAILED = TenantOnboardingFailed(
    tenant_id="acme", attempt=1, tier="pool", step="S", error="E", message='"<b>" 名', next_action="N"
)


@pytest.fixture
def stack(clients: Clients, settings: Settings, wire: Wire, published: Callable[[], list[dict[str, Any]]]) -> Stack:
    """A stack in which acme's first attempt runs."""
    stack = Stack(clients, settings, wire, published)
    stack.receive(tenant_created())
    return stack


def put_in(stack: Stack, *outbox: OutgoingEvent) -> None:
    """Put events into acme's outbox."""
    change = Change(stack.settings.tenants_table, record_key("acme"))
    for event in outbox:
        post(change, event, 0.0, kinds.ONBOARDING)
    stack.clients.dynamodb.update_item(**change.arguments())


def put(stack: Stack) -> str:
    return events.put(stack.clients.events, EVENT_BUS, source="billing", detail_type="TenantCreated", detail="{}")


def test_an_event_gets_the_id_that_the_bus_gave_it(stack: Stack) -> None:
    event_id = put(stack)
    [seen] = [event for event in stack.read_bus() if event["source"] == "billing"]
    assert (seen["id"], seen["detail-type"], seen["detail"]) == (event_id, "TenantCreated", {})


@pytest.mark.parametrize("event", [STARTED, FAILED], ids=lambda event: type(event).__name__)
def test_an_event_of_ours_carries_our_source_its_type_and_its_detail(stack: Stack, event: OutgoingEvent) -> None:
    events.publish(stack.clients, stack.settings, event)
    seen = stack.read_bus()[-1]
    assert (seen["source"], seen["detail-type"]) == ("tenant.onboarding", type(event).__name__)
    assert seen["detail"] == event.model_dump(by_alias=True)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        *((code, ThrottledError) for code in sorted(THROTTLING_CODES)),
        ("InternalFailure", TransientError),
        *((code, ConfigurationError) for code in sorted(FINAL_CODES)),
    ],
)
def test_an_entry_that_failed_is_an_error_although_the_call_succeeded(
    stack: Stack, code: str, expected: type[OnboardingError]
) -> None:
    """What EventBridge will never take is for somebody to mend, and is not tried again."""
    entry = {"ErrorCode": code, "ErrorMessage": "no room"}
    strike = refused("", status=200, FailedEntryCount=1, Entries=[entry])
    stack.wire.attempts.clear()
    with (
        stack.wire.strikes("PutEvents", strike),
        pytest.raises(expected, match="PutEvents TenantCreated: no room") as e,
    ):
        put(stack)
    assert e.value.code == code
    assert stack.wire.count("PutEvents") == 1


def test_an_entry_that_failed_without_a_word_is_an_error_too(stack: Stack) -> None:
    strike = refused("", status=200, FailedEntryCount=1, Entries=[{}])
    with stack.wire.strikes("PutEvents", strike), pytest.raises(TransientError, match="Unknown"):
        put(stack)


def test_an_outbox_is_published_and_emptied(stack: Stack) -> None:
    put_in(stack, STARTED, FAILED)
    publish_outbox(stack.clients, stack.settings, stack.record())
    assert set(stack.event_keys()[1:]) == {STARTED.event_key, FAILED.event_key}
    record = stack.record()
    assert record["outbox"] == {}
    assert "unpublished" not in record
    assert "unpublishedSince" not in record


def test_an_empty_outbox_costs_no_call(stack: Stack) -> None:
    record = stack.record()
    stack.wire.attempts.clear()
    publish_outbox(stack.clients, stack.settings, record)
    assert stack.wire.operations() == []


@pytest.mark.parametrize(
    ("strike", "error"), [(entry_refused, TransientError), (server_error, ClientError)], ids=["entry", "call"]
)
def test_an_event_that_the_bus_refused_stays_in_the_outbox(stack: Stack, strike: Any, error: type[Exception]) -> None:
    put_in(stack, FAILED)
    with stack.wire.strikes("PutEvents", strike, times=3), pytest.raises(error):
        publish_from_outbox(stack.clients, stack.settings, kinds.of_tenant(stack.settings, "acme"), FAILED)
    record = stack.record()
    assert record["outbox"] == {FAILED.outbox_key: FAILED.to_json()}
    assert record["unpublished"] == "YES"


def test_a_fault_after_publishing_publishes_the_same_key_again(stack: Stack) -> None:
    put_in(stack, FAILED)
    with stack.wire.strikes("PutEvents", death_after), pytest.raises(DeathError):
        publish_from_outbox(stack.clients, stack.settings, kinds.of_tenant(stack.settings, "acme"), FAILED)
    publish_outbox(stack.clients, stack.settings, stack.record())
    assert stack.event_keys()[1:] == [FAILED.event_key] * 2
    assert stack.record()["outbox"] == {}


def test_taking_one_event_out_leaves_the_others_in(stack: Stack) -> None:
    put_in(stack, STARTED, FAILED)
    publish_from_outbox(stack.clients, stack.settings, kinds.of_tenant(stack.settings, "acme"), FAILED)
    record = stack.record()
    assert list(record["outbox"]) == [STARTED.outbox_key]
    assert record["unpublished"] == "YES"
