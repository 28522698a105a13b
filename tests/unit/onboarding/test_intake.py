"""Each event becomes one started tenant or one rejection with reasons, whatever it holds and however often it comes."""

import hashlib
import json
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestrator.aws.errors import ThrottledError, TransientError
from orchestrator.aws.settings import Settings
from orchestrator.onboarding.intake import ANSWERS, receive
from orchestrator.onboarding.rejection import RAW_KEPT_BYTES
from orchestrator.tenants import lifecycle, tiers
from orchestrator.tenants.ledger import CONFLICT_TRIES, Record
from orchestrator.tenants.records import REQUEST, read_request
from tenant_onboarding.contracts.detail_types import json_schema
from tenant_onboarding.contracts.fields import TIERS, Tier
from tenant_onboarding.contracts.identity_providers import DOCUMENT_MAX
from tenant_onboarding.contracts.reasons import REASONS_MAX
from tenant_onboarding.contracts.tenant_created import REQUEST_MAX, TenantCreated
from tests.unit import simulated_aws
from tests.unit.conftest import REGION, message, tenant_created
from tests.unit.faults import (
    DeathError,
    cancelled,
    death_after,
    death_before,
    lost_response,
    preceded_by,
    refused,
    server_error,
    unreachable,
)
from tests.unit.simulated_aws import Stack, arn_of, entry_refused, stack
from tests.unit.tenant_onboarding.judgement import short
from tests.unit.tenant_onboarding.sample_providers import (
    METADATA,
    OIDC,
    SAML,
    SAML_DOCUMENT,
    documents,
    named,
    secret_arn,
)

__all__ = ["stack"]

STARTED, REJECTED = "TenantOnboardingStarted", "TenantOnboardingRejected"
CLAIM_FIELDS = 4
"""Actions of the claim's transaction before the reservations: record, rejection check, request, counter."""


def reasons_of(stack: Stack, event_id: str = "event-1") -> dict[str, str]:
    """Return why an event was rejected: the message for each field."""
    [rejection] = [event for event in stack.published(REJECTED) if event["eventId"] == event_id]
    return {reason["field"]: reason["message"] for reason in rejection["reasons"]}


def accepted(detail: Any) -> bool:
    """Tell whether the contract accepts an event."""
    try:
        TenantCreated.model_validate(detail)
    except ValidationError:
        return False
    return True


def routing(subdomain: str, code: str | None = None) -> dict[str, Any]:
    return {"routing": {"subdomain": subdomain} | ({"tenantCode": code} if code else {})}


# A valid event


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
    assert saml.model_dump(by_alias=True)["metadataDocument"] == SAML_DOCUMENT["metadataDocument"]
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


# A repeated event


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


# Conflicts


@pytest.mark.parametrize(
    "changes",
    [
        {"tenantName": "Another"},
        {"admin": {"email": "other@acme.example"}},
        {"routing": {"subdomain": "another"}},
        {"identityProviders": []},
    ],
    ids=str,
)
def test_another_payload_for_a_known_tenant_is_rejected_and_the_first_one_holds(
    stack: Stack, changes: dict[str, Any]
) -> None:
    stack.receive(tenant_created())
    before, routes = stack.items(), stack.routes()
    assert stack.receive(tenant_created(**changes), "event-2") == "rejected"
    assert {key: item for key, item in stack.items().items() if key in before} == before
    assert stack.routes() == routes
    message = "is known already, from an event with another content, which holds"
    assert reasons_of(stack, "event-2") == {"tenantId": message}
    assert stack.counters() == {"IN_PROGRESS#pool": 1}


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        (routing("acme"), ["routing.subdomain"]),
        (routing("globex", "ACME-42"), ["routing.tenantCode"]),
        (routing("acme", "ACME-42"), ["routing.subdomain", "routing.tenantCode"]),
    ],
    ids=["subdomain", "code", "both"],
)
def test_a_key_that_is_taken_is_rejected_by_its_field(stack: Stack, asked: dict[str, Any], fields: list[str]) -> None:
    stack.receive(tenant_created())
    routes = stack.routes()
    assert stack.receive(tenant_created("globex", **asked), "event-2") == "rejected"
    assert reasons_of(stack, "event-2") == dict.fromkeys(fields, "is taken by another tenant; choose another")
    assert stack.record("globex") == {}
    assert stack.routes() == routes
    assert simulated_aws.executions() == ["acme-1"]


