"""Which running stacks the tests' source starts, and which files come to each through their fixtures."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.infra.source import ROOT, modules, tree

STARTERS = ("world", "local_stack", "MiniStack", "engines.ministack", "engines.moto")
COMMANDS = ("up", "demo")
"""Of `onboard`, those that start a stack."""
THEMSELVES = ("tests/e2e/world.py", "tests/workflow/engines.py")
"""Where starters are made of one another."""


def starts() -> Iterator[tuple[str, str]]:
    """Yield each call that starts a stack, and where it stands: the file and the function."""
    for path in modules("tests").values():
        name = str(path.relative_to(ROOT))
        if name in THEMSELVES:
            continue
        for function in _functions(path):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in STARTERS:
                    yield ast.unparse(node), f"{name}::{function.name}"
                elif isinstance(node, ast.List) and (command := _command(node)):
                    yield command, f"{name}::{function.name}"


def comes_to(path: Path, place: str) -> bool:
    """Tell whether a file starts the stack of this place itself, or by a fixture of a test, or of what it imports."""
    file, function = place.split("::")
    if ROOT / file == path:
        return any(each.name == function and not _is_fixture(each) for each in _functions(path)) or (
            function in _fixtures_used(path)
        )
    if Path(file).name == "conftest.py":
        return path.parent == (ROOT / file).parent and function in _fixtures_used(path)
    return f"{file.removesuffix('.py').replace('/', '.')}.{function}" in _imported(path)


def _fixtures_used(path: Path) -> set[str]:
    """Return the fixtures that a file's tests ask for, or that are for all of them, and what those ask for."""
    known = {each.name: each for each in _fixtures_known(path)}
    wanted = [name for each in _functions(path) if each.name.startswith("test_") for name in _asked_for(each)]
    wanted += [name for name, each in known.items() if "autouse=True" in ast.unparse(each.decorator_list[0])]
    used: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name in known and name not in used:
            used.add(name)
            wanted += _asked_for(known[name])
    return used


def _fixtures_known(path: Path) -> Iterator[ast.FunctionDef]:
    """Yield the fixtures that a file sees: those of its conftest, those that it imports, its own."""
    places = modules("tests")
    nearby = [path.parent / "conftest.py", path]
    modules_of_ours = (places[name] for each in _imported(path) if (name := each.rpartition(".")[0]) in places)
    for place in (*modules_of_ours, *nearby):
        yield from (each for each in (_functions(place) if place.exists() else ()) if _is_fixture(each))


def _functions(path: Path) -> list[ast.FunctionDef]:
    return [node for node in tree(path).body if isinstance(node, ast.FunctionDef)]


def _is_fixture(function: ast.FunctionDef) -> bool:
    return any(ast.unparse(each).startswith("pytest.fixture") for each in function.decorator_list)


def _asked_for(function: ast.FunctionDef) -> list[str]:
    return [each.arg for each in (*function.args.args, *function.args.kwonlyargs)]


def _imported(path: Path) -> set[str]:
    return {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _command(node: ast.List) -> str:
    """Return the command that a list of arguments runs, if it starts a stack."""
    program, *arguments = [ast.unparse(each).strip("'") for each in node.elts] or [""]
    return f"onboard {' '.join(arguments)}" if program == "ONBOARD" and arguments and arguments[0] in COMMANDS else ""
