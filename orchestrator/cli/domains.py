"""Email domains: `onboard domains list`, `verify`, `release`."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated

import typer

from orchestrator.cli import arguments, display, exit_status, terminal
from orchestrator.cli.help_pages import example
from orchestrator.cli.terminal import CommandError, Json, Limit, ListByDefault, Stack, TenantId, WrongUseError
from orchestrator.operations import deployment, domains
from orchestrator.operations.domains import RefusedError, Verified
from orchestrator.routing.txt_records import NameServer, look_up
from tenant_onboarding.contracts import visible_text
from tenant_onboarding.names import STACK_NAME, ascii_domain

LONGEST_REASON = 500

app = typer.Typer(cls=ListByDefault, help="List the email domains that tenants claim, and verify who owns them.")
OneTenant = Annotated[str | None, typer.Argument(metavar="ID", parser=arguments.tenant_id, help="Only this tenant's.")]
Domain = Annotated[str, typer.Argument(metavar="DOMAIN", help="A domain such as acme.example.")]
OneDomain = Annotated[str | None, typer.Argument(metavar="DOMAIN", help="Only this one of the tenant's.")]
Override = Annotated[
    bool, typer.Option("--override", help="Give the tenant DOMAIN without a DNS record; needs --reason.")
]
Why = Annotated[
    str | None, typer.Option(metavar="TEXT", help="The reason for the override; it is kept with the domain.")
]
Ask = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", envvar="ONBOARD_NAME_SERVER", help="DNS server to ask, as 192.0.2.53[:5353]."),
]


@app.command(
    "list", epilog=example("domains list acme"), short_help="List claims to email domains, and what proves them."
)
def list_(tenant_id: OneTenant = None, limit: Limit = 100, as_json: Json = False, stack: Stack = STACK_NAME) -> None:
    """List claims to email domains: whether each is verified, how, and the TXT record that proves it."""
    aws = deployment.find(stack)
    with _told():
        found = domains.list_of(*aws, tenant_id) if tenant_id else domains.list_all(*aws, limit + 1)
    rows = terminal.bounded([claim.document() for claim in found], limit)
    terminal.show(rows, display.domains(rows), as_json=as_json)


@app.command(
    epilog=example("domains verify acme acme.example"), short_help="Look for TXT records, and route what they prove."
)
def verify(  # noqa: PLR0913, PLR0917  # a command's options
    tenant_id: TenantId,
    domain: OneDomain = None,
    override: Override = False,
    reason: Why = None,
    name_server: Ask = None,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Look for the TXT records of a tenant's claims; route the domains that they prove. Exits with 1 if any is not."""
    if override != (reason is not None) or (override and domain is None):
        raise WrongUseError("--override needs DOMAIN and --reason, and --reason goes with it only")
    if reason is not None:
        _check_reason(reason)
    look = partial(look_up, server=_server(name_server))
    aws, domain = deployment.find(stack), domain and _as_in_dns(domain)
    with _told():
        if reason is not None and domain:
            results = [domains.override(*aws, tenant_id, domain, reason.strip())]
        else:
            with terminal.progress("asking DNS"):
                results = domains.verify(*aws, tenant_id, domain, look)
    _tell(tenant_id, results, as_json=as_json)
    if not all(result.verified for result in results):
        raise typer.Exit(exit_status.NO)


@app.command(epilog=example("domains release acme acme.example"), short_help="Take a verified domain from a tenant.")
def release(
    tenant_id: TenantId,
    domain: Domain,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Take a verified domain from a tenant: its addresses lead nowhere until some tenant verifies it."""
    domain = _as_in_dns(domain)
    if not yes:
        terminal.ask(f"Take {domain} from {tenant_id}?", "addresses of the domain lead nowhere after that: give --yes")
    with _told():
        domains.release(*deployment.find(stack), tenant_id, domain)
    terminal.out.print(f"{domain}: is no longer {tenant_id}'s", markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except RefusedError as error:
        raise CommandError(str(error)) from None


def _tell(tenant_id: str, results: list[Verified], *, as_json: bool) -> None:
    if as_json:
        terminal.print_json({"tenantId": tenant_id, "domains": [result.document() for result in results]})
        return
    for result in results:
        terminal.out.print(f"{result.domain}: {result.message}", markup=False, highlight=False, soft_wrap=True)


def _check_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise WrongUseError(f"--reason must be 1 to {LONGEST_REASON} characters in one line")
    if wrong := visible_text.complaint(reason.strip()):
        raise WrongUseError(f"--reason {wrong}")


def _as_in_dns(domain: str) -> str:
    if (found := ascii_domain(domain)) is None:
        raise WrongUseError(f"{domain} is not a domain name")
    return found


def _server(address: str | None) -> NameServer | None:
    try:
        return NameServer.parse(address) if address else None
    except ValueError as error:
        raise WrongUseError(f"--name-server {address}: {error}") from None
