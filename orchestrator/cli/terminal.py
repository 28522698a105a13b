"""What the commands share: options, what is printed where, and the error that is one line and no stack trace."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.measure import Measurement
from rich.progress import Progress
from typer.core import TyperGroup

from orchestrator.aws.errors import OnboardingError
from orchestrator.cli import arguments

PIPED_WIDTH = 160
WIDEST = 10_000
console = partial(Console, emoji=False)
"""Makes every console: text comes out as it is, so `:secret:` of an ARN is no emoji."""
out = console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
err = console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Stack = Annotated[
    str, typer.Option("--stack", parser=arguments.stack, metavar="NAME", help="The CloudFormation stack.")
]
TenantId = Annotated[str, typer.Argument(metavar="ID", parser=arguments.tenant_id, help="The tenant's id.")]
Document = dict[str, Any]
MOST_ROWS = 100_000
Limit = Annotated[
    int,
    typer.Option(parser=arguments.whole(1, MOST_ROWS), metavar="NUMBER", help="Show at most this many, newest first."),
]


class CommandError(Exception):
    """What the user asked for is not possible; the message says why."""


class WrongUseError(CommandError):
    """The words of the command line mean nothing; the message says which, and what may be said."""


class ListByDefault(TyperGroup):
    """A group of commands in which `list` need not be said."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # Any: typer keeps the type to itself
        """Put `list` before options, or where there is nothing; help stays the group's."""
        named = args[:1] and (not args[0].startswith("-") or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named else ["list", *args])


def ask(question: str, otherwise: str) -> None:
    """Return if somebody agrees; raises WrongUseError, saying `otherwise`, where nobody can answer."""
    if not sys.stdin.isatty():
        raise WrongUseError(otherwise)
    typer.confirm(question, abort=True, err=True)


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[[], None]]:
    """Show on a terminal, on stderr, how much of something long is done; yields what says that one more is."""
    shown = err.is_terminal
    with Progress(console=err, transient=True, disable=not shown, redirect_stdout=out.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def show(document: Any, table: Any, *, as_json: bool) -> None:  # Any: JSON, and what rich can print
    """Print a document as JSON, or what people read in its place."""
    if as_json:
        print_json(document)
    else:
        _wide_enough(table).print(table, soft_wrap=True)


def _wide_enough(shown: Any) -> Console:  # Any: what rich can print
    """Return a console in which nothing is cut off: what a terminal breaks by itself is copied whole."""
    needed = Measurement.get(out, out.options.update(max_width=WIDEST), shown).minimum
    return out if needed <= out.width else console(file=out.file, width=needed, force_terminal=out.is_terminal)


def bounded(rows: list[Document], limit: int) -> list[Document]:
    """Return at most `limit` of rows of which one more was asked for; says on stderr that there are more."""
    if len(rows) > limit:
        complain(f"these are {limit}, and there are more; --limit shows up to {MOST_ROWS}")
    return rows[:limit]


def print_json(document: Any) -> None:  # Any: JSON
    """Print one JSON document."""
    sys.stdout.write(to_json(document))


def to_json(document: Any) -> str:  # Any: JSON
    """Return one JSON document as text."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def explained(error: OnboardingError | ClientError | BotoCoreError) -> str:
    """Return what happened and what to do about it."""
    if isinstance(error, OnboardingError):
        return f"{error.message.rstrip('.')}. {error.next_action}"
    return f"AWS refused or did not answer: {error}"


def say(text: str) -> None:
    """Print a line on stdout as it is, however wide the terminal: what is broken cannot be copied."""
    out.print(text, markup=False, highlight=False, soft_wrap=True)


def complain(message: str) -> None:
    """Print one line on stderr, whatever the message is made of."""
    err.print(f"onboard: {' '.join(message.split())}", markup=False, highlight=False, soft_wrap=True)
