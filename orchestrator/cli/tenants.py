"""Tenants and their events: `onboard emit`, `list`, `show`, `resolve`, `schema`."""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.live import Live

from orchestrator import status
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.cli import display, terminal
from orchestrator.cli.terminal import CommandError, Json, Limit, Stack, TenantId
from orchestrator.onboarding import request
from orchestrator.onboarding.request import RejectedError
from orchestrator.operations import deployment, rejections
from orchestrator.tenants import lifecycle
from orchestrator.tenants.commands import command
from orchestrator.tenants.events import put
from tenant_onboarding.authorizer import resolver
from tenant_onboarding.contracts.detail_types import Contracts, json_schema
from tenant_onboarding.names import STACK_NAME, TENANT_CREATED

WATCH_SECONDS = 1.0
OWN_SOURCE = "onboard.cli"
"""Where the deployment takes any."""


def emit(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="JSON files, each the detail of an event.")],
    source: Annotated[
        str | None, typer.Option(help="The event's source; by default the first that the deployment takes.")
    ] = None,
    check: Annotated[
        bool, typer.Option(help="Judge the events first, as intake will; if one is wrong, send none.")
    ] = True,
    stack: Stack = STACK_NAME,
) -> None:
    """Publish TenantCreated events; emitting one again changes nothing."""
    details = {file: read_event(file) for file in files}
    clients, settings = deployment.find(stack)
    spoken_in = _source(source, deployment.event_sources(stack))
    if check:
        _judge(settings, details)
    for file, detail in details.items():
        event_id = put(
            clients.events,
            settings.event_bus,
            source=spoken_in,
            detail_type=TENANT_CREATED,
            detail=json.dumps(detail),
        )
        terminal.out.print(f"{file}: event {event_id}", markup=False, highlight=False, soft_wrap=True)


def list_(
    only: Annotated[str | None, typer.Option("--status", help=f"One of {', '.join(lifecycle.STATUSES)}.")] = None,
    search: Annotated[str | None, typer.Option(help="Whose ids begin so, in the order of their ids.")] = None,
    limit: Limit = 100,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """List tenants, the last changed first, or search for some by id."""
    only = only and only.upper()
    if only and only not in lifecycle.STATUSES:
        raise CommandError(f"--status {only}: there are {', '.join(lifecycle.STATUSES)}")
    try:
        begin_with = None if search is None else status.beginning(search)
    except ValueError as error:
        raise CommandError(f"--search {search}: {error}") from None
    aws = deployment.find(stack)
    if begin_with is None:
        rows = status.list_tenants(*aws, status=only, limit=limit + 1)
    else:
        rows = status.find(*aws, status.Wanted(status=only, search=begin_with), limit + 1)
    rows = terminal.bounded(rows, limit)
    terminal.show(rows, display.tenants(rows), as_json=as_json)


def show(
    tenant_id: TenantId,
    watch: Annotated[bool, typer.Option("--watch", help="Follow until it is completed or failed.")] = False,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Show a tenant: status, steps, resources, and what failed and what to do next."""
    aws = deployment.find(stack)
    page = _page(*aws, tenant_id)
    live = terminal.out.is_terminal and not as_json
    with Live(display.tenant(page), console=terminal.out, transient=True) if watch and live else nullcontext() as shown:
        while watch and page["status"] in lifecycle.UNDER_WAY:
            time.sleep(WATCH_SECONDS)
            page = _page(*aws, tenant_id)
            if shown:
                shown.update(display.tenant(page))
    terminal.show(page, display.tenant(page), as_json=as_json)


def resolve(
    host: Annotated[str | None, typer.Option(help="A host name such as acme.app.example.")] = None,
    subdomain: Annotated[str | None, typer.Option(help="A host name's first label, such as acme.")] = None,
    email: Annotated[str | None, typer.Option(help="An email address, for its verified domain.")] = None,
    code: Annotated[str | None, typer.Option(help="A tenant code such as ACME-42.")] = None,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Find the tenant that a host name, mail domain or code leads to, and what signing in there needs."""
    given = {"host": host, "subdomain": subdomain, "email": email, "code": code}
    asked = {name: value for name, value in given.items() if value is not None}
    if len(asked) != 1:
        raise CommandError("give exactly one of --host, --subdomain, --email and --code")
    clients, settings = deployment.find(stack)
    ((name, value),) = asked.items()
    by, sought = _sought(settings, name, value)
    found = resolver.find(clients.dynamodb, settings, by, sought)
    if found is None:
        why = "; a mail domain does so only once a tenant's claim to it is verified" if name == "email" else ""
        key = resolver.route_key(settings.app_domain, by, sought) or ""
        held = rejections.holder(clients, settings, key)
        raise CommandError(f"{value} leads to no tenant{f'; {held}' if held else why}")
    terminal.show(found, display.facts(found), as_json=as_json)


def schema(
    event: Annotated[str, typer.Argument(help=f"One of {', '.join(Contracts.ALL)}.")] = TENANT_CREATED,
) -> None:
    """Print the JSON Schema of an event's detail."""
    if event not in Contracts.ALL:
        raise CommandError(f"{event}: there are {', '.join(Contracts.ALL)}")
    terminal.print_json(json_schema(event))


def read_event(file: Path) -> Any:  # Any: JSON
    """Return the detail of an event from a file; raises CommandError."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise CommandError(f"{file}: is not JSON: {error}") from None


def _judge(settings: Settings, details: Mapping[Path, Any]) -> None:  # Any: JSON
    """Raise CommandError for events that intake would reject, whoever holds their keys by then; say every reason."""
    wrong = 0
    for file, detail in details.items():
        try:
            request.judge(settings, detail, time.time())
        except RejectedError as rejected:
            wrong += 1
            for reason in rejected.problems:
                terminal.complain(f"{file}: {reason.field} {reason.message}")
    if wrong:
        raise CommandError(f"{wrong} of {len(details)} would be rejected, and none is sent; --no-check sends them all")


def _sought(settings: Settings, name: str, value: str) -> tuple[resolver.By, str]:
    """Return what to find by which; raises CommandError for what no tenant can have, where others are told nothing."""
    whole = f"{value}.{settings.app_domain}" if name == "subdomain" else value
    by: resolver.By = "host" if name == "subdomain" else cast("resolver.By", name)
    if resolver.route_key(settings.app_domain, by, whole) is None:
        what = {"host": f"a host of {settings.app_domain}", "email": "an email address", "code": "a tenant code"}
        raise CommandError(f"{value} is not {what.get(name, 'a subdomain')}")
    return by, whole


def _source(asked: str | None, taken: Sequence[str]) -> str:
    """Return in which source to speak; raises CommandError for one that the bus would not take."""
    if asked and asked.startswith("aws."):
        raise CommandError(f"--source {asked}: EventBridge lets nobody but AWS speak as aws.*")
    if asked and taken and asked not in taken:
        raise CommandError(f"--source {asked}: this deployment takes events of {', '.join(taken)}")
    return asked or next(iter(taken), OWN_SOURCE)


def _page(clients: Clients, settings: Settings, tenant_id: str) -> status.Document:
    page = status.show(clients, settings, tenant_id)
    if page is None:
        raise CommandError(f"no tenant {tenant_id}; a rejected event makes none, see: {command('rejected')}")
    return page
