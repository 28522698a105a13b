"""What operators bring back lost events with: `onboard replay`."""

import time
from typing import Annotated

import typer

from orchestrator.aws.clients import Clients
from orchestrator.cli import terminal
from orchestrator.cli.terminal import CommandError, Json, Stack, WrongUseError
from orchestrator.cli.times import moment_of
from orchestrator.operations import deployment, replays
from orchestrator.operations.replays import Plan, Progress, ReplayError
from orchestrator.tenants.commands import command
from tenant_onboarding.names import STACK_NAME

POLL_SECONDS = 5.0
WAIT_SECONDS = 600.0
WHAT_HAPPENS = (
    "a tenant that is not known is onboarded",
    "a tenant that is known from the same event stays as it is, as repeats are recognised",
    "another content under a known id is rejected, and changes nothing",
)


def replay(
    since: Annotated[str, typer.Option(metavar="TIME", help="As 2026-01-31T12:00 (UTC), 30m, 2h or 1d.")],
    until: Annotated[str, typer.Option(metavar="TIME", help="The same; events of that time are the last.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    wait: Annotated[bool, typer.Option(help="Wait until the replay has ended, 10 minutes at most.")] = True,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Let intake have the archived TenantCreated events of a time once more, after showing what becomes of them."""
    now = time.time()
    begin, end = moment_of("--since", since, now), moment_of("--until", until, now)
    if begin >= end:
        raise WrongUseError("--until must be after --since")
    clients, settings = deployment.find(stack)
    try:
        planned = replays.plan(clients, settings, begin, end)
    except ReplayError as error:
        raise CommandError(str(error)) from None
    _explain(planned, now)
    if not yes:
        terminal.ask("Replay these events?", "a replay onboards whoever is not known: give --yes")
    name = replays.start(clients, planned)
    found = _follow(clients, name) if wait else replays.look(clients, name)
    _tell(name, planned, found, as_json=as_json)


def _explain(planned: Plan, now: float) -> None:
    """Say on stderr what will happen."""
    said = planned.document()
    lines = [f"Events of {said['since']} to {said['until']} go from the archive to intake, and to nobody else:"]
    lines += [f"- {each}" for each in WHAT_HAPPENS]
    if planned.until > now - replays.ARCHIVED_WITHIN_SECONDS:
        lines.append("Events of the last ten minutes may not be in the archive yet.")
    for line in lines:
        terminal.err.print(line, markup=False, highlight=False, soft_wrap=True)


def _follow(clients: Clients, name: str) -> Progress:
    """Return how the replay ended; raises CommandError if that lasts."""
    until = time.monotonic() + WAIT_SECONDS
    with terminal.progress("replaying"):
        while (found := replays.look(clients, name)).state not in replays.ENDED:
            if time.monotonic() > until:
                raise CommandError(f"it is still under way; follow it: {_how_far(name)}")
            time.sleep(POLL_SECONDS)
    return found


def _tell(name: str, planned: Plan, found: Progress, *, as_json: bool) -> None:
    if found.state in replays.ENDED and found.state != replays.COMPLETED:
        raise CommandError(f"the replay {name} is {found.state}: {found.reason or 'EventBridge does not say why'}")
    if as_json:
        progress = {"state": found.state, "replayedUntil": found.replayed_until}
        terminal.print_json({"replay": name, **planned.document(), **progress})
    elif found.state == replays.COMPLETED:
        terminal.say(f"{name}: is {found.state}; for what was rejected see: {command('rejected')}")
    else:
        terminal.say(f"{name}: is {found.state}; follow it: {_how_far(name)}")


def _how_far(name: str) -> str:
    return f"aws events describe-replay --replay-name {name}"
