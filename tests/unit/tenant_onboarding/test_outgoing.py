"""Each event of ours has its key, keeps to its own schema, and comes out of an outbox as it went in."""

import json
import re
from typing import Any

import pytest

from orchestrator.tenants.kinds import ONBOARDING
from orchestrator.tenants.outbox import outgoing_event
from tenant_onboarding.contracts.base import Contract
from tenant_onboarding.contracts.detail_types import Contracts
from tenant_onboarding.contracts.outgoing import (
    OutgoingEvent,
    SharedPoolNearlyFull,
    TenantAbandoned,
    TenantOnboarded,
    TenantOnboardingFailed,
    TenantOnboardingRejected,
    TenantOnboardingStarted,
    TenantSeatsChanged,
)
from tenant_onboarding.contracts.reasons import Reason
from tests.unit.tenant_onboarding.judgement import judge, schema_problems
from tests.unit.tenant_onboarding.sample_events import Json

OUTGOING: list[OutgoingEvent] = [
    TenantOnboardingStarted(tenant_id="acme", attempt=1, tier="silo", execution_arn="arn:aws:states:x"),
    TenantOnboardingStarted(tenant_id="a-b-c-1-2", attempt=12, redrive=3, tier="pool", execution_arn="arn"),
    TenantOnboarded(
        tenant_id="acme",
        attempt=2,
        redrive=1,
        tier="bridge",
        region="eu-central-1",
        user_pool_id="eu-central-1_AbCdEf",
        app_client_id="client",
        issuer="https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf",
        domain="t-0f1e.auth.eu-central-1.amazoncognito.com",
        identity_providers=["0f1e2d3c-Sso"],
        group_name="acme",
        subdomain="acme",
        tenant_code="ACME-42",
    ),
    TenantOnboarded(
        tenant_id="---",
        attempt=1,
        tier="pool",
        region="eu-central-1",
        user_pool_id="pool",
        app_client_id="client",
        issuer="issuer",
        domain="domain",
        group_name="group",
        subdomain="acme",
    ),
    TenantOnboardingFailed(
        tenant_id="acme",
        attempt=1,
        tier="silo",
        step="CreateUserPool",
        error="QuotaExceededError",
        message='LimitExceededException: "<b>" 名\n',
        next_action="Ask for a higher quota, then retry.",
    ),
    TenantAbandoned(tenant_id="acme", attempt=3, tier="pool", metadata={"stripeCustomer": "cus_1", "a_b-c": "名"}),
]
REJECTED = TenantOnboardingRejected(
    event_id="6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    tenant_id=None,
    reasons=[Reason(field="tenantId", message="is required")],
    event_key="6a7e8feb-b491-4cf7-a9f1-bf3703467718:TenantOnboardingRejected",
)
event_ids = [event.event_key for event in OUTGOING]


@pytest.mark.parametrize("event", OUTGOING, ids=event_ids)
def test_an_event_key_says_tenant_type_attempt_and_redrive(event: OutgoingEvent) -> None:
    expected = f"{event.tenant_id}:{type(event).__name__}:{event.attempt}:{event.redrive}"
    assert event.event_key == expected
    assert json.loads(event.to_json())["eventKey"] == expected


def test_event_keys_and_outbox_keys_are_told_apart_by_type_attempt_and_redrive() -> None:
    kinds: list[tuple[Any, dict[str, Any]]] = [
        (TenantOnboardingStarted, {"execution_arn": "arn"}),
        (TenantOnboardingFailed, {"step": "s", "error": "e", "message": "m", "next_action": "n"}),
    ]
    made = [
        model(tenant_id="acme", attempt=attempt, redrive=redrive, tier="pool", **rest)
        for model, rest in kinds
        for attempt, redrive in ((1, 0), (1, 1), (11, 0), (1, 10))
    ]
    assert len({event.event_key for event in made}) == len(made)
    assert len({event.outbox_key for event in made}) == len(made)


@pytest.mark.parametrize("event", OUTGOING, ids=event_ids)
def test_an_event_reads_back_from_the_outbox_as_it_was_put_there(event: OutgoingEvent) -> None:
    again = outgoing_event(ONBOARDING, event.outbox_key, event.to_json())
    assert again == event
    assert type(again) is type(event)
    assert again.to_json() == event.to_json()


@pytest.mark.parametrize("event", OUTGOING, ids=event_ids)
def test_an_outbox_key_is_one_step_of_a_dynamodb_path(event: OutgoingEvent) -> None:
    assert re.fullmatch(r"[A-Za-z]+-\d+-\d+", event.outbox_key)


