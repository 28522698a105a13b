"""Whatever strikes one user pool, app client or record, converging tells of it and goes on with the others."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from orchestrator.tenants.records import record_key
from tests.unit import faults
from tests.unit.every_tier import CASES, World, world
from tests.unit.identity.user_pools import forget_user_ids
from tests.unit.operations import lagging

__all__ = ["world"]

NAMES = ("acme", "globex")
LONGER_SESSIONS = {"AuthSessionValidity": 3}


def test_an_error_at_one_is_told_and_keeps_no_other_from_its_turn(world: World) -> None:
    for tenant_id in NAMES:
        lagging.change_app_client(world.clients, world.onboard(CASES["bridge"], tenant_id), **LONGER_SESSIONS)
    refused = faults.refused("InvalidParameterException", "no such scope")
    with world.wire.strikes("UpdateUserPoolClient", refused):
        outcomes = lagging.run(world.clients, world.settings)
    assert [each.result for each in outcomes] == ["unchanged", "unchanged", "unchanged", "failed", "changed"]
    assert outcomes[3].why == "UpdateUserPoolClient: no such scope"


@pytest.mark.parametrize("lost", ["security", "status", "tier", "resources", "routing"])
def test_a_record_that_nobody_can_read_is_told_and_keeps_no_other_from_its_turn(lost: str, world: World) -> None:
    for tenant_id in NAMES:
        world.onboard(CASES["silo"], tenant_id)
    if lost == "security":
        world.stack.change(security="no JSON")
    else:
        key: Any = record_key("acme")
        names = {"#lost": lost}
        update = "REMOVE #lost"
        world.clients.dynamodb.update_item(
            TableName="tenants", Key=key, UpdateExpression=update, ExpressionAttributeNames=names
        )
    outcomes = lagging.run(world.clients, world.settings)
    results = {tenant_id: {each.result for each in outcomes if each.tenant_id == tenant_id} for tenant_id in NAMES}
    assert "failed" in results["acme"]
    assert results["globex"] == {"unchanged"}


def test_members_of_stored_security_that_this_release_does_not_know_are_passed_over(world: World) -> None:
    """As those of a later release are after a roll-back."""
    stored = world.onboard(CASES["silo"], security={"mfa": "ON"})["security"]
    world.stack.change(security=json.dumps(json.loads(stored) | {"passkeys": "ON"}))
    assert {each.result for each in lagging.run(world.clients, world.settings)} == {"unchanged"}


def made_already(make: Callable[[], object], said: str) -> Any:
    """Return a strike: somebody has made it a moment ago, and Cognito says so."""

    def strike(request: AWSPreparedRequest) -> AWSResponse:
        make()
        return faults.refused("InvalidParameterException", said)(request)

    return strike


@pytest.mark.parametrize("is_made", [True, False], ids=["there now", "still lacking"])
@pytest.mark.parametrize("operation", ["AddCustomAttributes", "CreateUserPoolDomain"])
def test_what_is_refused_as_it_is_there_now_is_done(operation: str, is_made: bool, world: World) -> None:
    """A call whose answer was lost has made it, or another operator who converges at the same time."""
    pool_id = world.onboard(CASES["silo"])["resources"]["userPoolId"]
    before = lagging.user_pool(world.clients, pool_id)
    attribute: Any = {"Name": "userId", "AttributeDataType": "String", "Mutable": False}
    domain = {"UserPoolId": pool_id, "Domain": before["Domain"]}
    if operation == "AddCustomAttributes":
        forget_user_ids(pool_id)
    else:
        world.clients.cognito.delete_user_pool_domain(**domain)

    def make() -> None:
        if is_made and operation == "AddCustomAttributes":
            world.clients.cognito.add_custom_attributes(UserPoolId=pool_id, CustomAttributes=[attribute])
        elif is_made:
            world.clients.cognito.create_user_pool_domain(**domain)

    with world.wire.strikes(operation, made_already(make, "Existing attribute, or already associated")):
        outcome = lagging.run(world.clients, world.settings)[0]
    assert outcome.result == ("changed" if is_made else "failed")
    again = lagging.run(world.clients, world.settings)[0]
    assert again.result == ("unchanged" if is_made else "changed")


@pytest.mark.parametrize("fault", [faults.throttled, faults.server_error, faults.lost_response, faults.unreachable])
def test_a_call_that_is_throttled_or_lost_is_repeated(fault: Any, world: World) -> None:
    lagging.change_app_client(world.clients, world.onboard(CASES["bridge"]), **LONGER_SESSIONS)
    world.wire.attempts.clear()
    with world.wire.strikes("UpdateUserPoolClient", fault, times=2):
        outcomes = lagging.run(world.clients, world.settings)
    assert [each.result for each in outcomes] == ["unchanged", "unchanged", "unchanged", "changed"]
    assert world.wire.count("UpdateUserPoolClient") == 3
