"""The command line: `onboard emit`, `list`, `show`, `retry`, `resolve`, `pools`, `rejected`, `schema`, `up`, `demo`.

It finds the stack by its CloudFormation outputs through the ordinary boto3 chain, so AWS_ENDPOINT_URL and profiles
work. What reads has `--json`, which prints one document on stdout and nothing else. No stack trace reaches a user.
"""

import json
import signal
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.live import Live

from orchestrator import deployment, display, lifecycle, operations, routes, shared_pools, status
from orchestrator.clients import Clients
from orchestrator.contracts import TENANT_CREATED, Contracts, json_schema
from orchestrator.errors import OnboardingError
from orchestrator.events import put
from orchestrator.local.ministack import LocalStackError
from orchestrator.settings import STACK_NAME, Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
PIPED_WIDTH = 160
out = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
err = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Stack = Annotated[str, typer.Option("--stack", help="Name of the CloudFormation stack.")]
TenantId = Annotated[str, typer.Argument(metavar="ID", help="The tenant's id.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many, newest first.")]
Port = Annotated[int | None, typer.Option(min=1024, max=65535, help="Port of the local AWS; a free one by default.")]
WATCH_SECONDS = 1.0


class CommandError(Exception):
    """What the user asked for is not possible; the message says why."""


@app.command()
def emit(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="JSON files, each the detail of an event.")],
    source: Annotated[str, typer.Option(help="The event's source.")] = "onboard.cli",
    stack: Stack = STACK_NAME,
) -> None:
    """Publish TenantCreated events; emitting one again changes nothing."""
    details = {file: _read_event(file) for file in files}
    clients, settings = deployment.find(stack)
    for file, detail in details.items():
        event_id = put(
            clients.events, settings.event_bus, source=source, detail_type=TENANT_CREATED, detail=json.dumps(detail)
        )
        out.print(f"{file}: event {event_id}", markup=False, highlight=False, soft_wrap=True)


