"""How many seats a tenant has is published after each change, at least once under any fault, and says nothing else."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import OnboardingError, TransientError
from orchestrator.tenants.records import record_key
from orchestrator.users import counts, seats
from orchestrator.users.invitations import Guest, invite
from orchestrator.users.works import REGISTRATION
from tests.unit import faults
from tests.unit.faults import DeathError
from tests.unit.users.company import change, counted, joins, row
from tests.unit.users.company import counts as counts_of
from tests.unit.users.people import ADMIN, JANE, People

JOHN = "john@acme.example"


def told(people: People) -> list[dict[str, Any]]:
    """Return the events that were published, whether or not the answer came."""
    sent = [each for body in people.wire.bodies("PutEvents") for each in body["Entries"]]
    return [json.loads(each["Detail"]) for each in sent if each["DetailType"] == "TenantSeatsChanged"]


def tell(people: People) -> list[str]:
    """Do what reconcile does."""
    return [
        seats.tell(people.clients, people.settings, each) for each in seats.changed(people.clients, people.settings)
    ]


@pytest.fixture
def people(live: Callable[..., People]) -> People:
    """The people of acme, whose first seats were published."""
    people = live("pool")
    tell(people)
    people.wire.reset()
    return people


def test_the_first_admin_is_the_first_seat_and_is_told_once(live: Callable[..., People]) -> None:
    people = live("pool")
    assert (tell(people), tell(people)) == (["told"], [])
    (event,) = told(people)
    assert event.pop("metadata", {}) == people.tenant().get("metadata", {})
    number = event["number"]
    assert event == {
        "tenantId": "acme",
        "seats": 1,
        "number": number,
        "eventKey": f"acme:TenantSeatsChanged:{number}",
    }


def test_many_changes_are_told_at_once_by_the_number_of_the_last(people: People) -> None:
    joins(people, JANE)
    joins(people, JOHN, "admin")
    change(people, row(people, JANE), "DISABLE")
    assert tell(people) == ["told"]
    (event,) = told(people)
    assert event["seats"] == counted(people)["members"] == 2


@pytest.mark.parametrize("what", ["DISABLE", "REMOVE"])
def test_each_way_to_lose_a_seat_is_told_with_a_greater_number(what: Any, people: People) -> None:
    jane = joins(people, JANE)
    tell(people)
    change(people, jane, what)
    tell(people)
    more, less = told(people)
    assert (more["seats"], less["seats"]) == (2, 1)
    assert less["number"] > more["number"]


def test_who_confirms_or_is_enabled_takes_a_seat(people: People) -> None:
    people.confirm(people.token(REGISTRATION))
    tell(people)
    change(people, change(people, row(people, JANE), "DISABLE"), "ENABLE")
    tell(people)
    assert [each["seats"] for each in told(people)] == [2, 2]


def test_what_takes_no_seat_is_not_told(people: People) -> None:
    """An invitation, a role, a name."""
    jane = joins(people, JANE)
    tell(people)
    people.wire.reset()
    invite(people.clients, people.settings, people.tenant(), Guest(JOHN))
    change(people, jane, "ROLE", "admin")
    change(people, row(people, JANE), "NAME", "Jane D.")
    assert tell(people) == []
    assert told(people) == []


@pytest.mark.parametrize("operation", ["Query", "GetItem", "PutEvents", "UpdateItem"])
@pytest.mark.parametrize("fault", [faults.death_before, faults.death_after], ids=["before", "after"])
def test_under_any_fault_it_is_told_at_least_once_and_a_repeat_has_the_same_key(
    operation: str, fault: Any, people: People
) -> None:
    joins(people, JANE)
    with people.wire.strikes(operation, fault) as struck, pytest.raises(DeathError):
        tell(people)
    assert struck.struck == 1
    tell(people)
    events = told(people)
    assert tell(people) == []
    assert events[-1]["seats"] == 2
    assert len({each["eventKey"] for each in events}) == 1


def test_of_two_at_once_both_say_the_same(people: People) -> None:
    joins(people, JANE)
    (first,), (second,) = [list(seats.changed(people.clients, people.settings)) for _ in range(2)]
    answers = [seats.tell(people.clients, people.settings, each) for each in (first, second)]
    assert answers == ["told", ""]
    assert tell(people) == []


def test_who_comes_while_it_is_told_is_told_next(people: People) -> None:
    joins(people, JANE)

    def meanwhile(request: Any) -> Any:
        joins(people, JOHN)
        return faults.answer(request)

    with people.wire.strikes("PutEvents", meanwhile):
        tell(people)
    assert tell(people) == ["told"]
    assert [each["seats"] for each in told(people)] == [2, 3]


def test_nothing_is_told_of_a_tenant_that_is_not_live_until_it_is(people: People) -> None:
    joins(people, JANE)
    for status, said in (("IN_PROGRESS", [""]), ("SUSPENDED", ["told"])):
        change_status = Change(people.settings.tenants_table, record_key("acme")).set("status", status)
        writes.in_turn(people.clients.dynamodb.update_item, **change_status.arguments())
        assert tell(people) == said


def of_an_earlier_release(people: People) -> None:
    """Let the item count active admins alone."""
    item = counts.key("acme") | {"active": 1}
    people.clients.dynamodb.put_item(TableName=people.settings.users_table, Item=item)


def test_who_was_there_before_people_were_counted_is_counted_before_it_is_told(people: People) -> None:
    joins(people, JANE)
    change(people, joins(people, JOHN), "DISABLE")
    of_an_earlier_release(people)
    joins(people, "last@acme.example")
    tell(people)
    assert counts_of(people) == counted(people) == {"active": 1, "members": 3, "disabled": 1}
    assert told(people)[-1]["seats"] == 3


def test_a_tenant_of_an_earlier_release_is_counted_once_it_is_asked_for(people: People) -> None:
    joins(people, JANE)
    of_an_earlier_release(people)
    wanted = people.clients, people.settings, "acme"
    assert seats.to_be_counted(*wanted, dry_run=True)
    assert tell(people) == []
    assert [seats.to_be_counted(*wanted, dry_run=False) for _ in range(2)] == [True, False]
    assert tell(people) == ["told"]
    assert counts_of(people) == counted(people) == {"active": 1, "members": 2, "disabled": 0}
    assert not seats.to_be_counted(*wanted, dry_run=False)


def test_who_comes_while_people_are_counted_lets_them_be_counted_again(people: People) -> None:
    of_an_earlier_release(people)
    joins(people, JANE)

    def meanwhile(request: Any) -> Any:
        joins(people, JOHN)
        return faults.answer(request)

    with people.wire.strikes("UpdateItem", meanwhile), pytest.raises(TransientError) as raised:
        tell(people)
    assert isinstance(raised.value, OnboardingError)
    assert told(people) == []
    tell(people)
    assert [each["seats"] for each in told(people)] == [3]
    assert ADMIN not in str(told(people))