# SAML providers in a shared user pool

ANOTHER = "is another bridge tenant's SAML provider, and a user pool could not tell the two apart; use silo"
AT_ADDRESS = SAML
IN_DOCUMENT = SAML_DOCUMENT
OF_THE_SAME_NAME = SAML_DOCUMENT | {
    "name": "other",
    "metadataDocument": METADATA.replace("acme.example/post", "x.example"),
}
BY_ITS_NAME = SAML | {"name": "third", "metadataUrl": "https://idp.acme.example/saml"}
CLASHES = {
    "one address": (AT_ADDRESS, AT_ADDRESS, "metadataUrl"),
    "one document": (IN_DOCUMENT, IN_DOCUMENT, "metadataDocument"),
    "two documents of one name": (IN_DOCUMENT, OF_THE_SAME_NAME, "metadataDocument"),
    "an address that is the other's name": (IN_DOCUMENT, BY_ITS_NAME, "metadataUrl"),
    "a name that is the other's address": (BY_ITS_NAME, IN_DOCUMENT, "metadataDocument"),
}


def saml_routes(stack: Stack) -> dict[str, str]:
    """Return which tenant has each claim of a SAML provider."""
    return {key: route["tenantId"] for key, route in stack.routes().items() if key.startswith("saml#")}


def hashed(identity: str) -> str:
    return f"saml#{hashlib.sha256(identity.encode()).hexdigest()}"


@pytest.mark.parametrize("clash", CLASHES)
def test_of_two_bridge_tenants_with_one_saml_provider_the_second_is_told_to_use_silo(stack: Stack, clash: str) -> None:
    """A user pool tells SAML providers apart by the name in their answers: one could let people in for the other."""
    first, second, field = CLASHES[clash]
    assert stack.receive(tenant_created(tier="bridge", identityProviders=[first])) == "started"
    oidc = OIDC | {"name": "oidc", "clientSecretArn": secret_arn("globex")}
    late = tenant_created("globex", tier="bridge", identityProviders=[oidc, second])
    assert stack.receive(late, "event-2") == "rejected"
    assert reasons_of(stack, "event-2") == {f"identityProviders[1].{field}": ANOTHER}
    assert set(saml_routes(stack).values()) == {"acme"}
    assert "subdomain#globex" not in stack.routes()
    assert stack.receive(late | {"tier": "silo"}, "event-3") == "started"


@pytest.mark.parametrize(
    ("provider", "identity"), [(SAML, SAML["metadataUrl"]), (SAML_DOCUMENT, "https://idp.acme.example/saml")]
)
def test_a_claim_is_known_by_the_providers_name_or_its_address(
    stack: Stack, provider: dict[str, Any], identity: str
) -> None:
    stack.receive(tenant_created(tier="bridge", identityProviders=[provider]))
    item = stack.routes()[hashed(identity)]
    assert item.pop("reservedAt")
    assert item == {"routeKey": hashed(identity), "tenantId": "acme", "state": "RESERVED"}
    assert stack.record()["routeKeys"] == ["subdomain#acme", "code#ACME-42"]


@pytest.mark.parametrize("tiers_of_two", [("silo", "silo"), ("bridge", "silo"), ("silo", "bridge")])
def test_a_silo_tenants_saml_provider_is_nobody_elses_business(stack: Stack, tiers_of_two: tuple[str, str]) -> None:
    for tenant_id, tier in zip(("acme", "globex"), tiers_of_two, strict=True):
        detail = tenant_created(tenant_id, tier=tier, identityProviders=[SAML, SAML_DOCUMENT | {"name": "two"}])
        assert stack.receive(detail, tenant_id) == "started"
    holders = [tenant_id for tenant_id, tier in zip(("acme", "globex"), tiers_of_two, strict=True) if tier == "bridge"]
    assert sorted(saml_routes(stack).values()) == holders * 2


