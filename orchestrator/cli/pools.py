"""Shared user pools: `onboard pools`, and its audit."""

from typing import Annotated

import typer

from orchestrator import audit
from orchestrator.audit.readings import MOST_CALLS, TooManyCallsError
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.cli import display, terminal
from orchestrator.cli.terminal import CommandError, Json, Stack
from orchestrator.identity import shared_pools
from orchestrator.operations import deployment
from tenant_onboarding.names import STACK_NAME

Audited = Annotated[bool, typer.Option("--audit", help="Compare the counters with what is in Cognito; find orphans.")]
MostCalls = Annotated[int, typer.Option(min=1, help="The audit gives up if it takes more calls to AWS.")]


def pools(
    audited: Audited = False,
    most_calls: MostCalls = MOST_CALLS,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """List the shared user pools with their counters beside their limits; --audit exits with 1 if it finds anything."""
    aws = deployment.find(stack)
    if audited:
        _audit(*aws, most_calls, as_json=as_json)
        return
    rows = [shared_pools.describe(row) for row in shared_pools.list_rows(*aws)]
    terminal.show(rows, display.pools(rows), as_json=as_json)


def _audit(clients: Clients, settings: Settings, most_calls: int, *, as_json: bool) -> None:
    try:
        found = audit.audit(clients, settings, most_calls)
    except TooManyCallsError as error:
        raise CommandError(f"{error}; allow more with --most-calls") from None
    terminal.show(found.document(), display.audit(found.document()), as_json=as_json)
    if not found.clean:
        raise typer.Exit(1)
