"""What operators undo with: `onboard abandon`."""

import sys
import time
from typing import Annotated

import typer

from orchestrator import status
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.cli import display, exit_status, terminal
from orchestrator.cli.terminal import CommandError, Json, Stack, TenantId, WrongUseError
from orchestrator.operations import abandonments, deployment
from orchestrator.operations.abandonments import Abandonment
from orchestrator.tenants import lifecycle, tiers
from orchestrator.tenants.commands import command
from tenant_onboarding.names import STACK_NAME

POLL_SECONDS = 1.0
WAIT_SECONDS = 600.0


def abandon(
    tenant_id: TenantId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be removed.")] = False,
    wait: Annotated[
        bool, typer.Option(help="Wait until the tenant is ABANDONED or FAILED, 10 minutes at most.")
    ] = True,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Undo a tenant that never completed: remove what was made for it, and free its id and routing keys."""
    aws = deployment.find(stack)
    planned = abandonments.plan(*aws, tenant_id)
    if isinstance(planned, Abandonment):
        _end(*aws, planned, as_json=as_json)
        return
    if dry_run:
        terminal.show(planned, display.to_be_removed(planned), as_json=as_json)
        return
    if not yes:
        _ask(planned)
    begun = abandonments.abandon(*aws, tenant_id, deployment.caller(aws[0]))
    if begun.attempt and wait:
        with terminal.progress("removing"):
            _follow(*aws, begun, quietly=as_json)
    _end(*aws, begun, as_json=as_json, waited=wait)


def _ask(planned: display.Document) -> None:
    """Show what goes and ask; raises CommandError where nobody can answer."""
    if not sys.stdin.isatty():
        raise WrongUseError("this removes what was made for the tenant: give --yes, or --dry-run to see what that is")
    terminal.err.print(display.to_be_removed(planned), soft_wrap=True)
    typer.confirm(f"Abandon {planned['tenantId']}?", abort=True, err=True)


def _follow(clients: Clients, settings: Settings, begun: Abandonment, *, quietly: bool) -> None:
    """Say each removal that is done until the tenant is abandoned or failed; raises CommandError if that lasts."""
    until, told = time.monotonic() + WAIT_SECONDS, set[str]()
    while True:
        page = status.show(clients, settings, begun.tenant_id) or {}
        done = [step["name"] for step in page["steps"] if step["name"] in tiers.REMOVALS and step["status"] == "DONE"]
        for name in done:
            if name not in told and not quietly:
                terminal.out.print(f"{name} done", markup=False, highlight=False)
        told |= set(done)
        if page["status"] != lifecycle.ABANDONING:
            return
        if time.monotonic() > until:
            raise CommandError(f"it is still under way; follow it: {command('show', begun.tenant_id, watch=True)}")
        time.sleep(POLL_SECONDS)


def _end(clients: Clients, settings: Settings, result: Abandonment, *, as_json: bool, waited: bool = False) -> None:
    """Say what came of it; exit status 1 unless the tenant is abandoned, or being abandoned if nobody waits."""
    page = status.show(clients, settings, result.tenant_id) or {"status": None, "failure": None}
    abandoned = page["status"] == lifecycle.ABANDONED
    message = "is abandoned; nothing of it is left but its record" if abandoned and waited else result.message
    document = {
        "tenantId": result.tenant_id,
        "status": page["status"],
        "attempt": result.attempt,
        "message": message,
        "failure": page["failure"],
    }
    if as_json:
        terminal.print_json(document)
    else:
        terminal.out.print(f"{result.tenant_id}: {message}", markup=False, highlight=False, soft_wrap=True)
        if result.attempt and page["failure"]:
            terminal.out.print(display.failure(page["failure"]), soft_wrap=True)
    begun = bool(result.attempt) and page["status"] == lifecycle.ABANDONING
    if not abandoned and not begun:
        raise typer.Exit(exit_status.NO)
