"""Events that intake refused: `onboard rejected list`, `show`; `onboard rejected` alone lists too."""

import time
from typing import Annotated

import typer

from orchestrator.cli import arguments, display, terminal
from orchestrator.cli.help_pages import example
from orchestrator.cli.terminal import CommandError, Json, Limit, ListByDefault, Stack
from orchestrator.cli.times import moment_of
from orchestrator.operations import deployment, rejections
from orchestrator.operations.rejections import TooManyError
from orchestrator.tenants.commands import command
from orchestrator.tenants.ledger import timestamp
from tenant_onboarding.names import STACK_NAME

Tenant = Annotated[
    str | None,
    typer.Option("--tenant", metavar="ID", help="Only those that name this tenant; UNKNOWN for those that name none."),
]


app = typer.Typer(cls=ListByDefault, help="List or show rejected events, with every reason.")


@app.command("list", epilog=example("rejected list --since 1d"))
def list_(
    tenant: Tenant = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="As 2026-01-31T12:00 (UTC), 30m, 2h or 1d.")] = None,
    limit: Limit = 100,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """List rejected events, the newest first, with every reason."""
    after = timestamp(moment_of("--since", since, time.time())) if since else ""
    clients, settings = deployment.find(stack)
    try:
        rows = rejections.list_(clients, settings, tenant_id=tenant, since=after, limit=limit + 1)
    except TooManyError as error:
        raise CommandError(str(error)) from None
    rows = terminal.bounded(rows, limit)
    terminal.show(rows, display.rejected(rows), as_json=as_json)


@app.command(
    epilog=example("rejected show 8d31b1ce-4ce8-4a2c-9a6c-0b6f4f5d6a11"),
    short_help="Show a rejected event, and what to do next.",
)
def show(
    event_id: Annotated[
        str, typer.Argument(metavar="EVENT_ID", parser=arguments.event_id, help="As `onboard rejected list` shows it.")
    ],
    tenant: Tenant = None,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Show a rejected event: every reason, what is kept of it, and what to do next."""
    clients, settings = deployment.find(stack)
    try:
        page = rejections.show(clients, settings, event_id, tenant)
    except TooManyError as error:
        raise CommandError(str(error)) from None
    if page is None:
        named = f" of {tenant}" if tenant else ""
        raise CommandError(f"no rejected event {event_id}{named}; see: {command('rejected list')}")
    terminal.show(page, display.rejection(page), as_json=as_json)
