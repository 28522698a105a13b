"""What exists is brought to what this release and its settings want: `onboard converge`."""

from collections import Counter
from typing import Annotated, Any, get_args

import typer

from orchestrator.cli import exit_status, terminal
from orchestrator.cli.terminal import Json, Stack
from orchestrator.identity import last_convergence
from orchestrator.identity.desired_settings import Difference
from orchestrator.identity.paced_calls import PacedCalls
from orchestrator.operations import convergence, deployment
from orchestrator.operations.convergence import Converged, Result
from tenant_onboarding.names import STACK_NAME

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be changed, and change nothing.")]
RESULTS: tuple[Result, ...] = get_args(Result)
WORDS: dict[Result, str] = {
    "changed": "changed",
    "unchanged": "as they should be",
    "left": "left for now",
    "failed": "failed",
}


def converge(dry_run: DryRun = False, as_json: Json = False, stack: Stack = STACK_NAME) -> None:
    """Bring what exists of user pools and app clients to what new ones are made with, and register admins.

    Exits with 1 if any cannot be.
    """
    clients, settings = deployment.find_with_all_settings(stack)
    owners = convergence.owners(clients, settings)
    found: list[Converged] = []
    with terminal.progress("converging", len(owners)) as advance:
        for outcomes in convergence.converge(clients, settings, owners, PacedCalls(), dry_run=dry_run):
            for each in outcomes:
                found.append(each)
                _tell(each, dry_run=dry_run, as_json=as_json)
            advance()
    counted = Counter(dict.fromkeys(RESULTS, 0))
    counted.update(each.result for each in found)
    if not dry_run:
        last_convergence.write(clients, settings, counted)
    if as_json:
        terminal.print_json(_document(found, counted, dry_run=dry_run))
    else:
        words = WORDS | ({"changed": "would be changed"} if dry_run else {})
        told = ", ".join(f"{counted[result]} {words[result]}" for result in RESULTS)
        terminal.say(f"{len(found)} user pools, app clients and admins: {told}")
    if counted["failed"]:
        raise typer.Exit(exit_status.NO)


def _tell(outcome: Converged, *, dry_run: bool, as_json: bool) -> None:
    """Say at once what became of what is not as it should be; on stderr where stdout is to be one document."""
    what = f"{outcome.kind} {outcome.name}"
    if outcome.result in {"failed", "left"}:
        terminal.complain(f"{what} in {outcome.region}: {outcome.result}: {outcome.why}")
    elif outcome.result == "changed" and not as_json:
        verb = "would be changed" if dry_run else "changed"
        terminal.say(f"{what} in {outcome.region}: {verb}: {'; '.join(map(_line, outcome.differences))}")


def _line(difference: Difference) -> str:
    return f"{difference.setting} {_value(difference.found)} -> {_value(difference.wanted)}"


def _value(value: Any) -> str:  # Any: JSON
    if isinstance(value, list):
        return ",".join(map(_value, value)) or "none"
    if isinstance(value, dict):
        return str(value.get("Name", value))
    return "none" if value is None else str(value)


def _document(found: list[Converged], counted: Counter[Result], *, dry_run: bool) -> dict[str, Any]:
    rows = [each.document() for each in found if each.result != "unchanged"]
    return {
        "dryRun": dry_run,
        "lookedAt": len(found),
        **{result: counted[result] for result in RESULTS},
        "outcomes": rows,
    }
