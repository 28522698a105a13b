"""Who may use the status API, and how they get in: `onboard operators`, `onboard token`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import is_code
from orchestrator.cli import arguments, display, terminal
from orchestrator.cli.help_pages import example
from orchestrator.cli.terminal import CommandError, Json, Limit, Stack
from orchestrator.operations import deployment, operators
from orchestrator.status.contract import OPERATORS, VIEWERS
from orchestrator.tenants.commands import command
from tenant_onboarding.names import STACK_NAME

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

app = typer.Typer(no_args_is_help=True, help="Manage who may use the status API.")
Email = Annotated[
    str,
    typer.Argument(
        metavar="EMAIL", parser=arguments.email, help="The address they sign in with; upper and lower case are equal."
    ),
]
UNKNOWN_OPERATION = ("InvalidAction", "UnknownOperationException", "NotImplemented")
"""How an AWS answers that does not have an operation at all, as no real one does."""
Ask = Callable[[str], str]
"""Asks the person for what is named, without showing it."""


class Group(StrEnum):
    """What a person may do."""

    VIEWERS = VIEWERS
    OPERATORS = OPERATORS


@app.command(
    epilog=example("operators add operator@ops.example --group operators"),
    short_help="Give somebody access, or change the group.",
)
def add(
    email: Email,
    group: Annotated[Group, typer.Option(help="Viewers may read, operators may act too.")] = Group.VIEWERS,
    no_email: Annotated[
        bool, typer.Option("--no-email", help="Print the temporary password instead of having Cognito mail it.")
    ] = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Give access, or change the group; it takes effect at the next sign-in.

    Somebody who never signed in gets a new invitation. Needs rights in Amazon Cognito.
    """
    clients, _ = deployment.find(stack)
    user_pool_id = _output(stack, "OperatorsUserPoolId")
    password = operators.add(
        clients.cognito, user_pool_id, email, group.value, [each.value for each in Group], mailed=not no_email
    )
    terminal.say(f"{email} is in the group {group.value}")
    if password:
        terminal.say(f"temporary password: {password}")
    elif no_email:
        terminal.say("has signed in before, so keeps the password")


@app.command("list", epilog=example("operators list --json"), short_help="List who has access, and in which group.")
def list_(limit: Limit = 100, as_json: Json = False, stack: Stack = STACK_NAME) -> None:
    """List who is let in, by email address, and into which group. Needs rights in Amazon Cognito."""
    user_pool_id = _output(stack, "OperatorsUserPoolId")
    clients, _ = deployment.find(stack)
    found = operators.list_(clients.cognito, user_pool_id, [each.value for each in Group], limit + 1)
    rows = terminal.bounded(found, limit)
    terminal.show(rows, display.operators(rows), as_json=as_json)