def test_the_same_event_again_does_not_collide_with_itself(stack: Stack) -> None:
    detail = tenant_created(tier="bridge", identityProviders=[SAML, SAML_DOCUMENT | {"name": "two"}])
    assert stack.receive(detail) == "started"
    assert stack.receive(detail, "event-2") == "repeated"
    assert stack.rejections() == []
    assert set(saml_routes(stack).values()) == {"acme"}


def test_a_known_tenant_with_other_providers_is_told_that_it_is_known(stack: Stack) -> None:
    stack.receive(tenant_created(tier="bridge", identityProviders=[SAML]))
    detail = tenant_created(tier="bridge", identityProviders=[SAML, SAML_DOCUMENT | {"name": "two"}])
    assert stack.receive(detail, "event-2") == "rejected"
    assert list(reasons_of(stack, "event-2")) == ["tenantId"]
    assert saml_routes(stack) == {hashed(SAML["metadataUrl"]): "acme"}


def test_a_taken_provider_is_said_together_with_a_taken_subdomain(stack: Stack) -> None:
    stack.receive(tenant_created(tier="bridge", identityProviders=[SAML]))
    late = tenant_created("globex", tier="bridge", identityProviders=[SAML], **routing("acme"))
    assert stack.receive(late, "event-2") == "rejected"
    assert reasons_of(stack, "event-2") == {
        "routing.subdomain": "is taken by another tenant; choose another",
        "identityProviders[0].metadataUrl": ANOTHER,
    }


def test_of_twenty_bridge_tenants_with_one_saml_provider_at_once_one_starts(stack: Stack) -> None:
    answers: list[str] = []

    def enter(number: int) -> None:
        detail = tenant_created(f"tenant-{number:02}", tier="bridge", identityProviders=[SAML])
        if number == 19:
            answers.append(stack.receive(detail, f"event-{number}"))
            return
        with stack.wire.strikes("TransactWriteItems", preceded_by(lambda: enter(number + 1))):
            answers.append(stack.receive(detail, f"event-{number}"))

    enter(0)
    assert sorted(answers) == ["rejected"] * 19 + ["started"]
    assert len(saml_routes(stack)) == 1


def test_the_claim_of_a_tenant_with_all_that_it_may_bring_is_one_transaction(stack: Stack) -> None:
    """DynamoDB: at most 100 actions."""
    asked = {"subdomain": "acme", "tenantCode": "A", "emailDomains": [f"a{number}.example" for number in range(20)]}
    several = [
        SAML_DOCUMENT | {"name": f"sso-{number}", "metadataDocument": named(f"https://idp.acme.example/{number}")}
        for number in range(20)
    ]
    assert stack.receive(tenant_created(tier="bridge", routing=asked, identityProviders=several)) == "started"
    assert len(saml_routes(stack)) == 20


# After a rejection


def test_a_rejected_tenant_may_come_again_with_another_key(stack: Stack) -> None:
    stack.receive(tenant_created())
    assert stack.receive(tenant_created("globex", **routing("acme")), "event-2") == "rejected"
    assert stack.receive(tenant_created("globex"), "event-3") == "started"


def test_a_rejected_event_stays_rejected_even_when_the_key_became_free(stack: Stack) -> None:
    stack.receive(tenant_created())
    late = tenant_created("globex", **routing("acme"))
    assert stack.receive(late, "event-2") == "rejected"
    before = stack.rejections()
    stack.clients.dynamodb.delete_item(TableName=stack.settings.routes_table, Key={"routeKey": "subdomain#acme"})
    assert stack.receive(late, "event-2") == "rejected"
    assert stack.rejections() == before
    assert len(stack.published(REJECTED)) == 1
    assert stack.record("globex") == {}
    assert stack.receive(late, "event-3") == "started"


def test_a_rejection_whose_publication_failed_is_published_by_the_repeated_event(stack: Stack) -> None:
    with stack.wire.strikes("PutEvents", entry_refused), pytest.raises(TransientError):
        stack.receive({"tenantId": "acme"})
    assert stack.published(REJECTED) == []
    for _ in range(2):
        assert stack.receive({"tenantId": "acme"}) == "rejected"
    assert len(stack.published(REJECTED)) == 1


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


# Races


