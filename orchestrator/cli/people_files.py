"""People as files: `onboard users import`, `export`."""

import csv
import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import exit_status, terminal
from orchestrator.cli.help_pages import example
from orchestrator.cli.terminal import CommandError, Json, Stack, TenantId
from orchestrator.cli.users import deployed, told
from orchestrator.operations import people_import
from orchestrator.tenants.commands import command
from orchestrator.users.members import SHOWN
from tenant_onboarding.names import STACK_NAME

OWNERS = 0o600
"""Who may read a file of people: its owner alone."""


def import_(
    tenant_id: TenantId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file; its first line is email,name,role.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check the file.")] = False,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Invite the people of a CSV file, in UTF-8: email, and if you like name and role.

    Safe to repeat: each person has one invitation, and one email. No more are invited a day than the tenant's budget of
    mail allows; the others are by the same command on the next day.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read: {error}") from None
    aws = deployed(stack)
    with told(), terminal.progress("inviting", text.count("\n")) as advance:
        found = people_import.invite(*aws, tenant_id, text, advance, dry_run=dry_run)
    for each in found.refused:
        terminal.complain(f"{file}, line {each.line}: {each.email} {each.why}")
    if as_json:
        terminal.print_json(found.document())
    elif dry_run:
        terminal.say(f"{found.left} people of {file} can be invited to {tenant_id}; {len(found.refused)} cannot")
    else:
        terminal.say(f"{found.invited} people are invited to {tenant_id}; {found.before} were before")
        if found.left:
            again = command("users import", tenant_id, str(file))
            terminal.say(f"{found.left} are left, for the day's budget of mail is used up; tomorrow, UTC: {again}")
    if found.refused or (found.left and not dry_run):
        raise typer.Exit(exit_status.NO)


def export(
    tenant_id: TenantId,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write there, for its owner to read.")] = None,
    as_json: Json = False,
    stack: Stack = STACK_NAME,
) -> None:
    """Print all of a tenant's people as CSV, or as JSON: what its admins see of them, and nothing secret."""
    aws = deployed(stack)
    people = list(people_import.everybody(*aws, tenant_id))
    if as_json and output is None:
        terminal.print_json(people)
        return
    written = io.StringIO(newline="")
    if as_json:
        written.write(terminal.to_json(people))
    else:
        lines = csv.DictWriter(written, SHOWN, lineterminator="\n")
        lines.writeheader()
        lines.writerows({name: _no_formula(value) for name, value in each.items()} for each in people)
    if output is None:
        sys.stdout.write(written.getvalue())
        return
    try:
        with open(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNERS), "w", encoding="utf-8") as out:
            os.fchmod(out.fileno(), OWNERS)  # that of a file that was there stays otherwise
            out.write(written.getvalue())
    except OSError as error:
        raise CommandError(f"{output} cannot be written: {error}") from None
    terminal.say(f"{len(people)} people of {tenant_id} are in {output}")


def _no_formula(value: str) -> str:
    """Return a value as text to a spreadsheet too, which would compute what begins like a formula."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@")) else value


def add_to(app: typer.Typer) -> None:
    """Add these commands to a group."""
    line = "Invite the people of a CSV file."
    app.command(name="import", short_help=line, epilog=example("users import acme people.csv --dry-run"))(import_)
    line = "Print all of a tenant's people as CSV."
    app.command(name="export", short_help=line, epilog=example("users export acme --output people.csv"))(export)
