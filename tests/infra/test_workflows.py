"""GitHub's workflows: the targets that they run, who may start them, and what they are let do."""

import re
from typing import Any

import pytest
import yaml

from infra.configuration.stages import read
from tests.infra.source import ROOT

FOLDER = ROOT / ".github/workflows"
TEXTS = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.yml"))}
WORKFLOWS: dict[str, dict[Any, Any]] = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
STARTED_BY = True
"""YAML 1.1 reads the key `on` so."""
PINNED = re.compile(r"^\s*- uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", re.MULTILINE)


def steps(name: str) -> list[dict[str, Any]]:
    return [step for job in WORKFLOWS[name]["jobs"].values() for step in job["steps"]]


def made(name: str) -> list[str]:
    """Return the targets that a workflow makes, in order; a command that is not make's is an error."""
    commands = [step["run"] for step in steps(name) if "run" in step]
    found = [re.fullmatch(r"make (\w+)( ARGS=.+)?", command) for command in commands]
    assert all(found), commands
    return [match[1] for match in found if match]


def test_these_are_the_workflows() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {"check.yml", "deploy.yml"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_runs_the_targets_that_there_are(name: str) -> None:
    assert set(made(name)) <= TARGETS


def test_a_change_is_checked_by_whatever_checks_it_on_a_laptop() -> None:
    assert made("check") == ["setup", "check", "synth", "test", "browser", "tutorial", "demo", "sweep"]
    assert made("check") == re.findall(r"^make (\w+)", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    assert WORKFLOWS["check"][STARTED_BY] == {"pull_request": None, "push": {"branches": ["main"]}}
    assert WORKFLOWS["check"]["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in WORKFLOWS["check"]["jobs"].values())


def test_a_stage_is_deployed_by_hand_in_its_own_environment() -> None:
    """The diff is there before reviewers approve; AWS lets nothing but an environment of the stage take its role."""
    workflow = WORKFLOWS["deploy"]
    assert made("deploy") == ["setup", "diff", "setup", "deploy"]
    assert set(workflow[STARTED_BY]) == {"workflow_dispatch"}
    chosen = workflow[STARTED_BY]["workflow_dispatch"]["inputs"]["stage"]
    assert (chosen["type"], chosen["options"], chosen["required"]) == ("choice", list(read()), True)
    diff, deploy = workflow["jobs"]["diff"], workflow["jobs"]["deploy"]
    assert workflow["jobs"].keys() == {"diff", deploy["needs"], "deploy"}
    assert deploy["environment"] == "${{ inputs.stage }}"
    assert diff["environment"] == "${{ inputs.stage }}-diff", "no reviewer is asked twice"
    assert diff["steps"][-1]["run"] == 'make diff ARGS="--method=template"', "which takes the role that reads"
    assert workflow["permissions"] == {}
    for job in (diff, deploy):
        assert job["env"]["STAGE"] == "${{ inputs.stage }}"
        assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert workflow["concurrency"]["cancel-in-progress"] is False, "a deployment is not broken off"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_holds_no_secret_and_runs_no_code_that_may_change_under_it(name: str) -> None:
    assert "secrets." not in TEXTS[name]
    assert len(PINNED.findall(TEXTS[name])) == TEXTS[name].count("uses:") > 0
    for step in steps(name):
        assert "${{" not in step.get("run", ""), "what somebody typed is no part of a command"
        if "checkout@" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False
    for job in WORKFLOWS[name]["jobs"].values():
        assert job["timeout-minutes"] <= 60
