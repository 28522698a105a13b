"""Tenants and what leads to them: `onboard list`, `show`, `resolve`, `schema`."""

import time
from contextlib import nullcontext
from enum import StrEnum
from typing import Annotated, cast

import typer
from rich.live import Live

from orchestrator import status
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.cli import arguments, display, terminal
from orchestrator.cli.terminal import CommandError, Json, Limit, Stack, TenantId, WrongUseError
from orchestrator.operations import deployment, first_sign_ins, rejections
from orchestrator.routing.routes import RESERVED, UNVERIFIED
from orchestrator.tenants import lifecycle
from orchestrator.tenants.commands import command
from tenant_onboarding.authorizer import registry, resolver
from tenant_onboarding.contracts.detail_types import Contracts, json_schema
from tenant_onboarding.names import STACK_NAME, TENANT_CREATED

WATCH_SECONDS = 1.0
INACTIVE = {
    registry.ACTIVE: "",
    RESERVED: ", reserved (not active until onboarding is complete)",
    UNVERIFIED: ", claimed but not verified",
}
HELD = {"host": "host", "tenantCode": "tenant code", "emailDomain": "email domain"}


class FirstSignIn(StrEnum):
    """Whose admin has not signed in yet."""

    AWAITED = "awaited"
    EXPIRED = "expired"


