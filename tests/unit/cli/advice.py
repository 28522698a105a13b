"""Where the source tells operators a command, and the command that a text ends with."""

import ast
import re
import shlex
from collections.abc import Iterator

import typer

from orchestrator.cli import program
from tests.unit.documents.document_rules import ROOT

COMMAND = re.compile(r": (onboard .+)\Z", re.DOTALL)
NAMES = sorted(typer.main.get_group(program.app).list_commands(typer.Context(typer.main.get_group(program.app))))
BARE = re.compile(rf"\bonboard ({'|'.join(NAMES)})\b")
"""A command that nothing has quoted."""
TOLD = ("command", "commands.command")


def command_of(advice: str) -> list[str]:
    """Return the words of the one command of an advice, which is its end; a shell would take them so."""
    found = COMMAND.search(advice)
    assert found, f"no command at the end: {advice}"
    assert not BARE.search(advice[: found.start()]), f"more than one command: {advice}"
    words = shlex.split(found[1])
    assert shlex.join(words) == found[1], f"a shell would read it otherwise: {advice}"
    return words[1:]


def told() -> Iterator[str]:
    """Yield each place that tells a command, as `room/module: command`; a name that is computed is `*`."""
    for path, tree in _modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in TOLD and node.args:
                said = node.args[0]
                yield f"{path}: {said.value!s}" if isinstance(said, ast.Constant) else f"{path}: *"


def bare() -> Iterator[str]:
    """Yield each text beside docstrings and helps that holds a command which was put there by hand."""
    for path, tree in _modules():
        exempt = {id(each) for node in ast.walk(tree) for each in _explanations(node)}
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and id(node) not in exempt and BARE.search(text):
                yield f"{path}: {text}"


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for top in ("orchestrator", "handlers"):
        for path in sorted((ROOT / top).rglob("*.py")):
            yield str(path.relative_to(ROOT).with_suffix("")).removeprefix("orchestrator/"), ast.parse(path.read_text())


def _explanations(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Expr):
        yield node.value
    if isinstance(node, ast.keyword) and node.arg == "help":
        yield from (each for each in ast.walk(node.value) if isinstance(each, ast.expr))
