"""Whom an earlier version took can be retried, amended and abandoned, though no rule of today would let it in."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.onboarding import request
from orchestrator.onboarding.envelope import RejectedError
from orchestrator.operations import abandon, amend, retry
from orchestrator.tenants import lifecycle, tiers
from orchestrator.tenants.records import REQUEST, read_request
from tests.unit import faults
from tests.unit.conftest import carry_out, turn
from tests.unit.faults import Wire
from tests.unit.identity.providers import SECRET_TEXT
from tests.unit.simulated_aws import Stack
from tests.unit.simulation import USER_KEYS

BEFORE: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "compatibility/requests-3b1e3f1.json").read_text()
)
ASKED: dict[str, dict[str, Any]] = {
    item["tenantId"]: json.loads(item["request"]) for item in BEFORE["tenants"] if item["item"] == REQUEST
}
REFUSED_NOW = {
    "-all": "tenantId",
    "certold": "identityProviders[0].metadataDocument",
    "entraany": "identityProviders[0].metadataDocument",
    "entracommon": "identityProviders[0].issuer",
    "namemarks": "tenantName",
}
"""Each tenant, with the field for which its event would be rejected."""
TAKEN_STILL = {"listed"}
"""Of these another rule changed meanwhile: a listed email domain is now taken and needs its proof."""
NOW = 1_780_000_000.0
each_tenant = pytest.mark.parametrize("tenant_id", [*REFUSED_NOW, *TAKEN_STILL])


@pytest.fixture
def stack(
    clients: Clients, settings: Settings, wire: Wire, published: Callable[[], list[dict[str, Any]]]
) -> Iterator[Stack]:
    """A stack whose tables are those of the earlier version."""
    for table, items in BEFORE.items():
        for item in items:
            clients.dynamodb.put_item(TableName=table, Item=item)
    with wire.strikes("GetSecretValue", client_secret_found, times=faults.ALWAYS):
        yield Stack(clients, settings, wire, published)


def client_secret_found(request: AWSPreparedRequest) -> AWSResponse:
    """Find a client secret under the ARN of the event, which the simulated AWS would choose itself."""
    own = USER_KEYS.encode() in (request.body or b"")
    return faults.answer(request) if own else faults.refused("", status=200, SecretString=SECRET_TEXT)(request)


def run(stack: Stack, tenant_id: str, path: tuple[str, ...]) -> str:
    """Run steps of a tenant's current attempt; return the status that it has then."""
    attempt = int(stack.record(tenant_id)["attempt"])
    for step in path:
        carry_out(
            stack.clients,
            stack.settings,
            tenant_id,
            turn(step, f"now-{step}", attempt=attempt, lease=-1),
        )
    return str(stack.record(tenant_id)["status"])


def onboarding(stack: Stack, tenant_id: str) -> tuple[str, ...]:
    record = stack.record(tenant_id)
    return tiers.path(record["tier"], federated=record["federated"])


def test_every_tenant_of_before_is_looked_at() -> None:
    assert ASKED.keys() == REFUSED_NOW.keys() | TAKEN_STILL


@pytest.mark.parametrize(("tenant_id", "field"), REFUSED_NOW.items())
def test_no_rule_of_today_would_let_it_in(settings: Settings, tenant_id: str, field: str) -> None:
    with pytest.raises(RejectedError) as rejected:
        request.judge(settings, ASKED[tenant_id], NOW)
    assert field in [reason.field for reason in rejected.value.problems]


@each_tenant
def test_what_it_asked_for_is_read_back_as_it_was(stack: Stack, tenant_id: str) -> None:
    asked = read_request(stack.clients.dynamodb, stack.settings.tenants_table, tenant_id)
    assert asked.model_dump(mode="json", by_alias=True) == ASKED[tenant_id] | {
        "metadata": {},
        "users": {"signUp": "INVITE_ONLY"},
    }


@each_tenant
def test_it_is_retried_to_the_end(stack: Stack, tenant_id: str) -> None:
    assert retry(stack.clients, stack.settings, tenant_id).attempt == 2
    assert run(stack, tenant_id, onboarding(stack, tenant_id)) == lifecycle.COMPLETED


@each_tenant
def test_it_is_amended_in_what_it_asks_for_otherwise_and_goes_on_to_the_end(stack: Stack, tenant_id: str) -> None:
    better = ASKED[tenant_id] | {"tenantName": "Another name"}
    amended = amend(stack.clients, stack.settings, tenant_id, better)
    assert (amended.reasons, [each.field for each in amended.changes]) == ((), ["tenantName"])
    assert run(stack, tenant_id, onboarding(stack, tenant_id)) == lifecycle.COMPLETED
    assert stack.record(tenant_id)["tenantName"] == "Another name"


@each_tenant
def test_an_amendment_of_it_is_judged_by_todays_rules_where_it_changes_something(stack: Stack, tenant_id: str) -> None:
    worse = ASKED[tenant_id] | {"tenantName": "A\N{ZERO WIDTH SPACE}", "routing": {"subdomain": "www"}}
    amended = amend(stack.clients, stack.settings, tenant_id, worse)
    assert [reason.field for reason in amended.reasons] == ["tenantName"]
    worse |= {"tenantName": ASKED[tenant_id]["tenantName"]}
    amended = amend(stack.clients, stack.settings, tenant_id, worse)
    assert [reason.field for reason in amended.reasons] == ["routing.subdomain"]


@each_tenant
def test_it_is_abandoned_and_leaves_nothing(stack: Stack, tenant_id: str) -> None:
    assert retry(stack.clients, stack.settings, tenant_id).attempt == 2
    run(stack, tenant_id, onboarding(stack, tenant_id)[:3])
    stack.change(tenant_id, status=lifecycle.FAILED)
    abandon(stack.clients, stack.settings, tenant_id)
    assert run(stack, tenant_id, tiers.removal_path(stack.record(tenant_id)["tier"])) == lifecycle.ABANDONED
    assert [route for route in stack.routes().values() if route.get("tenantId") == tenant_id] == []
