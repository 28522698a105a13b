"""Converging registers the admins of tenants that an earlier version onboarded, each once and as Cognito has it."""

from contextlib import suppress
from typing import Any

import pytest
from moto.cognitoidp.models import cognitoidp_backends

from orchestrator.operations.convergence import Converged
from orchestrator.tenants import lifecycle
from orchestrator.tenants.ledger import Record
from orchestrator.users import addresses, counts
from orchestrator.users.invitations import Guest, invite
from tenant_onboarding import names
from tests.unit import faults
from tests.unit.conftest import ACCOUNT, REGION
from tests.unit.every_tier import CASES, Case, World, each_case, world
from tests.unit.identity.user_pools import forget_user_ids
from tests.unit.operations import lagging
from tests.unit.users.people import People
from tests.unit.users.users_table import everything, kinds, rows

__all__ = ["world"]

ALL = ["ADMINS", "EMAIL", "IDENTITY", "USER"]


def earlier(world: World, case: Case = CASES["pool"]) -> Record:
    """Onboard acme as a version did that knew neither ids of users nor the register; return its record."""
    record = world.onboard(case)
    pool_id = record["resources"]["userPoolId"]
    forget_user_ids(pool_id)
    for user in cognitoidp_backends[ACCOUNT][REGION].user_pools[pool_id].users.values():
        user.attributes = [each for each in user.attributes if each["Name"] != names.USER_ID]
        user.attribute_lookup.pop(names.USER_ID)
    for item in everything(world.clients):
        key: Any = {name: item[name] for name in ("tenantId", "item")}
        world.clients.dynamodb.delete_item(TableName="users", Key=key)
    return record


def admins(world: World, *, dry_run: bool = False) -> list[Converged]:
    """Converge all there is; return what became of admins."""
    return [each for each in lagging.run_all(world.clients, world.settings, dry_run=dry_run) if each.kind == "admin"]


@each_case
def test_an_admin_of_before_is_registered_under_cognitos_own_id_and_only_once(case: Case, world: World) -> None:
    record = earlier(world, case)
    found = admins(world)
    assert [(each.result, each.name) for each in found] == [("changed", "acme")]
    assert kinds(world.clients) == (["EMAIL", "USER"] if case.providers else ALL)
    (row,) = rows(world.clients)
    assert found[0].differences[0].wanted == ("INVITED" if case.providers else row["userId"])
    if case.providers:
        assert (row["email"], row["role"], row["status"]) == ("admin@acme.example", "admin", "INVITED")
        assert not {"sub", "username", "userPoolId"} & row.keys()
    else:
        assert row["userId"] == row["sub"]
        assert (row["username"], row["email"]) == (record["resources"]["adminUsername"], "admin@acme.example")
        assert (row["role"], row["status"], row["name"]) == ("admin", "ACTIVE", "Acme Admin")
    before = everything(world.clients)
    assert [each.result for each in admins(world)] == ["unchanged"] * len(found)
    assert everything(world.clients) == before


def test_a_dry_run_says_whom_and_registers_nobody(world: World) -> None:
    earlier(world)
    (said,) = admins(world, dry_run=True)
    assert (said.result, everything(world.clients)) == ("changed", [])
    assert admins(world) == [said]


def test_whoever_is_registered_stays_as_registered(world: World) -> None:
    world.onboard(CASES["pool"])
    before = everything(world.clients)
    assert [each.result for each in admins(world)] == ["unchanged"]
    assert everything(world.clients) == before


def test_who_is_disabled_is_registered_so_and_not_counted(world: World) -> None:
    made = earlier(world)["resources"]
    world.clients.cognito.admin_disable_user(UserPoolId=made["userPoolId"], Username=made["adminUsername"])
    admins(world)
    assert rows(world.clients)[0]["status"] == "DISABLED"
    (counted,) = [each for each in everything(world.clients) if each["item"] == counts.ADMINS]
    assert (counted.get("active", 0), counted["disabled"]) == (0, 1)


