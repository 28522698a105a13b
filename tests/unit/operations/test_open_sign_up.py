"""Which tenants are open to anybody is known by an item of each, which comes, changes and goes with what they say."""

from typing import Any

import pytest

from orchestrator.tenants import lifecycle, open_sign_up
from tests.unit.conftest import tenant_created
from tests.unit.every_tier import CASES, world
from tests.unit.operations.amendment_desk import Desk, desk, fields
from tests.unit.operations.undoing import Undoing, undoing
from tests.unit.simulated_aws import Stack, stack

__all__ = ["desk", "stack", "undoing", "world"]

OPEN: dict[str, Any] = {"users": {"signUp": "OPEN"}}
INVITE_ONLY: dict[str, Any] = {"users": {"signUp": "INVITE_ONLY"}}


def found(stack: Stack) -> list[str]:
    """Return the tenants that are known to be open to anybody."""
    return list(open_sign_up.tenants(stack.clients.dynamodb, stack.settings.tenants_table))


def test_of_all_tenants_those_that_are_open_are_found(stack: Stack) -> None:
    by_domain = {"users": {"signUp": "EMAIL_DOMAINS"}}
    stack.receive(tenant_created("acme"), "event-1")
    for tenant_id in ("globex", "initech"):
        stack.receive(tenant_created(tenant_id, **OPEN), f"event-{tenant_id}")
    routing = {"subdomain": "hooli", "emailDomains": ["hooli.example"]}
    stack.receive(tenant_created("hooli", routing=routing, **by_domain), "event-4")
    assert found(stack) == ["globex", "initech"]
    said = {tenant_id: stack.record(tenant_id)["signUp"] for tenant_id in ("acme", "globex", "hooli")}
    assert said == {"acme": "INVITE_ONLY", "globex": "OPEN", "hooli": "EMAIL_DOMAINS"}


@pytest.mark.parametrize(("before", "after"), [(INVITE_ONLY, OPEN), (OPEN, INVITE_ONLY), (OPEN, OPEN)])
def test_an_amendment_changes_it_with_the_record(desk: Desk, before: dict[str, Any], after: dict[str, Any]) -> None:
    detail = desk.stop_before("CreateTenantGroup", **before)
    assert found(desk.stack) == ["acme"] * (before == OPEN)
    assert desk.amend(detail | after | {"tenantName": "Another"}).attempt == 2
    assert found(desk.stack) == ["acme"] * (after == OPEN)
    assert desk.go_on()["signUp"] == ("OPEN" if after == OPEN else "INVITE_ONLY")


def test_a_tenant_from_before_there_was_any_choice_can_be_opened(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantGroup")
    record = {name: value for name, value in desk.stack.record().items() if name != "signUp"}
    desk.clients.dynamodb.put_item(TableName="tenants", Item=record)
    assert open_sign_up.policy(record) == "INVITE_ONLY"
    assert desk.amend(detail | OPEN).attempt == 2
    assert found(desk.stack) == ["acme"]


def test_once_the_routing_is_in_use_it_stays(desk: Desk) -> None:
    detail = desk.stop_before("SendWelcomeEmail", **OPEN)
    assert fields(desk.amend(detail | INVITE_ONLY)) == ["users.signUp"]
    assert found(desk.stack) == ["acme"]


@pytest.mark.parametrize("said", [OPEN, INVITE_ONLY])
def test_an_abandonment_forgets_it(undoing: Undoing, said: dict[str, Any]) -> None:
    undoing.fail_before(CASES["pool"], "CompleteOnboarding", **said)
    stack = undoing.world.stack
    assert found(stack) == ["acme"] * (said == OPEN)
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED
    assert found(stack) == []