@app.command(name="list")
def list_(
    only: Annotated[str | None, typer.Option("--status", help=f"One of {', '.join(lifecycle.STATUSES)}.")] = None,
    limit: Limit = 100,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """List tenants, the last changed first."""
    if only and only not in lifecycle.STATUSES:
        raise CommandError(f"--status {only}: there are {', '.join(lifecycle.STATUSES)}")
    rows = status.list_tenants(*deployment.find(stack), status=only, limit=limit)
    _show(rows, display.tenants(rows), as_json=as_json)


@app.command()
def show(
    tenant_id: TenantId,
    watch: Annotated[bool, typer.Option("--watch", help="Follow until it is completed or failed.")] = False,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Show a tenant: status, steps, resources, and what failed and what to do next."""
    aws = deployment.find(stack)
    page = _page(*aws, tenant_id)
    live = out.is_terminal and not as_json
    with Live(display.tenant(page), console=out, transient=True) if watch and live else nullcontext() as shown:
        while watch and page["status"] in lifecycle.ACTIVE:
            time.sleep(WATCH_SECONDS)
            page = _page(*aws, tenant_id)
            if shown:
                shown.update(display.tenant(page))
    _show(page, display.tenant(page), as_json=as_json)


@app.command()
def retry(
    tenant_ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Tenants that FAILED.")],
    stack: Stack = STACK_NAME,
) -> None:
    """Start the next attempt of failed tenants; finished steps are not done again."""
    aws = deployment.find(stack)
    all_started = True
    for tenant_id in tenant_ids:
        try:
            result = operations.retry(*aws, tenant_id)
        except (OnboardingError, ClientError, BotoCoreError) as error:
            all_started = False
            _complain(f"{tenant_id}: {_explained(error)}")
            continue
        all_started = all_started and bool(result.attempt)
        out.print(f"{tenant_id}: {result.message}", markup=False, highlight=False, soft_wrap=True)
    if not all_started:
        raise typer.Exit(1)


@app.command()
def resolve(
    host: Annotated[str | None, typer.Option(help="A host name such as acme.app.example.")] = None,
    subdomain: Annotated[str | None, typer.Option(help="A host name's first label, such as acme.")] = None,
    email: Annotated[str | None, typer.Option(help="An email address, for its verified domain.")] = None,
    code: Annotated[str | None, typer.Option(help="A tenant code such as ACME-42.")] = None,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Find the tenant, Region, user pool and app client that a host name, mail domain or code leads to."""
    given = {"host": host, "subdomain": subdomain, "email": email, "code": code}
    asked = {name: value for name, value in given.items() if value is not None}
    if len(asked) != 1:
        raise CommandError("give exactly one of --host, --subdomain, --email and --code")
    clients, settings = deployment.find(stack)
    ((name, value),) = asked.items()
    found = routes.resolve(clients.dynamodb, settings.routes_table, _route_key(settings, name, value))
    if found is None:
        why = "; a mail domain does so only once a tenant's claim to it is verified" if name == "email" else ""
        raise CommandError(f"{value} leads to no tenant{why}")
    _show(found, display.facts(found), as_json=as_json)


@app.command()
def pools(as_json: Json = False, stack: Stack = STACK_NAME) -> None:
    """List the shared user pools with their counters beside Cognito's limits."""
    rows = [shared_pools.describe(row) for row in shared_pools.list_rows(*deployment.find(stack))]
    _show(rows, display.pools(rows), as_json=as_json)


@app.command()
def rejected(limit: Limit = 100, as_json: Json = False, stack: Stack = STACK_NAME) -> None:
    """List rejected events, the newest first, with every reason."""
    rows = status.list_rejected(*deployment.find(stack), limit=limit)
    _show(rows, display.rejected(rows), as_json=as_json)


@app.command()
def schema(
    event: Annotated[str, typer.Argument(help=f"One of {', '.join(Contracts.ALL)}.")] = TENANT_CREATED,
) -> None:
    """Print the JSON Schema of an event's detail."""
    if event not in Contracts.ALL:
        raise CommandError(f"{event}: there are {', '.join(Contracts.ALL)}")
    _print_json(json_schema(event))


@app.command()
def up(port: Port = None) -> None:
    """Run the deployed template on a local AWS until Ctrl-C."""
    from orchestrator.local.stack import local_stack

    err.print("Starting; synthesis takes some seconds when a source has changed ...")
    with local_stack(port) as stack:
        stack.clients.ses_once.create_email_identity(EmailIdentity=stack.settings.sender)
        _introduce(stack.environment, stack.dropped)
        try:
            stack.ministack.wait()
        except KeyboardInterrupt:
            err.print("\nStopping.")
            return
    raise CommandError("the local AWS ended by itself")


@app.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack running until Ctrl-C.")] = False,
    port: Port = None,
    as_json: Json = False,
) -> None:
    """Onboard the example tenants on a local stack, break and repair one, and prove the result."""
    from orchestrator.local.demo import Demo
    from orchestrator.local.stack import local_stack

    console = Console(stderr=True, quiet=True) if as_json else out
    began = time.monotonic()
    console.print("Starting a local AWS and deploying the stack ...")
    with local_stack(port) as stack:
        demonstration = Demo(stack, console)
        held = demonstration.run()
        summary = demonstration.summary(time.monotonic() - began)
        if as_json:
            _print_json(summary)
        else:
            number = len(demonstration.failures)
            verdict = "Every expectation held" if held else f"{number} expectations did not hold"
            console.print(f"\n{verdict}, in {summary['elapsedSeconds']} s.", style="bold")
        if keep:
            _introduce(stack.environment, stack.dropped)
            try:
                stack.ministack.wait()
            except KeyboardInterrupt:
                err.print("\nStopping.")
    if not held:
        raise typer.Exit(1)


def main() -> None:
    """Run the command line; every expected error is one line on stderr and exit status 1."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends what it started, as Ctrl-C does
    try:
        app(standalone_mode=True)
    except (CommandError, deployment.DeploymentError, LocalStackError) as error:
        _fail(str(error))
    except (OnboardingError, ClientError, BotoCoreError) as error:
        _fail(_explained(error))


def _explained(error: OnboardingError | ClientError | BotoCoreError) -> str:
    if isinstance(error, OnboardingError):
        return f"{error.message}. {error.next_action}"
    return f"AWS refused or did not answer: {error}"


def _complain(message: str) -> None:
    """Print one line on stderr, whatever the message is made of."""
    err.print(f"onboard: {' '.join(message.split())}", markup=False, highlight=False, soft_wrap=True)


def _fail(message: str) -> None:
    _complain(message)
    sys.exit(1)


def _read_event(file: Path) -> Any:  # Any: JSON
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise CommandError(f"{file}: is not JSON: {error}") from None


def _route_key(settings: Settings, name: str, value: str) -> str:
    if name == "code":
        return routes.code_key(value.upper())
    if name == "subdomain":
        return routes.subdomain_key(value.lower())
    if name == "email":
        _, at, domain = value.lower().rpartition("@")
        if not at or not domain:
            raise CommandError(f"{value} is not an email address")
        return routes.domain_key(domain)
    subdomain, _, domain = value.lower().rstrip(".").partition(".")
    if domain != settings.app_domain:
        raise CommandError(f"{value} is not a host of {settings.app_domain}")
    return routes.subdomain_key(subdomain)


def _page(clients: Clients, settings: Settings, tenant_id: str) -> status.Document:
    page = status.show(clients, settings, tenant_id)
    if page is None:
        raise CommandError(f"no tenant {tenant_id}; a rejected event makes none, see: onboard rejected")
    return page


def _show(document: Any, table: Any, *, as_json: bool) -> None:  # Any: JSON, and what rich can print
    if as_json:
        _print_json(document)
    else:
        out.print(table)


def _print_json(document: Any) -> None:  # Any: JSON
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _introduce(environment: dict[str, str], dropped: list[str]) -> None:
    """Say how to reach the stack; on stderr, so that stdout stays one document."""
    err.print(f"The stack {STACK_NAME} runs here. In another terminal:\n", highlight=False)
    for name, value in environment.items():
        err.print(f"  export {name}={value}", highlight=False, soft_wrap=True)
    err.print("  onboard emit examples/events/01-acme.json\n  onboard list\n  onboard show acme --watch\n")
    err.print(f"Emails: {environment['AWS_ENDPOINT_URL']}/_ministack/ses/messages", highlight=False, soft_wrap=True)
    if dropped:
        err.print(f"Not known to the local AWS, left out: {', '.join(dropped)}", highlight=False)
    err.print("Ctrl-C stops it.")


if __name__ == "__main__":
    main()
