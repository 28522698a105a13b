"""The commands that take functions back choose the versions that the guide says."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import jmespath  # type: ignore[import-untyped]  # it has no types
import pytest

from tenant_onboarding.cdk_function import LIVE

GUIDE = (Path(__file__).parents[3] / "docs" / "undoing.md").read_text().split("## Roll back")[1].split("\n## ")[0]
PUBLISHED = {
    "$LATEST": "2026-01-31T13:00:00.000+0000",
    "9": "2026-01-29T09:00:00.000+0000",
    "10": "2026-01-30T09:00:00.000+0000",
    "8": "2026-01-28T09:00:00.000+0000",
    "11": "2026-01-31T13:00:00.000+0000",
}
VERSIONS = {"Versions": [{"Version": name, "LastModified": at} for name, at in PUBLISHED.items()]}


def query(of: str, until: str) -> Any:
    """Return what the guide's query of versions finds, once the shell has read it."""
    (quoted,) = re.findall(rf'"(sort_by\(Versions.*{re.escape(of)}\.Version)"', GUIDE)
    shell = subprocess.run(
        ["sh", "-c", f'printf %s "{quoted}"'],
        env=os.environ | {"until": until},
        capture_output=True,
        text=True,
        check=True,
    )
    return jmespath.search(shell.stdout, VERSIONS)


@pytest.mark.parametrize(
    ("until", "version"),
    [("2026-01-31T12:00", "10"), ("2026-01-30T08:00", "9"), ("2030-01-01", "11"), ("2026-01-01", None)],
)
def test_functions_are_taken_back_to_what_they_were_at_a_time(until: str, version: str | None) -> None:
    """The last version of those before it, by number; never the code that no version holds."""
    assert query("[-1]", until) == version


def test_the_last_three_versions_stay() -> None:
    assert query("[:-3]", "") == ["8"]


def test_the_alias_is_the_one_that_is_invoked() -> None:
    assert f"--name {LIVE} " in GUIDE