@app.command(epilog=example("operators remove operator@ops.example"), short_help="Remove somebody's access.")
def remove(
    email: Email,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Remove somebody's access. A token they already have works for up to one hour. Needs rights in Amazon Cognito."""
    if not yes:
        terminal.ask(f"Remove the access of {email}?", f"this takes away {email}'s access; add --yes to confirm")
    clients, _ = deployment.find(stack)
    with _known(email):
        operators.remove(clients.cognito, _output(stack, "OperatorsUserPoolId"), email)
    terminal.say(f"{email} has no access any more; a token issued before works for up to one hour")


@app.command(epilog=example("operators reset-mfa operator@ops.example"), short_help="Forget a lost authenticator app.")
def reset_mfa(email: Email, stack: Stack = STACK_NAME) -> None:
    """Forget a lost authenticator app: the next sign-in asks for one anew. Needs rights in Amazon Cognito."""
    clients, _ = deployment.find(stack)
    user_pool_id = _output(stack, "OperatorsUserPoolId")
    try:
        with _known(email):
            operators.reset_mfa(clients.cognito, user_pool_id, email)
    except ClientError as error:
        if any(is_code(error, code) for code in UNKNOWN_OPERATION):
            raise CommandError("the local AWS cannot do this; see docs/limits.md") from None
        raise
    terminal.say(f"{email} is signed out, and sets up an authenticator app at the next sign-in")


def token(email: Email, stack: Stack = STACK_NAME) -> None:
    """Sign in and print an access token for the status API, good for an hour; nothing else is on stdout."""
    clients, _ = deployment.find(stack)
    user_pool_id, client_id = _output(stack, "OperatorsUserPoolId"), _output(stack, "OperatorsClientId")
    try:
        tokens = sign_in(clients.cognito, user_pool_id, client_id, email, _ask)
    except ClientError as error:
        if is_code(error, "NotAuthorizedException") or is_code(error, "CodeMismatchException"):
            raise CommandError("wrong email address, password or code") from None
        raise
    typer.echo(tokens["AccessToken"])


def sign_in(
    cognito: "CognitoIdentityProviderClient", user_pool_id: str, client_id: str, email: str, ask: Ask
) -> dict[str, Any]:
    """Sign in by SRP, so that no password is sent, and answer what Cognito asks for; return the tokens.

    The first time that is a password of one's own, and an authenticator app where the user pool wants one. Raises the
    errors of Cognito, and CommandError for a challenge that is not known here.
    """
    from pycognito.aws_srp import AWSSRP  # type: ignore[import-untyped]  # has no types

    srp = AWSSRP(username=email, password=ask("Password"), pool_id=user_pool_id, client_id=client_id, client=cognito)
    begun = cognito.initiate_auth(
        ClientId=client_id, AuthFlow="USER_SRP_AUTH", AuthParameters=(asked := srp.get_auth_params())
    )
    user = begun["ChallengeParameters"].get("USER_ID_FOR_SRP", email)
    name, session = str(begun["ChallengeName"]), begun.get("Session", "")
    responses = srp.process_challenge(begun["ChallengeParameters"], asked)
    while True:
        arguments: Any = {"ChallengeName": name, "ChallengeResponses": responses}
        arguments |= {"Session": session} if session else {}
        answer: Any = cognito.respond_to_auth_challenge(ClientId=client_id, **arguments)
        if answer.get("AuthenticationResult"):
            return dict(answer["AuthenticationResult"])
        name, session = answer.get("ChallengeName"), answer.get("Session", "")
        responses, session = _respond(cognito, name, session, ask)
        responses["USERNAME"] = user


def _respond(cognito: "CognitoIdentityProviderClient", name: str, session: str, ask: Ask) -> tuple[dict[str, str], str]:
    """Return the answer to a challenge, and the session that goes with it."""
    if name == "NEW_PASSWORD_REQUIRED":
        return {"NEW_PASSWORD": ask("A new password, of 14 characters or more and of every kind")}, session
    if name == "SOFTWARE_TOKEN_MFA":
        return {"SOFTWARE_TOKEN_MFA_CODE": ask("Code of your authenticator app")}, session
    if name == "MFA_SETUP":
        made = cognito.associate_software_token(Session=session)
        terminal.err.print(
            f"Add this key to your authenticator app: {made['SecretCode']}", highlight=False, soft_wrap=True
        )
        verified = cognito.verify_software_token(Session=made["Session"], UserCode=ask("The code that it shows"))
        return {}, verified["Session"]
    raise CommandError(f"Cognito asks for {name}, which is not known here")


def _ask(what: str) -> str:
    """Ask at a terminal without showing what is typed; elsewhere return the next line of stdin."""
    if sys.stdin.isatty():
        return str(typer.prompt(what, hide_input=True, err=True))
    if line := sys.stdin.readline().rstrip("\n"):
        return line
    raise CommandError(f"stdin has no line for this: {what}")


@contextmanager
def _known(email: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if is_code(error, "UserNotFoundException"):
            raise CommandError(f"there is no operator {email}; see: {command('operators list')}") from None
        raise


def _output(stack: str, name: str) -> str:
    try:
        return deployment.outputs(stack)[name]
    except KeyError:
        raise CommandError(f"the stack {stack} has no output {name}; deploy this version first") from None
