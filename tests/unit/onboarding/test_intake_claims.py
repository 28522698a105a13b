"""A valid event becomes one claimed tenant, kept with all that was asked for, and one started execution."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pydantic import ValidationError

from orchestrator.aws.writes import CONFLICT_TRIES
from orchestrator.onboarding.intake import receive
from orchestrator.tenants import lifecycle, tiers
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import REQUEST, read_request
from tenant_onboarding.contracts.detail_types import json_schema
from tenant_onboarding.contracts.fields import TIERS, Tier
from tenant_onboarding.contracts.identity_providers import DOCUMENT_MAX
from tenant_onboarding.contracts.tenant_created import REQUEST_MAX, TenantCreated
from tests.unit import simulated_aws
from tests.unit.conftest import REGION, message, tenant_created
from tests.unit.faults import cancelled
from tests.unit.onboarding.intake_events import REJECTED, STARTED, reasons_of
from tests.unit.simulated_aws import Stack, arn_of, stack
from tests.unit.tenant_onboarding.judgement import short
from tests.unit.tenant_onboarding.sample_providers import OIDC, SAML, SAML_DOCUMENT, documents, secret_arn

__all__ = ["stack"]

CLAIM_FIELDS = 4
"""Actions of the claim's transaction before the reservations: record, rejection check, request, counter."""


def accepted(detail: Any) -> bool:
    """Tell whether the contract accepts an event."""
    try:
        TenantCreated.model_validate(detail)
    except ValidationError:
        return False
    return True


def test_a_valid_event_is_claimed_started_published_and_counted(stack: Stack) -> None:
    assert receive(stack.clients, stack.settings, message(tenant_created())) == ("started", "acme")
    record = stack.record()
    assert (record["status"], record["attempt"], record["redriveCount"]) == (lifecycle.IN_PROGRESS, 1, 0)
    assert (record["tier"], record["federated"], record["tenantName"]) == ("pool", False, "Acme Inc.")
    assert list(record["steps"].values()) == [{"status": "PENDING", "begun": 0, "settled": 0}] * len(record["steps"])
    assert set(record["steps"]) == set(tiers.path("pool", federated=False))
    assert (record["outbox"], record["executionArn"]) == ({}, arn_of())
    assert stack.counters() == {"IN_PROGRESS#pool": 1}
    assert simulated_aws.executions() == ["acme-1"]
    [event] = stack.published(STARTED)
    assert event == {
        "tenantId": "acme",
        "attempt": 1,
        "redrive": 0,
        "eventKey": "acme:TenantOnboardingStarted:1:0",
        "tier": "pool",
        "executionArn": arn_of(),
    }


def test_a_new_tenant_is_claimed_waits_its_turn_and_then_starts(stack: Stack) -> None:
    seen: list[Any] = []

    def wait(record: Record) -> None:
        seen.append((record["tenantId"], stack.record()["status"], simulated_aws.executions()))

    for _ in range(2):
        receive(stack.clients, stack.settings, message(tenant_created()), wait)
    assert seen == [("acme", lifecycle.PENDING, [])]
    assert simulated_aws.executions() == ["acme-1"]


def test_only_ids_enter_the_workflow(stack: Stack) -> None:
    stack.receive(tenant_created())
    [start] = stack.wire.bodies("StartExecution")
    assert start["input"] == '{"attempt":1,"federated":false,"tenantId":"acme","tier":"pool"}'


def test_what_was_asked_for_is_kept_beside_the_record(stack: Stack) -> None:
    detail = tenant_created(admin={"email": "ADMIN@acme.example", "name": "<b>O'Brien</b>"})
    stack.receive(detail)
    request = json.loads(stack.items()["acme", REQUEST]["request"])
    assert request["admin"] == {"email": "admin@acme.example", "name": "<b>O'Brien</b>", "locale": None}
    assert stack.record()["admin"] == {"email": "admin@acme.example", "name": "<b>O'Brien</b>"}


def test_every_key_is_reserved_and_a_domain_only_claimed(stack: Stack) -> None:
    detail = tenant_created(routing={"subdomain": "www2", "tenantCode": "A-1", "emailDomains": ["a.example"]})
    stack.receive(detail)
    states = {key: (route["tenantId"], route["state"]) for key, route in stack.routes().items()}
    assert states == {
        "subdomain#www2": ("acme", "RESERVED"),
        "code#A-1": ("acme", "RESERVED"),
        "domain-claim#a.example#acme": ("acme", "UNVERIFIED"),
    }
    assert stack.record()["routeKeys"] == ["subdomain#www2", "code#A-1"]


