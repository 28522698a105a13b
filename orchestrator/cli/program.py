"""The parser of `onboard`: every command with its section of the help and an example, and how each of them ends."""

import re
from importlib import metadata
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from typer.exceptions import TyperException

from orchestrator.aws.errors import OnboardingError
from orchestrator.cli import (
    abandon,
    amend,
    converge,
    dead_letters,
    doctor,
    domains,
    emit,
    exit_status,
    listen,
    local,
    operators,
    people_files,
    pools,
    preview_email,
    rejections,
    repair,
    replay,
    stop,
    tenants,
    terminal,
    user_changes,
    users,
    watch,
)
from orchestrator.cli.help_pages import Sections, example
from orchestrator.cli.terminal import CommandError, WrongUseError, complain, explained
from orchestrator.local.ministack import LocalStackError
from orchestrator.operations import deployment
from orchestrator.tenants import commands


def _say_version(asked: bool) -> None:  # noqa: FBT001  # typer's way
    if asked:
        terminal.say(f"{commands.PROGRAM} {metadata.version('tenant-onboarding')}")
        raise typer.Exit


app = typer.Typer(
    cls=Sections,
    help="Onboard tenants, see why one failed, and repair it.",
    epilog=example("list"),
    no_args_is_help=True,
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


app.command(epilog=example("emit acme.json --wait", "emit --check acme.json globex.json"))(emit.emit)
app.command(epilog=example("listen", "listen acme --json"))(listen.listen)
app.command(name="list", epilog=example("list --status FAILED"))(tenants.list_)
app.command(epilog=example("show acme --watch"))(tenants.show)
app.command(epilog=example("watch --interval 5"))(watch.watch)
app.command(epilog=example("retry acme", "retry --all-failed --since 2h --dry-run"))(repair.retry)
app.command(epilog=example("stop acme"))(stop.stop)
app.command(epilog=example("resend-welcome acme"))(repair.resend_welcome)
app.command(epilog=example("preview-email --locale de --open"))(preview_email.preview_email)
app.command(epilog=example("amend acme corrected.json --dry-run"))(amend.amend)
app.command(epilog=example("abandon acme --dry-run"))(abandon.abandon)
app.command(epilog=example("resolve --host acme.app.example"))(tenants.resolve)
user_changes.add_to(users.app)
people_files.add_to(users.app)
app.add_typer(users.app, name="users", epilog=example("users invite acme colleague@acme.example"))
app.add_typer(domains.app, name="domains", epilog=example("domains list acme", "domains verify acme"))
app.add_typer(pools.app, name="pools", epilog=example("pools --audit --correct", "pools close shared-001"))
app.add_typer(rejections.app, name="rejected", epilog=example("rejected list --since 1d"))
app.add_typer(dead_letters.app, name="dlq", epilog=example("dlq list --queue intake"))
app.command(epilog=example("replay --since 2026-01-15T09:00 --until 2026-01-15T11:00"))(replay.replay)
app.command(epilog=example("doctor --strict"))(doctor.doctor)
app.command(epilog=example("converge --dry-run"))(converge.converge)
app.add_typer(operators.app, name="operators", epilog=example("operators add operator@ops.example --group operators"))
app.command(epilog=example("token operator@ops.example"))(operators.token)
app.command(epilog=example("schema TenantOnboarded"))(tenants.schema)
app.command(epilog=example("up --product"))(local.up)
app.command(epilog=example("emails"))(local.emails)
app.command(epilog=example("demo --keep"))(local.demo)


def run() -> int:
    """Run one command and return its exit status; whatever is expected to go wrong is one line on stderr."""
    try:
        ended = app(prog_name=commands.PROGRAM, standalone_mode=False)
    except TyperException as error:
        return _wrong_use(error)
    except WrongUseError as error:
        return _complain(str(error), exit_status.WRONG_USE)
    except typer.Abort as error:
        return _unanswered(error)
    except (CommandError, deployment.DeploymentError, LocalStackError) as error:
        return _complain(str(error))
    except (OnboardingError, ClientError, BotoCoreError) as error:
        return _complain(explained(error))
    return ended if isinstance(ended, int) else exit_status.DONE


def _wrong_use(error: TyperException) -> int:
    """Say in one line what the parser does not take; a group alone shows its commands."""
    context = getattr(error, "ctx", None)
    said = error.format_message()
    if context and said == context.get_help():
        terminal.err.print(said, markup=False, highlight=False, soft_wrap=True)
        return exit_status.WRONG_USE
    said = re.sub("^Invalid value for '(.+?)':( Value error,)?", r"\1:", said).rstrip(".")
    path = context.command_path if context else commands.PROGRAM
    return _complain(f"{said}; see: {path} --help", exit_status.WRONG_USE)


def _unanswered(error: typer.Abort) -> int:
    """Say why a question has no yes; typer makes one error of Ctrl-C, the end of stdin, and no."""
    if isinstance(error.__context__, KeyboardInterrupt):
        return exit_status.INTERRUPTED
    nobody = isinstance(error.__context__, EOFError)
    return _complain("nobody answered; nothing was done" if nobody else "not agreed to; nothing was done")


def _complain(message: str, ended: int = exit_status.NO) -> int:
    complain(message)
    return ended
