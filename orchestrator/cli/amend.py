"""What operators mend a request with: `onboard amend`."""

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import display, exit_status, terminal
from orchestrator.cli.emit import read_event
from orchestrator.cli.terminal import Json, Stack, TenantId
from orchestrator.operations import amendments, deployment
from tenant_onboarding.names import STACK_NAME


def amend(
    tenant_id: TenantId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A JSON file, the whole corrected detail of the event.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, but change nothing.")] = False,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Give a failed tenant a corrected event and start its next attempt; finished steps are not done again."""
    detail = read_event(file)
    aws = deployment.find(stack)
    if dry_run:
        result = amendments.preview(*aws, tenant_id, detail)
    else:
        result = amendments.amend(*aws, tenant_id, detail, deployment.caller(aws[0]))
    document = {"dryRun": dry_run, **result.document()}
    terminal.show(document, display.amendment(document), as_json=as_json)
    if not result.attempt:
        raise typer.Exit(exit_status.NO)
