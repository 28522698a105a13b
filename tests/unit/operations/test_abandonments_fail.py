"""An abandonment that fails says so and goes on where it stopped; whatever call dies, nothing is left."""

from collections import Counter

import pytest
from botocore.exceptions import ClientError

from orchestrator.onboarding.reconcile import reconcile
from orchestrator.operations import retry
from orchestrator.tenants import lifecycle
from tests.unit import faults, simulated_aws
from tests.unit.conftest import ABANDONMENT
from tests.unit.every_tier import CASES, world
from tests.unit.operations.undoing import Undoing, fail_at, undoing
from tests.unit.simulated_aws import arn_of, ended

__all__ = ["undoing", "world"]


def test_an_abandonment_that_failed_says_so_and_goes_on_where_it_stopped(undoing: Undoing) -> None:
    undoing.world.onboard(CASES["pool"], "globex")
    before = undoing.everything()
    undoing.fail_before(CASES["bridge"], "SendWelcomeEmail")
    undoing.abandon()
    fail_at(undoing, "DeleteGroup")
    record = undoing.record
    assert record["failure"]["step"] == "RemoveTenantGroup"
    assert record["failure"]["nextAction"].endswith("Command: onboard abandon acme")
    assert "abandonment" in record
    assert undoing.world.stack.counters() == {"COMPLETED#pool": 1, "FAILED#bridge": 1}
    assert undoing.world.stack.failures() == {"failed:RemoveTenantGroup:ConfigurationError": 1}
    assert [event["attempt"] for event in undoing.world.stack.published("TenantOnboardingFailed")] == [1, 2]
    refused = retry(undoing.world.clients, undoing.world.settings, "acme")
    assert (refused.attempt, "onboard abandon acme" in refused.message) == (0, True)
    undoing.world.wire.attempts.clear()
    assert undoing.abandon().attempt == 3
    assert undoing.undo() == lifecycle.ABANDONED
    assert undoing.world.wire.count("AdminDeleteUser") == 0
    assert undoing.everything() == before
    assert undoing.world.stack.counters() == {"COMPLETED#pool": 1, "ABANDONED#bridge": 1}


def test_what_is_found_in_the_end_is_named_and_removed_by_the_next_try(undoing: Undoing) -> None:
    undoing.world.onboard(CASES["pool"], "globex")
    before = undoing.everything()
    undoing.fail_before(CASES["bridge"], "SendWelcomeEmail")
    undoing.abandon()
    undoing.undo(until="VerifyAbandonment")
    pool_id = undoing.record["resources"]["userPoolId"]
    cognito = undoing.world.clients.cognito
    cognito.create_group(UserPoolId=pool_id, GroupName="acme", Description="tenant-onboarding:owner=acme")
    undoing.world.clients.dynamodb.put_item(TableName="routes", Item={"routeKey": "code#ACME-42", "tenantId": "acme"})
    assert undoing.undo() == lifecycle.FAILED
    failure = undoing.record["failure"]
    assert (failure["step"], failure["error"]) == ("VerifyAbandonment", "AbandonmentError")
    assert "group acme, route code#ACME-42" in failure["message"]
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED
    assert undoing.everything() == before


def test_a_pool_tenant_whose_own_route_is_found_in_the_end_is_not_abandoned_yet(undoing: Undoing) -> None:
    """By that its people would still get tokens."""
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    own = undoing.world.stack.routes()["tenant#acme"]
    undoing.abandon()
    undoing.undo(until="VerifyAbandonment")
    assert undoing.world.stack.routes().keys() & {"tenant#acme"} == set()
    undoing.world.clients.dynamodb.put_item(TableName="routes", Item=own)
    assert undoing.undo() == lifecycle.FAILED
    assert "route tenant#acme" in undoing.record["failure"]["message"]
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED
    assert "tenant#acme" not in undoing.world.stack.routes()


def test_a_place_is_given_back_once_however_often_it_is_asked(undoing: Undoing) -> None:
    undoing.world.onboard(CASES["pool"], "globex")
    before = undoing.everything()["shared"]
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    undoing.abandon()
    undoing.undo(until="ReleaseRouting")
    assert undoing.everything()["shared"] == before
    steps = undoing.record["steps"]
    undoing.world.stack.change(steps=steps | {"ReleaseSharedPool": steps["ReleaseSharedPool"] | {"status": "PENDING"}})
    undoing.run("ReleaseSharedPool")
    assert undoing.everything()["shared"] == before


