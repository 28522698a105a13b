"""Events from whoever is at the keyboard: `onboard emit`."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic.alias_generators import to_camel

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.cli import exit_status, terminal
from orchestrator.cli.terminal import CommandError, Json, Stack, WrongUseError
from orchestrator.onboarding import request
from orchestrator.onboarding.envelope import RejectedError
from orchestrator.operations import answers, deployment
from orchestrator.tenants import lifecycle
from orchestrator.tenants.commands import command
from orchestrator.tenants.events import put
from tenant_onboarding.names import STACK_NAME, TENANT_CREATED

OWN_SOURCE = "onboard.cli"
"""Where the deployment takes any."""
STDIN = Path("-")
POLL_SECONDS = 1.0
WAIT_SECONDS = 600.0
Say = Callable[[str], object]
"""Tells people; where stdout is one document, nobody."""


@dataclass
class Emitted:
    """What became of an event.

    Attributes:
        event_id: of what was sent.
        status: REJECTED by intake, or by the check before it; with `--wait` how its tenant ended.

    """

    file: str
    detail: Any  # JSON
    event_id: str | None = None
    status: str | None = None
    reasons: list[terminal.Document] = field(default_factory=list)
    failure: terminal.Document | None = None

    def document(self) -> terminal.Document:
        """Return it as `--json` tells it."""
        facts = ("event_id", "status", "reasons", "failure")
        told = {to_camel(name): getattr(self, name) for name in facts}
        return {"file": self.file, "tenantId": self.tenant_id, **told}

    @property
    def tenant_id(self) -> str | None:
        """The tenant that it names, if that could be one."""
        return answers.tenant_of(self.detail)


def emit(  # a command's options
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="JSON files, each the detail of an event; - is stdin.")
    ],
    source: Annotated[
        str | None, typer.Option(help="The event's source; by default the first that the deployment takes.")
    ] = None,
    check: Annotated[
        bool | None,
        typer.Option(
            "--check/--no-check",
            help="--check: check only, send nothing. --no-check: send without checking. Default: check, and send if all"
            " are valid.",
        ),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until each has ended, 10 minutes at most.")] = False,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Publish TenantCreated events; one that comes again changes nothing.

    No check knows whether an id or a name is taken. With --wait exits with 1 unless all are COMPLETED.
    """
    _check_words(files, source, checks_only=bool(check), wait=wait)
    events = [Emitted(str(file), detail) for file, detail in {file: read_event(file) for file in files}.items()]
    clients, settings = deployment.find(stack)
    spoken_in = _source(source, deployment.event_sources(stack))
    say: Say = (lambda _: None) if as_json else terminal.say
    try:
        if check is not False:
            _judge(settings, events, sends=not check)
        if check:
            say(f"{len(events)} would be taken, as far as their content goes")
            return
        for event in events:
            _send(clients, settings, event, spoken_in)
            say(f"{event.file}: event {event.event_id}")
        if wait:
            with terminal.progress("waiting", len(events)) as advance:
                for event in _ended(clients, settings, events):
                    _tell(event, say)
                    advance()
    finally:
        if as_json:
            terminal.print_json({"events": [event.document() for event in events]})
    if wait and any(event.status != lifecycle.COMPLETED for event in events):
        raise typer.Exit(exit_status.NO)


def read_event(file: Path) -> Any:  # Any: JSON
    """Return the detail of an event from a file, or from stdin; raises WrongUseError."""
    try:
        text = sys.stdin.read() if file == STDIN else file.read_text(encoding="utf-8")
        return json.loads(text, parse_constant=_no_constant)
    except OSError as error:
        raise WrongUseError(f"{file}: {error.strerror}") from None
    except (RecursionError, ValueError) as error:
        raise WrongUseError(f"{file}: is not JSON: {error}") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no value of it")


def _check_words(files: list[Path], source: str | None, *, checks_only: bool, wait: bool) -> None:
    if source and source.startswith("aws."):
        raise WrongUseError(f"--source {source}: EventBridge lets nobody but AWS speak as aws.*")
    if checks_only and wait:
        raise WrongUseError("--wait goes with events that are sent, not with --check")
    if len(set(files)) < len(files):
        raise WrongUseError("each file can be given once")


def _source(asked: str | None, taken: Sequence[str]) -> str:
    """Return in which source to speak; raises WrongUseError for one that the bus would not take."""
    if asked and taken and asked not in taken:
        raise WrongUseError(f"--source {asked}: this deployment takes events of {', '.join(taken)}")
    return asked or next(iter(taken), OWN_SOURCE)


def _judge(settings: Settings, events: list[Emitted], *, sends: bool) -> None:
    """Raise CommandError for events that intake would reject, whoever holds their keys by then; say every reason."""
    for event in events:
        try:
            request.judge(settings, event.detail, time.time())
        except RejectedError as rejected:
            event.status, event.reasons = lifecycle.REJECTED, [reason.model_dump() for reason in rejected.problems]
            for reason in rejected.problems:
                terminal.complain(f"{event.file}: {reason.field} {reason.message}")
    if wrong := sum(event.status is not None for event in events):
        told = ", and none is sent; --no-check sends them all" if sends else ""
        raise CommandError(f"{wrong} of {len(events)} would be rejected{told}")


def _send(clients: Clients, settings: Settings, event: Emitted, source: str) -> None:
    detail = json.dumps(event.detail)
    event.event_id = put(clients.events, settings.event_bus, source=source, detail_type=TENANT_CREATED, detail=detail)


def _ended(clients: Clients, settings: Settings, events: list[Emitted]) -> Iterator[Emitted]:
    """Yield each event as soon as it has ended, with how; raises CommandError if that lasts."""
    until = time.monotonic() + WAIT_SECONDS
    left = list(events)
    while left:
        for event in list(left):
            if answer := answers.look(clients, settings, str(event.event_id), event.detail):
                left.remove(event)
                event.status, event.reasons, event.failure = answer.status, answer.reasons, answer.failure
                yield event
        if left and time.monotonic() > until:
            named = left[0].tenant_id
            follow = command("show", named, watch=True) if named else command("rejected")
            raise CommandError(f"{len(left)} of {len(events)} are still under way; follow one: {follow}")
        if left:
            time.sleep(POLL_SECONDS)


def _tell(event: Emitted, say: Say) -> None:
    unnamed = "rejected; the event names no valid tenantId"
    say(f"{event.file}: {f'{event.tenant_id} is {event.status}' if event.tenant_id else unnamed}")
    for reason in event.reasons:
        say(f"  {reason['field']} {reason['message']}")
    if event.failure:
        say(f"  {event.failure['step']}: {event.failure['message']}")
        say(f"  {event.failure['nextAction']}")