@pytest.mark.parametrize(("verified", "email"), [("true", "New@acme.example"), ("false", "admin@acme.example")])
def test_who_has_changed_its_address_or_name_is_registered_by_those_of_now(
    verified: str, email: str, world: World
) -> None:
    """As app clients of earlier releases let people do; an address that nobody has verified may be anybody's."""
    made = earlier(world)["resources"]
    changed = {"email": "New@acme.example", "email_verified": verified, "name": "New Name"}
    world.clients.cognito.admin_update_user_attributes(
        UserPoolId=made["userPoolId"],
        Username=made["adminUsername"],
        UserAttributes=[{"Name": name, "Value": value} for name, value in changed.items()],
    )
    admins(world)
    (row,) = rows(world.clients)
    assert (row["email"], row["name"]) == (email, "New Name")
    assert row["address"] == addresses.hashed(world.clients, world.settings, email.lower())
    assert f"EMAIL#{row['address']}" in {item["item"] for item in everything(world.clients)}


def test_nobody_is_registered_for_who_was_deleted(world: World) -> None:
    made = earlier(world)["resources"]
    world.clients.cognito.admin_delete_user(UserPoolId=made["userPoolId"], Username=made["adminUsername"])
    assert (admins(world), everything(world.clients)) == ([], [])


def test_who_was_erased_from_the_record_does_not_come_back(world: World) -> None:
    earlier(world)
    key: Any = {"tenantId": "acme", "item": "RECORD"}
    world.clients.dynamodb.update_item(TableName="tenants", Key=key, UpdateExpression="REMOVE admin")
    assert (admins(world), everything(world.clients)) == ([], [])


@pytest.mark.parametrize("change", [{"status": lifecycle.ABANDONING}, {"placement": 1}], ids=["status", "placement"])
def test_nobody_is_registered_of_a_tenant_that_moved_meanwhile(change: dict[str, Any], world: World) -> None:
    """Whoever removes it may have looked at the register already."""
    earlier(world)
    with world.wire.strikes("TransactWriteItems", faults.preceded_by(lambda: world.stack.change(**change))):
        (told,) = admins(world)
    assert (told.result, told.why) == ("left", "it changed meanwhile")
    assert everything(world.clients) == []


def test_whom_another_operator_registers_meanwhile_is_registered(world: World) -> None:
    earlier(world)
    other = faults.preceded_by(lambda: admins(world))
    with world.wire.strikes("TransactWriteItems", other):
        (told,) = admins(world)
    assert (told.result, kinds(world.clients)) == ("changed", ALL)


@pytest.mark.parametrize("strike", [faults.lost_response, faults.server_error, faults.death_before])
def test_whatever_strikes_the_write_the_next_run_leaves_one_row(strike: Any, world: World) -> None:
    earlier(world)
    with world.wire.strikes("TransactWriteItems", strike, times=faults.ALWAYS), suppress(faults.DeathError):
        admins(world)
    admins(world)
    assert kinds(world.clients) == ALL


def test_somebody_invited_before_does_not_keep_the_admin_out_of_the_register(world: World) -> None:
    earlier(world)
    guest = Guest("jane@acme.example")
    assert invite(world.clients, world.settings, world.stack.record(), guest).answer == "invited"
    admins(world)
    assert {each["email"]: each["status"] for each in rows(world.clients)} == {
        "admin@acme.example": "ACTIVE",
        "jane@acme.example": "INVITED",
    }


def test_an_admin_whom_somebody_invited_before_is_registered_by_the_link_and_stays_one(world: World) -> None:
    earlier(world)
    people = People(world.clients, world.settings, world.wire)
    invite(world.clients, world.settings, people.tenant(), Guest("admin@acme.example"))
    assert [each.result for each in admins(world)] == ["unchanged"]
    people.receive_all()
    people.confirm(people.tokens()[-1])
    (row,) = rows(world.clients)
    assert (row["status"], row["role"], "expiresAt" in row) == ("ACTIVE", "admin", False)
    assert [each["active"] for each in everything(world.clients) if each["item"] == counts.ADMINS] == [1]