NEARLY_FULL = SharedPoolNearlyFull(
    region="eu-central-1",
    pool_key="shared-001",
    user_pool_id="eu-central-1_AbCdEf123",
    counter="groups",
    count=8_000,
    limit=10_000,
    percent=80,
    threshold=80,
    event_key="eu-central-1:shared-001:SharedPoolNearlyFull:80:groups:10000",
)


SEATS = TenantSeatsChanged(tenant_id="acme", seats=0, number=1_767_225_612, metadata={"stripeCustomer": "cus_1"})


@pytest.mark.parametrize("event", [*OUTGOING, REJECTED, NEARLY_FULL, SEATS], ids=lambda event: event.event_key)
def test_an_event_of_ours_is_camel_case_and_valid_under_its_own_schema(event: Contract) -> None:
    assert isinstance(event, OutgoingEvent | TenantOnboardingRejected | TenantSeatsChanged | SharedPoolNearlyFull)
    detail = json.loads(event.to_json())
    assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name) for name in detail)
    assert schema_problems(detail, type(event).__name__) == []
    assert Contracts.ALL[type(event).__name__].model_validate(detail) == event


@pytest.mark.parametrize("event", OUTGOING, ids=event_ids)
def test_the_key_of_an_event_is_derived_from_camel_case_too(event: OutgoingEvent) -> None:
    detail = json.loads(event.to_json())
    del detail["eventKey"]
    assert type(event).model_validate(detail) == event


def test_the_key_of_seats_says_tenant_type_and_number() -> None:
    assert SEATS.event_key == "acme:TenantSeatsChanged:1767225612"
    assert TenantSeatsChanged.model_validate(json.loads(SEATS.to_json())) == SEATS


def test_a_key_that_was_published_once_is_kept() -> None:
    detail = json.loads(OUTGOING[0].to_json()) | {"eventKey": "acme:from-an-older-version"}
    assert (
        outgoing_event(ONBOARDING, "TenantOnboardingStarted-1-0", json.dumps(detail)).event_key
        == "acme:from-an-older-version"
    )


def test_a_tenant_without_a_code_has_no_code_in_the_event() -> None:
    assert "tenantCode" in json.loads(OUTGOING[2].to_json())
    assert "tenantCode" not in json.loads(OUTGOING[3].to_json())


def test_a_rejection_without_a_possible_tenant_id_says_null() -> None:
    detail = json.loads(REJECTED.to_json())
    assert set(detail) == {"eventId", "tenantId", "reasons", "eventKey"}
    assert detail["tenantId"] is None
    assert detail["reasons"] == [{"field": "tenantId", "message": "is required"}]


def test_metadata_is_given_back_as_it_is_and_left_out_where_there_is_none() -> None:
    *without, with_metadata = (json.loads(event.to_json()) for event in OUTGOING)
    assert with_metadata["metadata"] == {"stripeCustomer": "cus_1", "a_b-c": "名"}
    assert all("metadata" not in detail for detail in without)
    rejected = REJECTED.model_copy(update={"metadata": {"a": "1"}})
    assert json.loads(rejected.to_json()) == json.loads(REJECTED.to_json()) | {"metadata": {"a": "1"}}


@pytest.mark.parametrize("key", ["TenantCreated-1-0", "TenantOnboardingRejected-1-0", "Contract-1-0", "-1-0", ""])
def test_an_outbox_holds_only_the_three_events_of_a_tenant(key: str) -> None:
    with pytest.raises(KeyError):
        outgoing_event(ONBOARDING, key, "{}")


@pytest.mark.parametrize("model", Contracts.OUTGOING)
@pytest.mark.parametrize("detail", [{}, {"tenant_id": "acme"}, {"tenantId": "acme", "attempt": None}, [], None, "x"])
def test_an_unfinished_event_of_ours_is_refused_like_any_other(model: type[OutgoingEvent], detail: Json) -> None:
    assert judge(detail, model)


@pytest.mark.parametrize(
    ("field", "value"),
    [("attempt", 0), ("attempt", "1"), ("attempt", True), ("redrive", -1), ("tenantId", "A"), ("tier", "gold")],
)
def test_an_event_of_ours_has_bounds_too(field: str, value: Json) -> None:
    detail = json.loads(OUTGOING[0].to_json())
    assert [reason.field for reason in judge(detail | {field: value}, TenantOnboardingStarted)] == [field]


def test_the_contract_names_eight_events() -> None:
    assert list(Contracts.ALL) == [
        "TenantCreated",
        "TenantOnboardingStarted",
        "TenantOnboarded",
        "TenantOnboardingFailed",
        "TenantAbandoned",
        "TenantOnboardingRejected",
        "TenantSeatsChanged",
        "SharedPoolNearlyFull",
    ]