def list_(  # noqa: PLR0913, PLR0917  # a command's options
    only: Annotated[
        str | None,
        typer.Option(
            "--status",
            help=f"One of {', '.join(lifecycle.STATUSES)}.",
            autocompletion=arguments.completed(*lifecycle.STATUSES),
        ),
    ] = None,
    search: Annotated[
        str | None,
        typer.Option(
            help="Only tenants whose id begins with this, in order; or who has this host, code or email domain."
        ),
    ] = None,
    first_sign_in: Annotated[
        FirstSignIn | None,
        typer.Option(help="COMPLETED tenants whose admin has not signed in yet, or whose first password has expired."),
    ] = None,
    metadata: Annotated[
        str | None,
        typer.Option(metavar="KEY=VALUE", help="Only tenants with this metadata, in the order of their ids."),
    ] = None,
    limit: Limit = 100,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """List tenants, the last changed first, or search for some by id, host, code, email domain or metadata."""
    only = only and only.upper()
    searches = search is not None or metadata is not None
    if first_sign_in and (searches or only not in {None, lifecycle.COMPLETED}):
        raise WrongUseError(
            "--first-sign-in goes with COMPLETED tenants, not with --search, --metadata or another --status"
        )
    if only and only not in lifecycle.STATUSES:
        raise WrongUseError(f"--status {only}: must be one of {', '.join(lifecycle.STATUSES)}")
    try:
        sought = None if search is None else status.sought(search)
    except ValueError as error:
        raise WrongUseError(f"--search {search}: {error}") from None
    try:
        has = None if metadata is None else status.pair(metadata)
    except ValueError as error:
        raise WrongUseError(f"--metadata {metadata}: {error}") from None
    aws = deployment.find(stack)
    if first_sign_in:
        _list_waiting(*aws, first_sign_in, limit, as_json=as_json)
        return
    wanted = status.Wanted(status=only, search=sought, metadata=has)
    if not searches:
        rows = status.list_tenants(*aws, status=only, limit=limit + 1)
    else:
        rows = status.find(*aws, wanted, limit + 1)
    rows = terminal.bounded(rows, limit)
    if sought:
        _tell_holders(*aws, sought, {row["tenantId"] for row in rows})
    terminal.show(rows, display.tenants(rows), as_json=as_json)


def show(
    tenant_id: TenantId,
    watch: Annotated[bool, typer.Option("--watch", help="Wait until the tenant is COMPLETED or FAILED.")] = False,
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
    email: Annotated[str | None, typer.Option(help="An email address, to look up its verified domain.")] = None,
    code: Annotated[str | None, typer.Option(help="A tenant code such as ACME-42.")] = None,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Find the tenant that a host name, email domain or code leads to, and what signing in there needs."""
    given = {"host": host, "subdomain": subdomain, "email": email, "code": code}
    asked = {name: value for name, value in given.items() if value is not None}
    if len(asked) != 1:
        raise WrongUseError("give exactly one of --host, --subdomain, --email and --code")
    ((name, value),) = asked.items()
    if name in {"email", "code"}:
        _sought("", name, value)
    clients, settings = deployment.find(stack)
    by, sought = _sought(settings.app_domain, name, value)
    found = resolver.find(clients.dynamodb, settings, by, sought)
    if found is None:
        why = "; an email domain does so only once a tenant's claim to it is verified" if name == "email" else ""
        key = resolver.route_key(settings.app_domain, by, sought) or ""
        held = rejections.holder(clients, settings, key)
        raise CommandError(f"{value} leads to no tenant{f'; {held}' if held else why}")
    terminal.show(found, display.facts(found), as_json=as_json)


def schema(
    event: Annotated[
        str,
        typer.Argument(help=f"One of {', '.join(Contracts.ALL)}.", autocompletion=arguments.completed(*Contracts.ALL)),
    ] = TENANT_CREATED,
) -> None:
    """Print the JSON Schema of an event's detail."""
    if event not in Contracts.ALL:
        raise WrongUseError(f"{event}: must be one of {', '.join(Contracts.ALL)}")
    terminal.print_json(json_schema(event))


def _tell_holders(clients: Clients, settings: Settings, sought: str, listed: set[str]) -> None:
    """Say on stderr who has what was searched for as host, code or email domain, and is not listed."""
    held = status.holders(clients, settings, sought)
    domain = status.email_domain(settings, sought)
    if domain and not any(each["kind"] == "emailDomain" for each in held):
        terminal.complain(f"{domain}: no tenant has verified this email domain; see: {command('domains list')}")
    for holder in (each for each in held if each["tenantId"] not in listed):
        inactive = INACTIVE.get(holder["state"], f", {holder['state']}")
        terminal.complain(f"{holder['value']}: {HELD[holder['kind']]} of {holder['tenantId']}{inactive}")


def _list_waiting(clients: Clients, settings: Settings, which: FirstSignIn, limit: int, *, as_json: bool) -> None:
    """Ask Cognito about one tenant after the other until enough are found; say how many were looked at."""
    looked, waiting = 0, list[status.Document]()
    with terminal.progress("asking Cognito") as advance:
        for each in first_sign_ins.look_through(clients, settings, ended=which == FirstSignIn.EXPIRED):
            looked += 1
            waiting += [each.row] if each.row else []
            advance()
            if len(waiting) > limit:
                break
    rows = terminal.bounded(waiting, limit)
    if looked == first_sign_ins.LOOKED_THROUGH:
        terminal.complain(f"looked at the last {looked} that were completed, and at none before")
    terminal.show(rows, display.waiting(rows), as_json=as_json)


def _sought(app_domain: str, name: str, value: str) -> tuple[resolver.By, str]:
    """Return what to find by which; raises WrongUseError for what no tenant can have, where others are told nothing.

    Addresses and codes are the same below any domain.
    """
    whole = f"{value}.{app_domain}" if name == "subdomain" else value
    by: resolver.By = "host" if name == "subdomain" else cast("resolver.By", name)
    if resolver.route_key(app_domain, by, whole) is None:
        what = {"host": f"a host of {app_domain}", "email": "an email address", "code": "a tenant code"}
        raise WrongUseError(f"{value} is not {what.get(name, 'a subdomain')}")
    return by, whole


def _page(clients: Clients, settings: Settings, tenant_id: str) -> status.Document:
    page = status.show(clients, settings, tenant_id)
    if page is None:
        raise CommandError(f"no tenant {tenant_id}; a rejected event makes none, see: {command('rejected')}")
    return page
