"""Byte code for the functions' own Python, shown on small folders; that of what is deployed is held in its own test."""

import importlib.util
import json
import marshal
import os
import subprocess
import sys
from pathlib import Path
from shlex import quote
from types import CodeType

import pytest

from infra import ROOT, byte_code, wheelhouse
from infra.bundling import code
from infra.byte_code import CACHE, KEPT_SECONDS, LOCK, ORIGIN, PROGRAM, PYODIDE, add, beside, check
from tests.infra.compiled import FLAGS, is_the_byte_code_of

GREETING = "def greet(name):\n    return {'hello', 'there', name}\n"
SHOUTING = "from greeting import greet\nshout = lambda name: [each.upper() for each in greet(name)]\n"
RELEASE = """#!/bin/sh
if test "$2" = -c; then echo '["{magic}", "{version}"]'; else exec {python} "$@"; fi
"""
"""An interpreter that says of itself which release it is."""


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where byte code is kept, each test's own."""
    monkeypatch.setattr(byte_code, "CACHE", tmp_path / "kept")
    return tmp_path / "kept"


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """This program's Python is the functions' own."""
    monkeypatch.setattr(byte_code, "TAG", sys.implementation.cache_tag)
    monkeypatch.setattr(byte_code, "MAGIC", importlib.util.MAGIC_NUMBER)


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder of PATH that may have a Python, beside what shells need; this program's own is hidden."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(sys, "executable", "")
    return tmp_path / "bin"


@pytest.fixture
def fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `make setup` leaves, without the packages."""
    folder = tmp_path / "pyodide"
    folder.mkdir()
    (folder / LOCK.name).write_bytes(LOCK.read_bytes())
    (folder / ".ready").touch()
    monkeypatch.setattr(byte_code, "PYODIDE", folder)
    return folder


def folder_of(place: Path, **modules: str) -> Path:
    """Make a folder of modules, one of them in a package."""
    for name, source in modules.items():
        path = place / "package" / f"{name}.py" if name == "shouting" else place / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return place


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def put(program: Path, text: str) -> None:
    program.write_text(text)
    program.chmod(0o755)


@pytest.mark.parametrize("program", ["exit 127", 'echo \'["a70d0d0a", "3.13.0a1"]\''])
def test_each_module_gets_its_own_and_nothing_else_does(tmp_path: Path, on_path: Path, program: str) -> None:
    """Whatever is called Python 3.13: version managers leave programs on PATH that run nothing, and before its release
    a Python had other byte code."""
    if not (PYODIDE / ".ready").exists():
        pytest.skip(f"{PYODIDE} is not there: run `make setup`")
    put(on_path / "python3.13", f"#!/bin/sh\n{program}\n")
    folder = folder_of(tmp_path / "code", greeting=GREETING, shouting=SHOUTING)
    (folder / "page.html").touch()
    add(folder)
    assert [wrong for module in folder.rglob("*.py") for wrong in is_the_byte_code_of(module, folder)] == []
    assert files(folder).keys() == {
        "greeting.py",
        "package/shouting.py",
        "page.html",
        "__pycache__/greeting.cpython-313.pyc",
        "package/__pycache__/shouting.cpython-313.pyc",
    }


def test_the_functions_own_python_makes_it_where_it_is_at_hand(
    tmp_path: Path, here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands in for it need not be there then."""
    monkeypatch.setattr(byte_code, "PYODIDE", tmp_path / "none")
    folder = folder_of(tmp_path / "code", greeting=GREETING, shouting=SHOUTING)
    add(folder)
    assert (folder / "__pycache__" / f"greeting.{sys.implementation.cache_tag}.pyc").is_file()
    assert (folder / "package" / "__pycache__" / f"shouting.{sys.implementation.cache_tag}.pyc").is_file()


