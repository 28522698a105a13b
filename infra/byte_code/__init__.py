"""Byte code beside every module that is deployed: Lambda cannot write it, so each start would compile all anew.

Only the functions' own Python can make it. Where none is at hand, pyodide is: that Python, compiled for Node.js.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from infra import NODE, ROOT
from infra.wheelhouse import PYTHON

ORIGIN = "/var/task"
"""Where Lambda has the code, and tracebacks say it is."""
TAG = f"cpython-{PYTHON.replace('.', '')}"
MAGIC = (3571).to_bytes(2, "little") + b"\r\n"
"""What byte code of this Python begins with, and of no other."""
LOCK = ROOT / "requirements" / "pyodide" / "package-lock.json"
PYODIDE = ROOT / ".cache" / "pyodide"
CACHE = ROOT / ".cache" / "byte_code"
KEPT_SECONDS = 7 * 24 * 3600
PROGRAM = Path(__file__).parent / "compiler.py"
ON_NODE = Path(__file__).parent / "pyodide.mjs"
ASKED = "import importlib.util, json, sys; print(json.dumps([importlib.util.MAGIC_NUMBER.hex(), sys.version]))"


class _Compiler(NamedTuple):
    command: tuple[str, ...]
    version: str
    """Patch releases of one Python differ in the byte code they make; each runs that of the others."""


def check() -> None:
    """End the program with one line unless there is something that can make the byte code."""
    _compiler()


def add(folder: Path) -> None:
    """Put byte code beside each module below a folder, the folder being what Lambda has as its code.

    The same modules, compiled by the same release of Python, give the same bytes. Ends the program with one line if
    nothing can compile for the functions' Python, or for each module that does not compile.
    """
    compiler = _compiler()
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.py"))
    kept = {name: CACHE / _fingerprint(compiler, name, (folder / name).read_bytes()) for name in names}
    missing = [name for name in names if not kept[name].exists()]
    if missing:
        _compile(compiler, folder, missing)
        _forget_unused()
    CACHE.mkdir(parents=True, exist_ok=True)
    for name in missing:
        unfinished = kept[name].with_suffix(f".{os.getpid()}")
        shutil.copyfile(beside(folder / name), unfinished)
        unfinished.replace(kept[name])
    for name in set(names).difference(missing):
        beside(folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(kept[name], beside(folder / name))
        os.utime(kept[name])


def beside(module: Path) -> Path:
    """Return where Python looks for a module's byte code."""
    return module.parent / "__pycache__" / f"{module.stem}.{TAG}.pyc"


def _compiler() -> _Compiler:
    for python in (sys.executable, shutil.which(f"python{PYTHON}")):
        if python and (version := _version(python)):
            return _Compiler((python, "-I", "-B", str(PROGRAM)), version)
    locked = LOCK.read_text()
    if not (PYODIDE / ".ready").exists():
        raise SystemExit(f"There is neither Python {PYTHON} nor, in {PYODIDE}, what stands in for it: run `make setup`")
    if (PYODIDE / LOCK.name).read_text() != locked:
        raise SystemExit(f"{PYODIDE} holds what another {LOCK.name} names than is there now: run `make setup`")
    on_node = (NODE, ON_NODE, PYODIDE / "node_modules" / "pyodide" / "pyodide.mjs", PROGRAM)
    return _Compiler(tuple(map(str, on_node)), locked)


def _version(python: str) -> str:
    """Return the release of the functions' Python that a program is; empty if it is none, or runs nothing at all."""
    done = subprocess.run([python, "-I", "-c", ASKED], capture_output=True, text=True, check=False)  # noqa: S603  # our own
    magic, version = json.loads(done.stdout) if done.returncode == 0 else ("", "")
    return str(version) if magic == MAGIC.hex() else ""


def _compile(compiler: _Compiler, folder: Path, names: Iterable[str]) -> None:
    program = [*compiler.command, ORIGIN]
    done = subprocess.run(program, cwd=folder, input="\n".join(names), stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603  # our own program
    if done.returncode:
        raise SystemExit(f"{compiler.command[0]} made no byte code: remove {PYODIDE}, then run `make setup`")
    if done.stdout:
        said = (line.replace("\t", f" does not compile for Python {PYTHON}: ") for line in done.stdout.splitlines())
        raise SystemExit("\n".join(said))


def _fingerprint(compiler: _Compiler, name: str, source: bytes) -> str:
    digest = hashlib.sha256(json.dumps([compiler.version, PROGRAM.read_text(), ORIGIN, name]).encode() + b"\0")
    digest.update(source)
    return digest.hexdigest()


def _forget_unused() -> None:
    """Remove byte code of modules that there no longer are."""
    for path in CACHE.glob("*"):
        if path.stat().st_mtime < time.time() - KEPT_SECONDS:
            path.unlink(missing_ok=True)
