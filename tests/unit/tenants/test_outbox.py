"""An event stays in its record's outbox, and listed, until it is taken out."""

from collections.abc import Callable

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.dynamodb import Change
from orchestrator.tenants.kinds import ONBOARDING
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.outbox import post, take_out
from orchestrator.tenants.records import record_key
from orchestrator.tenants.work import Work
from tenant_onboarding.contracts.outgoing import OutgoingEvent, TenantOnboardingFailed, TenantOnboardingStarted
from tests.unit import faults
from tests.unit.faults import Wire
from tests.unit.tenants.tenants_table import unpublished

Claim = Callable[..., Record]

ACME = Work("tenants", record_key("acme"), ONBOARDING)

STARTED = TenantOnboardingStarted(tenant_id="acme", attempt=1, tier="pool", execution_arn="arn:of-the-execution")
STOPPED = TenantOnboardingFailed(
    tenant_id="acme", attempt=1, tier="pool", step="CreateTenantGroup", error="E", message="m", next_action="n"
)


def put_out(clients: Clients, event: OutgoingEvent) -> None:
    """Put an event into the outbox of acme's record."""
    change = Change("tenants", record_key("acme"))
    clients.dynamodb.update_item(**post(change, event, 1_800_000_000.0, ONBOARDING).arguments())


def test_the_only_event_leaves_the_outbox_and_the_index_of_unpublished_ones(
    claim: Claim, clients: Clients, record_of: Claim
) -> None:
    claim()
    put_out(clients, STARTED)
    assert record_of()["outbox"] == {"TenantOnboardingStarted-1-0": STARTED.to_json()}
    assert unpublished(clients) == ["acme"]

    take_out(clients.dynamodb, ACME, STARTED)
    after = record_of()
    assert after["outbox"] == {}
    assert "unpublished" not in after
    assert "unpublishedSince" not in after
    assert unpublished(clients) == []


def test_one_of_two_events_leaves_the_other_listed(claim: Claim, clients: Clients, record_of: Claim) -> None:
    claim()
    put_out(clients, STARTED)
    put_out(clients, STOPPED)
    take_out(clients.dynamodb, ACME, STARTED)
    assert list(record_of()["outbox"]) == [STOPPED.outbox_key]
    assert unpublished(clients) == ["acme"]

    take_out(clients.dynamodb, ACME, STOPPED)
    assert record_of()["outbox"] == {}
    assert unpublished(clients) == []


@pytest.mark.parametrize("left", [[], [STOPPED]])
def test_taking_out_an_event_twice_changes_nothing_more(
    left: list[OutgoingEvent], claim: Claim, clients: Clients, record_of: Claim
) -> None:
    claim()
    for event in [STARTED, *left]:
        put_out(clients, event)
    take_out(clients.dynamodb, ACME, STARTED)
    once = record_of()
    take_out(clients.dynamodb, ACME, STARTED)
    assert record_of() == once
    assert unpublished(clients) == ["acme"] * len(left)


def test_two_who_take_out_the_last_two_events_at_once_leave_nothing_listed(
    claim: Claim, clients: Clients, wire: Wire, record_of: Claim
) -> None:
    claim()
    put_out(clients, STARTED)
    put_out(clients, STOPPED)
    # The other one sees two events as well, and removes its own between our two writes.
    rival = Change("tenants", record_key("acme")).remove(f"outbox.{STOPPED.outbox_key}")
    with wire.strikes(
        "UpdateItem", faults.preceded_by(lambda: clients.dynamodb.update_item(**rival.arguments())), spare=1
    ):
        take_out(clients.dynamodb, ACME, STARTED)
    assert record_of()["outbox"] == {}
    assert unpublished(clients) == []
