"""Shared user pools: `onboard pools`, and its audit."""

from typing import Annotated

import typer

from orchestrator import audit
from orchestrator.audit import Audit
from orchestrator.audit.readings import MOST_CALLS, TooManyCallsError
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.cli import arguments, display, exit_status, terminal
from orchestrator.cli.terminal import CommandError, Json, Stack, WrongUseError
from orchestrator.identity import shared_pools
from orchestrator.operations import counters, deployment
from tenant_onboarding.names import STACK_NAME

Audited = Annotated[bool, typer.Option("--audit", help="Compare the counters with what is in Cognito; find orphans.")]
MostCalls = Annotated[
    int,
    typer.Option(parser=arguments.whole(1), metavar="NUMBER", help="Stop the audit after this many calls to AWS."),
]
Correct = Annotated[bool, typer.Option("--correct", help="Set each wrong counter to the number that was found.")]


def pools(
    audited: Audited = False,
    most_calls: MostCalls = MOST_CALLS,
    correct: Correct = False,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """List the shared user pools with their counters beside their limits; --audit exits with 1 if it finds anything."""
    if correct and not audited:
        raise WrongUseError("--correct goes with --audit")
    aws = deployment.find(stack)
    if audited:
        _audit(*aws, most_calls, correct=correct, as_json=as_json)
        return
    rows = [shared_pools.describe(row) for row in shared_pools.list_rows(*aws)]
    terminal.show(rows, display.pools(rows), as_json=as_json)


def _audit(clients: Clients, settings: Settings, most_calls: int, *, correct: bool, as_json: bool) -> None:
    try:
        with terminal.progress("auditing"):
            found = audit.audit(clients, settings, most_calls)
    except TooManyCallsError as error:
        raise CommandError(f"{error}; allow more with --most-calls") from None
    terminal.show(found.document(), display.audit(found.document()), as_json=as_json)
    if correct:
        _correct(clients, settings, found)
    elif not found.clean:
        raise typer.Exit(exit_status.NO)


def _correct(clients: Clients, settings: Settings, found: Audit) -> None:
    """Set right what drifted, where nothing in the same user pool is missing or an orphan; exit with 1 if any is left.

    What is said goes to stderr, as stdout may be one document.
    """
    others = [*found.missing, *found.orphans]
    left = bool(others)
    for each in found.drift:
        if any(other["userPoolId"] == each["userPoolId"] for other in others):
            how, left = "stays: first see to what is missing or an orphan in its user pool", True
        elif counters.correct(clients, settings, each):
            how = f"is {each['found'] + each['awaited']} now"
        else:
            how, left = "stays: it changed meanwhile; audit again", True
        terminal.err.print(f"{each['poolKey']} {each['counter']} {how}", markup=False, highlight=False, soft_wrap=True)
    if left:
        raise typer.Exit(exit_status.NO)
