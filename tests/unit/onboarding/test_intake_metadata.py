"""A tenant's metadata is kept with its claim, found by items of its own, and part of what an event says."""

import pytest

from orchestrator.onboarding import intake
from orchestrator.tenants import metadata
from orchestrator.tenants.records import RECORD, REQUEST, read_request
from tenant_onboarding.contracts.fields import METADATA_MAX, METADATA_VALUE_MAX
from tests.unit.conftest import tenant_created
from tests.unit.faults import DeathError, death_after
from tests.unit.onboarding.intake_events import reasons_of
from tests.unit.simulated_aws import Stack, stack

__all__ = ["stack"]

BILLING = {"stripeCustomer": "cus_NffrFeUfNV2Hib", "seller": "a=b#c"}
FOUND_BY = {("METADATA#stripeCustomer=cus_NffrFeUfNV2Hib", "acme"), ("METADATA#seller=a=b#c", "acme")}


def found_by(stack: Stack) -> set[tuple[str, str]]:
    """Return the keys of the items by which lists find tenants; they have nothing but keys."""
    found = {key: item for key, item in stack.items().items() if key[0].startswith(metadata.METADATA)}
    assert all(item.keys() == {"tenantId", "item"} for item in found.values())
    return set(found)


def test_it_is_kept_in_the_record_the_request_and_an_item_for_each_key_by_one_transaction(stack: Stack) -> None:
    assert stack.receive(tenant_created(metadata=BILLING)) == intake.STARTED
    assert stack.record()["metadata"] == BILLING
    assert read_request(stack.clients.dynamodb, stack.settings.tenants_table, "acme").metadata == BILLING
    assert found_by(stack) == FOUND_BY
    claim, _ = stack.wire.bodies("TransactWriteItems")
    assert len(claim["TransactItems"]) == 8


def test_it_costs_no_call(stack: Stack) -> None:
    stack.wire.attempts.clear()
    stack.receive(tenant_created())
    without = stack.wire.operations()
    stack.wire.attempts.clear()
    stack.receive(tenant_created("globex", metadata=BILLING), "event-2")
    assert stack.wire.operations() == without


def test_a_repeated_event_changes_nothing_and_another_value_is_another_content(stack: Stack) -> None:
    stack.receive(tenant_created(metadata=BILLING))
    before = stack.items()
    assert stack.receive(tenant_created(metadata=BILLING), "event-2") == intake.REPEATED
    assert stack.items() == before
    for number, other in enumerate(({}, BILLING | {"seller": "x"}, {"stripeCustomer": "cus_NffrFeUfNV2Hib"}), 3):
        assert stack.receive(tenant_created(metadata=other), f"event-{number}") == "rejected"
    assert found_by(stack) == FOUND_BY
    assert stack.record()["metadata"] == BILLING


def test_what_is_refused_leaves_no_item_and_names_the_key_that_is_taken(stack: Stack) -> None:
    stack.receive(tenant_created("globex", routing={"subdomain": "acme"}), "event-1")
    assert stack.receive(tenant_created(metadata=BILLING), "event-2") == "rejected"
    assert list(reasons_of(stack, "event-2")) == ["routing.subdomain"]
    assert found_by(stack) == set()


@pytest.mark.parametrize("key", ["password", "apiKey", "stripe_secret", "accessToken"])
def test_a_key_that_names_a_secret_is_refused(stack: Stack, key: str) -> None:
    assert stack.receive(tenant_created(metadata={key: "sk_live_1"})) == "rejected"
    assert reasons_of(stack) == {f"metadata.{key}": "must not be a secret: metadata goes into events and lists"}
    assert "sk_live_1" not in str(stack.items())


def test_the_largest_claim_fits_into_one_transaction(stack: Stack) -> None:
    largest = {f"k{number}".ljust(40, "x"): "🏭" * METADATA_VALUE_MAX for number in range(METADATA_MAX)}
    providers = [
        {"name": f"Idp{number}", "type": "SAML", "metadataUrl": f"https://IDP{number}.acme.example/metadata"}
        for number in range(20)
    ]
    routing = {
        "subdomain": "acme",
        "tenantCode": "ACME-42",
        "emailDomains": [f"d{number}.example" for number in range(20)],
    }
    detail = tenant_created(tier="bridge", routing=routing, identityProviders=providers, metadata=largest)
    assert stack.receive(detail) == intake.STARTED
    assert len(found_by(stack)) == METADATA_MAX


def test_a_claim_whose_answer_is_lost_has_it_all_the_same(stack: Stack) -> None:
    with stack.wire.strikes("TransactWriteItems", death_after), pytest.raises(DeathError):
        stack.receive(tenant_created(metadata=BILLING))
    assert stack.receive(tenant_created(metadata=BILLING)) == intake.REPEATED
    assert found_by(stack) == FOUND_BY
    assert {("acme", RECORD), ("acme", REQUEST)} <= stack.items().keys()
