"""The parser of `onboard` as tests look at it: every command, what it takes, and words that mean something to it."""

import json
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from orchestrator.cli import program
from tests.infra.people import CALL_NO_AWS, commands
from tests.unit.conftest import tenant_created

COMMANDS = [name for name, _ in commands()]
ASK_AWS = [name for name in COMMANDS if name not in CALL_NO_AWS]
SAMPLES = {
    "ID": "acme",
    "DOMAIN": "acme.example",
    "KEY": "shared-001",
    "EMAIL": "operator@ops.example",
    "TENANT": "acme",
    "ADDRESS": "jane@acme.example",
    "ADDRESS|USER_ID": "jane@acme.example",
    "EVENT_ID": "event-1",
    "MESSAGE_ID": "message-1",
    "ROLE": "admin",
}
MORE = {
    "dlq discard": ["--yes"],
    "dlq replay": ["--all"],
    "domains release": ["--yes"],
    "operators remove": ["--yes"],
    "replay": ["--since", "2h", "--until", "1h", "--yes"],
    "resolve": ["--subdomain", "acme"],
    "retry": ["--all-failed"],
    "users remove": ["--yes"],
}
"""What a command wants to be told beside the arguments that its parser asks for."""


def parsed(name: str) -> Any:  # Any: typer keeps its types to itself
    """Return a command as the parser has it."""
    found: Any = typer.main.get_command(program.app)
    for word in name.split():
        assert isinstance(found, TyperGroup)
        found = found.commands[word]
    return found


def numbers(name: str) -> list[str]:
    """Return the options of a command that are numbers."""
    return [each.opts[0] for each in parsed(name).params if each.type_descriptor.annotation in (int, float)]


def words(name: str, folder: Path) -> list[str]:
    """Return words by which a command can be typed; a file that it reads is put into the folder."""
    file = folder / "acme.json"
    file.write_text(json.dumps(tenant_created()), encoding="utf-8")
    wanted = [each for each in parsed(name).params if each.param_type_name == "argument" and each.required]
    given = [SAMPLES.get(str(each.metavar).removesuffix("..."), str(file)) for each in wanted]
    return [*name.split(), *given, *MORE.get(name, [])]
