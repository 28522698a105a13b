"""`onboard pools`: --audit --correct sets right only a counter that drifted; close and open say who takes tenants."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.aws.dynamodb import Change
from orchestrator.aws.settings import Settings
from orchestrator.aws.writes import transact
from orchestrator.identity import shared_pools
from orchestrator.operations import deployment
from orchestrator.tenants.ledger import Record
from tests.unit.cli.command_line import Run, document, run, stack, wrong_use
from tests.unit.conftest import carry_out, turn
from tests.unit.faults import preceded_by
from tests.unit.identity.shared_pool_rows import put_row
from tests.unit.simulated_aws import Stack

__all__ = ["run", "stack"]

Count = Callable[[int], None]


@pytest.fixture
def count(stack: Stack, claim: Callable[..., Record], settings: Settings) -> Count:
    """A shared user pool with a tenant in it; return what lets it count so many groups."""
    claim()
    carry_out(stack.clients, settings, "acme", turn("AssignSharedPool"))

    def count(groups: int) -> None:
        key = {"region": settings.region, "poolKey": "shared-001"}
        change = Change(settings.shared_pools_table, key).set("groups", groups)
        stack.clients.dynamodb.update_item(**change.arguments())

    return count


def groups(stack: Stack) -> int:
    [row] = shared_pools.list_rows(stack.clients, stack.settings)
    return int(row["groups"])


def test_a_counter_that_drifted_is_set_to_what_was_found_and_the_next_audit_is_clean(
    stack: Stack, run: Run, count: Count
) -> None:
    count(7)
    assert run("pools", "--audit").code == 1
    assert groups(stack) == 7
    ran = run("pools", "--audit", "--correct", "--json")
    assert (ran.code, ran.err) == (0, "shared-001 groups is 1 now\n")
    assert json.loads(ran.out)["drift"][0].items() >= {"counter": "groups", "counted": 7}.items()
    assert groups(stack) == 1
    assert document(run("pools", "--audit", "--json"))["clean"] is True


def test_what_is_in_order_is_left_as_it_is(stack: Stack, run: Run, count: Count) -> None:
    ran = run("pools", "--audit", "--correct")
    assert (ran.code, ran.err, groups(stack)) == (0, "", 1)


def test_a_counter_beside_an_orphan_in_its_user_pool_stays(stack: Stack, run: Run, count: Count) -> None:
    """What nobody knows of may be what was counted."""
    count(7)
    [row] = shared_pools.list_rows(stack.clients, stack.settings)
    where: Any = {"UserPoolId": row["resources"]["userPoolId"]}
    stack.clients.cognito.create_group(**where, GroupName="nobody")
    ran = run("pools", "--audit", "--correct")
    assert ran.code == 1
    assert ran.err == "shared-001 groups stays: first see to what is missing or an orphan in its user pool\n"
    assert groups(stack) == 7


def test_a_counter_that_changed_meanwhile_stays(
    stack: Stack, run: Run, count: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployment, "find", lambda _: (stack.clients, stack.settings))
    count(7)
    with stack.wire.strikes("UpdateItem", preceded_by(lambda: count(8))):
        ran = run("pools", "--audit", "--correct")
    assert (ran.code, ran.err) == (1, "shared-001 groups stays: it changed meanwhile; audit again\n")
    assert groups(stack) == 8


def test_nothing_is_corrected_unheard(run: Run) -> None:
    assert wrong_use(run("pools", "--correct")) == "--correct goes with --audit"


def statuses(stack: Stack) -> list[str]:
    return [row["status"] for row in shared_pools.list_rows(stack.clients, stack.settings)]


def assign(stack: Stack, settings: Settings, tenant_id: str) -> str:
    carry_out(stack.clients, settings, tenant_id, turn("AssignSharedPool", f"request-of-{tenant_id}"))
    return str(stack.record(tenant_id)["resources"]["sharedPoolKey"])


def test_a_closed_user_pool_keeps_its_tenants_and_the_next_tenant_opens_another(
    stack: Stack, run: Run, count: Count, claim: Callable[..., Record], settings: Settings
) -> None:
    before = shared_pools.list_rows(stack.clients, stack.settings)
    ran = run("pools", "close", "shared-001")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("shared-001: is CLOSED; takes no more tenants; those in it stay, and capacity opens")
    assert shared_pools.list_rows(stack.clients, stack.settings) == [before[0] | {"status": "CLOSED"}]
    claim("globex")
    assert assign(stack, settings, "globex") == "shared-002"
    assert statuses(stack) == ["CLOSED", "OPEN"]


def test_a_user_pool_that_is_open_again_takes_tenants(
    stack: Stack, run: Run, count: Count, claim: Callable[..., Record], settings: Settings
) -> None:
    assert document(run("pools", "close", "shared-001", "--json")).items() >= {"status": "CLOSED"}.items()
    opened = document(run("pools", "open", "shared-001", "--json"))
    assert opened.items() >= {"poolKey": "shared-001", "status": "OPEN"}.items()
    claim("globex")
    assert assign(stack, settings, "globex") == "shared-001"
    assert groups(stack) == 2


@pytest.mark.parametrize(
    ("typed", "status", "says"),
    [
        ("close shared-001", "CLOSED", "shared-001 is CLOSED already; nothing was changed"),
        ("open shared-001", "OPEN", "shared-001 is OPEN already; nothing was changed"),
        ("close shared-001", "OPENING", "shared-001 is OPENING; it can be closed once it is OPEN; see: onboard pools"),
        ("open shared-001", "OPENING", "shared-001 is OPENING; it can be closed once it is OPEN; see: onboard pools"),
        ("close shared-009", "OPEN", "there is no shared user pool shared-009 in eu-central-1; see: onboard pools"),
        ("open shared-009", "OPEN", "there is no shared user pool shared-009 in eu-central-1; see: onboard pools"),
    ],
)
def test_what_cannot_be_closed_or_opened_is_said_and_no_row_changes(
    stack: Stack, run: Run, settings: Settings, typed: str, status: str, says: str
) -> None:
    put_row(stack.clients, settings, 1, status=status)
    before = shared_pools.list_rows(stack.clients, settings)
    ran = run("pools", *typed.split())
    assert (ran.code, ran.out, ran.err) == (1, "", f"onboard: {says}\n")
    assert shared_pools.list_rows(stack.clients, settings) == before


def test_a_tenant_that_was_about_to_take_a_place_is_refused_once_it_is_closed(
    stack: Stack, run: Run, count: Count, settings: Settings
) -> None:
    """The condition is in the same transaction as the place."""
    [row] = shared_pools.list_rows(stack.clients, settings)
    assert run("pools", "close", "shared-001").code == 0
    with pytest.raises(stack.clients.dynamodb.exceptions.TransactionCanceledException):
        transact(stack.clients.dynamodb, [shared_pools.take_place(settings, row, shared_pools.Demand())])
    assert groups(stack) == 1
