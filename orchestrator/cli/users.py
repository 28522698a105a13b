"""A tenant's people: `onboard users list`, `show`, `invite`, `resend`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.text import Text

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.cli import arguments, display, terminal
from orchestrator.cli.help_pages import example
from orchestrator.cli.terminal import CommandError, Document, Json, Stack, TenantId, WrongUseError
from orchestrator.operations import deployment, user_lists, users
from orchestrator.operations.deployment import DeploymentError
from orchestrator.operations.users import RefusedError
from orchestrator.tenants.commands import command
from orchestrator.users.invitations import Guest
from orchestrator.users.members import Wanted
from orchestrator.users.statuses import ACTIVE, ADMIN, DISABLED, INVITED, MEMBER
from tenant_onboarding.names import STACK_NAME

app = typer.Typer(no_args_is_help=True, help="Look after a tenant's people: see, invite, disable and remove them.")
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

IN = (INVITED, ACTIVE, DISABLED)
PER_PAGE = 1_000
MANY = 100


@app.command(
    name="list",
    epilog=example("users list acme --status INVITED", "users list acme --search jane --json"),
    short_help="List a tenant's people, and who has never signed in.",
)
def list_(  # noqa: PLR0913, PLR0917  # a command's options
    tenant_id: TenantId,
    status: Annotated[
        str,
        typer.Option(
            "--status", help=f"Only who is {', '.join(IN)}.", metavar="STATUS", autocompletion=arguments.completed(*IN)
        ),
    ] = "",
    never_signed_in: Annotated[
        bool, typer.Option("--never-signed-in", help="Only who is INVITED, or has not used the first password.")
    ] = False,
    search: Annotated[str, typer.Option(help="Only whose address or name begins with this, in either case.")] = "",
    limit: Annotated[
        int, typer.Option(parser=arguments.whole(1, PER_PAGE), metavar="NUMBER", help="Show at most this many.")
    ] = MANY,
    cursor: Annotated[
        str | None, typer.Option(metavar="CURSOR", help="Go on where a page ended, with the same filters.")
    ] = None,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """List a tenant's people in the order of their ids, a page at a time, and how to let in who never signed in.

    A page is four calls, however many people there are. With a filter it looks at 1,000 people, so it may be empty and
    not the last: stderr says how to go on.
    """
    if (only := status.upper()) not in {"", *IN}:
        raise WrongUseError(f"--status {status}: must be one of {', '.join(IN)}")
    if only and never_signed_in:
        raise WrongUseError("--never-signed-in goes with no --status")
    aws = deployed(stack)
    with told():
        page = user_lists.page(*aws, tenant_id, limit, cursor, Wanted(search, only), never_signed_in=never_signed_in)
    terminal.show(page, display.people(page["users"]), as_json=as_json)
    if page["people"] and not as_json:
        active, admins, disabled = (page["people"][name] for name in ("active", "admins", "disabled"))
        terminal.say(f"{tenant_id} has {active} active, {admins} of them admins, and {disabled} disabled")
    if page["nextCursor"] and not as_json:
        filters = {"status": only, "search": search, "limit": "" if limit == MANY else str(limit)}
        onward = command("users list", tenant_id, **filters, never_signed_in=never_signed_in, cursor=page["nextCursor"])
        terminal.complain(f"there may be more: {onward}")


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
    aws = deployed(stack)
    with told():
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
    aws = deployed(stack)
    with told():
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
    aws = deployed(stack)
    with told():
        found = users.show(*aws, tenant_id, who)
    terminal.show(found, _shown(found), as_json=as_json)


def _shown(found: Document) -> Text:
    """Return who somebody is in a tenant, what became of the last mail to them, and until when a link is good."""
    mail, link = found["mail"], found["link"]
    why = f" ({mail['reason']})" if mail and mail["reason"] else ""
    facts: dict[str, object] = {
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
        "done to them": [
            " ".join((each["at"], each["what"], "by", each["by"], each["status"])) for each in found["operations"]
        ],
    }
    return display.facts({name: value for name, value in facts.items() if value})


def deployed(stack: str) -> tuple[Clients, Settings]:
    """Return clients and settings of a stack that has people; raises DeploymentError."""
    clients, settings = deployment.find(stack)
    if not settings.proof_requests_queue:
        raise DeploymentError(f"The stack {stack} is of an earlier release: deploy this one first")
    return clients, settings


@contextmanager
def told() -> Iterator[None]:
    """Let what is refused be said in one line."""
    try:
        yield
    except RefusedError as error:
        raise CommandError(str(error)) from None
