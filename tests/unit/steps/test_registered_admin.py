"""The tenant's first admin is in the register exactly once, under the id that Cognito has of it, whatever happens."""

from contextlib import suppress
from typing import Any

import pytest

from orchestrator.aws.errors import ConfigurationError, TransientError
from orchestrator.operations import retry
from orchestrator.users import counts
from tenant_onboarding import names
from tests.unit import faults
from tests.unit.every_tier import CASES, Case, World, each_case, until_done, world
from tests.unit.faults import Wire
from tests.unit.identity.user_pools import forget_user_ids, pools
from tests.unit.simulated_aws import arn_of, ended
from tests.unit.users.users_table import everything, kinds, rows

__all__ = ["world"]

STEP = "CreateTenantAdmin"
ALL = ["ADMINS", "EMAIL", "IDENTITY", "USER"]
LOCAL = [name for name, case in CASES.items() if not case.providers]


def of_cognito(world: World) -> dict[str, str]:
    """Return the attributes of acme's admin in Cognito."""
    made = world.stack.record()["resources"]
    found = world.clients.cognito.admin_get_user(UserPoolId=made["userPoolId"], Username=made["adminUsername"])
    return {each["Name"]: each.get("Value", "") for each in found["UserAttributes"]}


def check(world: World) -> dict[str, Any]:
    """Return acme's one row, which agrees with Cognito and stands with all that belongs to it."""
    (row,) = [row for row in rows(world.clients) if row["tenantId"] == "acme"]
    user = of_cognito(world)
    assert (row["userId"], row["sub"]) == (user.get(names.USER_ID, user["sub"]), user["sub"])
    assert kinds(world.clients) == ALL
    admins: Any = {"tenantId": "acme", "item": counts.ADMINS}
    counted = world.clients.dynamodb.get_item(TableName="users", Key=admins)["Item"]
    assert {name: int(str(counted[name])) for name in counts.of(None)} == {"active": 1, "members": 1, "disabled": 0}
    return row


@pytest.mark.parametrize("name", sorted(CASES.keys() - set(LOCAL)))
def test_the_admin_of_a_federated_tenant_is_invited_with_its_completion_and_nobody_is_made_in_cognito(
    name: str, world: World
) -> None:
    world.lead_to("CompleteOnboarding", CASES[name])
    assert rows(world.clients) == []
    world.run("CompleteOnboarding")
    (row,) = rows(world.clients)
    assert row == {
        "tenantId": "acme",
        "item": f"USER#{row['userId']}",
        "userId": row["userId"],
        "email": "admin@acme.example",
        "address": row["address"],
        "name": "Acme Admin",
        "role": "admin",
        "status": "INVITED",
        "createdAt": row["createdAt"],
    }
    assert kinds(world.clients) == ["EMAIL", "USER"]
    assert world.wire.count("AdminCreateUser") == 0


@pytest.mark.parametrize("name", LOCAL)
def test_the_admin_is_registered_on_every_tier(name: str, world: World) -> None:
    record = world.onboard(CASES[name])
    row = check(world)
    assert row.pop("createdAt") <= record["steps"][STEP]["finishedAt"]
    assert row == {
        "tenantId": "acme",
        "item": f"USER#{row['userId']}",
        "userId": of_cognito(world)[names.USER_ID],
        "email": "admin@acme.example",
        "address": row["address"],
        "name": "Acme Admin",
        "role": "admin",
        "status": "ACTIVE",
        "userPoolId": record["resources"]["userPoolId"],
        "username": CASES[name].username,
        "sub": of_cognito(world)["sub"],
    }


@each_case
def test_a_tenant_has_its_first_admin_in_the_register_and_nobody_else(case: Case, world: World) -> None:
    world.onboard(case)
    assert kinds(world.clients) == (["EMAIL", "USER"] if case.providers else ALL)


def test_a_completion_that_is_struck_registers_the_invited_admin_once(world: World) -> None:
    world.lead_to("CompleteOnboarding", CASES["bridge with SAML"])
    with world.wire.strikes("TransactWriteItems", faults.lost_response, times=faults.ALWAYS), suppress(TransientError):
        world.run("CompleteOnboarding")
    world.run("CompleteOnboarding")
    assert kinds(world.clients) == ["EMAIL", "USER"]
    assert world.stack.record()["status"] == "COMPLETED"