def test_two_tenants_may_claim_one_email_domain(stack: Stack) -> None:
    for tenant_id in ("acme", "globex"):
        detail = tenant_created(tenant_id, routing={"subdomain": tenant_id, "emailDomains": ["shared.example"]})
        assert stack.receive(detail, f"event-{tenant_id}") == "started"


@pytest.mark.parametrize(
    ("tier", "providers"), [*((tier, []) for tier in TIERS), ("bridge", [SAML]), ("silo", [SAML])], ids=short
)
def test_a_tenant_of_every_tier_is_claimed_with_the_steps_of_its_own_path(
    stack: Stack, tier: Tier, providers: list[Any]
) -> None:
    assert stack.receive(tenant_created(tier=tier, identityProviders=providers)) == "started"
    record, federated = stack.record(), bool(providers)
    assert (record["tier"], record["plan"], record["federated"]) == (tier, tier, federated)
    assert set(record["steps"]) == set(tiers.path(tier, federated=federated))
    assert ("CreateTenantAdmin" in record["steps"]) is not federated
    assert record["identityProviderCount"] == len(providers)
    assert stack.counters() == {f"IN_PROGRESS#{tier}": 1}
    [start] = stack.wire.bodies("StartExecution")
    assert json.loads(start["input"]) == {"attempt": 1, "federated": federated, "tenantId": "acme", "tier": tier}
    assert [event["tier"] for event in stack.published(STARTED)] == [tier]


@pytest.mark.parametrize(("plan", "tier"), [("basic", "pool"), ("standard", "bridge"), ("premium", "silo")])
def test_a_plan_is_kept_beside_the_tier_that_it_stands_for(stack: Stack, plan: str, tier: str) -> None:
    assert stack.receive(tenant_created(tier=plan)) == "started"
    assert (stack.record()["plan"], stack.record()["tier"]) == (plan, tier)
    assert [event["tier"] for event in stack.published(STARTED)] == [tier]


def test_the_tiers_own_name_in_place_of_the_plan_is_another_payload(stack: Stack) -> None:
    assert stack.receive(tenant_created(tier="premium")) == "started"
    assert stack.receive(tenant_created(tier="premium"), "event-2") == "repeated"
    assert stack.receive(tenant_created(tier="silo"), "event-3") == "rejected"
    assert list(reasons_of(stack, "event-3")) == ["tenantId"]


def test_a_tenants_user_pool_is_in_the_home_region_unless_it_asks_for_another(stack: Stack) -> None:
    offering = stack.settings.model_copy(update={"regions": ("eu-west-1",)})
    for tenant_id, changes, expected in (
        ("one", {"tier": "pool"}, REGION),
        ("two", {"tier": "silo"}, REGION),
        ("three", {"tier": "silo", "region": REGION}, REGION),
        ("four", {"tier": "silo", "region": "eu-west-1"}, "eu-west-1"),
    ):
        body = message(tenant_created(tenant_id, **changes), f"event-{tenant_id}")
        assert receive(stack.clients, offering, body) == ("started", tenant_id)
        assert stack.record(tenant_id)["region"] == expected


@pytest.mark.parametrize(
    ("asked", "mfa", "length"),
    [
        ({}, "OPTIONAL", 12),
        ({"security": None}, "OPTIONAL", 12),
        ({"security": {"mfa": "ON"}}, "ON", 12),
        ({"security": {"passwordPolicy": {"minimumLength": 20}}}, "OPTIONAL", 20),
    ],
    ids=str,
)
def test_a_silos_record_says_its_whole_security(stack: Stack, asked: dict[str, Any], mfa: str, length: int) -> None:
    stack.receive(tenant_created(tier="silo", **asked))
    security = json.loads(stack.record()["security"])
    assert (security["mfa"], security["passwordPolicy"]["minimumLength"]) == (mfa, length)
    assert set(security["passwordPolicy"]) == set(json_schema("TenantCreated")["$defs"]["PasswordPolicy"]["properties"])


