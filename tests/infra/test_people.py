"""What people need is on the page for every command, and each role's policy is that and nothing else.

That the commands take it, all of it and no more, `tests/e2e/test_least_privilege.py` shows.
"""

import inspect
import json
import re
from collections import Counter
from functools import cache
from typing import Any

import pytest
import typer

from orchestrator.cli import program
from orchestrator.preflight.readings import ACTIONS
from tests.infra import people
from tests.infra.calls import CALLED_OTHERWISE, Call, Place, calls_at, reachable_from
from tests.infra.grant_table import GRANTS, KNOW_NO_RESOURCE
from tests.infra.people import CALL_NO_AWS, FOLDER, KINDS, Need, commands, needs, policy, roles, wanting

MOST_OF_A_POLICY = 6_144
"""IAM's quota of a managed policy's characters, white space left out; what stands for a placeholder may be longer."""
FOR_PLACEHOLDERS = 900
WITHOUT_PERMISSION = {
    "cognito-idp:InitiateAuth",
    "cognito-idp:RespondToAuthChallenge",
    "cognito-idp:AssociateSoftwareToken",
    "cognito-idp:VerifySoftwareToken",
    "sts:GetCallerIdentity",
}
"""What nobody signs, or everybody may ask."""
OF_OPERATIONS = {
    "users disable": {"cognito-idp:AdminDisableUser", "cognito-idp:AdminUserGlobalSignOut"},
    "users enable": {"cognito-idp:AdminEnableUser"},
    "users role": {"cognito-idp:AdminUpdateUserAttributes"},
    "users remove": {"cognito-idp:AdminDeleteUser"},
}
"""What each does to a user, by one function that knows what all do."""
NOT_IN_THE_TABLE = {
    # a variable of `mail_feedback` bears the name of its function that writes
    ("show", "dynamodb:UpdateItem"),
    ("emit", "dynamodb:UpdateItem"),
    ("list", "dynamodb:UpdateItem"),
    ("dlq list", "sqs:DeleteMessage"),  # a loan can delete, and these two let it be
    ("dlq show", "sqs:DeleteMessage"),
    # a condition of the tenant's record is put together as a change would be; a proof is only read, whose kind has one
    ("users show", "dynamodb:UpdateItem"),
    ("users show", "dynamodb:ConditionCheckItem"),
    ("users list", "dynamodb:UpdateItem"),  # as `show`
    *((each, action) for each, own in OF_OPERATIONS.items() for action in set().union(*OF_OPERATIONS.values()) - own),
    *((f"users {each}", "dynamodb:DeleteItem") for each in ("disable", "enable", "role")),  # it is for a removal
    ("domains list", "dynamodb:UpdateItem"),  # gives a token to a claim of before they had one; the page says who may
}
"""What the source of commands leads to, as far as names tell, and no row has; each with the reason."""


@cache
def called(command: str) -> frozenset[str]:
    """Return the actions that the source of a command can lead to."""
    function: Any = inspect.unwrap(dict(commands())[command])
    calls: set[Call] = calls_at(reachable_from([Place(function.__module__, function.__name__)]))
    return frozenset(call.action for call in calls) - WITHOUT_PERMISSION


def listed(command: str) -> set[str]:
    return {need.action for need in needs() if need.command.split(" --")[0] == command}


def test_every_command_that_talks_to_aws_has_rows_and_one_role() -> None:
    """The parser says which there are, the source which of them talk to AWS."""
    assert {name for name, _ in commands() if not called(name)} == CALL_NO_AWS - {"demo", "up"}
    assert {need.command for need in needs()} == wanting()
    assert Counter(each for listed in roles().values() for each in listed) == Counter(wanting())


@pytest.mark.parametrize("command", [name for name, _ in commands() if name not in CALL_NO_AWS])
def test_whatever_the_source_of_a_command_can_call_has_a_row(command: str) -> None:
    found = {(command, action) for action in called(command) - listed(command)}
    assert found == {each for each in NOT_IN_THE_TABLE if each[0] == command}


@pytest.mark.parametrize("role", roles())
def test_a_roles_policy_is_what_its_commands_take(role: str) -> None:
    written = (FOLDER / f"{role}.json").read_text()
    assert written == json.dumps(policy(role), indent=2) + "\n", "run: .venv/bin/python -m tests.infra.people"
    assert len(re.sub(r"\s", "", written)) + FOR_PLACEHOLDERS <= MOST_OF_A_POLICY
    for statement in policy(role)["Statement"]:
        assert "*" not in "".join(statement["Action"])
        assert statement["Resource"] != "*" or set(statement["Action"]) <= KNOW_NO_RESOURCE


def test_there_is_a_policy_for_each_role_and_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(roles())


def test_whoever_only_looks_or_examines_changes_nothing() -> None:
    reads = re.compile(r"\w[\w-]*:(Get|List|Describe|Query|Scan|BatchGet)\w*")
    for role in ("viewer", "doctor"):
        taken = {action for statement in policy(role)["Statement"] for action in statement["Action"]}
        assert [each for each in taken if not reads.fullmatch(each)] == []


def test_no_user_pool_is_changed_but_the_stacks_own_and_the_operators() -> None:
    """Every role's policy would otherwise reach whatever user pool the account has, the operators' own included."""
    for role in roles():
        for statement in policy(role)["Statement"]:
            everywhere = statement["Resource"] == KINDS[people.CHANGED_BY_TAG][0]
            changing = [each for each in statement["Action"] if not people.READS.fullmatch(each)]
            assert not (everywhere and changing) or statement["Condition"] == people.OF_THE_STACK


def test_no_secret_is_read_but_the_stacks_own() -> None:
    """Its name says nothing of the stack, so an ARN alone would lead to that of every stack in the account."""
    for role in roles():
        for statement in policy(role)["Statement"]:
            assert "secretsmanager:GetSecretValue" not in statement["Action"] or (
                statement["Condition"] == people.OF_THE_STACK
            )


def test_the_doctors_page_and_its_function_have_the_same_list() -> None:
    taken = {need.action for need in needs() if need.command == "doctor"} - {"cloudformation:DescribeStacks"}
    assert taken == set(ACTIONS.values()) == set().union(*GRANTS["preflight"].values())


def test_every_kind_of_resource_is_on_the_page_and_no_other() -> None:
    assert {need.on for need in needs()} == set(KINDS)


def test_a_row_more_or_less_and_a_command_without_one_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    row = "| `emit` | the bus | `events:PutEvents` |\n"
    assert row in people.SECTION
    before = policy("publisher")
    with monkeypatch.context() as patch:
        patch.setattr(people, "SECTION", re.sub(r"\| `emit.*` \| the bus \| .*\n", "", people.SECTION))
        assert "events:PutEvents" in called("emit") - listed("emit")
        assert policy("publisher") != before
    with monkeypatch.context() as patch:
        patch.setattr(people, "SECTION", people.SECTION + row.replace("Put", "List"))
        assert Need("emit", "the bus", "events:ListEvents") in needs()
        assert policy("publisher") != before
    another = typer.Typer()
    another.command("destroy")(lambda: None)
    another.command("list")(lambda: None)
    with monkeypatch.context() as patch:
        patch.setattr(program, "app", another)
        assert "destroy" in wanting()


def test_the_names_of_actions_that_are_not_those_of_the_api_are_used() -> None:
    assert set(CALLED_OTHERWISE.values()) <= {need.action for need in needs()}
