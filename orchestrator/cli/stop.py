"""What operators end an execution with: `onboard stop`."""

import typer

from orchestrator.cli import exit_status, terminal
from orchestrator.cli.terminal import Json, Stack, TenantId
from orchestrator.operations import deployment, stopping
from tenant_onboarding.names import STACK_NAME


def stop(tenant_id: TenantId, as_json: Json = False, stack: Stack = STACK_NAME) -> None:
    """Stop what runs for a tenant; it is FAILED then, and a retry goes on. Exits with 1 if nothing was stopped."""
    clients, settings = deployment.find(stack)
    result = stopping.stop(clients, settings, tenant_id, deployment.caller(clients))
    if as_json:
        terminal.print_json(result.document())
    else:
        terminal.say(f"{tenant_id}: {result.message}")
    if not result.stopped:
        raise typer.Exit(exit_status.NO)
