"""Whatever fails at whichever call, or whoever asks at the same time: what was asked for is so, once, and counted."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.dynamodb import Item
from orchestrator.aws.errors import OnboardingError
from orchestrator.users import operations
from orchestrator.users.invitations import Guest, invite
from orchestrator.users.operations import By, What
from orchestrator.users.refusals import LastAdminError, NotAllowedError, NotPossibleError, UnderWayError
from tests.unit import faults
from tests.unit.faults import DeathError
from tests.unit.model.stage import FAULTS
from tests.unit.users.company import change, counted, counts, due, in_cognito, joins, row
from tests.unit.users.people import ADMIN, JANE, People
from tests.unit.users.users_table import everything

MOST_TRIES = 6
IN_COGNITO: dict[What, tuple[str, ...]] = {
    "DISABLE": ("AdminDisableUser", "AdminUserGlobalSignOut"),
    "ENABLE": ("AdminEnableUser",),
    "ROLE": ("AdminUpdateUserAttributes",),
    "NAME": ("AdminUpdateUserAttributes",),
    "REMOVE": ("AdminDeleteUser",),
}
VALUES = {"ROLE": "admin", "NAME": "Jane D."}
WRITES = ("begins", "is taken", "is over")
EVERY_CALL = [
    *((what, operation, 0) for what, made in IN_COGNITO.items() for operation in made),
    *((what, "TransactWriteItems", number) for what in IN_COGNITO for number, _ in enumerate(WRITES)),
    *((what, "GetItem", number) for what in IN_COGNITO for number in range(2)),
]


def begin(people: People, what: What) -> Item:
    """Let Jane be there, as whoever something can be done to."""
    jane = joins(people, JANE)
    return change(people, jane, "DISABLE") if what == "ENABLE" else jane


def until_over(do: Callable[[], Any]) -> None:
    """Ask as often as it takes, each time after the lease of the one before."""
    for _ in range(MOST_TRIES):
        try:
            do()
        except (OnboardingError, UnderWayError, ClientError, BotoCoreError, DeathError):
            continue
        return
    raise AssertionError("it never ended")


def again(people: People, what: What, jane: Item) -> None:
    """Ask for the same, as the row is now; whoever is gone needs nothing more, once that is over."""
    left = [each for each in everything(people.clients) if each["item"] == jane["item"]]
    if left[0]["status"] == "REMOVED" and "operation" not in left[0]:
        return
    change(people, left[0], what, VALUES.get(what, ""))


def check(people: People, what: What, jane: Item) -> None:
    """Hold the end to what must be: register, Cognito and counts agree, and nothing is under way."""
    (found,) = [each for each in everything(people.clients) if each["item"] == jane["item"]]
    user = in_cognito(people, jane)
    expected = {"DISABLE": "DISABLED", "REMOVE": "REMOVED"}.get(what, "ACTIVE")
    assert (found["status"], "operation" in found) == (expected, False)
    if user is None:
        assert what == "REMOVE"
    else:
        assert user["enabled"] == (what != "DISABLE")
        assert (user["custom:tenantRole"], user["name"]) == (found["role"], found["name"])
    assert found.get(what.lower(), VALUES.get(what)) == VALUES.get(what)
    assert counts(people) == counted(people)
    assert due(people) == []


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("what", "operation", "spare"), EVERY_CALL)
def test_one_fault_at_any_call(what: What, operation: str, spare: int, fault: str, people: People) -> None:
    jane = begin(people, what)
    people.lease_seconds = -1
    with people.wire.strikes(operation, FAULTS[fault], times=3, spare=spare):
        until_over(lambda: again(people, what, jane))
    until_over(lambda: again(people, what, jane))
    check(people, what, jane)


@pytest.mark.parametrize("what", IN_COGNITO)
def test_these_are_all_the_calls(what: What, people: People) -> None:
    jane = begin(people, what)
    people.wire.attempts.clear()
    change(people, jane, what, VALUES.get(what, ""))
    made = [each for each in people.wire.operations() if not each.startswith("GetItem")]
    assert sorted(made) == sorted([*IN_COGNITO[what], *("TransactWriteItems",) * len(WRITES)])


@pytest.mark.parametrize("rivals", ["DISABLE", "ROLE", "REMOVE"])
@pytest.mark.parametrize(("what", "operation", "spare"), EVERY_CALL)
def test_two_who_change_the_same_user_at_once(
    what: What, operation: str, spare: int, rivals: What, people: People
) -> None:
    """One of them may be told to try again; register, Cognito and counts agree whoever wins."""
    jane = begin(people, what)

    def rival() -> None:
        try:
            (now,) = [each for each in everything(people.clients) if each["item"] == jane["item"]]
            change(people, now, rivals, {"ROLE": "auditor", "NAME": "Janet"}.get(rivals, ""))
        except (UnderWayError, OnboardingError, NotPossibleError):
            return

    with (
        people.wire.strikes(operation, faults.preceded_by(rival), spare=spare),
        suppress(UnderWayError, OnboardingError, NotPossibleError),
    ):
        change(people, jane, what, VALUES.get(what, ""))
    (found,) = [each for each in everything(people.clients) if each["item"] == jane["item"]]
    if "operation" in found:
        people.lease_seconds = -1
        until_over(lambda: change(people, found, "DISABLE"))
        (found,) = [each for each in everything(people.clients) if each["item"] == jane["item"]]
    user = in_cognito(people, jane)
    assert (user is None) == (found["status"] == "REMOVED")
    if user:
        assert user["enabled"] == (found["status"] == "ACTIVE")
        assert (user["custom:tenantRole"], user["name"]) == (found["role"], found["name"])
    assert counts(people) == counted(people)
    assert due(people) == []


@pytest.mark.parametrize(("operation", "spare"), [("TransactWriteItems", number) for number in range(3)])
def test_two_admins_who_remove_each_other_at_once(operation: str, spare: int, people: People) -> None:
    """Whatever moment the second comes at, one admin stays."""
    admin, jane = row(people, ADMIN), joins(people, JANE, "admin")

    def rival() -> None:
        try:
            change(people, jane, "REMOVE", by=By("admin", admin))
        except (LastAdminError, NotAllowedError, UnderWayError, OnboardingError):
            return

    with (
        people.wire.strikes(operation, faults.preceded_by(rival), spare=spare),
        suppress(LastAdminError, NotAllowedError, UnderWayError, OnboardingError),
    ):
        change(people, admin, "REMOVE", by=By("jane", jane))
    assert counts(people)["active"] == counted(people)["active"] == 1


def test_what_a_removed_tenants_people_had_under_way_is_given_up(people: People) -> None:
    """Its placement is another: what was begun takes no effect any more, and the remover finds all."""
    jane = joins(people, JANE)
    people.lease_seconds = -1
    with people.wire.strikes("AdminDeleteUser", faults.death_before), pytest.raises(DeathError):
        change(people, jane, "REMOVE")
    people.clients.dynamodb.update_item(
        TableName="tenants",
        Key={"tenantId": "acme", "item": "RECORD"},
        UpdateExpression="SET placement = :raised",
        ExpressionAttributeValues={":raised": 1},
    )
    (found,) = operations.left_behind(people.clients, people.settings, 4_000_000_000.0)
    assert operations.finish(people.clients, people.settings, found, people.claim()) == "over"
    assert list(operations.left_behind(people.clients, people.settings, 4_000_000_000.0)) == []
    assert people.wire.count("AdminDeleteUser") == 1
    assert in_cognito(people, jane) is not None


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("operation", "spare"), [("GetItem", 0), ("TransactWriteItems", 0)])
def test_a_withdrawal_under_any_fault_ends_the_invitation(
    operation: str, spare: int, fault: str, people: People
) -> None:
    invite(people.clients, people.settings, people.tenant(), Guest(JANE))
    jane = row(people, JANE)

    def withdraw() -> None:
        if [each for each in everything(people.clients) if each["item"] == jane["item"]]:
            change(people, jane, "REMOVE")

    with people.wire.strikes(operation, FAULTS[fault], times=3, spare=spare):
        until_over(withdraw)
    until_over(withdraw)
    assert JANE not in str([each for each in everything(people.clients) if each["item"].startswith("USER#")])
    assert people.wire.count("AdminDeleteUser") == 0
