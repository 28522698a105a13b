"""A tenant that somebody signed in to is not undone; what an operator reads then can be done."""

import re

import pytest
from botocore.exceptions import ClientError

from orchestrator.identity import shared_pools
from orchestrator.operations import Abandonment, abandon, retry
from orchestrator.operations.abandonments import plan
from orchestrator.tenants import lifecycle
from orchestrator.tenants.records import request_key
from tests.unit import faults, simulated_aws
from tests.unit.conftest import ABANDONMENT, tenant_created
from tests.unit.every_tier import CASES, world
from tests.unit.operations.undoing import Undoing, confirm, fail_at, undoing
from tests.unit.simulated_aws import arn_of

__all__ = ["undoing", "world"]

READS = {"GetItem", "DescribeExecution"}


def follow(undoing: Undoing) -> int:
    """Do what the failure says last; return the attempt that runs then, 0 if it is refused."""
    command = re.findall(r"Command: onboard (\w+) acme$", undoing.record["failure"]["nextAction"])
    clients, settings = undoing.world.clients, undoing.world.settings
    if command == ["retry"]:
        return retry(clients, settings, "acme").attempt
    assert command == ["abandon"]
    return abandon(clients, settings, "acme").attempt


def test_a_second_try_sees_who_signed_in_since_and_leaves_the_user_pool_as_it_is(undoing: Undoing) -> None:
    undoing.fail_before(CASES["silo"], "CompleteOnboarding")
    undoing.abandon()
    fail_at(undoing, "DeleteUserPoolDomain")
    confirm(undoing, "admin@acme.example")
    before = undoing.everything()
    undoing.abandon()
    assert undoing.undo() == lifecycle.FAILED
    assert (undoing.record["failure"]["step"], undoing.everything()) == ("CheckNobodySignedIn", before)
    pool_id = undoing.record["resources"]["userPoolId"]
    found = undoing.world.clients.cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    assert (bool(found["Domain"]), found["DeletionProtection"]) == (True, "ACTIVE")
    assert follow(undoing) == 4


@pytest.mark.parametrize("case", ["pool", "bridge", "silo"])
def test_a_tenant_in_use_that_is_still_whole_can_go_on(case: str, undoing: Undoing) -> None:
    undoing.fail_before(CASES[case], "CompleteOnboarding")
    undoing.abandon()
    confirm(undoing, CASES[case].username)
    assert undoing.undo() == lifecycle.FAILED
    failure = undoing.record["failure"]
    assert (failure["step"], failure["nextAction"].endswith("Command: onboard retry acme")) == (
        "CheckNobodySignedIn",
        True,
    )
    assert follow(undoing) == 3


@pytest.mark.parametrize(("case", "step"), [("pool", "RemoveTenantUsers"), ("silo", "RemoveUserPool")])
def test_so_can_one_that_somebody_signs_in_to_just_after_the_first_look(case: str, step: str, undoing: Undoing) -> None:
    undoing.fail_before(CASES[case], "CompleteOnboarding")
    before = undoing.everything()
    undoing.abandon()
    undoing.undo(until=step)
    confirm(undoing, CASES[case].username)
    assert undoing.undo() == lifecycle.FAILED
    assert (undoing.record["failure"]["step"], undoing.everything()) == (step, before)
    assert "abandonment" not in undoing.record
    assert follow(undoing) == 3


def test_one_that_lost_something_can_only_be_abandoned(undoing: Undoing) -> None:
    undoing.fail_before(CASES["silo"], "CompleteOnboarding")
    undoing.abandon()
    sign_in = faults.preceded_by(lambda: confirm(undoing, "admin@acme.example"))
    with undoing.world.wire.strikes("UpdateUserPool", sign_in):
        assert undoing.undo() == lifecycle.FAILED
    assert "it cannot go on" in undoing.record["failure"]["nextAction"]
    assert retry(undoing.world.clients, undoing.world.settings, "acme").attempt == 0
    assert follow(undoing) == 3


def test_planning_changes_nothing_even_of_a_tenant_that_was_claimed_and_never_started(undoing: Undoing) -> None:
    stack, wire = undoing.world.stack, undoing.world.wire
    with wire.strikes("StartExecution", faults.server_error, times=faults.ALWAYS), pytest.raises(ClientError):
        stack.receive(tenant_created())
    before = undoing.record
    wire.attempts.clear()
    answer = plan(undoing.world.clients, undoing.world.settings, "acme")
    assert answer == Abandonment("acme", 0, "is PENDING, about to start; follow it: onboard show acme --watch")
    assert set(wire.operations()) <= READS
    assert undoing.abandon().attempt == 0
    assert (undoing.record, simulated_aws.executions()) == (before, [])


def test_planning_sees_a_failure_that_is_not_recorded_yet_and_leaves_it(undoing: Undoing) -> None:
    undoing.world.claim(CASES["pool"])
    simulated_aws.ended(arn_of())
    before = undoing.record
    undoing.world.wire.attempts.clear()
    answer = plan(undoing.world.clients, undoing.world.settings, "acme")
    assert isinstance(answer, dict)
    assert set(undoing.world.wire.operations()) <= READS
    assert undoing.record == before
    assert undoing.abandon().attempt == 2
    assert simulated_aws.executions(ABANDONMENT) == ["acme-2"]


def test_a_request_that_cannot_be_read_stops_it_before_anything_is_removed(undoing: Undoing) -> None:
    undoing.fail_before(CASES["bridge"], "SendWelcomeEmail")
    before = undoing.everything()
    key = request_key("acme")
    undoing.world.clients.dynamodb.delete_item(TableName=undoing.world.settings.tenants_table, Key=key)
    undoing.abandon()
    assert undoing.undo() == lifecycle.FAILED
    assert (undoing.record["failure"]["step"], undoing.everything()) == ("CheckNobodySignedIn", before)


def test_a_request_that_is_lost_later_strands_nothing(undoing: Undoing) -> None:
    undoing.fail_before(CASES["bridge with SAML"], "SendWelcomeEmail")
    undoing.abandon()
    undoing.undo(until="ReleaseRouting")
    key = request_key("acme")
    undoing.world.clients.dynamodb.delete_item(TableName=undoing.world.settings.tenants_table, Key=key)
    assert undoing.undo() == lifecycle.ABANDONED
    assert undoing.everything()["routes"] == {
        key: route for key, route in undoing.everything()["routes"].items() if route.get("shared")
    }


def test_a_shared_user_pool_whose_row_is_gone_holds_nobody_back(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    (row,) = shared_pools.list_rows(undoing.world.clients, undoing.world.settings)
    undoing.world.clients.dynamodb.delete_item(
        TableName=undoing.world.settings.shared_pools_table, Key=shared_pools.row_key(row)
    )
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED


def test_a_user_pool_that_may_not_be_looked_at_is_not_taken_for_gone(undoing: Undoing) -> None:
    undoing.fail_before(CASES["silo"], "SendWelcomeEmail")
    before = undoing.everything()
    undoing.abandon()
    undoing.undo(until="RemoveUserPool")
    fail_at(undoing, "DescribeUserPool")
    assert (undoing.record["failure"]["step"], undoing.everything()) == ("RemoveUserPool", before)
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED
    assert undoing.everything()["cognito"] == {}
