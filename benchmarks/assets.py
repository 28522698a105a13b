"""The code asset as this machine can run it: with its own shared objects, and byte code for its own Python."""

import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.against import checkout, run
from infra.byte_code import PROGRAM, beside

INSTALLED = Path(sysconfig.get_path("purelib"))
"""Where this environment has the packages that it locks, built for this machine."""
FILL = "import sys; from pathlib import Path; from infra.bundling import fill; fill(Path(sys.argv[1]), local=False)"


def runnable(asset: Path, folder: Path, *, compiled: bool = True, installed: Path = INSTALLED) -> Path:
    """Copy an asset into a new folder and return that; with `compiled` a module has byte code if it has some deployed.

    Shared objects are those that are `installed`. Raises LookupError for one that is not there.
    """
    shutil.copytree(asset, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for theirs in sorted(folder.rglob("*.so")):
        place = theirs.parent.relative_to(folder)
        ours = list((installed / place).glob(f"{theirs.name.split('.')[0]}.*so"))
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
def asset_of(revision: str) -> Iterator[tuple[Path, Path]]:
    """Yield the asset as a revision of this repository makes it, and where the packages that it locks are installed.

    Raises CalledProcessError if there is no such revision, or its packages cannot be had.
    """
    with checkout(revision) as root, tempfile.TemporaryDirectory() as place:
        asset = Path(place, "asset")
        asset.mkdir()
        run(root, "-c", FILL, str(asset))
        yield asset, Path(run(root, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
