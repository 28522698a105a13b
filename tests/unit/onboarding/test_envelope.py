"""Whatever a message holds, intake answers it: nothing makes it raise."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from orchestrator.onboarding.envelope import Envelope
from orchestrator.onboarding.intake import ANSWERS, RECEIVERS, Receiver, receive
from orchestrator.onboarding.rejection import RAW_KEPT_BYTES
from tenant_onboarding.contracts.identity_providers import DOCUMENT_MAX
from tenant_onboarding.names import TENANT_CREATED
from tests.unit.conftest import message, tenant_created
from tests.unit.onboarding.intake_events import REJECTED, reasons_of, routing
from tests.unit.simulated_aws import Stack, stack
from tests.unit.tenant_onboarding.any_json import any_character
from tests.unit.tenant_onboarding.sample_providers import SAML, SAML_DOCUMENT, documents

__all__ = ["stack"]

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


OTHER_TYPES: list[Any] = [
    "TenantUpdated",
    "tenantcreated",
    " TenantCreated",
    "",
    "x" * 1_000,
    "\ud800",
    None,
    7,
    [],
    {},
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
    assert event["reasons"] == [
        {
            "field": "body",
            "message": "is not an EventBridge event: it has no detail; "
            "put TenantCreated on the event bus, not into the intake queue",
        }
    ]


@pytest.mark.parametrize("detail", DETAILS, ids=lambda detail: ascii(detail)[:60])
def test_a_detail_that_is_wrong_is_rejected_with_reasons(stack: Stack, detail: Any) -> None:
    assert stack.receive(detail) == "rejected"
    assert stack.receive(detail) == "rejected"
    [event] = stack.published(REJECTED)
    assert event["reasons"]
    json.dumps(event, ensure_ascii=False).encode()
    assert stack.routes() == {}
    assert stack.counters() == {}


@pytest.mark.parametrize("said", [*({"detail-type": each} for each in OTHER_TYPES), {}], ids=ascii)
def test_a_message_of_another_detail_type_is_rejected_and_touches_no_tenant(stack: Stack, said: dict[str, Any]) -> None:
    """What somebody put into the queue by hand is kept as a rejection that names what is allowed, and does nothing."""
    stack.receive(tenant_created(), "of-acme")
    before = stack.items()
    by_hand = {"id": "by-hand", **said, "detail": tenant_created(tenantName="Evil Inc.")}
    assert receive(stack.clients, stack.settings, json.dumps(by_hand)) == ("rejected", "acme")
    assert reasons_of(stack, "by-hand") == {
        "detail-type": "is none that is taken; put TenantCreated on the event bus, not into the intake queue"
    }
    [item] = stack.rejections()
    assert stack.items() == before | {("acme", "REJECTED#by-hand"): item}


def test_each_detail_type_goes_to_its_own_receiver(stack: Stack) -> None:
    """A registry with another detail type has it received by that receiver, and names it to whom neither is meant."""
    came: list[str] = []

    def note(_clients: object, _settings: object, envelope: Envelope, *_: object) -> str:
        came.append(envelope.event_id)
        return "repeated"

    receivers: dict[str, Receiver] = {**RECEIVERS, "TenantNoted": note}
    for name, expected in (("TenantNoted", "repeated"), ("TenantCreated", "started"), ("TenantLost", "rejected")):
        body = json.dumps(json.loads(message(tenant_created(), f"of-{name}")) | {"detail-type": name})
        assert receive(stack.clients, stack.settings, body, receivers=receivers) == (expected, "acme")
    assert came == ["of-TenantNoted"]
    message_of = reasons_of(stack, "of-TenantLost")["detail-type"]
    assert message_of.endswith("; put TenantCreated or TenantNoted on the event bus, not into the intake queue")


def test_nesting_that_json_can_just_read_is_rejected_where_it_begins(stack: Stack) -> None:
    deep = json.loads("[" * 900 + "]" * 900)
    assert stack.receive(tenant_created(tenantName=deep)) == "rejected"
    assert list(reasons_of(stack)) == ["tenantName"]


bounded = hypothesis_settings(
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the examples may share one stack
)
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
    body = json.dumps({"id": event_id, "detail-type": TENANT_CREATED, "detail": detail})
    answer, _ = receive(stack.clients, stack.settings, body)
    assert answer in ANSWERS
    repeated, _ = receive(stack.clients, stack.settings, body)
    assert (answer == "rejected") is (repeated == "rejected")


@bounded
@given(st.dictionaries(st.sampled_from(["id", "detail", "detail-type", "source"]) | any_text, json_values, max_size=5))
def test_no_envelope_makes_intake_raise(stack: Stack, envelope: dict[str, Any]) -> None:
    assert receive(stack.clients, stack.settings, json.dumps(envelope))[0] in ANSWERS
