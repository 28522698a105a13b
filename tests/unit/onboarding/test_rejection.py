"""A rejection is recorded whole, without secrets, and published once."""

import hashlib
import json
from typing import Any

import pytest

from orchestrator.aws.errors import TransientError
from orchestrator.aws.settings import Settings
from orchestrator.onboarding.intake import receive
from orchestrator.onboarding.rejection import RAW_KEPT_BYTES
from tenant_onboarding.contracts.detail_types import json_schema
from tenant_onboarding.contracts.reasons import REASONS_MAX
from tests.unit.conftest import message, tenant_created
from tests.unit.onboarding.intake_events import REJECTED
from tests.unit.simulated_aws import Stack, entry_refused, stack

__all__ = ["stack"]


def test_a_rejection_whose_publication_failed_is_published_by_the_repeated_event(stack: Stack) -> None:
    with stack.wire.strikes("PutEvents", entry_refused), pytest.raises(TransientError):
        stack.receive({"tenantId": "acme"})
    assert stack.published(REJECTED) == []
    for _ in range(2):
        assert stack.receive({"tenantId": "acme"}) == "rejected"
    assert len(stack.published(REJECTED)) == 1


@pytest.mark.parametrize("field", ["clientSecret", "client_secret", "privateKey", "private_key", "password"])
def test_a_rejection_keeps_no_secret_that_came_inline(stack: Stack, field: str) -> None:
    provider = {"name": "Sso", "type": "OIDC", field: 'p"\\ssw0rd', "clientSecretArn": "arn:kept"}
    body = message({"tenantId": "acme", "identityProviders": [provider]}, "event-1")
    receive(stack.clients, stack.settings, body)
    [item] = stack.rejections()
    assert "ssw0rd" not in str(item)
    assert "arn:kept" in item["raw"]
    assert f"identityProviders[0].{field}" in item["rejection"]
    assert item["rawSha256"] == hashlib.sha256(body.encode()).hexdigest()
    assert item["rawLength"] == len(body.encode())


@pytest.mark.parametrize(
    "secret",
    ['"clientSecret": {"value": "hunter2"}', '"client\\u0053ecret": "hunter2"', '"apiKey": ["hunter2"]'],
    ids=["an object", "an escaped name", "a list"],
)
def test_however_a_secret_came_only_its_hash_and_length_tell_of_it(stack: Stack, secret: str) -> None:
    body = message({"tenantId": "acme", "identityProviders": [{"x": 1}]}, "event-1").replace('"x": 1', secret)
    assert receive(stack.clients, stack.settings, body)[0] == "rejected"
    [item] = stack.rejections()
    assert "hunter2" in body
    assert "hunter2" not in str(item)
    assert item["rawSha256"] == hashlib.sha256(body.encode()).hexdigest()
    assert item["rawLength"] == len(body.encode())


def test_a_rejection_is_recorded_whole_and_published(stack: Stack) -> None:
    body = message({"tenantId": "acme", "plan": "gold", "metadata": {"stripeCustomer": "cus_1"}}, "event-1")
    assert receive(stack.clients, stack.settings, body) == ("rejected", "acme")
    [item] = stack.rejections()
    assert (item["tenantId"], item["item"], item["status"]) == ("acme", "REJECTED#event-1", "REJECTED")
    assert item["raw"] == body
    assert item["rawSha256"] == hashlib.sha256(body.encode()).hexdigest()
    assert item["rawLength"] == len(body)
    assert "unpublished" not in item
    [event] = stack.published(REJECTED)
    assert event == json.loads(item["rejection"])
    assert (event["eventId"], event["tenantId"]) == ("event-1", "acme")
    assert event["eventKey"] == "event-1:TenantOnboardingRejected"
    fields = ["tenantName", "tier", "admin", "routing", "plan"]
    assert [reason["field"] for reason in event["reasons"]] == fields
    assert set(event) == set(json_schema(REJECTED)["properties"])


def test_a_rejection_is_forgotten_when_its_time_is_over(
    stack: Stack, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.onboarding.intake.time.time", lambda: 1_000_000.0)
    stack.receive({})
    [item] = stack.rejections()
    assert item["expiresAt"] == 1_000_000 + settings.rejected_retention_days * 86_400
    assert item["statusChangedAt"] == "1970-01-12T13:46:40.000Z"


def test_an_event_that_names_no_possible_tenant_is_kept_under_unknown(stack: Stack) -> None:
    assert receive(stack.clients, stack.settings, message({"tenantId": "COUNTERS#0"})) == ("rejected", None)
    [item] = stack.rejections()
    assert item["tenantId"] == "UNKNOWN"
    assert stack.published(REJECTED)[0]["tenantId"] is None


@pytest.mark.parametrize("event_id", [None, 7, "", "x" * 129, "é", "a\nb", ["a"]], ids=repr)
def test_an_event_without_a_usable_id_is_known_by_its_hash(stack: Stack, event_id: Any) -> None:
    body = json.dumps({"id": event_id, "detail": {}})
    for _ in range(2):
        assert receive(stack.clients, stack.settings, body) == ("rejected", None)
    [event] = stack.published(REJECTED)
    assert event["eventId"] == f"sha256-{hashlib.sha256(body.encode()).hexdigest()}"


@pytest.mark.parametrize("unit", ["a", "é", "名", "🏭"])
def test_of_a_large_event_the_first_64_kb_are_kept_and_its_hash_and_length(stack: Stack, unit: str) -> None:
    body = json.dumps(
        {"id": "event-1", "detail": {"tenantName": unit * (900_000 // len(unit.encode()))}}, ensure_ascii=False
    )
    assert receive(stack.clients, stack.settings, body)[0] == "rejected"
    [item] = stack.rejections()
    assert RAW_KEPT_BYTES - 4 < len(item["raw"].encode()) <= RAW_KEPT_BYTES
    assert body.startswith(item["raw"])
    assert item["rawLength"] == len(body.encode())
    assert item["rawSha256"] == hashlib.sha256(body.encode()).hexdigest()


def test_thousands_of_mistakes_make_a_rejection_that_fits(stack: Stack) -> None:
    wrong = tenant_created() | {f"{number}🏭" * 40: number for number in range(2_000)}
    assert stack.receive(wrong) == "rejected"
    [event] = stack.published(REJECTED)
    assert len(event["reasons"]) == REASONS_MAX
    assert len(json.dumps(event, ensure_ascii=False).encode()) < 256 * 1024  # EventBridge: an entry's least limit
