"""Tenants that failed are abandoned on the deployed template: nothing of them is left, and their ids live again."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator import operations
from orchestrator.tenants import lifecycle
from tests.e2e.blows import FOR_EVER
from tests.e2e.faults import Fault, denied, lost_response
from tests.e2e.inventory import take_inventory
from tests.e2e.sweep import TENANT_PATTERN, VARIANTS, Sweep, recorded_removals
from tests.e2e.world import World

FAILS_AT = {
    "pool": "ses:SendEmail",
    "bridge": "cognito-idp:CreateUserPoolClient",
    "federated": "ses:SendEmail",
    "silo": "cognito-idp:AdminAddUserToGroup",
}


@pytest.fixture
def told_apart(everything: World) -> Iterator[World]:
    """The stack, its proxy telling tenants apart."""
    before, everything.proxy.tenant_pattern = everything.proxy.tenant_pattern, re.compile(TENANT_PATTERN)
    yield everything
    everything.proxy.tenant_pattern = before


def fail(world: World, detail: dict[str, Any], operation: str) -> None:
    """Emit a tenant's event and let its onboarding fail at a call."""
    fault = Fault(detail["tenantId"], operation, denied, times=FOR_EVER)
    with world.proxy.struck_by(fault.choose):
        world.emit(detail)
        assert world.wait_for(detail["tenantId"], "FAILED", "COMPLETED")["status"] == "FAILED"


def test_abandoned_tenants_of_every_kind_leave_nothing_and_their_ids_may_be_used_again(told_apart: World) -> None:
    details = {variant: VARIANTS[variant](f"f70{number}0-{variant}") for number, variant in enumerate(VARIANTS)}
    clients, settings = told_apart.stack.clients, told_apart.stack.settings
    for variant, detail in details.items():
        fail(told_apart, detail, FAILS_AT[variant])
        assert operations.abandon(clients, settings, detail["tenantId"]).attempt == 2
    for detail in details.values():
        page = told_apart.wait_for(detail["tenantId"], lifecycle.ABANDONED, lifecycle.FAILED)
        assert page["status"] == lifecycle.ABANDONED, page["failure"]
        assert told_apart.wait_for_event("TenantAbandoned", detail["tenantId"])["attempt"] == 2
    told_apart.wait_until_quiet()
    found = take_inventory(told_apart)
    tenant_ids = [detail["tenantId"] for detail in details.values()]
    assert [complaint for tenant_id in tenant_ids for complaint in found.remains(tenant_id)] == []
    assert list(found.drift()) == []

    for detail in details.values():
        page = told_apart.onboard(detail)
        assert page["attempt"] == 3
    told_apart.wait_until_quiet()
    found = take_inventory(told_apart)
    assert [complaint for tenant_id in tenant_ids for complaint in found.complaints(tenant_id)] == []
    assert list(found.drift()) == []


def test_whatever_strikes_a_delete_nothing_is_left_and_the_truth_is_told(told_apart: World) -> None:
    deletes = [
        blow
        for variant in ("bridge", "silo")
        for blow in recorded_removals(told_apart, variant)
        if blow.operation.startswith("cognito-idp:") and "Delete" in blow.operation
        if blow.times == 1 and blow.strike in (lost_response, denied)
    ]
    assert len(deletes) == (3 + 2) * 2
    outcomes = Sweep(told_apart, deletes, report=lambda _: None).run()
    assert [(str(outcome.blow), outcome.complaints) for outcome in outcomes if outcome.complaints] == []
