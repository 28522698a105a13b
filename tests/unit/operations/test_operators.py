"""Operators are made and sign in by the command line: no password is sent, and what Cognito asks for is answered."""

import base64
import io
import json
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.cli.operators import sign_in
from orchestrator.cli.terminal import CommandError
from orchestrator.operations import deployment, operators
from orchestrator.operations.operators import create_user
from tests.unit.cli.advice import command_of
from tests.unit.cli.command_line import Run, deploy, document, refusal, run, stack, wrong_use
from tests.unit.conftest import REGION
from tests.unit.faults import Wire, answered, refused

__all__ = ["run", "stack"]

EMAIL = "operator@ops.example"
POOL, CLIENT = f"{REGION}_Operators", "operatorsclient"
PASSWORD, OWN = "the temporary one", "one of my own"
TOKENS = {"AccessToken": "access", "IdToken": "id", "RefreshToken": "refresh"}
SIGNED_IN = answered(AuthenticationResult=TOKENS)
BEGUN = answered(
    ChallengeName="PASSWORD_VERIFIER",
    ChallengeParameters={
        "USER_ID_FOR_SRP": "0f1e-user",
        "USERNAME": "0f1e-user",
        "SRP_B": "ab" * 384,
        "SALT": "cd" * 16,
        "SECRET_BLOCK": base64.b64encode(b"block").decode(),
    },
)


def challenge(name: str) -> Any:
    return answered(ChallengeName=name, Session="s" * 24, ChallengeParameters={})


class Person:
    """Somebody at the terminal; keeps what was asked."""

    def __init__(self, *answers: str) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)

    def __call__(self, what: str) -> str:
        self.asked.append(what)
        return self._answers.pop(0)


@pytest.fixture
def begin(clients: Clients, wire: Wire) -> Callable[..., list[dict[str, Any]]]:
    """Sign in while Cognito asks for these challenges; returns what was answered to each."""

    def begin(person: Person, *challenges: str) -> list[dict[str, Any]]:
        wire.attempts.clear()
        answers = [
            ("InitiateAuth", BEGUN),
            *(("RespondToAuthChallenge", challenge(name)) for name in challenges),
            ("RespondToAuthChallenge", SIGNED_IN),
            ("AssociateSoftwareToken", answered(SecretCode="K" * 16, Session="a" * 24)),
            ("VerifySoftwareToken", answered(Status="SUCCESS", Session="v" * 24)),
        ]
        with ExitStack() as cognito:
            for operation, answer in answers:
                cognito.enter_context(wire.strikes(operation, answer))
            assert sign_in(clients.cognito, POOL, CLIENT, EMAIL, person) == TOKENS
        return wire.bodies("RespondToAuthChallenge")

    return begin


Begin = Callable[..., list[dict[str, Any]]]


def test_the_password_itself_is_never_sent(begin: Begin, wire: Wire) -> None:
    person = Person(PASSWORD)
    (verified,) = begin(person)
    assert person.asked == ["Password"]
    assert wire.bodies("InitiateAuth")[0]["AuthFlow"] == "USER_SRP_AUTH"
    assert verified["ChallengeName"] == "PASSWORD_VERIFIER"
    assert PASSWORD not in json.dumps([attempt.body for attempt in wire.attempts])


def test_the_first_time_a_password_and_an_authenticator_app_are_chosen(
    begin: Begin, wire: Wire, capsys: pytest.CaptureFixture[str]
) -> None:
    person = Person(PASSWORD, OWN, "123456")
    _, chosen, set_up = begin(person, "NEW_PASSWORD_REQUIRED", "MFA_SETUP")
    assert chosen["ChallengeResponses"] == {"NEW_PASSWORD": OWN, "USERNAME": "0f1e-user"}
    assert wire.bodies("VerifySoftwareToken") == [{"Session": "a" * 24, "UserCode": "123456"}]
    assert set_up["ChallengeResponses"] == {"USERNAME": "0f1e-user"}
    assert set_up["Session"] == "v" * 24
    printed = capsys.readouterr()
    assert "K" * 16 in printed.err
    assert printed.out == ""


