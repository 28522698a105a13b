"""The command line `onboard`: tenants and their events, repair, rejections, dead letters, and a local stack.

It finds the stack by its CloudFormation outputs through the ordinary boto3 chain, so AWS_ENDPOINT_URL and profiles
work; so does AWS_REGION. What reads has `--json`, which prints
one document on stdout and nothing else. No stack trace reaches a user. Knows every room of the domain. Begin with
`tenants`, the commands that are used most.
"""

import signal
import sys
from importlib import metadata
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.errors import OnboardingError
from orchestrator.cli import (
    abandon,
    amend,
    dead_letters,
    doctor,
    domains,
    local,
    operators,
    pools,
    preview_email,
    rejections,
    repair,
    tenants,
    terminal,
    watch,
)
from orchestrator.cli.terminal import CommandError, complain, explained
from orchestrator.local.ministack import LocalStackError
from orchestrator.operations import deployment
from orchestrator.tenants import commands


def _say_version(asked: bool) -> None:  # noqa: FBT001  # typer's way
    if asked:
        terminal.say(f"{commands.PROGRAM} {metadata.version('tenant-onboarding')}")
        raise typer.Exit


app = typer.Typer(
    help="Onboard tenants, see why one failed, and repair it. Begin with: onboard list",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"max_content_width": 120},
)


@app.callback()
def _of_the_program(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_say_version, help="Print the version and end.")
    ] = False,
) -> None:
    """Take what is no command's."""


app.command()(tenants.emit)
app.command(name="list")(tenants.list_)
app.command()(tenants.show)
app.command()(watch.watch)
app.command()(repair.retry)
app.command()(repair.resend_welcome)
app.command()(preview_email.preview_email)
app.command()(amend.amend)
app.command()(abandon.abandon)
app.command()(tenants.resolve)
app.add_typer(domains.app, name="domains")
app.command()(pools.pools)
app.add_typer(rejections.app, name="rejected")
app.add_typer(dead_letters.app, name="dlq")
app.command()(doctor.doctor)
app.add_typer(operators.app, name="operators")
app.command()(operators.token)
app.command()(tenants.schema)
app.command()(local.up)
app.command()(local.demo)


def main() -> None:
    """Run the command line; every expected error is one line on stderr and exit status 1."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends what it started, as Ctrl-C does
    try:
        app(standalone_mode=True)
    except (CommandError, deployment.DeploymentError, LocalStackError) as error:
        _fail(str(error))
    except (OnboardingError, ClientError, BotoCoreError) as error:
        _fail(explained(error))


def _fail(message: str) -> None:
    complain(message)
    sys.exit(1)
