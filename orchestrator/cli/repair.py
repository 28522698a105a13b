"""What operators repair with: `onboard retry` and `onboard resend-welcome`."""

import time
from functools import partial
from math import inf
from typing import Annotated

import typer

from orchestrator import operations
from orchestrator.cli import arguments, exit_status, terminal
from orchestrator.cli.terminal import Json, Stack, TenantId, WrongUseError
from orchestrator.cli.times import moment_of
from orchestrator.onboarding.redo import NOT_REDONE
from orchestrator.operations import bulk_retries, deployment
from orchestrator.operations.bulk_retries import A_SECOND, ERRORS, PLATFORMS, REDONE, STEPS, Outcome, Which
from orchestrator.operations.retries import Retried
from orchestrator.tenants.ledger import timestamp
from tenant_onboarding.names import STACK_NAME

TenantIds = Annotated[
    list[str] | None, typer.Argument(metavar="ID...", parser=arguments.tenant_id, help="Only FAILED tenants.")
]
AllFailed = Annotated[bool, typer.Option("--all-failed", help="All FAILED tenants that match the options.")]
Step = Annotated[
    str | None, typer.Option(help="Only tenants that FAILED at this step.", autocompletion=arguments.completed(*STEPS))
]
Error = Annotated[
    str | None,
    typer.Option(help="Only tenants that FAILED with this error.", autocompletion=arguments.completed(*ERRORS)),
]
Since = Annotated[str | None, typer.Option(help="Only tenants that FAILED since this time: ISO 8601, 30m, 2h, 1d.")]
Most = Annotated[
    int | None,
    typer.Option(
        parser=arguments.whole(1), metavar="NUMBER", help="Retry at most this many FAILED tenants, oldest first."
    ),
]
PerSecond = Annotated[
    float,
    typer.Option(
        parser=arguments.fraction(0.1, 10), metavar="NUMBER", help="Retry at most this many tenants a second."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, but do nothing.")]
Redo = Annotated[
    str,
    typer.Option(
        metavar="STEP",
        help="A finished step whose resource is gone: run it again.",
        autocompletion=arguments.completed(*REDONE),
    ),
]


def retry(  # noqa: PLR0913, PLR0917  # a command's options
    tenant_ids: TenantIds = None,
    all_failed: AllFailed = False,
    step: Step = None,
    error: Error = None,
    since: Since = None,
    limit: Most = None,
    per_second: PerSecond = A_SECOND,
    dry_run: DryRun = False,
    redo: Redo = "",
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Let failed tenants go on where they stopped; finished steps are not done again. Exits with 1 if any cannot."""
    if bool(tenant_ids) == all_failed:
        raise WrongUseError("give either ids of tenants or --all-failed")
    if tenant_ids and {step, error, since, limit} != {None}:
        raise WrongUseError("--step, --error, --since and --limit go with --all-failed")
    if all_failed and redo:
        raise WrongUseError("--redo needs the ids of the tenants, not --all-failed")
    which = _which(step, error, since)
    if redo:
        _check("--redo", redo, REDONE, known=redo in {*REDONE, *NOT_REDONE})
    clients, settings = deployment.find(stack)
    by = None if dry_run else deployment.caller(clients)
    act = partial(operations.preview if dry_run else partial(operations.retry, by=by), redo=redo)
    chosen = tenant_ids or bulk_retries.failed(clients, settings, which, limit)
    pace = inf if dry_run else per_second  # a look at each makes nothing that AWS has to bear
    outcomes = bulk_retries.one_by_one(chosen, lambda each: act(clients, settings, each), a_second=pace)
    results = []
    with terminal.progress("retrying", len(chosen)) as advance:
        for tenant_id, outcome in outcomes:
            results.append(_tell(tenant_id, outcome, as_json=as_json))
            advance()
    going_on = sum(bool(result.attempt) for result in results)
    if as_json:
        rows = [result.document() for result in results]
        counted = {"retried": going_on, "notRetried": len(rows) - going_on}
        terminal.print_json({"dryRun": dry_run, **counted, "tenants": rows})
    elif all_failed:
        verb = "would be retried" if dry_run else "retried"
        terminal.out.print(
            f"{going_on} of {len(results)} {verb}" if results else "no such tenant FAILED", highlight=False
        )
    if going_on < len(results):
        raise typer.Exit(exit_status.NO)


def resend_welcome(tenant_id: TenantId, as_json: Json = False, stack: Stack = STACK_NAME) -> None:
    """Send the welcome email again, until the admin has signed in. Exits with 1 if nothing was sent."""
    clients, settings = deployment.find(stack)
    result = operations.resend_welcome(clients, settings, tenant_id, deployment.caller(clients))
    if as_json:
        terminal.print_json(result.document())
    else:
        terminal.out.print(f"{tenant_id}: {result.message}", markup=False, highlight=False, soft_wrap=True)
    if not result.sent:
        raise typer.Exit(exit_status.NO)


def _which(step: str | None, error: str | None, since: str | None) -> Which:
    """Return which tenants are meant; raises CommandError naming the option that means nothing, and what may."""
    if step:
        _check("--step", step, STEPS, known=step in STEPS)
    if error:
        others = [f"{platform}*" for platform in PLATFORMS]
        _check("--error", error, (*ERRORS, *others), known=bulk_retries.is_error(error))
    now = time.time()
    begin = timestamp(moment_of("--since", since, now)) if since else None
    return Which(until=timestamp(now), step=step, error=error, since=begin)


def _check(option: str, value: str, names: tuple[str, ...], *, known: bool) -> None:
    if not known:
        raise WrongUseError(f"{option} {value}: must be one of {', '.join(names)}")


def _tell(tenant_id: str, outcome: Outcome, *, as_json: bool) -> Retried:
    """Say at once what became of a tenant; on stderr where stdout is to be one document."""
    if not isinstance(outcome, Retried):
        outcome = Retried(tenant_id, 0, terminal.explained(outcome))
        terminal.complain(f"{tenant_id}: {outcome.message}")
        return outcome
    console = terminal.err if as_json else terminal.out
    console.print(f"{tenant_id}: {outcome.message}", markup=False, highlight=False, soft_wrap=True)
    return outcome