def test_later_a_code_is_asked_for(begin: Begin) -> None:
    _, coded = begin(Person(PASSWORD, "654321"), "SOFTWARE_TOKEN_MFA")
    assert coded["ChallengeResponses"] == {"SOFTWARE_TOKEN_MFA_CODE": "654321", "USERNAME": "0f1e-user"}
    assert coded["Session"] == "s" * 24


def test_what_is_not_known_here_is_named(begin: Begin) -> None:
    with pytest.raises(CommandError, match="SELECT_CHALLENGE"):
        begin(Person(PASSWORD), "SELECT_CHALLENGE")


@pytest.fixture
def pool(clients: Clients) -> str:
    """An operators' user pool in the simulated AWS."""
    cognito: Any = clients.cognito
    return str(cognito.create_user_pool(PoolName="operators", UsernameAttributes=["email"])["UserPool"]["Id"])


def test_somebody_is_made_once_and_gets_a_password_once(clients: Clients, pool: str, wire: Wire) -> None:
    password = create_user(clients.cognito, pool, EMAIL, mailed=False)
    assert password
    assert len(password) == operators.PASSWORD_LENGTH
    assert wire.bodies("AdminCreateUser")[0]["MessageAction"] == "SUPPRESS"
    own: Any = {"UserPoolId": pool, "Username": EMAIL, "Password": "My-0wn.Secret", "Permanent": True}
    clients.cognito.admin_set_user_password(**own)
    assert create_user(clients.cognito, pool, EMAIL, mailed=False) is None
    assert wire.count("AdminSetUserPassword") == 1
    assert create_user(clients.cognito, pool, f"x{EMAIL}") is None
    assert not {"MessageAction", "TemporaryPassword"} & wire.bodies("AdminCreateUser")[-1].keys()


def test_whoever_has_not_signed_in_yet_is_invited_anew(clients: Clients, pool: str, wire: Wire) -> None:
    first = create_user(clients.cognito, pool, EMAIL, mailed=False)
    second = create_user(clients.cognito, pool, EMAIL, mailed=False)
    assert second
    assert first != second
    assert wire.bodies("AdminSetUserPassword")[-1]["Password"] == second
    assert wire.bodies("AdminSetUserPassword")[-1]["Permanent"] is False
    with wire.strikes("AdminCreateUser", refused("UsernameExistsException")), suppress(ClientError):
        create_user(clients.cognito, pool, EMAIL)
    assert wire.bodies("AdminCreateUser")[-1]["MessageAction"] == "RESEND"


@pytest.fixture
def let_in(run: Run, stack: Any, clients: Clients, pool: str) -> Run:
    """Run `onboard` with a stack that has an operators' user pool with both groups."""
    cognito: Any = clients.cognito
    for group in ("viewers", "operators"):
        cognito.create_group(UserPoolId=pool, GroupName=group)
    names = {output["OutputKey"]: output["OutputValue"] for output in _outputs()}
    deploy("Other", names | {"OperatorsUserPoolId": pool, "OperatorsClientId": CLIENT})
    return lambda *arguments: run(*arguments, "--stack", "Other")


def _outputs() -> Any:
    return boto3.client("cloudformation").describe_stacks(StackName="TenantOnboarding")["Stacks"][0]["Outputs"]


@pytest.mark.parametrize(("option", "group"), [((), "viewers"), (("--group", "operators"), "operators")])
def test_somebody_is_let_in_as_a_viewer_unless_said_otherwise(
    let_in: Run, clients: Clients, pool: str, option: tuple[str, ...], group: str
) -> None:
    ran = let_in("operators", "add", EMAIL, "--no-email", *option)
    assert (ran.code, ran.err) == (0, "")
    assert f"{EMAIL} is in the group {group}" in ran.out
    assert "temporary password: " in ran.out
    cognito: Any = clients.cognito
    found = cognito.admin_list_groups_for_user(UserPoolId=pool, Username=EMAIL)["Groups"]
    assert [each["GroupName"] for each in found] == [group]
    assert "temporary password" not in let_in("operators", "add", EMAIL, *option).out  # it is mailed


