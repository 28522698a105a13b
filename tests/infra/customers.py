"""An environment as a customer has it: the built wheels, what their metadata asks for, and nothing else.

What they ask for is linked from this environment, which the lock filled: so it takes no network and no time, and what
is not asked for is not there.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

OURS = ("tenant-onboarding-sdk", "tenant-onboarding-authorizer-asset")


@dataclass(frozen=True)
class Environment:
    """A virtual environment without pip."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        """Where its packages are."""
        (found,) = self.folder.glob("lib/python*/site-packages")
        return found

    def names(self) -> set[str]:
        """Return the distributions that it has."""
        found = (path.name.removesuffix(".dist-info") for path in self.packages.glob("*.dist-info"))
        return {normal(name.rpartition("-")[0]) for name in found}


def environment(folder: Path, wheels: Iterable[Path], extras: Iterable[str]) -> Environment:
    """Make an environment with the SDK and what it asks for with these extras, be it of ours."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    made = Environment(folder)
    ours = {normal(wheel.name.split("-")[0]): wheel for wheel in wheels}
    _install(made, ours["tenant-onboarding-sdk"])
    sdk = Distribution.at(next(made.packages.glob("tenant_onboarding_sdk-*.dist-info")))
    for name in sorted(needed(sdk, extras)):
        _install(made, ours[name]) if name in ours else _link(made, distribution(name))
    return made


def needed(asking: Distribution, extras: Iterable[str]) -> set[str]:
    """Return the names of all that a distribution asks for, and what those ask for in turn."""
    waiting, found = list(_asked(asking, extras)), set[str]()
    while waiting:
        requirement = waiting.pop()
        name = normal(requirement.name)
        if name in OURS:
            found.add(name)
            continue
        of_it = list(_asked(distribution(name), requirement.extras))
        if name not in found or requirement.extras:
            waiting += [each for each in of_it if normal(each.name) not in found]
        found.add(name)
    return found


def normal(name: str) -> str:
    """Return a distribution's name as indexes know it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _asked(asking: Distribution, extras: Iterable[str]) -> Iterator[Requirement]:
    for requirement in map(Requirement, asking.requires or ()):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement


def _install(made: Environment, wheel: Path) -> None:
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(made.python), "--no-config"]
    subprocess.run([*uv, "--offline", "--no-index", "--no-deps", str(wheel)], check=True)


def _link(made: Environment, asked_for: Distribution) -> None:
    for top in {file.parts[0] for file in asked_for.files or ()} - {"..", "__pycache__"}:
        link = made.packages / top
        if not link.exists():
            link.symlink_to(str(asked_for.locate_file(top)))
