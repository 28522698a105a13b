"""The code asset as this machine can run it: with its own shared objects, and byte code for its own Python."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from infra import ROOT
from infra.byte_code import PROGRAM, beside

INSTALLED = Path(sysconfig.get_path("purelib"))
"""Where this environment has the same packages, in the same versions, built for this machine."""
FILL = "import sys; from pathlib import Path; from infra.bundling import fill; fill(Path(sys.argv[1]), local=False)"
LOCK = "requirements/runtime.txt"
WHEELHOUSE = ".cache/wheelhouse"
PYODIDE = ".cache/pyodide"


def runnable(asset: Path, folder: Path, *, compiled: bool = True) -> Path:
    """Copy an asset into a new folder and return that; with `compiled` a module has byte code if it has some deployed.

    Raises LookupError for a shared object that this environment does not have.
    """
    shutil.copytree(asset, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for theirs in sorted(folder.rglob("*.so")):
        place = theirs.parent.relative_to(folder)
        ours = list((INSTALLED / place).glob(f"{theirs.name.split('.')[0]}.*so"))
        if len(ours) != 1:
            raise LookupError(f"one {place / theirs.name} of this machine is needed, there are {len(ours)}")
        theirs.unlink()
        shutil.copyfile(ours[0], theirs.parent / ours[0].name)
    if compiled:
        modules = (path for path in asset.rglob("*.py") if beside(path).exists())
        _compile(folder, [str(path.relative_to(asset)) for path in modules])
    return folder


def _compile(folder: Path, names: list[str]) -> None:
    """Do as for Lambda, for this Python and the paths that modules have here: others are mended at each import."""
    program = [sys.executable, "-I", "-B", str(PROGRAM), str(folder)]
    subprocess.run(program, cwd=folder, input="\n".join(names), text=True, check=True)  # noqa: S603  # our own program


@contextmanager
def asset_of(revision: str) -> Iterator[Path]:
    """Yield the asset as a revision of this repository makes it, from the packages that it locks.

    Raises CalledProcessError if there is no such revision, or its packages cannot be had.
    """
    archive = ["git", "archive", "--format=tar", revision]
    with tempfile.TemporaryDirectory() as place:
        checkout, asset = Path(place, "checkout"), Path(place, "asset")
        done = subprocess.run(archive, cwd=ROOT, check=True, stdout=subprocess.PIPE)  # noqa: S603  # git decides
        with tarfile.open(fileobj=BytesIO(done.stdout)) as files:
            files.extractall(checkout, filter="data")
        (checkout / ".cache").mkdir()
        (checkout / PYODIDE).symlink_to(ROOT / PYODIDE)
        if (checkout / LOCK).read_bytes() == (ROOT / LOCK).read_bytes():
            (checkout / WHEELHOUSE).symlink_to(ROOT / WHEELHOUSE)
        else:
            _run_in(checkout, "-m", "infra.wheelhouse")
        asset.mkdir()
        _run_in(checkout, "-c", FILL, str(asset))
        yield asset


def _run_in(checkout: Path, *arguments: str) -> None:
    """Run the checkout's own modules; those of this one are behind it on the path."""
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    subprocess.run([sys.executable, *arguments], cwd=checkout, env=environment, check=True)  # noqa: S603  # our own
