"""How all tenants stand, live: `onboard watch`."""

import time
from contextlib import suppress
from dataclasses import replace
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.live import Live

from orchestrator import status
from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import OnboardingError
from orchestrator.aws.settings import Settings
from orchestrator.cli import arguments, terminal
from orchestrator.cli.picture import Picture
from orchestrator.cli.terminal import Json, Stack
from orchestrator.operations import deployment
from tenant_onboarding.names import STACK_NAME

Interval = Annotated[
    float,
    typer.Option(parser=arguments.fraction(1, 3_600), metavar="SECONDS", help="Seconds between two looks."),
]


def watch(interval: Interval = 2.0, as_json: Json = False, stack: Stack = STACK_NAME) -> None:
    """Show how all tenants stand, live until Ctrl-C; once, where stdout is no terminal."""
    aws = deployment.find(stack)
    if as_json:
        terminal.print_json(status.summary(*aws))
    elif terminal.out.is_interactive:
        with suppress(KeyboardInterrupt):
            _follow(*aws, interval)
    else:
        terminal.out.print(_look(*aws))


def _follow(clients: Clients, settings: Settings, interval: float) -> None:
    """Look again and again; what cannot be looked at leaves the last picture, which then says that it is stale."""
    picture = _look(clients, settings)
    with Live(picture, console=terminal.out, screen=True, refresh_per_second=1) as live:
        while True:
            time.sleep(interval)
            try:
                picture = _look(clients, settings)
            except (OnboardingError, ClientError, BotoCoreError) as error:
                picture = replace(picture, stale=terminal.explained(error))
            live.update(picture, refresh=True)


def _look(clients: Clients, settings: Settings) -> Picture:
    rows = status.list_tenants(clients, settings, limit=terminal.out.height)
    return Picture(status.summary(clients, settings), rows)
