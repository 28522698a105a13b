"""A CDK that stays loaded writes what the program of each app writes, whatever it wrote before."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.local import synth
from orchestrator.local.ministack import LocalStackError
from tests.warm_cdk import WarmCdk, by_program

TRACES = "metadata.json"
"""The end of the names of files that say where a warning comes from, in folders of the process's own."""


@pytest.fixture
def warm() -> WarmCdk:
    """The one that all tests use."""
    warm = getattr(synth.write, "__self__", None)
    assert isinstance(warm, WarmCdk)
    return warm


@pytest.fixture
def own() -> Iterator[WarmCdk]:
    """One that may be ended."""
    warm = WarmCdk()
    yield warm
    warm.stop()


def files(folder: Path) -> dict[str, bytes]:
    """Return what is in a cloud assembly, by path."""
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not name.endswith(TRACES)}


def test_it_writes_what_the_program_writes_after_other_apps_and_choices(warm: WarmCdk, tmp_path: Path) -> None:
    chosen = synth.CONTEXT | {"alarms": "false", "regions": "eu-west-1"}
    for number, (app, context) in enumerate(
        [(synth.APP, synth.CONTEXT), ("examples.product.app", synth.CONTEXT | {"tokenUse": "id"}), (synth.APP, chosen)]
    ):
        warm.write(tmp_path / str(number), context, app)
    program = tmp_path / "program"
    by_program(program, chosen, synth.APP)
    assert files(tmp_path / "2") == files(program) != {}
    assert files(tmp_path / "0").keys() != files(program).keys()


def refused(warm: WarmCdk, folder: Path) -> int:
    """Let it fail as the program does; return the id of its process."""
    with pytest.raises(LocalStackError, match=r"No module named 'examples\.nothing'"):
        warm.write(folder, synth.CONTEXT, "examples.nothing.app")
    assert not folder.exists()
    assert warm._process
    return warm._process.pid


def test_what_fails_is_said_by_the_program_and_spoils_nothing(warm: WarmCdk, tmp_path: Path) -> None:
    process = refused(warm, tmp_path / "refused")
    warm.write(tmp_path / "taken", synth.CONTEXT, "examples.stripe.app")
    assert files(tmp_path / "taken")
    assert refused(warm, tmp_path / "refused") == process


def test_it_is_loaded_anew_when_a_source_has_changed_since(own: WarmCdk, tmp_path: Path) -> None:
    process = refused(own, tmp_path / "refused")
    own._sources = "those of yesterday"
    assert refused(own, tmp_path / "refused") != process
