"""A file's people are invited and mailed once each, whatever interrupts it, and no more than a day has room for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.errors import OnboardingError
from orchestrator.operations import people_import
from orchestrator.operations.people_import import Imported
from orchestrator.operations.users import RefusedError
from tests.unit import faults
from tests.unit.every_tier import CASES, World, world
from tests.unit.faults import DeathError
from tests.unit.users.people import ADMIN, People
from tests.unit.users.users_table import rows

__all__ = ["world"]

MANY = 60
CALLS = ("GetItem", "TransactWriteItems", "SendMessage")


@pytest.fixture
def people(world: World) -> People:
    """The people of acme, who are its admin alone."""
    world.onboard(CASES["pool"])
    world.wire.attempts.clear()
    chosen = world.settings.model_copy(update={"member_roles": ("editor",)})
    return People(world.clients, chosen, world.wire)


def file(number: int, first: int = 0) -> str:
    """Return a file of so many people."""
    return "email,name\n" + "".join(
        f"person-{each}@acme.example,Person {each}\n" for each in range(first, first + number)
    )


def invite(people: People, text: str, **how: Any) -> Imported:
    """Invite the people of a file."""
    return people_import.invite(people.clients, people.settings, "acme", text, lambda: None, **how)


def invited(people: People) -> list[str]:
    """Return who is registered beside the admin."""
    return sorted(each["email"] for each in rows(people.clients) if each["email"] != ADMIN)


def mailed(people: People) -> list[str]:
    """Let everything on the queue be mailed, and return to whom, of all mails so far."""
    people.receive_all()
    return sorted(str(mail["to"][0]) for mail in people.mails())


def test_whoever_is_in_a_file_is_invited_with_name_and_role(people: People) -> None:
    text = '\ufeffEmail,name,role\r\n Jane@Acme.Example ,"Doe, Jane",editor\r\n\r\njoe@acme.example,,\r\n'
    assert invite(people, text) == Imported("acme", invited=2)
    found = {each["email"]: (each.get("name"), each["role"], each["status"]) for each in rows(people.clients)}
    assert found["jane@acme.example"] == ("Doe, Jane", "editor", "INVITED")
    assert found["joe@acme.example"] == (None, "member", "INVITED")


def test_what_is_wrong_is_told_line_by_line_and_keeps_nobody_else_out(people: People) -> None:
    text = (
        "email,name,role\n"
        "no address,,\n"
        "jane@acme.example,Jane,owner\n"
        f"{'x' * 60}@{'y' * 60}.example,,\n"
        "joe@acme.example,Joe,\n"
        "JOE@acme.example,Joe again,\n"
        "joan@acme.example\n"
        f"{ADMIN},,\n"
    )
    found = invite(people, text)
    assert [(each.line, each.why.partition(" ")[0]) for each in found.refused] == [
        (2, "email"),
        (3, "role"),
        (4, "email"),
        (6, "is"),
        (7, "has"),
        (8, "is"),
    ]
    assert invited(people) == ["joe@acme.example"]


@pytest.mark.parametrize("text", ["", "name\nJane\n", "email,phone\n", "email,email\n", 'email\n"jane'])
def test_what_is_no_such_file_invites_nobody(text: str, people: People) -> None:
    with pytest.raises(RefusedError):
        invite(people, text)
    assert invited(people) == []


def test_a_dry_run_only_looks(people: People) -> None:
    assert invite(people, file(3), dry_run=True) == Imported("acme", left=3)
    assert (invited(people), people.waiting()) == ([], [])


def test_many_people_have_one_invitation_and_one_mail_each_within_the_days_budget(people: People) -> None:
    people.settings = people.settings.model_copy(update={"mails_per_tenant_day": MANY})
    assert invite(people, file(MANY)) == Imported("acme", invited=MANY)
    assert len(invited(people)) == MANY
    assert mailed(people) == invited(people)
    assert invite(people, file(MANY)) == Imported("acme", before=MANY)
    assert people.waiting() == [], "nobody is asked for again who is mailed"
    assert invite(people, file(1, first=MANY)) == Imported("acme", left=1), "the day's budget is used up"


def test_what_a_day_has_no_room_for_is_left_for_the_next(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    people.settings = people.settings.model_copy(update={"mails_per_tenant_day": 3})
    assert invite(people, file(5)) == Imported("acme", invited=3, left=2)
    assert len(mailed(people)) == 3
    monkeypatch.setattr("orchestrator.users.budgets.day_of", lambda _: "2099-01-01")
    assert invite(people, file(5)) == Imported("acme", invited=2, before=3)
    assert mailed(people) == invited(people)
    assert len(invited(people)) == 5


def test_whoever_has_accepted_takes_no_room(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a file whose first people are users would never be gone on with."""
    people.settings = people.settings.model_copy(update={"mails_per_tenant_day": 3})
    invite(people, file(5))
    people.receive_all()
    for token in people.tokens():
        people.confirm(token)
    monkeypatch.setattr("orchestrator.users.budgets.day_of", lambda _: "2099-01-01")
    found = invite(people, file(5))
    assert (found.invited, found.left, len(found.refused)) == (2, 0, 3)


@pytest.mark.parametrize("fault", [faults.death_before, faults.death_after, faults.lost_response, faults.unreachable])
@pytest.mark.parametrize(("operation", "spare"), [(each, number) for each in CALLS for number in range(2)])
def test_killed_at_any_call_and_run_again_it_invites_and_mails_each_once(
    operation: str, spare: int, fault: Callable[..., Any], people: People
) -> None:
    with people.wire.strikes(operation, fault, times=3, spare=spare):
        for _ in range(3):
            try:
                invite(people, file(3))
            except (DeathError, OnboardingError, ClientError, BotoCoreError):
                continue
            break
    found = invite(people, file(3))
    assert found == replace(found, left=0, refused=[])
    assert found.invited + found.before == 3
    assert mailed(people) == invited(people) == [f"person-{each}@acme.example" for each in range(3)]


def test_all_are_exported_whatever_their_number_by_a_query_a_thousand(people: People) -> None:
    (admin,) = rows(people.clients)
    for number in range(1_200):
        of_another = {"userId": f"{number}", "item": f"USER#{number}", "email": f"person-{number}@acme.example"}
        people.clients.dynamodb.put_item(TableName="users", Item=admin | of_another)
    people.wire.attempts.clear()
    found = list(people_import.everybody(people.clients, people.settings, "acme"))
    assert len({each["email"] for each in found}) == len(found) == 1_201
    assert people.wire.operations() == ["Query", "Query"]
    assert found[0].keys() == {"userId", "tenantId", "email", "name", "role", "status", "createdAt"}
