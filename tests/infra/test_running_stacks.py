"""The table of running stacks is what the tests start, whoever shares them; the page on contributing has it."""

import pytest

from tests.infra.source import ROOT, modules
from tests.infra.started import comes_to, starts
from tests.pages import rows
from tests.running_stacks import STACKS, RunningStack

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
HEADING = "| running stack | started in | why one of its own |"


def test_each_stack_that_is_started_is_in_the_table_and_no_other() -> None:
    """Whoever starts one more says what no other could give."""
    assert sorted(starts()) == sorted((each.call, each.started_in) for each in STACKS)


@pytest.mark.parametrize("stack", STACKS, ids=lambda each: f"{each.started_in} {each.call}")
def test_a_stack_is_shared_by_the_files_that_the_table_names(stack: RunningStack) -> None:
    """A file comes to a stack by the fixtures of its tests, or starts it itself."""
    files = [
        path
        for path in modules("benchmarks", "tests").values()
        if path.name.startswith("test_") or path.is_relative_to(ROOT / "benchmarks")
    ]
    assert tuple(str(path.relative_to(ROOT)) for path in files if comes_to(path, stack.started_in)) == stack.shared_by


def test_the_page_shows_the_table() -> None:
    """A reader sees there what tests start."""
    shown = [(call.strip("`"), place.strip("`"), why) for call, place, why in rows(CONTRIBUTING, HEADING)]
    assert shown == [(each.call, each.started_in.partition("::")[0], each.why) for each in STACKS]