def test_whoever_is_put_into_another_group_is_no_longer_in_the_one_before(
    let_in: Run, clients: Clients, pool: str
) -> None:
    let_in("operators", "add", EMAIL, "--no-email", "--group", "operators")
    let_in("operators", "add", EMAIL.upper(), "--no-email", "--group", "viewers")
    cognito: Any = clients.cognito
    found = cognito.admin_list_groups_for_user(UserPoolId=pool, Username=EMAIL)["Groups"]
    assert [each["GroupName"] for each in found] == ["viewers"]


def test_a_lost_authenticator_is_forgotten_and_every_session_ends(
    let_in: Run, clients: Clients, settings: Settings, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployment, "find", lambda _: (clients, settings))
    let_in("operators", "add", EMAIL, "--no-email")
    with (
        wire.strikes("AdminDeleteSoftwareToken", answered()) as forgotten,
        wire.strikes("AdminUserGlobalSignOut", answered()) as ended,
    ):
        ran = let_in("operators", "reset-mfa", EMAIL.upper())
    assert (ran.code, forgotten.struck, ended.struck) == (0, 1, 1)
    assert wire.bodies("AdminDeleteSoftwareToken")[0]["Username"] == EMAIL
    with wire.strikes("AdminDeleteSoftwareToken", refused("InvalidAction")):
        ran = let_in("operators", "reset-mfa", EMAIL)
        assert (ran.code, ran.err) == (1, "onboard: the local AWS cannot do this; see docs/limits.md\n")
    ran = let_in("operators", "reset-mfa", f"no-{EMAIL}")
    assert (ran.code, ran.err) == (1, f"onboard: there is no operator no-{EMAIL}; see: onboard operators list\n")


def test_a_token_is_all_that_is_on_stdout(
    let_in: Run, clients: Clients, settings: Settings, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a terminal the password is the next line of stdin, and nothing is said of that."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n" * 2))
    monkeypatch.setattr(deployment, "find", lambda _: (clients, settings))
    with wire.strikes("InitiateAuth", BEGUN), wire.strikes("RespondToAuthChallenge", SIGNED_IN):
        ran = let_in("token", EMAIL)
    assert (ran.code, ran.out, ran.err) == (0, "access\n", "")
    with wire.strikes("InitiateAuth", refused("NotAuthorizedException", "Incorrect username or password.")):
        ran = let_in("token", EMAIL)
    assert (ran.code, ran.out) == (1, "")
    assert "wrong email address, password or code" in ran.err
    ran = let_in("token", EMAIL)
    assert (ran.code, ran.out, ran.err) == (1, "", "onboard: stdin has no line for this: Password\n")


def test_a_stack_without_operators_is_one_line_on_stderr(run: Run, stack: Any) -> None:
    ran = run("operators", "add", EMAIL)
    assert ran.code == 1
    assert "has no output OperatorsUserPoolId" in ran.err


def test_everybody_who_is_let_in_is_listed_with_their_group(let_in: Run) -> None:
    let_in("operators", "add", EMAIL, "--group", "operators", "--no-email")
    let_in("operators", "add", "viewer@ops.example", "--no-email")
    listed = document(let_in("operators", "list", "--json"))
    assert [(each["email"], each["groups"], each["awaitsFirstSignIn"]) for each in listed] == [
        (EMAIL, ["operators"], True),
        ("viewer@ops.example", ["viewers"], True),
    ]
    cut = let_in("operators", "list", "--limit", "1")
    assert "there are more" in cut.err
    assert "awaits first sign-in" in cut.out


def test_somebody_who_is_removed_is_let_in_no_more(let_in: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    let_in("operators", "add", EMAIL, "--no-email")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert wrong_use(let_in("operators", "remove", EMAIL)) == f"this takes away {EMAIL}'s access; add --yes to confirm"
    assert let_in("operators", "remove", EMAIL, "--yes").code == 0
    assert document(let_in("operators", "list", "--json")) == []
    said = refusal(let_in("operators", "remove", EMAIL, "--yes"))
    assert said == f"there is no operator {EMAIL}; see: onboard operators list"
    assert let_in(*command_of(said)).code == 0