def test_of_twenty_that_want_one_subdomain_at_once_one_gets_it(stack: Stack) -> None:
    """Each is overtaken by the next just before its claim arrives, so all twenty are under way together."""
    names = [f"tenant-{number:02}" for number in range(20)]
    answers: dict[str, str] = {}

    def enter(number: int) -> None:
        name = names[number]
        if number + 1 == len(names):
            answers[name] = stack.receive(tenant_created(name, **routing("wanted")), name)
            return
        with stack.wire.strikes("TransactWriteItems", preceded_by(lambda: enter(number + 1))):
            answers[name] = stack.receive(tenant_created(name, **routing("wanted")), name)

    enter(0)
    assert sorted(answers.values()) == ["rejected"] * 19 + ["started"]
    [winner] = [name for name, answer in answers.items() if answer == "started"]
    assert stack.routes()["subdomain#wanted"]["tenantId"] == winner
    assert simulated_aws.executions() == [f"{winner}-1"]
    assert stack.counters() == {"IN_PROGRESS#pool": 1}
    assert len(stack.published(REJECTED)) == 19


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


# Rejections


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
    body = message({"tenantId": "acme", "plan": "gold"}, "event-1")
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


def test_an_unknown_plan_is_rejected_and_the_known_ones_are_named(stack: Stack) -> None:
    assert stack.receive(tenant_created(tier="gold")) == "rejected"
    assert reasons_of(stack) == {"tier": "must be one of pool, bridge, silo, basic, standard, premium"}
    assert stack.routes() == {}


def test_an_unknown_plan_is_said_together_with_all_that_is_wrong_beside_it(stack: Stack) -> None:
    wrong = tenant_created(tier="gold", tenantName="", identityProviders=[{"name": "sso", "type": "OIDC"}])
    assert stack.receive(wrong) == "rejected"
    assert list(reasons_of(stack)) == [
        "tenantName",
        "identityProviders[0].clientId",
        "identityProviders[0].clientSecretArn",
        "identityProviders[0].issuer",
        "tier",
    ]


@pytest.mark.parametrize("tier", ["", "gold!", " gold", 7, None, ["gold"], {"gold": 1}], ids=repr)
def test_what_can_be_no_plan_is_said_once(stack: Stack, tier: Any) -> None:
    assert stack.receive(tenant_created(tier=tier, tenantName="")) == "rejected"
    [event] = stack.published(REJECTED)
    assert [reason["field"] for reason in event["reasons"]] == ["tenantName", "tier"]


def test_what_the_tier_cannot_carry_is_rejected_all_at_once(stack: Stack) -> None:
    detail = tenant_created(
        identityProviders=[SAML], appClient={}, security={"mfa": "ON"}, region="eu-central-1", tier="basic"
    )
    assert stack.receive(detail) == "rejected"
    assert list(reasons_of(stack)) == ["identityProviders", "appClient", "security", "region"]
    assert stack.routes() == {}


ALL_AT_ONCE: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"tier": "pool", **routing("www"), "identityProviders": [SAML], "security": {"mfa": "ON"}},
        ["routing.subdomain", "identityProviders", "security"],
    ),
    ({"tier": "basic", "tenantName": "", "appClient": {}}, ["tenantName", "appClient"]),
    (
        {"tier": "bridge", "identityProviders": [SAML | {"name": "_"}], "region": "eu-west-1"},
        ["identityProviders[0].name", "region"],
    ),
    ({"tier": "silo", "security": {"mfa": "SMS"}}, ["security.mfa"]),
    ({"tier": "pool", "security": {"mfa": "SMS"}}, ["security.mfa", "security"]),
    ({"tier": "gold", **routing("www"), "security": {}}, ["routing.subdomain", "tier"]),
    ({"tier": "gold", "identityProviders": [SAML], "security": {}, "appClient": {}, "region": REGION}, ["tier"]),
    (
        {"tier": "bridge", "security": {}, "appClient": {"callbackUrls": ["https://globex.app.product.example/"]}},
        ["security", "appClient.callbackUrls[0]"],
    ),
]


@pytest.mark.parametrize(("changes", "fields"), ALL_AT_ONCE, ids=lambda value: ",".join(value)[:60])
def test_what_is_wrong_in_itself_and_what_the_tier_cannot_carry_are_said_together_and_once(
    stack: Stack, changes: dict[str, Any], fields: list[str]
) -> None:
    assert stack.receive(tenant_created(**changes)) == "rejected"
    [event] = stack.published(REJECTED)
    assert [reason["field"] for reason in event["reasons"]] == fields