@pytest.mark.parametrize("tier", ["pool", "bridge"])
def test_a_shared_user_pools_tenant_has_no_security_of_its_own(stack: Stack, tier: str) -> None:
    stack.receive(tenant_created(tier=tier))
    assert "security" not in stack.record()


def test_providers_and_addresses_are_kept_with_the_request_and_not_in_the_record(stack: Stack) -> None:
    oidc = OIDC | {"name": "two", "clientSecretArn": secret_arn("acme"), "issuer": "https://idp.acme.example/"}
    own = f"https://acme.{stack.settings.app_domain}{stack.settings.callback_path}"
    app_client = {"callbackUrls": [own, "https://desk.acme.example/in"]}
    stack.receive(tenant_created(tier="bridge", identityProviders=[SAML_DOCUMENT, oidc], appClient=app_client))
    request = read_request(stack.clients.dynamodb, stack.settings.tenants_table, "acme")
    assert request == TenantCreated.model_validate_json(stack.items()["acme", REQUEST]["request"])
    saml, second = request.identity_providers
    assert saml.model_dump(by_alias=True)["metadataDocument"] == SAML_DOCUMENT["metadataDocument"].strip()
    assert second.model_dump(by_alias=True)["issuer"] == "https://idp.acme.example"
    assert request.app_client
    assert request.app_client.callback_urls == app_client["callbackUrls"]
    record = json.dumps(stack.record(), default=str)
    assert "idp.acme.example" not in record
    assert "desk.acme.example" not in record


@pytest.mark.parametrize("unit", ['"', "\n", "é", "🏭"])
def test_the_largest_request_that_is_accepted_fits_into_the_table(stack: Stack, unit: str) -> None:
    sizes = range(DOCUMENT_MAX, 20_000, -1_000)
    details = (tenant_created(tier="silo", identityProviders=documents(4, size, unit)) for size in sizes)
    largest = next(detail for detail in details if accepted(detail))
    assert stack.receive(largest) == "started"
    kept = stack.items()["acme", REQUEST]
    size = sum(len(f"{name}{value}".encode()) for name, value in kept.items())
    assert REQUEST_MAX * 0.9 < size < 400_000  # DynamoDB: 400 KB an item


def test_a_conflict_with_another_transaction_is_waited_out(stack: Stack) -> None:
    conflict = cancelled("None", "None", "None", "TransactionConflict", "None", "None")
    with stack.wire.strikes("TransactWriteItems", conflict, times=CONFLICT_TRIES - 1) as fault:
        assert stack.receive(tenant_created()) == "started"
    assert fault.struck == CONFLICT_TRIES - 1
    assert stack.rejections() == []


@pytest.mark.parametrize(
    "codes",
    [
        ("TransactionConflict", "None", "None", "None", "None", "None"),
        ("TransactionConflict", "None", "None", "None", "ConditionalCheckFailed", "ConditionalCheckFailed"),
        ("None", "None", "None", "TransactionConflict", "ConditionalCheckFailed", "None"),
        ("ThrottlingError", "None", "None", "None", "ConditionalCheckFailed", "None"),
        ("ProvisionedThroughputExceeded", "None", "None", "None", "ConditionalCheckFailed", "None"),
    ],
)
def test_a_conflict_or_throttling_is_never_a_rejection_even_beside_a_failed_condition(
    stack: Stack, codes: tuple[str, ...]
) -> None:
    with stack.wire.strikes("TransactWriteItems", cancelled(*codes), times=99), pytest.raises(ClientError):
        stack.receive(tenant_created())
    assert stack.rejections() == []
    assert stack.published(REJECTED) == []
    assert stack.receive(tenant_created()) == "started"


def test_the_claim_begins_with_as_many_actions_as_its_judgement_skips(stack: Stack) -> None:
    stack.receive(tenant_created())
    [claim] = [body for body in stack.wire.bodies("TransactWriteItems") if len(body["TransactItems"]) > 2]
    tables = [next(iter(action.values()))["TableName"] for action in claim["TransactItems"]]
    assert tables == ["tenants"] * CLAIM_FIELDS + ["routes"] * 2


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "{{7*7}} ${x} %s", "Ünïcödé 株式会社 🏭", "a\u00a0b", "=1+1"]
)
def test_a_name_is_text_whatever_it_looks_like(stack: Stack, name: str) -> None:
    assert stack.receive(tenant_created(tenantName=name)) == "started"
    assert stack.record()["tenantName"] == name
