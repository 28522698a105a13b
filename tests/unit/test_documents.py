"""The documents say what the code does: commands, targets, errors, events, fields and figures are held to it."""

import json
import re
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from benchmarks import aws_calls
from infra.queue import MOST_RECEIVES
from infra.stack import RECONCILE_MINUTES
from orchestrator import cli, errors, lifecycle, reconcile
from orchestrator.contracts import Contracts, json_schema
from tests.e2e import test_onboarding as e2e

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "state_machines/tenant_onboarding.asl.json"
README = (ROOT / "README.md").read_text()
EVENTS = (ROOT / "docs/events.md").read_text()
OPERATIONS = (ROOT / "docs/operations.md").read_text()
DOCUMENTS = {path.name: path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))}


def commands() -> set[str]:
    group = typer.main.get_command(cli.app)
    assert isinstance(group, TyperGroup)
    return set(group.commands)


def concrete(kind: type[errors.OnboardingError]) -> set[str]:
    below = kind.__subclasses__()
    return {kind.__name__} if not below else {name for child in below for name in concrete(child)}


def test_the_readme_lists_exactly_the_commands_that_there_are() -> None:
    assert set(re.findall(r"^\| `onboard (\w+)", README, re.MULTILINE)) == commands()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_that_a_document_names_exists(name: str) -> None:
    assert set(re.findall(r"(?:`|/)onboard (\w+)", DOCUMENTS[name])) <= commands()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_target_that_a_document_names_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", DOCUMENTS[name], re.MULTILINE)) <= targets


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_that_a_document_names_exists(name: str) -> None:
    named = re.findall(r"`((?:orchestrator|infra|tests|docs|examples|state_machines)/[\w./-]*)`", DOCUMENTS[name])
    linked = re.findall(r"\]\((docs/[\w.-]+)\)", DOCUMENTS[name])
    assert not [path for path in named + linked if not (ROOT / path).exists()]


def test_operations_explains_every_error_and_every_status() -> None:
    assert set(re.findall(r"^\| `(\w+Error)`", OPERATIONS, re.MULTILINE)) == concrete(errors.OnboardingError)
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", OPERATIONS, re.MULTILINE)) == set(lifecycle.STATUSES)


def test_events_lists_every_event_and_every_field_of_ours() -> None:
    for name, model in Contracts.ALL.items():
        assert f"`{name}`" in EVENTS
        if name != "TenantCreated":
            fields = set(json_schema(name)["properties"]) - {"redrive", "eventKey", "tenantId", "tier", "attempt"}
            (row,) = re.findall(rf"^\| `{model.__name__}` .*$", EVENTS, re.MULTILINE)
            assert {field for field in fields if f"`{field}`" not in row} == set()


def test_the_figures_in_the_documents_are_those_of_the_code() -> None:
    assert aws_calls.ALLOWED == e2e.MOST_CALLS
    assert f"| {aws_calls.ALLOWED}, the same with {aws_calls.OTHERS + 2} tenants there |" in README
    assert f"Every {RECONCILE_MINUTES} minutes" in OPERATIONS
    assert f"after {MOST_RECEIVES} receives" in OPERATIONS
    retriers = json.loads(WORKFLOW.read_text())["States"]["SendWelcomeEmail"]["Retry"]
    throttled, transient = (retrier["MaxAttempts"] for retrier in retriers)
    assert f"retried by the workflow itself, {throttled} and {transient} times" in OPERATIONS
    assert f"younger than {reconcile.GRACE_SECONDS:.0f} seconds" in OPERATIONS


def test_the_reserved_bounds_in_events_are_those_of_the_contract() -> None:
    schema = json_schema("TenantCreated")
    assert schema["properties"]["tenantId"]["pattern"] == "^[a-z0-9-]{3,40}$"
    assert schema["properties"]["tenantName"]["maxLength"] == 200
    assert schema["$defs"]["Routing"]["properties"]["emailDomains"]["maxItems"] == 20