def test_before_the_step_is_done_nobody_is_registered(world: World) -> None:
    world.lead_to(STEP, CASES["pool"])
    with world.wire.strikes("AdminAddUserToGroup", faults.death_after), pytest.raises(faults.DeathError):
        world.run(STEP)
    assert everything(world.clients) == []


STRUCK = ("GetSecretValue", "AdminCreateUser", "AdminAddUserToGroup", "TransactWriteItems")


@pytest.mark.parametrize("operation", STRUCK)
@pytest.mark.parametrize(
    "strike",
    [faults.lost_response, faults.unreachable, faults.death_before, faults.death_after, faults.server_error],
)
@pytest.mark.parametrize("times", [1, 4])
def test_whatever_strikes_a_call_there_is_one_row_for_the_one_user(
    operation: str, strike: Any, times: int, world: World
) -> None:
    world.lead_to(STEP, CASES["pool"])
    with world.wire.strikes(operation, strike, times=times):
        until_done(world.run, STEP)
    check(world)
    made = {each["Value"] for each in _ids_sent(world.wire) if each["Name"] == names.USER_ID}
    assert rows(world.clients)[0]["userId"] in made


def _ids_sent(wire: Wire) -> list[dict[str, str]]:
    return [each for body in wire.bodies("AdminCreateUser") for each in body["UserAttributes"]]


def redone(world: World) -> None:
    """Let acme fail at its email, then do the admin again in the next attempt."""
    world.lead_to("SendWelcomeEmail", CASES["pool"])
    ended(arn_of())
    with world.wire.strikes("SendEmail", faults.refused("MessageRejected")), pytest.raises(ConfigurationError):
        world.run("SendWelcomeEmail")
    assert retry(world.clients, world.settings, "acme", redo=STEP).attempt == 2


def test_who_was_deleted_in_cognito_and_is_made_again_keeps_the_id(world: World) -> None:
    """So what your product keeps under it is still that person's."""
    redone(world)
    before, (pool_id,) = rows(world.clients)[0], pools(world.clients)
    world.clients.cognito.admin_delete_user(UserPoolId=pool_id, Username=before["username"])
    world.run(STEP, attempt=2)
    row = check(world)
    assert row["sub"] != before["sub"]
    assert row == before | {"sub": row["sub"]}


def test_who_is_there_is_registered_as_it_is_whoever_made_it_again(world: World) -> None:
    """A user that an operator made by hand has no id of ours, so Cognito's own is both in the token and in the row."""
    redone(world)
    before, (pool_id,) = rows(world.clients)[0], pools(world.clients)
    of_user: Any = {"UserPoolId": pool_id, "Username": before["username"]}
    world.clients.cognito.admin_delete_user(**of_user)
    world.clients.cognito.admin_create_user(
        **of_user, UserAttributes=[{"Name": names.TENANT_ID, "Value": "acme"}], MessageAction="SUPPRESS"
    )
    world.run(STEP, attempt=2)
    assert check(world)["userId"] == of_cognito(world)["sub"] != before["userId"]


def test_rows_that_nobody_expected_give_way_at_the_next_try(world: World) -> None:
    """A restored table, say: the step is in doubt once its own write was refused, and looks."""
    world.lead_to(STEP, CASES["pool"])
    left: Any = {"tenantId": "acme", "item": counts.ADMINS, "active": 7}
    world.clients.dynamodb.put_item(TableName="users", Item=left)
    with pytest.raises(TransientError, match="registered already"):
        world.run(STEP)
    world.run(STEP)
    check(world)


@pytest.mark.parametrize("tier", ["pool", "bridge"])
def test_in_a_user_pool_from_before_the_admin_has_cognitos_own_id(tier: str, world: World) -> None:
    """Until the user pool has the attribute, which no step adds to it; nothing fails meanwhile."""
    world.onboard(CASES[tier], "globex")
    (pool_id,) = pools(world.clients)
    forget_user_ids(pool_id)
    record = world.onboard(CASES[tier])
    assert check(world)["userId"] == of_cognito(world)["sub"]
    of_client: Any = {"UserPoolId": pool_id, "ClientId": record["resources"]["appClientId"]}
    client = world.clients.cognito.describe_user_pool_client(**of_client)["UserPoolClient"]
    assert (names.USER_ID in client["ReadAttributes"]) == (tier == "pool")  # whose app client was there before
