"""What the functions bring and what starting them takes: `python -m benchmarks.packages` writes `docs/package.md`.

The size of the one package that all functions share, and of its biggest parts; and for each function the import of its
module in a fresh interpreter, against a bare `import boto3`. Rounds of both take turns, and the medians are compared.
Exit status 1 if a function of a workflow's steps is above its goal.
"""

import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from benchmarks.imports import compared, import_seconds
from infra import ROOT, packages, wheelhouse
from infra.bundling import FOLDERS, fill

ROUNDS = 9
AUTHORIZER = "tenant_onboarding.authorizer.handler"
STEPS = ("placement", "removal", "routing", "welcome")
MOST_TIMES = 2.5
BIGGEST = 8
MB = 1024 * 1024
WORDS = ROOT / "benchmarks" / "package_page.md"
PAGE = ROOT / "docs" / "package.md"


def main() -> int:
    """Measure, and write the page."""
    with tempfile.TemporaryDirectory() as packed, tempfile.TemporaryDirectory() as whole:
        fill(Path(packed), local=False)
        wheelhouse.install(Path(whole))
        parts, small = sizes(Path(packed)), zipped(Path(packed))
        all_of_it = sizes(Path(whole)).total() + sum(size for name, size in parts.items() if name in FOLDERS)
    times = {name: _times(name) for name in functions()}
    PAGE.write_text(page(parts, small, all_of_it, times, _authorizer()))
    print(f"{PAGE.relative_to(ROOT)}: {small / MB:.1f} MB zipped, {parts.total() / MB:.1f} MB unzipped")
    return int(any(times[name] > MOST_TIMES for name in STEPS))


def page(parts: Counter[str], small: int, whole: int, times: Mapping[str, float], authorizer: tuple[int, int]) -> str:
    """Return the page on sizes, in bytes, and times, as multiples."""
    return WORDS.read_text().format(
        zipped=f"{small / MB:.1f}",
        authorizer_zipped=f"{authorizer[0] / MB:.1f}",
        authorizer_unzipped=f"{authorizer[1] / MB:.1f}",
        unzipped=f"{parts.total() / MB:.1f}",
        parts="\n".join(f"| {size / MB:.1f} | `{name}` |" for name, size in parts.most_common(BIGGEST)),
        whole=f"{whole / MB:.1f}",
        rounds=ROUNDS,
        imports="\n".join(f"| `{name}` | {each:.2f} |" for name, each in times.items()),
        steps=", ".join(f"`{name}`" for name in STEPS),
        goal=MOST_TIMES,
    )


def sizes(folder: Path) -> Counter[str]:
    """Return how many bytes each part of a package has, a part being what lies at its top."""
    found = Counter[str]()
    for path in folder.rglob("*"):
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


def _times(name: str) -> float:
    """Return how many times the import of boto3 a function's takes."""
    module = AUTHORIZER if name == "authorizer" else f"handlers.{name}"
    rounds = [(import_seconds("boto3"), import_seconds(module)) for _ in range(ROUNDS)]
    boto3, own, times = compared(rounds)
    print(f"import: boto3 {boto3 * 1_000:4.0f} ms, {name:13} {own * 1_000:4.0f} ms: {times:.2f} times it")
    return times


def _authorizer() -> tuple[int, int]:
    """Return how many bytes of its own the authorizer of customers has, zipped and unzipped."""
    with tempfile.TemporaryDirectory() as folder:
        packages.fill(Path(folder))
        return zipped(Path(folder)), sizes(Path(folder)).total()


def functions() -> list[str]:
    """Return the names of the functions: those that are deployed here, and the authorizer that customers deploy."""
    modules = (ROOT / "handlers").glob("*.py")
    return sorted(["authorizer", *(path.stem for path in modules if "\ndef handler(" in path.read_text())])


if __name__ == "__main__":
    sys.exit(main())
