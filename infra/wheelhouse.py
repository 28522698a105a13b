"""The wheels of what Lambda runs, for its platform: `make setup` fetches them, so that synthesis needs no network.

There is a lock for each asset, and one folder for the wheels of all: what two locks name is there once.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from infra import ROOT

RUNTIME = ROOT / "requirements" / "runtime.txt"
"""The lock of the deployment's own functions."""
AUTHORIZER = ROOT / "requirements" / "authorizer.txt"
"""The lock of the authorizer that customers deploy."""
LOCKS = (RUNTIME, AUTHORIZER)
WHEELHOUSE = ROOT / ".cache" / "wheelhouse"
PYTHON = "3.13"
PLATFORM = "aarch64-manylinux2014"
"""As uv names it; Lambda's own system, Amazon Linux 2023, is newer, so every wheel for this one runs there."""
QUIETLY = ("--quiet", "--quiet", "--disable-pip-version-check")
"""Errors only: an index that is configured and lacks a package is none."""
TAGS = ("manylinux2014_aarch64", "manylinux_2_17_aarch64")
"""As wheels name it."""


def fill(folder: Path = WHEELHOUSE, locks: Sequence[Path] = LOCKS) -> None:
    """Download the wheels that the locks name, each held to its hash; what is there stays until all of them are.

    Raises CalledProcessError if a package has no such wheel, its hash differs, or the package index is out of reach.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as unfinished:
        pip = [sys.executable, "-m", "pip", "download", *QUIETLY, "--dest", unfinished]
        platform = ["--implementation", "cp", "--python-version", PYTHON, "--only-binary", ":all:"]
        platform += [argument for tag in TAGS for argument in ("--platform", tag)]
        for lock in locks:
            there = ["--find-links", unfinished]
            subprocess.run([*pip, *there, *platform, *_as_locked(lock)], check=True)  # noqa: S603  # our own arguments
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(unfinished, folder)
    for lock in locks:
        shutil.copyfile(lock, folder / lock.name)  # last: it says that all wheels are there, and of which lock


def check(lock: Path = RUNTIME, folder: Path = WHEELHOUSE) -> None:
    """End the program with one line unless the wheels are there that a lock names."""
    filled_from = folder / lock.name
    if not filled_from.exists():
        raise SystemExit(f"{folder} does not hold the packages of the functions: run `make setup`")
    if filled_from.read_bytes() != lock.read_bytes():
        raise SystemExit(f"{folder} holds the packages of another {lock.name} than is there now: run `make setup`")


def install(target: Path, lock: Path = RUNTIME, folder: Path = WHEELHOUSE) -> None:
    """Install a lock's packages into a folder, without a network; ends the program if one is not there or as locked.

    Files are copied: a link into the installer's cache would let whoever changes one here change it there.
    """
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(target), "--link-mode", "copy"]
    offline = ["--offline", "--no-index", "--find-links", str(folder), "--no-config"]
    platform = ["--python-platform", PLATFORM, "--python-version", PYTHON, "--only-binary", ":all:"]
    done = subprocess.run([*uv, *offline, *platform, *_as_locked(lock)], check=False, stdout=sys.stderr)  # noqa: S603  # our own
    if done.returncode:
        raise SystemExit(f"{folder} does not hold the packages as they are locked: remove it, then run `make setup`")


def _as_locked(lock: Path) -> list[str]:
    """Return what pip and uv alike are told of a lock."""
    return ["--require-hashes", "--no-deps", "--requirement", str(lock)]


if __name__ == "__main__":
    try:
        fill()
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
