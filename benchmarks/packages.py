"""What the functions bring and what starting them takes: `python -m benchmarks.packages`.

The size of the one package that all functions share, zipped and unzipped, and of its biggest parts; and for each
function the import of its module in a fresh interpreter, against a bare `import boto3`. Rounds of both take turns, and
the medians are compared. Exit status 1 if a function of a workflow's steps is above its goal.
"""

import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.imports import compared, import_seconds
from infra import ROOT
from infra.bundling import fill

ROUNDS = 9
STEPS = ("placement", "removal", "routing", "welcome")
MOST_TIMES = 2.5
BIGGEST = 8
MB = 1024 * 1024


def main() -> int:
    """Print sizes and times."""
    with tempfile.TemporaryDirectory() as folder:
        print_sizes(Path(folder))
    times = dict(_times())
    print(f"goal: {', '.join(STEPS)} at most {MOST_TIMES} times it")
    return int(any(times[name] > MOST_TIMES for name in STEPS))


def print_sizes(folder: Path) -> None:
    """Print what the package weighs; Lambda takes 250 MB unzipped."""
    fill(folder, local=False)
    sizes = Counter[str]()
    for path in folder.rglob("*"):
        if path.is_file():
            sizes[path.relative_to(folder).parts[0]] += path.stat().st_size
    print(f"package: {_zipped(folder) / MB:.1f} MB zipped, {sizes.total() / MB:.1f} MB unzipped; the biggest parts:")
    for name, size in sizes.most_common(BIGGEST):
        print(f"  {size / MB:5.1f} MB  {name}")


def _zipped(folder: Path) -> int:
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in folder.rglob("*"):
                archive.write(path, path.relative_to(folder))
        return file.tell()


def _times() -> Iterator[tuple[str, float]]:
    for name in functions():
        module = f"handlers.{name}"
        rounds = [(import_seconds("boto3"), import_seconds(module)) for _ in range(ROUNDS)]
        boto3, own, times = compared(rounds)
        print(f"import: boto3 {boto3 * 1_000:4.0f} ms, {name:12} {own * 1_000:4.0f} ms: {times:.2f} times it")
        yield name, times


def functions() -> list[str]:
    """Return the names of the modules that are functions."""
    modules = sorted((ROOT / "handlers").glob("*.py"))
    return [path.stem for path in modules if "\ndef handler(" in path.read_text()]


if __name__ == "__main__":
    sys.exit(main())
