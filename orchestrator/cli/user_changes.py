"""What is done to a tenant's people: `onboard users disable`, `enable`, `role`, `remove`, `reset-mfa`."""

from collections.abc import Callable
from typing import Annotated

import typer
from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import is_code
from orchestrator.cli import arguments, terminal
from orchestrator.cli.help_pages import example
from orchestrator.cli.operators import UNKNOWN_OPERATION
from orchestrator.cli.terminal import CommandError, Json, Stack, TenantId
from orchestrator.cli.users import Who, deployed, told
from orchestrator.operations import deployment, user_changes
from orchestrator.users.operations import Wanted
from orchestrator.users.statuses import ADMIN, MEMBER, REMOVED
from tenant_onboarding.names import STACK_NAME

NewRole = Annotated[
    str,
    typer.Argument(
        metavar="ROLE",
        parser=arguments.role,
        autocompletion=arguments.completed(ADMIN, MEMBER),
        help=f"{ADMIN}, {MEMBER}, or one of the setting memberRoles.",
    ),
]


def disable(tenant_id: TenantId, who: Who, as_json: Json = False, stack: Stack = STACK_NAME) -> None:
    """Let somebody sign in no more, and end the sessions; tokens that are out stay good until they end.

    Safe to repeat. The last admin of a tenant stays.
    """
    _change(stack, tenant_id, who, Wanted("DISABLE"), as_json=as_json)


def enable(tenant_id: TenantId, who: Who, as_json: Json = False, stack: Stack = STACK_NAME) -> None:
    """Let somebody who is DISABLED sign in again, with the password and role of before. Safe to repeat."""
    _change(stack, tenant_id, who, Wanted("ENABLE"), as_json=as_json)


def role(tenant_id: TenantId, who: Who, new: NewRole, as_json: Json = False, stack: Stack = STACK_NAME) -> None:
    """Give somebody another role, which tokens have once they are renewed. The last admin of a tenant stays one."""
    _change(stack, tenant_id, who, Wanted("ROLE", new), as_json=as_json)


def remove(
    tenant_id: TenantId,
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Remove somebody for good, or withdraw an invitation; the address can be invited again.

    What your product keeps of them is yours to remove. The last admin of a tenant stays.
    """
    if not yes:
        terminal.ask(f"Remove {who} from {tenant_id} for good?", f"this removes {who} for good; add --yes to confirm")
    _change(stack, tenant_id, who, Wanted("REMOVE"), as_json=as_json)


def reset_mfa(tenant_id: TenantId, who: Who, as_json: Json = False, stack: Stack = STACK_NAME) -> None:
    """Forget the authenticator app of somebody who has lost it, and end the sessions; first make sure who asks.

    The next sign-in sets up another one where the user pool wants one.
    """
    aws = deployed(stack)
    try:
        with told():
            found = user_changes.reset_mfa(*aws, tenant_id, who)
    except ClientError as error:
        if any(is_code(error, code) for code in UNKNOWN_OPERATION):
            raise CommandError("the local AWS cannot do this; see docs/limits.md") from None
        raise
    if as_json:
        terminal.print_json(found)
        return
    terminal.say(f"the authenticator app of {found['email']} is forgotten, and every session of theirs ends")


def _change(stack: str, tenant_id: str, who: str, wanted: Wanted, *, as_json: bool) -> None:
    aws = deployed(stack)
    with told():
        found = user_changes.change(*aws, tenant_id, who, wanted, deployment.caller(aws[0]))
    if as_json:
        terminal.print_json(found)
        return
    role = "" if found["status"] == REMOVED else f", as {found['role']}"
    terminal.say(f"{found['email']} of {tenant_id} is {found['status']}{role}")


COMMANDS: dict[str, tuple[Callable[..., None], str, str]] = {
    "disable": (disable, "Let somebody sign in no more.", "users disable acme colleague@acme.example"),
    "enable": (enable, "Let somebody sign in again.", "users enable acme colleague@acme.example"),
    "role": (role, "Give somebody another role.", "users role acme colleague@acme.example admin"),
    "remove": (remove, "Remove somebody, or withdraw an invitation.", "users remove acme colleague@acme.example"),
    "reset-mfa": (reset_mfa, "Forget a lost authenticator app.", "users reset-mfa acme colleague@acme.example"),
}


def add_to(app: typer.Typer) -> None:
    """Add these commands to a group."""
    for name, (command, line, typed) in COMMANDS.items():
        app.command(name=name, short_help=line, epilog=example(typed))(command)
