"""The commands that pages give to be typed: each with its words, whatever shell stands around it."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import botocore.session
import typer
from botocore import xform_name
from typer.core import TyperGroup
from typer.exceptions import TyperException

from orchestrator.cli import program

OPERATORS = "();|&\n"
BEFORE_A_COMMAND = {"do", "done", "then", "export", "{", "}", "$"}
OF_THE_SHELL = {"for", "[", "set", ">"}
"""What begins no command that anybody could lack."""
PLACEHOLDERS = {
    "ID": "acme",
    "EVENT_ID": "event-1",
    "MESSAGE_ID": "message-1",
    "EMAIL": "operator@ops.example",
    "STEP": "CreateUserPool",
    "ERROR": "ThrottledError",
    "TIME": "2h",
    "DOMAIN": "acme.example",
    "KEY": "shared-001",
    "NAME": "TenantOnboarding",
    "FILE": "acme.json",
}
"""What pages write for what a reader fills in, and what fills it in here."""
EVERYWHERE = {"region", "query", "output", "profile", "endpoint-url"}
"""Options of every command of the AWS CLI."""
CALLED_OTHERWISE = {"logs tail": "logs filter-log-events"}
"""What the AWS CLI puts around an operation."""
ITS_OWN = {"logs tail": {"since"}, "dynamodb wait": set[str]()}
"""Options that no operation has."""


class Typed(NamedTuple):
    """A command of a page, in the words that a shell makes of it."""

    page: str
    words: tuple[str, ...]
    bare: bool = False
    """It is only named, in a sentence or a table, so that arguments may be left out."""


def typed(page: str, block: str) -> Iterator[Typed]:
    """Yield the commands of a block, with what `$(...)` in quotes runs; after a prompt, what is printed is none."""
    if block.startswith("$ "):
        block = "\n".join(re.findall(r"^\$ (.*)$", block, re.MULTILINE))
    lexer = shlex.shlex(block.replace("\\\n", " ") + "\n", posix=True, punctuation_chars=OPERATORS)
    lexer.whitespace_split, lexer.whitespace = True, " \t"
    segment: list[str] = []
    for word in lexer:
        if set(word) <= set(OPERATORS):
            if segment and segment[0] not in OF_THE_SHELL:
                yield Typed(page, tuple(segment))
            segment = []
        elif segment or not (word in BEFORE_A_COMMAND or re.fullmatch(r"\w+=.*", word, re.DOTALL)):
            segment.append(word)
        for inner in re.findall(r"\$\((aws [^()]*)\)", word):
            yield from typed(page, inner)


def named(page: str, text: str) -> Iterator[Typed]:
    """Yield each command of `onboard` that stands as code within a sentence or a table."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    for found in re.findall(r"`((?:\.venv/bin/)?onboard [a-z][^`]*)`", prose):
        words = tuple(shlex.split(found))
        yield Typed(page, words, bare=all(re.fullmatch(r"[a-z-]+", each) for each in words[1:]))


def wrong_onboard(command: Typed) -> str:
    """Return what the parser of `onboard` does not take; empty if it takes all of it."""
    words = [_filled_in(each) for each in command.words[1:] if each != "..."]
    found: Any = typer.main.get_command(program.app)
    while isinstance(found, TyperGroup) and words and words[0] in found.commands:
        found = found.commands[words.pop(0)]
    if isinstance(found, TyperGroup) and not words:
        return ""
    if isinstance(found, TyperGroup) and not words[0].startswith("-"):
        return f"No such command '{words[0]}'"
    try:
        found.make_context("onboard", words)
    except typer.Exit:
        return ""
    except TyperException as error:
        said: str = error.format_message()
        return "" if command.bare and said.startswith("Missing argument") else said
    return ""


def wrong_aws(command: Typed) -> str:
    """Return what the AWS CLI would not know; empty if service, operation and each option are there."""
    _, service, operation, *rest = command.words
    name = f"{service} {operation}"
    members = _members(service, CALLED_OTHERWISE.get(name, name).split()[1]) if operation != "wait" else set()
    if members is None:
        return f"no operation {name}"
    if operation == "wait":
        members = {"table-name", "stack-name"}
    given = {each[2:].partition("=")[0] for each in rest if re.match(r"--[a-z]", each)}
    known = members | EVERYWHERE | ITS_OWN.get(name, set())
    return ", ".join(f"{name} has no --{each}" for each in sorted(given - known))


@cache
def _members(service: str, operation: str) -> set[str] | None:
    session = botocore.session.get_session()
    if service not in session.get_available_services():
        return None
    model = session.get_service_model(service)
    by_name = {xform_name(each, "-"): each for each in model.operation_names}
    if operation not in by_name:
        return None
    shape = model.operation_model(by_name[operation]).input_shape
    found = {xform_name(each, "-") for each in shape.members} if shape else set()
    return found | {f"no-{each}" for each in found}


def _filled_in(word: str) -> str:
    return re.sub(
        r"\b[A-Z_]{2,}\b(?:\.\.\.)?", lambda found: PLACEHOLDERS.get(found[0].removesuffix("..."), found[0]), word
    )
