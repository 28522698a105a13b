"""What operators repair with: `onboard retry`."""

from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator import deployment, operations
from orchestrator.cli import terminal
from orchestrator.cli.terminal import Stack
from orchestrator.errors import OnboardingError
from orchestrator.settings import STACK_NAME


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
            terminal.complain(f"{tenant_id}: {terminal.explained(error)}")
            continue
        all_started = all_started and bool(result.attempt)
        terminal.out.print(f"{tenant_id}: {result.message}", markup=False, highlight=False, soft_wrap=True)
    if not all_started:
        raise typer.Exit(1)
