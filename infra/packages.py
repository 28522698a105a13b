"""What customers install: two wheels, of which one holds the authorizer's code as Lambda runs it.

`make packages` puts them into `dist/`. It needs no network once `make setup` has fetched the packages.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from infra import ROOT, wheelhouse
from infra.bundling import FOLDERS, complete
from tenant_onboarding.cdk_code import ARCHIVE, MODULE

SDK = ROOT / "packages" / "tenant_onboarding"
ASSET = ROOT / "packages" / MODULE
PREBUILT = ASSET / "src" / MODULE / ARCHIVE
DIST = ROOT / "dist"
OURS = ("__init__.py", "names.py", "authorizer")
"""What of the SDK the authorizer runs."""
BEFORE_ALL_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest that an archive can say of a file."""
READABLE = 0o644 << 16


def build(folder: Path = DIST) -> list[Path]:
    """Put both wheels into a folder, in the place of older ones; ends the program if a package is not as locked."""
    wheelhouse.check(wheelhouse.AUTHORIZER)
    pack(PREBUILT)
    for project in (SDK, ASSET):
        for old in folder.glob(f"{_name(project)}-*.whl"):
            old.unlink()
        hatchling = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
        subprocess.run(hatchling, cwd=project, check=True, capture_output=True)  # noqa: S603  # our own arguments
    return [wheel for project in (SDK, ASSET) for wheel in folder.glob(f"{_name(project)}-*.whl")]


def pack(archive: Path) -> None:
    """Write what `fill` makes into an archive, the same bytes wherever and whenever; nothing is compressed in it.

    Compression differs from one zlib to the next, and the wheel compresses anyway.
    """
    unfinished = archive.with_suffix(f".{os.getpid()}")
    with tempfile.TemporaryDirectory() as made, zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as packed:
        folder = Path(made)
        fill(folder)
        for path in sorted(folder.rglob("*"), key=Path.as_posix):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), BEFORE_ALL_TIME)
                entry.create_system, entry.external_attr = 3, READABLE  # Unix, whose modes these are
                packed.writestr(entry, path.read_bytes())
    unfinished.replace(archive)


def fill(folder: Path) -> None:
    """Put what the authorizer runs into an empty folder; ends the program if a package is not as locked."""
    source, target = FOLDERS["tenant_onboarding"], folder / "tenant_onboarding"
    target.mkdir()
    for name in OURS:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source / name, target / name)
    complete(folder, wheelhouse.AUTHORIZER)


def _name(project: Path) -> str:
    """Return a distribution's name as wheels write it."""
    return "tenant_onboarding_sdk" if project == SDK else MODULE


if __name__ == "__main__":
    for each in build():
        print(each.relative_to(ROOT))  # noqa: T201  # tells what there is
