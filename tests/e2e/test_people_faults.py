"""The sweep of people's links in short: a few blows at each story, and a judge who notices what is wrong.

The whole sweep is `python -m benchmarks.people_sweep`; before a change lands, a sample of it is run.
"""

from collections.abc import Callable, Iterator

import pytest

from orchestrator.users import store
from tests.e2e.blows import FOR_EVER, Blow
from tests.e2e.faults import denied, lost_response
from tests.e2e.hidden_faults import lagging
from tests.e2e.people_blows import FORGOTTEN, INVITATION, MAIL, MAILS, REGISTRATION, TAKES, blows, transaction_conflict
from tests.e2e.people_story import Outcome
from tests.e2e.people_sweep import PeopleSweep, open_town, recorded
from tests.e2e.people_town import Town
from tests.e2e.people_truth import judge
from tests.e2e.world import World

CALLS = [
    (TAKES, "sqs:SendMessage"),
    (MAILS, "dynamodb:TransactWriteItems"),
    (MAILS, MAIL),
    (MAILS, "dynamodb:UpdateItem"),
    (TAKES, "cognito-idp:AdminCreateUser"),
    (TAKES, "dynamodb:TransactWriteItems"),
]
CHOSEN = {
    (REGISTRATION, "cognito-idp:AdminCreateUser", lost_response, 1),
    (REGISTRATION, "cognito-idp:AdminCreateUser", lagging, 1),
    (INVITATION, "cognito-idp:AdminAddUserToGroup", denied, 1),
    (INVITATION, "dynamodb:TransactWriteItems", transaction_conflict, 1),
    (FORGOTTEN, "cognito-idp:AdminSetUserPassword", denied, FOR_EVER),
    (FORGOTTEN, "sqs:SendMessage", lost_response, 1),
}


@pytest.fixture(scope="module")
def town(running_world: World) -> Iterator[Town]:
    with open_town(running_world, tenants=1) as town:
        yield town


@pytest.fixture(scope="module")
def outcomes(town: Town) -> list[Outcome]:
    def chosen(blow: Blow) -> bool:
        return (blow.variant, blow.operation, blow.strike, blow.times) in CHOSEN

    every = {(blow.variant, blow.operation, blow.strike, blow.times): blow for blow in recorded(town) if chosen(blow)}
    assert every.keys() == CHOSEN
    return PeopleSweep(town, list(every.values()), report=lambda _: None).run()


def test_whatever_strikes_a_person_gets_in_once_and_is_told_the_truth(outcomes: list[Outcome]) -> None:
    assert [(str(outcome.blow), outcome.complaints) for outcome in outcomes if outcome.complaints] == []
    assert len(outcomes) == len(CHOSEN)


def test_each_call_is_struck_by_what_can_happen_to_it_and_known_by_its_function() -> None:
    found = list(blows(REGISTRATION, "pool", CALLS))
    assert {(blow.function, blow.operation) for blow in found} == set(CALLS)
    assert {blow.number for blow in found} == {1}
    assert {blow.fault for blow in found if blow.operation == MAIL} == {
        "throttled",
        "server error",
        "reset",
        "lost response",
        "denied",
        "killed before",
        "killed after",
        "read timeout",
        "server error, until an operator steps in",
        "denied, until an operator steps in",
        "daily quota, until an operator steps in",
    }
    assert {(blow.function, blow.operation) for blow in found if blow.after == MAIL} == {(MAILS, "dynamodb:UpdateItem")}


def delete_the_row(town: Town, outcome: Outcome) -> None:
    town.world.stack.clients.dynamodb.delete_item(
        TableName=town.world.stack.settings.users_table,
        Key={"tenantId": outcome.tenant_id, "item": f"{store.ROW}{outcome.user_id}"},
    )


def mail_once_more(town: Town, outcome: Outcome) -> None:
    town.world.stack.clients.ses_once.send_email(
        FromEmailAddress=town.world.stack.settings.sender,
        Destination={"ToAddresses": [outcome.email]},
        Content={"Simple": {"Subject": {"Data": "Again"}, "Body": {"Text": {"Data": "Again"}}}},
    )


def leave_the_group(town: Town, outcome: Outcome) -> None:
    made = town.tenants[outcome.tenant_id]["resources"]
    town.world.stack.clients.cognito.admin_remove_user_from_group(
        UserPoolId=made["userPoolId"], Username=_name(town, outcome), GroupName=made["groupName"]
    )


def become_admin(town: Town, outcome: Outcome) -> None:
    made = town.tenants[outcome.tenant_id]["resources"]
    town.world.stack.clients.cognito.admin_update_user_attributes(
        UserPoolId=made["userPoolId"],
        Username=_name(town, outcome),
        UserAttributes=[{"Name": "custom:tenantRole", "Value": "admin"}],
    )


def _name(town: Town, outcome: Outcome) -> str:
    tier = town.tenants[outcome.tenant_id]["tier"]
    return outcome.email if tier == "silo" else f"{outcome.tenant_id}/{outcome.email}"


@pytest.mark.parametrize(
    ("number", "tamper", "kind", "word"),
    [
        (0, leave_the_group, "wrong", "group"),
        (1, become_admin, "wrong", "custom:tenantRole"),
        (2, mail_once_more, "duplicate", "mails"),
        (3, delete_the_row, "false success", "the register has"),
    ],
)
def test_what_is_wrong_is_noticed(
    town: Town,
    outcomes: list[Outcome],
    number: int,
    tamper: Callable[[Town, Outcome], None],
    kind: str,
    word: str,
) -> None:
    """The control: without it, looking in the wrong place would pass."""
    outcome = outcomes[number]
    tamper(town, outcome)
    judged = Outcome(**{name: getattr(outcome, name) for name in SAME}, complaints=[])
    judge(town, [judged])
    assert [each.text for each in judged.complaints if each.kind == kind and word in each.text], judged.complaints


SAME = ("blow", "tenant_id", "email", "user_id", "asked", "struck", "links")
