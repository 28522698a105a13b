"""Shared user pools on the deployed template grow ahead of need, hold no more than they may, and agree with Cognito."""

import json
from typing import Any

import boto3

from orchestrator.audit import audit
from orchestrator.identity import shared_pools
from tests.e2e.inventory import take_inventory
from tests.e2e.world import World, tenant, wait_until, world

GROUPS = 5
AT_ONCE = 12


def tick(running: World) -> dict[str, Any]:
    """Let the schedule's function run now, and return what it found; the local AWS may throttle it."""
    functions = boto3.client("lambda")
    names = [each["FunctionName"] for each in functions.list_functions()["Functions"]]
    (name,) = (each for each in names if "Capacity" in each)
    found: dict[str, Any] = {}

    def ran() -> bool:
        answer = functions.invoke(FunctionName=name)
        found.update(json.loads(answer["Payload"].read()))
        return "FunctionError" not in answer

    wait_until(ran, "Capacity to run")
    return found


def groups(running: World) -> list[int]:
    """Return how many groups each shared user pool counts, in the order in which they were opened."""
    return [int(row["groups"]) for row in shared_pools.list_rows(running.stack.clients, running.stack.settings)]


def test_they_grow_ahead_of_need_and_hold_no_more_than_they_may() -> None:
    with world(groupsPerPool=str(GROUPS)) as small:
        for number in range(GROUPS - 1):
            small.onboard(tenant(f"first-{number}"))
        found = tick(small)
        assert (found["withRoom"], found["warned"], found["opened"], found["failed"]) == (0, 1, 1, 0)
        assert groups(small) == [GROUPS - 1, 0]
        warning = small.wait_for_event("SharedPoolNearlyFull", None)
        assert (warning["poolKey"], warning["count"], warning["limit"]) == ("shared-001", GROUPS - 1, GROUPS)
        assert tick(small)["opened"] == 0

        for number in range(AT_ONCE):
            small.emit(tenant(f"crowd-{number:02d}"))
        for number in range(AT_ONCE):
            assert small.wait_for(f"crowd-{number:02d}", "COMPLETED", "FAILED")["status"] == "COMPLETED"
        small.wait_until_quiet()
        assert sum(groups(small)) == GROUPS - 1 + AT_ONCE
        assert max(groups(small)) <= GROUPS
        assert list(take_inventory(small).drift()) == []
        result = audit(small.stack.clients, small.stack.settings)
        assert (result.clean, result.tenants) == (True, GROUPS - 1 + AT_ONCE)