def test_so_does_one_on_path_and_what_another_release_made_is_not_taken(
    tmp_path: Path, here: None, kept: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Releases of one Python differ in the byte code that they make."""
    python, on_path = sys.executable, request.getfixturevalue("on_path")
    monkeypatch.setattr(byte_code, "PYODIDE", tmp_path / "none")
    for number, version in enumerate(("3.13.1", "3.13.2"), start=1):
        release = RELEASE.format(magic=importlib.util.MAGIC_NUMBER.hex(), version=version, python=quote(python))
        put(on_path / "python3.13", release)
        add(folder_of(tmp_path / version, greeting=GREETING))
        assert beside(tmp_path / version / "greeting.py").is_file()
        assert len(files(kept)) == number


def test_modules_compiled_elsewhere_and_among_others_are_the_same_byte_by_byte(
    tmp_path: Path, here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So what is kept of one compilation can be put into another."""
    first = folder_of(tmp_path / "first", greeting=GREETING, shouting=SHOUTING)
    add(first)
    monkeypatch.setattr(byte_code, "CACHE", tmp_path / "none")
    second = folder_of(tmp_path / "second", another=GREETING.replace("greet", "call"), shouting=SHOUTING)
    add(second)
    assert beside(second / "package/shouting.py").read_bytes() == beside(first / "package/shouting.py").read_bytes()


def test_what_was_compiled_is_not_compiled_again(tmp_path: Path, here: None, kept: Path) -> None:
    """It is known by the module's text and place, and copied: whoever changes a copy changes no other."""
    add(folder_of(tmp_path / "first", greeting=GREETING, shouting=SHOUTING))
    assert len(files(kept)) == 2
    for path in kept.iterdir():
        path.write_bytes(path.read_bytes() + b" as it was kept")
    second = folder_of(tmp_path / "second", greeting=GREETING, shouting=SHOUTING + "\n")
    add(second)
    assert beside(second / "greeting.py").read_bytes().endswith(b" as it was kept")
    assert not beside(second / "package" / "shouting.py").read_bytes().endswith(b" as it was kept")
    assert len(files(kept)) == 3
    beside(second / "greeting.py").write_bytes(b"")
    assert b"" not in files(kept).values()


def test_what_nobody_uses_any_more_is_forgotten(tmp_path: Path, here: None, kept: Path) -> None:
    add(folder_of(tmp_path / "used", greeting=GREETING))
    used = set(files(kept))
    add(folder_of(tmp_path / "unused", shouting=SHOUTING))
    for path in kept.iterdir():
        os.utime(path, (0, path.stat().st_mtime - KEPT_SECONDS - 60))
    add(tmp_path / "used")
    add(folder_of(tmp_path / "new", greeting=GREETING + "\n"))
    assert used < set(files(kept))
    assert len(files(kept)) == 2


def test_a_module_that_does_not_compile_is_one_line(tmp_path: Path, here: None) -> None:
    """Whoever adds a package with such hears of it, and leaves them out."""
    folder = folder_of(tmp_path, greeting=GREETING, shouting="print 'HELLO'\n")
    with pytest.raises(SystemExit) as said:
        add(folder)
    (line,) = str(said.value).splitlines()
    assert line.startswith("package/shouting.py does not compile for Python 3.13: SyntaxError: Missing parentheses")


def test_with_nothing_that_makes_it_no_code_is_deployed_and_one_line_says_what_to_do(
    tmp_path: Path, on_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The local run needs none: another Python runs it."""
    monkeypatch.setattr(byte_code, "PYODIDE", tmp_path / "none")
    monkeypatch.setattr(wheelhouse, "check", lambda: None)
    said = f"There is neither Python 3.13 nor, in {tmp_path / 'none'}, what stands in for it: run `make setup`"
    for end in (lambda: code(local=False), lambda: add(tmp_path)):
        with pytest.raises(SystemExit) as ended:
            end()
        assert str(ended.value) == said
    code(local=True)


def test_what_another_lock_named_is_not_taken(fetched: Path, on_path: Path) -> None:
    check()
    with (fetched / LOCK.name).open("a") as lock:
        lock.write("\n")
    with pytest.raises(SystemExit, match=rf"^{fetched} holds what another package-lock.json names .* `make setup`$"):
        check()


def test_what_is_damaged_is_one_line_that_says_what_to_do(tmp_path: Path, fetched: Path, on_path: Path) -> None:
    with pytest.raises(SystemExit, match=rf"made no byte code: remove {fetched}, then run `make setup`$"):
        add(folder_of(tmp_path / "code", greeting=GREETING))


def test_tracebacks_say_where_lambda_has_the_code(tmp_path: Path) -> None:
    """Of each function, too; shown by this machine's Python, whose byte code can be read here."""
    folder_of(tmp_path, shouting=SHOUTING)
    program = [sys.executable, "-I", "-B", str(PROGRAM), ORIGIN]
    done = subprocess.run(
        program, cwd=tmp_path, input="package/shouting.py", capture_output=True, text=True, check=True
    )
    (made,) = (tmp_path / "package" / "__pycache__").iterdir()
    compiled: CodeType = marshal.loads(made.read_bytes()[16:])
    functions = [each for each in compiled.co_consts if isinstance(each, CodeType)]
    assert {each.co_filename for each in (compiled, *functions)} == {"/var/task/package/shouting.py"}
    assert (len(functions), done.stdout, made.read_bytes()[4:8]) == (1, "", FLAGS)


def test_the_lock_says_what_and_not_from_where() -> None:
    """A release whose first two numbers are those of a Python 3.13, each package held to its hash."""
    packages = json.loads(LOCK.read_text())["packages"]
    assert packages["node_modules/pyodide"]["version"].startswith("0.29.")
    assert [name for name, each in packages.items() if name and not each["integrity"].startswith("sha512-")] == []
    assert [name for name, each in packages.items() if "resolved" in each] == []


def test_it_is_kept_beside_what_else_is_made() -> None:
    """`make clean` removes it, and no synthesis takes it for a source."""
    assert CACHE.parent == PYODIDE.parent == ROOT / ".cache"
