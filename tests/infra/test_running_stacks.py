"""The table of running stacks is what the tests start, whoever shares them; the page on contributing has it."""

import pytest

from tests.infra.source import ROOT, modules
from tests.infra.started import comes_to, starts
from tests.pages import rows
from tests.running_stacks import STACKS, RunningStack
from tests.schedule import TOGETHER, ByStack

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


def test_one_worker_runs_the_files_that_keep_together_and_each_other_file_is_anybodys() -> None:
    """A stack of theirs is started once, by whoever takes them."""
    scheduler = object.__new__(ByStack)
    files = {path: scheduler._split_scope(f"{path}::test_it[a::b]") for stack in STACKS for path in stack.shared_by}
    for stack in STACKS:
        assert len({files[path] for path in stack.shared_by}) == (1 if stack.together else len(stack.shared_by))
    assert len(set(files.values())) == len({each.shared_by for each in STACKS if each.together}) + len(
        {path for each in STACKS if not each.together for path in each.shared_by} - TOGETHER.keys()
    )


def test_the_page_shows_the_table() -> None:
    """A reader sees there what tests start."""
    shown = [(call.strip("`"), place.strip("`"), why) for call, place, why in rows(CONTRIBUTING, HEADING)]
    assert shown == [(each.call, each.started_in.partition("::")[0], each.why) for each in STACKS]
