"""What the functions bring and what starting them takes: `python -m benchmarks.packages`.

Prints the size of the one package that all functions share, and for each function the import of its module: processor
time and peak memory in a fresh interpreter that has the package and nothing else, against a bare `import boto3`, and
against the same package without its byte code or, with `--against REVISION`, the package of another commit. Rounds of
all take turns, and medians are compared. `--write` writes `docs/package.md`. Exit status 1 if a function of the
workflows' steps is above its goal.
"""

import argparse
import statistics
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.assets import INSTALLED, asset_of, runnable
from benchmarks.imports import ColdImport, cold_import
from infra import ROOT, bundling, packages, wheelhouse
from infra.bundling import FOLDERS, fill

ROUNDS = 9
AUTHORIZER = "tenant_onboarding.authorizer.handler"
STEPS = ("placement", "removal", "routing", "welcome")
MOST_TIMES = 2.5
BIGGEST = 8
MB = 1024 * 1024
WORDS = ROOT / "benchmarks" / "package_page.md"
PAGE = ROOT / "docs" / "package.md"
UNCOMPILED = "without byte code"


class Size(NamedTuple):
    """Of the package, in bytes."""

    zipped: int
    parts: Counter[str]
    """A part is what lies at the top."""
    byte_code: int
    whole: int
    """What packages and our code have before anything is left out, and before they are compiled."""
    authorizer_zipped: int
    authorizer: int
    """Of the package that customers deploy, unzipped."""


class Start(NamedTuple):
    """How a function's import compares: each the median of the quotients of the rounds."""

    times_boto3: float
    of_seconds: float
    """As a part of the processor time with the other package."""
    of_megabytes: float


def main() -> int:
    """Measure, and write the page if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--against", metavar="REVISION", help="compare with the package of another commit")
    group.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as packed, tempfile.TemporaryDirectory() as whole:
        asset = Path(packed)
        fill(asset, local=False)
        wheelhouse.install(Path(whole))
        size = _size(asset, Path(whole))
        print(f"{size.zipped / MB:.1f} MB zipped, {size.parts.total() / MB:.1f} MB unzipped")
        starts = _compared(asset, chosen.against)
    if chosen.write:
        PAGE.write_text(page(size, starts))
        print(f"{PAGE.relative_to(ROOT)} is written")
    return int(any(starts[name].times_boto3 > MOST_TIMES for name in STEPS if name in starts))


def _compared(asset: Path, revision: str | None) -> dict[str, Start]:
    """Print how each function's import compares with that of another package, and return it."""
    with tempfile.TemporaryDirectory() as place, _other(asset, revision) as (other, compiled, installed):
        ours = runnable(asset, Path(place, "ours"))
        theirs = runnable(other, Path(place, "theirs"), compiled=compiled, installed=installed)
        print(f"{'import':13}  CPU ms  {'MB':>4}  times boto3, and of {revision or UNCOMPILED}: CPU, memory")
        return {name: _start(name, ours, theirs) for name in functions() if _has(theirs, name)}


@contextmanager
def _other(asset: Path, revision: str | None) -> Iterator[tuple[Path, bool, Path]]:
    """Yield what an asset is compared with, whether its byte code counts, and where its packages are installed."""
    if revision:
        with asset_of(revision) as (other, installed):
            yield other, True, installed
    else:
        yield asset, False, INSTALLED


def _has(folder: Path, name: str) -> bool:
    return (folder / f"{_module(name).replace('.', '/')}.py").exists()


def _module(name: str) -> str:
    return AUTHORIZER if name == "authorizer" else f"handlers.{name}"


def _start(name: str, ours: Path, theirs: Path) -> Start:
    """Measure a function's import in rounds, print what it takes and return how it compares."""
    module = _module(name)
    rounds = [
        (cold_import("boto3", ours), cold_import(module, theirs), cold_import(module, ours)) for _ in range(ROUNDS)
    ]
    start = Start(
        statistics.median(own.seconds / boto3.seconds for boto3, _, own in rounds),
        statistics.median(own.seconds / other.seconds for _, other, own in rounds),
        statistics.median(own.megabytes / other.megabytes for _, other, own in rounds),
    )
    own = ColdImport(*map(statistics.median, zip(*(own for *_, own in rounds), strict=True)))
    compared = f"{start.times_boto3:11.2f}  {start.of_seconds:{len(UNCOMPILED)}.2f}  {start.of_megabytes:.2f}"
    print(
        f"{name:13}  {own.seconds * 1_000:6.0f}  {own.megabytes:4.0f}  {compared}",
        flush=True,
    )
    return start


def page(size: Size, starts: Mapping[str, Start]) -> str:
    """Return the page on size and starts."""
    return WORDS.read_text().format(
        zipped=f"{size.zipped / MB:.1f}",
        unzipped=f"{size.parts.total() / MB:.1f}",
        byte_code=f"{size.byte_code / MB:.1f}",
        parts="\n".join(f"| {each / MB:.1f} | `{name}` |" for name, each in size.parts.most_common(BIGGEST)),
        whole=f"{size.whole / MB:.1f}",
        authorizer_zipped=f"{size.authorizer_zipped / MB:.1f}",
        authorizer_unzipped=f"{size.authorizer / MB:.1f}",
        rounds=ROUNDS,
        python=".".join(map(str, sys.version_info[:2])),
        imports="\n".join(
            f"| `{name}` | {each.times_boto3:.2f} | {each.of_seconds:.2f} |" for name, each in starts.items()
        ),
        steps=", ".join(f"`{name}`" for name in STEPS),
        goal=MOST_TIMES,
    )


def _size(asset: Path, whole: Path) -> Size:
    parts, byte_code = sizes(asset), sizes(asset, "*.pyc")
    ours = sum((parts - byte_code)[name] for name in (bundling.PAGE, *FOLDERS))
    with tempfile.TemporaryDirectory() as place:
        authorizer = Path(place)
        packages.fill(authorizer)
        small = zipped(authorizer), sizes(authorizer).total()
    return Size(zipped(asset), parts, byte_code.total(), sizes(whole).total() + ours, *small)


def sizes(folder: Path, pattern: str = "*") -> Counter[str]:
    """Return how many bytes the files of each part have: of what lies at the top of a folder."""
    found = Counter[str]()
    for path in folder.rglob(pattern):
        if path.is_file():
            found[path.relative_to(folder).parts[0]] += path.stat().st_size
    return found


def zipped(folder: Path) -> int:
    """Return how many bytes a folder has once it is zipped, as it is uploaded."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in folder.rglob("*"):
                archive.write(path, path.relative_to(folder))
        return file.tell()


def functions() -> list[str]:
    """Return the names of the functions: those that are deployed here, and the authorizer that customers deploy."""
    modules = (ROOT / "handlers").glob("*.py")
    return sorted(["authorizer", *(path.stem for path in modules if "\ndef handler(" in path.read_text())])


if __name__ == "__main__":
    sys.exit(main())
