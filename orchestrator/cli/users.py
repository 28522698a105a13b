"""A tenant's people: `onboard users invite`, `resend`, `show`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.text import Text

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.cli import arguments, display, terminal
from orchestrator.cli.help_pages import example
from orchestrator.cli.terminal import CommandError, Document, Json, Stack, TenantId
from orchestrator.operations import deployment, users
from orchestrator.operations.deployment import DeploymentError
from orchestrator.operations.users import RefusedError
from orchestrator.tenants.commands import command
from orchestrator.users.invitations import Guest
from orchestrator.users.statuses import ADMIN, MEMBER
from tenant_onboarding.names import STACK_NAME

app = typer.Typer(no_args_is_help=True, help="Invite a tenant's people, and see what became of the mail to them.")
Address = Annotated[
    str,
    typer.Argument(metavar="ADDRESS", parser=arguments.person, help="An email address; case makes no difference."),
]
Who = Annotated[
    str,
    typer.Argument(metavar="ADDRESS|USER_ID", parser=arguments.person_or_id, help="An email address, or a user's id."),
]
PersonName = Annotated[
    str | None,
    typer.Option(
        "--name", metavar="NAME", parser=arguments.person_name, help="What they are called; the email greets them so."
    ),
]
Role = Annotated[
    str,
    typer.Option(
        "--role",
        metavar="ROLE",
        parser=arguments.role,
        autocompletion=arguments.completed(ADMIN, MEMBER),
        help=f"What they may do: {ADMIN}, or a role of your product.",
    ),
]


@app.command(
    epilog=example("users invite acme colleague@acme.example --role admin"), short_help="Invite somebody to a tenant."
)
def invite(
    tenant_id: TenantId,
    address: Address,
    name: PersonName = None,
    role: Role = MEMBER,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Invite somebody to a COMPLETED tenant: a link is mailed, good for 7 days, by which they choose a password.

    Safe to repeat: nobody is invited or mailed twice.
    """
    aws = _found(stack)
    with _told():
        found = users.invite(*aws, tenant_id, Guest(address, name or "", role))
    if as_json:
        terminal.print_json(found)
        return
    again = " already" if found["again"] else ""
    terminal.say(f"{address} is invited to {tenant_id}{again}, as {found['role']}: user {found['userId']}")
    if not found["mailed"]:
        terminal.say("no link is mailed: they sign in at the tenant's own identity provider")
        if found["role"] != MEMBER:
            they = f"they sign in as {MEMBER}, not as {found['role']}, for now"
            terminal.say(f"{they}: once they have, set custom:tenantRole in Amazon Cognito")
    elif found["again"]:
        terminal.say(f"for another mail: {command('users resend', tenant_id, address)}")
    else:
        terminal.say(f"an email with a link is on its way; see: {command('users show', tenant_id, address)}")


@app.command(epilog=example("users resend acme colleague@acme.example"), short_help="Mail an invitation again.")
def resend(tenant_id: TenantId, address: Address, as_json: Json = False, stack: Stack = STACK_NAME) -> None:
    """Mail another link to somebody who is invited and has not confirmed; earlier links stay good."""
    aws = _found(stack)
    with _told():
        found = users.resend(*aws, tenant_id, address)
    if as_json:
        terminal.print_json(found)
        return
    terminal.say(f"another link is on its way to {address}; see: {command('users show', tenant_id, address)}")


@app.command(
    epilog=example("users show acme colleague@acme.example", "users show acme 01J9ZK4T2W8Q6X0V5N3M7B1C4D --json"),
    short_help="Show somebody, and what became of the last mail.",
)
def show(tenant_id: TenantId, who: Who, as_json: Json = False, stack: Stack = STACK_NAME) -> None:
    """Show who somebody is in a tenant, what became of the last mail to them, and until when a link is good."""
    aws = _found(stack)
    with _told():
        found = users.show(*aws, tenant_id, who)
    terminal.show(found, _shown(found), as_json=as_json)


def _shown(found: Document) -> Text:
    """Return who somebody is in a tenant, what became of the last mail to them, and until when a link is good."""
    mail, link = found["mail"], found["link"]
    why = f" ({mail['reason']})" if mail and mail["reason"] else ""
    told: dict[str, object] = {
        "email": found["email"],
        "tenant": found["tenantId"],
        "status": display.coloured(found["status"]) if found["status"] else "no user: the address is not confirmed",
        "user id": found["userId"],
        "name": found["name"],
        "role": found["role"],
        "since": found["createdAt"],
        "user pool id": found["userPoolId"],
        "username": found["username"],
        "last mail": Text.assemble(display.coloured(mail["status"]), display.plain(why), "  ", mail["at"])
        if mail
        else "none known",
        "link": f"{link['purpose']}, good until {link['goodUntil']}" if link else "none is out",
    }
    return display.facts({name: value for name, value in told.items() if value})


def _found(stack: str) -> tuple[Clients, Settings]:
    """Return clients and settings of a stack that has people; raises DeploymentError."""
    clients, settings = deployment.find(stack)
    if not settings.proof_requests_queue:
        raise DeploymentError(f"The stack {stack} is of an earlier release: deploy this one first")
    return clients, settings


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except RefusedError as error:
        raise CommandError(str(error)) from None
