"""Shared user pools: `onboard pools list` with its audit, `close`, `open`; `onboard pools` alone lists too."""

from typing import Annotated

import typer

from orchestrator import audit
from orchestrator.audit import Audit
from orchestrator.audit.readings import MOST_CALLS, TooManyCallsError
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.cli import arguments, display, exit_status, terminal
from orchestrator.cli.help_pages import example
from orchestrator.cli.terminal import CommandError, Json, ListByDefault, Stack, WrongUseError
from orchestrator.identity import shared_pools
from orchestrator.identity.shared_pools import CLOSED, OPEN, OPENING
from orchestrator.operations import counters, deployment, pool_statuses
from orchestrator.tenants.commands import command
from tenant_onboarding.names import STACK_NAME

Audited = Annotated[bool, typer.Option("--audit", help="Compare the counters with what is in Cognito; find orphans.")]
MostCalls = Annotated[
    int,
    typer.Option(parser=arguments.whole(1), metavar="NUMBER", help="Stop the audit after this many calls to AWS."),
]
Correct = Annotated[bool, typer.Option("--correct", help="Set each wrong counter to the number that was found.")]
PoolKey = Annotated[
    str, typer.Argument(metavar="KEY", parser=arguments.pool_key, help="As `onboard pools` shows it, like shared-001.")
]

app = typer.Typer(cls=ListByDefault, help="List shared user pools, audit them, and let one take no more tenants.")


@app.command(
    "list",
    epilog=example("pools list", "pools list --audit --correct"),
    short_help="List the shared user pools and their limits.",
)
def list_(
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


@app.command(epilog=example("pools close shared-001"))
def close(pool_key: PoolKey, as_json: Json = False, stack: Stack = STACK_NAME) -> None:
    """Let a shared user pool take no more tenants; those in it stay. Exits with 1 if it is not OPEN."""
    _change(pool_key, OPEN, CLOSED, stack)
    _tell(
        pool_key,
        CLOSED,
        "takes no more tenants; those in it stay, and capacity opens the next one by itself where one is needed",
        as_json=as_json,
    )


@app.command("open", epilog=example("pools open shared-001"))
def open_(pool_key: PoolKey, as_json: Json = False, stack: Stack = STACK_NAME) -> None:
    """Let a closed shared user pool take tenants again. Exits with 1 if it is not CLOSED."""
    _change(pool_key, CLOSED, OPEN, stack)
    _tell(pool_key, OPEN, "takes tenants again, as far as it has room", as_json=as_json)


def _change(pool_key: str, before: str, after: str, stack: str) -> None:
    clients, settings = deployment.find(stack)
    found = pool_statuses.change_status(clients, settings, pool_key, before, after)
    see = f"see: {command('pools')}"
    if found is None:
        raise CommandError(f"there is no shared user pool {pool_key} in {settings.region}; {see}")
    if found == OPENING:
        raise CommandError(f"{pool_key} is {OPENING}; it can be closed once it is {OPEN}; {see}")
    if found != before:
        raise CommandError(f"{pool_key} is {found} already; nothing was changed")


def _tell(pool_key: str, status: str, message: str, *, as_json: bool) -> None:
    if as_json:
        terminal.print_json({"poolKey": pool_key, "status": status, "message": message})
    else:
        terminal.say(f"{pool_key}: is {status}; {message}")


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
