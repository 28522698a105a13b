"""Another commit beside this one: both are measured in turn, on one machine, and ratios are printed.

The other commit is a git worktree in a temporary folder, set up by its own `make setup`, which takes half a minute with
packages cached; afterwards it is removed. What it does not bring, a benchmark that is younger, is carried there.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[1]
THIS = "this"
OF_ANOTHER_ENVIRONMENT = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL")

Side = TypeVar("Side")
Figures = Mapping[str, float]
"""What was measured, by its name."""


def add_option(parser: argparse.ArgumentParser) -> None:
    """Let a benchmark take a commit to compare with, as `against`."""
    parser.add_argument("--against", metavar="REV", help="a commit to compare with, measured in turn")


@contextmanager
def sides(revision: str | None) -> Iterator[dict[str, Path]]:
    """Yield what is compared, by name: this commit's folder and, with a revision, that one's.

    Raises CalledProcessError if there is no such revision, or if it cannot be set up.
    """
    if revision is None:
        yield {THIS: ROOT}
        return
    with checkout(revision) as other:
        yield {THIS: ROOT, revision: other}


@contextmanager
def checkout(revision: str, *, ready: bool = True) -> Iterator[Path]:
    """Yield a revision's files in a folder of their own, with its environments if they are to be ready."""
    with tempfile.TemporaryDirectory(prefix="against-") as place:
        root = Path(place, "checkout")
        _run("git", "worktree", "add", "--quiet", "--detach", str(root), revision, cwd=ROOT)
        try:
            if ready:
                make(root, "setup")
            yield root
        finally:
            _run("git", "worktree", "remove", "--force", str(root), cwd=ROOT)


def make(root: Path, target: str, *settings: str) -> None:
    """Make a target there, with this Python; what it prints goes to standard error."""
    python = Path(sys.base_prefix, "bin", "python3")
    _run("make", "--silent", target, f"PYTHON={python}", *settings, cwd=root)


def carry(root: Path, *modules: str) -> None:
    """Put benchmarks of this commit into another's folder, with this module, which they know."""
    for name in ("against", *modules):
        source = ROOT / "benchmarks" / f"{name}.py"
        if root != ROOT:
            shutil.copyfile(source, root / "benchmarks" / source.name)


def run(root: Path, *arguments: str) -> str:
    """Return what the Python of a side prints when it runs that; raises CalledProcessError if it fails."""
    command = [str(root / ".venv" / "bin" / "python"), *arguments]
    done = subprocess.run(command, cwd=root, env=_environment(), check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own programs
    return done.stdout


def medians(compared: Mapping[str, Side], measure: Callable[[Side], Figures], runs: int = 1) -> dict[str, Figures]:
    """Return the medians of each side's figures, measured in turn so that all meet the same machine."""
    found: dict[str, list[Figures]] = {name: [] for name in compared}
    for _ in range(runs):
        for name, root in compared.items():
            found[name].append(measure(root))
    return {
        name: {key: statistics.median(each[key] for each in all_) for key in all_[0]} for name, all_ in found.items()
    }


def lines(title: str, figures: Mapping[str, Figures], ratios: Iterable[str]) -> Iterator[str]:
    """Yield a line for each side, and one of the ratios of the named figures to those of every other side."""
    for name, of_side in figures.items():
        yield f"{title} {name}: " + ", ".join(f"{key} {value:.4g}" for key, value in of_side.items())
    for name, of_side in figures.items():
        if name != THIS:
            compared = (f"{key} {figures[THIS][key] / of_side[key]:.2f}" for key in ratios)
            yield f"{title} against {name}: " + ", ".join(compared)


def _run(*command: str, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, env=_environment(), check=True, stdout=sys.stderr)  # noqa: S603  # git and make


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in OF_ANOTHER_ENVIRONMENT}