def test_a_type_of_provider_that_bridge_does_not_offer_here_is_rejected(stack: Stack) -> None:
    offering = stack.settings.model_copy(update={"bridge_providers": ("OIDC",)})
    for number, (tier, expected) in enumerate({"bridge": "rejected", "silo": "started"}.items()):
        body = message(tenant_created(tier=tier, identityProviders=[SAML]), f"event-{number}")
        assert receive(stack.clients, offering, body)[0] == expected
    assert reasons_of(stack, "event-0") == {"identityProviders[0].type": "SAML is possible on tier silo only"}


def test_a_secret_of_another_tenant_is_rejected_before_anything_is_claimed(stack: Stack) -> None:
    provider = OIDC | {"clientSecretArn": secret_arn("globex")}
    assert stack.receive(tenant_created(tier="silo", identityProviders=[provider])) == "rejected"
    assert list(reasons_of(stack)) == ["identityProviders[0].clientSecretArn"]
    assert "globex" not in json.dumps(stack.published(REJECTED))
    assert stack.record() == {}


@pytest.mark.parametrize("name", ["clientSecret", "client_secret", "privateKey"])
def test_a_secret_in_an_event_is_rejected_and_not_repeated_on_the_bus(stack: Stack, name: str) -> None:
    provider = OIDC | {"clientSecretArn": secret_arn("acme"), name: "s3cr3t-value"}
    assert stack.receive(tenant_created(tier="silo", identityProviders=[provider])) == "rejected"
    assert reasons_of(stack) == {f"identityProviders[0].{name}": "is not a field of this event; remove it"}
    assert "s3cr3t-value" not in json.dumps(stack.published(REJECTED))


# Whatever it contains

UNREADABLE = [
    "",
    " ",
    "nonsense",
    "{",
    '{"detail": ',
    "{'detail': {}}",
    "\ufeff{}",
    "\0",
    "<html></html>",
    '{"detail": NaN}',
    '{"detail": {"tenantId": Infinity}}',
    '{"detail": -Infinity}',
    "[" * 100_000,
    '{"detail": ' + "[" * 100_000 + "]" * 100_000 + "}",
    '{"detail": ' + '{"a":' * 100_000 + "1" + "}" * 101_000,
    '{"detail": ' + "9" * 5_000 + "}",
    '{"detail": {"a": "\ud800"}',
]
NO_EVENT = [
    "null",
    "true",
    "0",
    "-1.5e300",
    '"text"',
    "[]",
    "{}",
    '[{"detail": {}}]',
    '{"Detail": {}}',
    '{"message": 1}',
]
DETAILS: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 1e308, "", "text", [], {}, [1], {"a": [{}]}),
    tenant_created("a" * 300),
    tenant_created("аcme"),  # noqa: RUF001  # Cyrillic
    tenant_created("../../etc"),
    tenant_created("REJECTED#1"),
    tenant_created(tenantName="a\0b"),
    tenant_created(tenantName="\ud800"),
    tenant_created(**routing("xn--cme-7cd")),
    tenant_created(**routing("аcme")),  # noqa: RUF001  # Cyrillic
    tenant_created(**routing("www")),
    tenant_created() | {"\ud800": 1},
    tenant_created() | {"\0": 1},
    tenant_created() | {"": 1},
    tenant_created() | {"x" * 100_000: 1},
    tenant_created(admin={"email": "<script>@acme.example"}),
    tenant_created(tier="silo", security={"passwordPolicy": {"minimumLength": 10**4_000}}),
    tenant_created(tier="gold"),
    tenant_created(tier="\ud800"),
    tenant_created(tier="silo", identityProviders=[SAML] * 10_000),
    tenant_created(tier="silo", identityProviders=[7] * 10_000),
    tenant_created(tier="silo", identityProviders=[{"type": "\ud800"}]),
    tenant_created(tier="silo", identityProviders=[SAML | {"attributeMapping": {"\ud800": "x"}}]),
    tenant_created(tier="silo", identityProviders=[SAML_DOCUMENT | {"metadataDocument": "<a>" * 30_000}]),
    tenant_created(tier="silo", identityProviders=documents(3, DOCUMENT_MAX)),
    tenant_created(tier="silo", appClient={"callbackUrls": ["https://a.example/#"]}),
]


