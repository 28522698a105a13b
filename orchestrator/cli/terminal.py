"""What the commands share: options, what is printed where, and the error that is one line and no stack trace."""

import json
import sys
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from orchestrator.aws.errors import OnboardingError

PIPED_WIDTH = 160
out = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
err = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Stack = Annotated[str, typer.Option("--stack", help="Name of the CloudFormation stack.")]
TenantId = Annotated[str, typer.Argument(metavar="ID", help="The tenant's id.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many, newest first.")]


class CommandError(Exception):
    """What the user asked for is not possible; the message says why."""


def show(document: Any, table: Any, *, as_json: bool) -> None:  # Any: JSON, and what rich can print
    """Print a document as JSON, or what people read in its place."""
    if as_json:
        print_json(document)
    else:
        out.print(table)


def print_json(document: Any) -> None:  # Any: JSON
    """Print one JSON document."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def explained(error: OnboardingError | ClientError | BotoCoreError) -> str:
    """Return what happened and what to do about it."""
    if isinstance(error, OnboardingError):
        return f"{error.message}. {error.next_action}"
    return f"AWS refused or did not answer: {error}"


def complain(message: str) -> None:
    """Print one line on stderr, whatever the message is made of."""
    err.print(f"onboard: {' '.join(message.split())}", markup=False, highlight=False, soft_wrap=True)