def test_an_abandonment_redriven_in_the_console_goes_on(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    undoing.abandon()
    fail_at(undoing, "DeleteGroup")
    undoing.world.run("RemoveTenantGroup", attempt=2, redrive=1)
    record = undoing.record
    assert (record["status"], record["redriveCount"]) == (lifecycle.ABANDONING, 1)
    assert undoing.world.stack.counters() == {"ABANDONING#pool": 1}


def test_a_refused_abandonment_that_is_redriven_in_the_console_goes_on_too(undoing: Undoing) -> None:
    """Nothing was removed by then, so the record had forgotten that it was being abandoned."""
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    undoing.abandon()
    fail_at(undoing, "GetGroup")
    assert undoing.record["failure"]["step"] == "CheckNobodySignedIn"
    assert "abandonment" not in undoing.record
    undoing.world.run("CheckNobodySignedIn", attempt=2, redrive=1)
    record = undoing.record
    assert (record["status"], record["redriveCount"], set(record["abandonment"])) == (
        "ABANDONING",
        1,
        {"since", "routeKeys"},
    )
    assert undoing.world.stack.counters() == {"ABANDONING#pool": 1}


def test_a_start_that_was_lost_is_made_up_for_by_reconcile(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    with undoing.world.wire.strikes("StartExecution", faults.server_error, times=3), pytest.raises(ClientError):
        undoing.abandon()
    assert undoing.record["status"] == lifecycle.ABANDONING
    assert simulated_aws.executions(ABANDONMENT) == []
    undoing.world.stack.age()
    found = reconcile(undoing.world.clients, undoing.world.settings)
    assert simulated_aws.executions(ABANDONMENT) == ["acme-2"]
    assert (found["recorded"], found["failed"]) == (1, 0)
    assert undoing.undo() == lifecycle.ABANDONED


def test_an_end_that_no_event_told_of_is_recorded_by_reconcile(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    undoing.abandon()
    ended(arn_of(attempt=2, machine=ABANDONMENT), "ABORTED")
    undoing.world.stack.age()
    reconcile(undoing.world.clients, undoing.world.settings)
    assert undoing.record["status"] == lifecycle.FAILED
    assert undoing.record["failure"]["nextAction"].endswith("Command: onboard abandon acme")


def test_an_event_that_was_not_published_is_published_by_reconcile(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    undoing.abandon()
    undoing.undo(until="CompleteAbandonment")
    with undoing.world.wire.strikes("PutEvents", faults.death_before), pytest.raises(faults.DeathError):
        undoing.run("CompleteAbandonment")
    assert undoing.record["status"] == lifecycle.ABANDONED
    assert undoing.world.stack.published("TenantAbandoned") == []
    undoing.world.stack.age()
    reconcile(undoing.world.clients, undoing.world.settings)
    assert len(undoing.world.stack.published("TenantAbandoned")) == 1


# under faults

CHANGING = ("AdminDelete", "Delete", "PutEvents", "Transact", "Update")


@pytest.mark.parametrize("case", ["bridge with SAML", "silo"])
def test_whatever_call_a_function_dies_of_nothing_is_left_and_nothing_counted_twice(
    case: str, undoing: Undoing
) -> None:
    undoing.world.onboard(CASES["pool"], "globex")
    before, wire = undoing.everything(), undoing.world.wire
    undoing.fail_before(CASES[case], "CompleteOnboarding")
    undoing.abandon()
    wire.attempts.clear()
    undoing.undo()
    once = Counter(each for each in wire.operations() if each.startswith(CHANGING) and each != "UpdateItem")
    blows = [(operation, number) for operation, times in once.items() for number in range(times)]
    assert len(blows) >= 7
    for operation, number in blows:
        undoing.fail_before(CASES[case], "CompleteOnboarding")
        undoing.abandon()
        with wire.strikes(operation, faults.death_after, spare=number) as fault:
            assert (undoing.undo(), fault.struck) == (lifecycle.ABANDONED, 1), (operation, number, undoing.told)
        assert undoing.everything() == before, (operation, number)
        assert undoing.world.stack.counters() == {"COMPLETED#pool": 1, f"ABANDONED#{CASES[case].tier}": 1}
