"""`onboard pools --audit --correct` sets a counter right that drifted, and none that something else explains."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.aws.dynamodb import Change
from orchestrator.aws.settings import Settings
from orchestrator.identity import shared_pools
from orchestrator.operations import deployment
from orchestrator.tenants.ledger import Record
from tests.unit.cli.command_line import Run, document, run, stack, wrong_use
from tests.unit.conftest import carry_out, turn
from tests.unit.faults import preceded_by
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
