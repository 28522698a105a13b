"""Whatever fails at whichever call, or whoever clicks at the same time: one user, one password, one mail, no half."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.errors import OnboardingError
from orchestrator.users import links
from orchestrator.users.proofs import ProofEndedError
from orchestrator.users.refusals import UnderWayError
from orchestrator.users.works import REGISTRATION, RESET, Purpose
from tests.unit import faults
from tests.unit.faults import DeathError
from tests.unit.model.stage import FAULTS
from tests.unit.users.people import ADMIN, JANE, OTHER, PASSWORD, People, row, signs_in
from tests.unit.users.users_table import everything, rows

MOST_TRIES = 6
PURPOSES: tuple[Purpose, ...] = (REGISTRATION, RESET)
CONFIRMS = (
    *("GetItem",) * 3,
    "TransactWriteItems",
    *("GetItem",) * 2,
    "AdminCreateUser",
    "AdminAddUserToGroup",
    "AdminSetUserPassword",
    "TransactWriteItems",
)


def who(purpose: Purpose) -> tuple[str, str]:
    """Return the address and the password that a link of a purpose is for."""
    return (JANE, PASSWORD) if purpose == REGISTRATION else (ADMIN, OTHER)


def calls(purpose: Purpose) -> Iterator[tuple[str, int]]:
    """Yield each call that using a link makes, as an operation and how many of it came before."""
    seen: dict[str, int] = {}
    reset = [each for each in CONFIRMS if each not in {"AdminCreateUser", "AdminAddUserToGroup"}]
    for operation in CONFIRMS if purpose == REGISTRATION else [*reset, "AdminUserGlobalSignOut"]:
        yield operation, seen.get(operation, 0)
        seen[operation] = seen.get(operation, 0) + 1


def until_over(use: Callable[[], Any]) -> None:
    """Click as often as it takes, each time after the lease of the one before."""
    for _ in range(MOST_TRIES):
        try:
            use()
        except (OnboardingError, UnderWayError, ClientError, BotoCoreError, DeathError):
            continue
        except ProofEndedError:
            return
        return
    raise AssertionError("it never ended")


def check(people: People, purpose: Purpose, token: str) -> None:
    """Hold the end to what must be: one of everything, and the password that was chosen."""
    email, password = who(purpose)
    assert row(people, email)["status"] == "ACTIVE"
    made = people.tenant()["resources"]
    in_cognito = people.clients.cognito.list_users(UserPoolId=made["userPoolId"])["Users"]
    assert len(in_cognito) == len(rows(people.clients)) == (2 if purpose == REGISTRATION else 1)
    grouped = people.clients.cognito.list_users_in_group(UserPoolId=made["userPoolId"], GroupName=made["groupName"])[
        "Users"
    ]
    assert len(grouped) == len(in_cognito)
    kept = [item["item"] for item in everything(people.clients)]
    assert links.key("acme", token)["item"] not in kept
    assert signs_in(people, email, password)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("purpose", "operation", "spare"),
    [(purpose, *call) for purpose in PURPOSES for call in calls(purpose)],
)
def test_one_fault_at_any_call(purpose: Purpose, operation: str, spare: int, fault: str, people: People) -> None:
    token = people.token(purpose, who(purpose)[0])
    people.lease_seconds = -1
    with people.wire.strikes(operation, FAULTS[fault], times=3, spare=spare):
        until_over(lambda: people.carry_out(purpose)(token))
    until_over(lambda: people.carry_out(purpose)(token))
    check(people, purpose, token)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_these_are_all_the_calls(purpose: Purpose, people: People) -> None:
    token = people.token(purpose, who(purpose)[0])
    people.wire.attempts.clear()
    people.carry_out(purpose)(token)
    made = people.wire.operations()
    assert sorted(made) == sorted(operation for operation, _ in calls(purpose))


@pytest.mark.parametrize(
    ("purpose", "operation", "spare"),
    [(purpose, *call) for purpose in PURPOSES for call in calls(purpose)],
)
def test_two_who_click_at_once(purpose: Purpose, operation: str, spare: int, people: People) -> None:
    """The second is told that it is under way, or that it is over; the password is that of who was told it is done."""
    token, password = people.token(purpose, who(purpose)[0]), who(purpose)[1]
    told: list[str] = []

    def click(with_password: str) -> None:
        try:
            people.carry_out(purpose)(token, with_password)
        except (UnderWayError, ProofEndedError) as refused:
            told.append(type(refused).__name__)
        else:
            told.append(with_password)

    rival = f"{password}-of-the-rival"
    with people.wire.strikes(operation, faults.preceded_by(lambda: click(rival)), spare=spare):
        click(password)
    (done,) = [each for each in told if each in {password, rival}]
    assert len(told) == 2
    assert signs_in(people, who(purpose)[0], done)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("operation", "spare"),
    [
        *(("GetItem", number) for number in range(5)),
        *(("TransactWriteItems", number) for number in range(4)),
        ("SendEmail", 0),
    ],
)
def test_a_request_that_comes_again_after_a_fault_mails_a_link_that_is_good(
    operation: str, spare: int, fault: str, people: People
) -> None:
    """Twice only where nobody could know whether the first was sent."""
    people.ask(REGISTRATION)
    (body,) = people.waiting()
    people.lease_seconds = -1
    with people.wire.strikes(operation, FAULTS[fault], times=3, spare=spare):
        until_over(lambda: people.receive(body))
    until_over(lambda: people.receive(body))
    in_doubt = operation == "SendEmail" or (operation, spare) == ("TransactWriteItems", 3)
    assert 1 <= len(people.tokens()) <= (4 if in_doubt else 1)
    people.lease_seconds = 60
    token = people.tokens()[0]
    people.confirm(token)
    check(people, REGISTRATION, token)


def test_a_message_that_comes_twice_mails_once(people: People) -> None:
    people.ask(REGISTRATION)
    (body,) = people.waiting()
    assert [people.receive(body).answer for _ in range(3)] == ["mailed", "repeated", "repeated"]
    assert len(people.tokens()) == 1