@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: ascii(body)[:30])
def test_a_body_that_is_no_json_is_rejected_as_such(stack: Stack, body: str) -> None:
    assert receive(stack.clients, stack.settings, body) == ("rejected", None)
    [event] = stack.published(REJECTED)
    assert event["reasons"] == [{"field": "body", "message": "is not JSON that can be read"}]
    assert event["eventId"] == f"sha256-{hashlib.sha256(body.encode(errors='replace')).hexdigest()}"
    [item] = stack.rejections()
    assert item["raw"] == body.encode(errors="replace")[:RAW_KEPT_BYTES].decode()


@pytest.mark.parametrize("body", NO_EVENT)
def test_json_that_is_no_event_is_rejected_as_such(stack: Stack, body: str) -> None:
    assert receive(stack.clients, stack.settings, body) == ("rejected", None)
    [event] = stack.published(REJECTED)
    assert event["reasons"] == [{"field": "body", "message": "is not an EventBridge event: it has no detail"}]


@pytest.mark.parametrize("detail", DETAILS, ids=lambda detail: ascii(detail)[:60])
def test_a_detail_that_is_wrong_is_rejected_with_reasons(stack: Stack, detail: Any) -> None:
    assert stack.receive(detail) == "rejected"
    assert stack.receive(detail) == "rejected"
    [event] = stack.published(REJECTED)
    assert event["reasons"]
    json.dumps(event, ensure_ascii=False).encode()
    assert stack.routes() == {}
    assert stack.counters() == {}


def test_nesting_that_json_can_just_read_is_rejected_where_it_begins(stack: Stack) -> None:
    deep = json.loads("[" * 900 + "]" * 900)
    assert stack.receive(tenant_created(tenantName=deep)) == "rejected"
    assert list(reasons_of(stack)) == ["tenantName"]


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "{{7*7}} ${x} %s", "Ünïcödé 株式会社 🏭", "a\u00a0b", "=1+1"]
)
def test_a_name_is_text_whatever_it_looks_like(stack: Stack, name: str) -> None:
    assert stack.receive(tenant_created(tenantName=name)) == "started"
    assert stack.record()["tenantName"] == name


bounded = hypothesis_settings(
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the examples may share one stack
)
any_character = st.characters(exclude_categories=())
any_text = st.text(any_character, max_size=60)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=8,
)
near_misses = st.builds(
    lambda field, value: tenant_created() | {field: value},
    st.sampled_from(["tenantId", "tenantName", "tier", "admin", "routing", "region"])
    | st.sampled_from(["identityProviders", "appClient", "security"])
    | any_text,
    json_values,
)
provider_near_misses = st.builds(
    lambda field, value: tenant_created(tier="silo", identityProviders=[SAML | {field: value}]),
    st.sampled_from(["name", "type", "metadataUrl", "metadataDocument", "attributeMapping"]) | any_text,
    json_values,
)


@bounded
@given(any_text)
@example('{"detail":{"tenantId":"acme"},"id":"\ud800"}')
def test_no_text_makes_intake_raise(stack: Stack, body: str) -> None:
    assert receive(stack.clients, stack.settings, body)[0] == "rejected"


@bounded
@given(json_values | near_misses | provider_near_misses, st.none() | any_text)
def test_no_detail_makes_intake_raise(stack: Stack, detail: Any, event_id: str | None) -> None:
    body = json.dumps({"id": event_id, "detail": detail})
    answer, _ = receive(stack.clients, stack.settings, body)
    assert answer in ANSWERS
    repeated, _ = receive(stack.clients, stack.settings, body)
    assert (answer == "rejected") is (repeated == "rejected")


@bounded
@given(st.dictionaries(st.sampled_from(["id", "detail", "detail-type", "source"]) | any_text, json_values, max_size=5))
def test_no_envelope_makes_intake_raise(stack: Stack, envelope: dict[str, Any]) -> None:
    assert receive(stack.clients, stack.settings, json.dumps(envelope))[0] in ANSWERS
