"""The commands that find and erase a person, run as they are written: they delete what is the person's, no more."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.routing import routes
from orchestrator.users import counts, invitations, seats, statuses
from orchestrator.users.invitations import Guest
from orchestrator.users.proofs import ProofEndedError
from orchestrator.users.works import REGISTRATION, RESET
from tests.erasure_guide import ADMINS, FIND, FIRST_ADMIN, READ, ROUTE, Shell
from tests.unit.every_tier import world
from tests.unit.users.conftest import live
from tests.unit.users.people import ADMIN, JANE, People, row
from tests.unit.users.users_table import everything

__all__ = ["live", "world"]

JOHN = "john@acme.example"
Shells = Callable[[People], Shell]


@pytest.fixture
def shell(tmp_path: Path) -> Shells:
    """Return what gives the shell of an operator of a stack."""
    return lambda people: Shell(tmp_path, people.settings, people.clients.cognito.meta.region_name)


def keys_of(people: People) -> set[str]:
    return {item["item"] for item in everything(people.clients) if item["tenantId"] == "acme"}


def invite(people: People, email: str, role: str) -> None:
    invitations.invite(people.clients, people.settings, people.tenant(), Guest(email, "Jane", role))


def test_the_index_leads_to_a_persons_row_in_each_tenant(live: Callable[..., People], shell: Shells) -> None:
    people = live("pool")
    people.confirm(people.token(REGISTRATION))
    ((_, found),) = shell(people).run(FIND, email=JANE)
    (key,) = [{name: value["S"] for name, value in each.items()} for each in found["Items"]]
    assert key == {"tenantId": "acme", "item": row(people)["item"], "address": row(people)["address"]}


def test_whoever_is_erased_is_gone_and_all_others_stay(live: Callable[..., People], shell: Shells) -> None:
    """A link that is out for the address is not good any more, and the address can be invited again."""
    people = live("pool")
    others = keys_of(people)
    people.confirm(people.token(REGISTRATION, JOHN))
    johns = keys_of(people) - others
    people.confirm(people.token(REGISTRATION))
    late, jane = people.token(RESET), row(people)
    *_, (_, listed) = shell(people).erase(jane, email=JANE)
    assert {item["item"]["S"] for item in listed["Items"]} == {
        each for each in keys_of(people) - others - johns if each.startswith(("SECRET#", "LINK#"))
    }
    assert {each for each in keys_of(people) - others - johns if not each.startswith(("SECRET#", "LINK#"))} == set()
    assert johns | others <= keys_of(people)
    with pytest.raises(people.clients.cognito.exceptions.UserNotFoundException):
        people.clients.cognito.admin_get_user(UserPoolId=jane["userPoolId"], Username=jane["username"])
    with pytest.raises(ProofEndedError):
        people.reset(late)
    invite(people, JANE, statuses.MEMBER)
    assert row(people)["status"] == statuses.INVITED


def test_an_admin_who_is_erased_counts_no_more(live: Callable[..., People], shell: Shells) -> None:
    people = live("pool")
    invite(people, JANE, statuses.ADMIN)
    people.receive_all()
    people.confirm(people.tokens()[-1])
    assert admins(people) == 2
    shell(people).erase(row(people), email=JANE)
    shell(people).run(READ, ADMINS, email=JANE)
    for found in seats.changed(people.clients, people.settings):
        seats.tell(people.clients, people.settings, found)
    assert admins(people) == 1


def admins(people: People) -> int:
    (found,) = [item["active"] for item in everything(people.clients) if item["item"] == counts.ADMINS]
    return int(found)


def test_the_first_admin_is_gone_from_the_tenants_table_too(live: Callable[..., People], shell: Shells) -> None:
    people = live("pool")
    shell(people).erase(row(people, ADMIN), email=ADMIN)
    shell(people).run(READ, FIRST_ADMIN, email=ADMIN)
    assert ADMIN not in str(people.tenant())
    assert ADMIN not in str(everything(people.clients))
    tenants = people.clients.dynamodb.scan(TableName=people.settings.tenants_table)["Items"]
    assert "REQUEST" not in {str(item["item"]) for item in tenants}


def test_the_invitation_to_a_federated_tenant_lets_nobody_in_afterwards(
    live: Callable[..., People], shell: Shells
) -> None:
    people = live("silo with social providers")
    pool = people.tenant()["resources"]["userPoolId"]
    key = routes.invitation_key(pool, JANE)
    invite(people, JANE, statuses.MEMBER)
    assert key in keys_of_routes(people)
    shell(people).run(FIND, READ, ROUTE, email=JANE, **{"=USER_POOL_ID": f"={pool}"})
    assert key not in keys_of_routes(people)


def keys_of_routes(people: People) -> set[str]:
    found = people.clients.dynamodb.scan(TableName=people.settings.routes_table)["Items"]
    return {str(item["routeKey"]) for item in found}
