"""The workflow files as the tests run them: read, placeholders filled in, and the few declared rewrites."""

import copy
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

Definition = dict[str, Any]  # Any: JSON as Amazon States Language has it

PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Workflow:
    """One of the workflows: its file, and the functions that it invokes by their placeholders."""

    name: str
    functions: dict[str, str]

    @property
    def file(self) -> Path:
        """Where its definition is."""
        return ROOT / "state_machines" / f"tenant_{self.name}.asl.json"


ONBOARDING = Workflow(
    "onboarding", {"PlacementFunction": "placement", "RoutingFunction": "routing", "WelcomeFunction": "welcome"}
)
ABANDONMENT = Workflow("abandonment", {"RemovalFunction": "removal"})
WORKFLOWS = (ONBOARDING, ABANDONMENT)
FUNCTIONS = {placeholder: name for each in WORKFLOWS for placeholder, name in each.functions.items()}

# The one state whose Task times out for real in the tests, and after how many seconds.
HURRIED_STEP = "RegisterRouting"
HURRIED_SECONDS = 3


def load(workflow: Workflow = ONBOARDING) -> Definition:
    """Return a definition as it is in the repository, placeholders and all."""
    definition: Definition = json.loads(workflow.file.read_text())
    return definition


def workflow_of(definition: Definition) -> Workflow:
    """Return the workflow that a definition, perhaps a spoilt one, is of."""
    return max(WORKFLOWS, key=lambda each: len(load(each)["States"].keys() & definition["States"].keys()))


def fill_in(definition: Definition) -> Definition:
    """Return the definition with its placeholders replaced, as CloudFormation does on deployment."""
    values = {"Partition": "aws", **FUNCTIONS}
    filled: Definition = json.loads(PLACEHOLDER.sub(lambda match: values[match[1]], json.dumps(definition)))
    return filled


def tasks(definition: Definition) -> Definition:
    """Return the Task states by name, in the file's order."""
    return {name: state for name, state in definition["States"].items() if state["Type"] == "Task"}


def retriers(definition: Definition) -> list[dict[str, Any]]:
    """Return the Retry blocks of the first Task; a rule keeps those of all Tasks equal."""
    first = next(iter(tasks(definition).values()))
    blocks: list[dict[str, Any]] = first["Retry"]
    return blocks


def hurried(definition: Definition) -> Definition:
    """Return a copy in which `HURRIED_STEP` times out after `HURRIED_SECONDS`: a test need not wait a minute."""
    changed = copy.deepcopy(definition)
    changed["States"][HURRIED_STEP]["TimeoutSeconds"] = HURRIED_SECONDS
    return changed


def steadily_retried(definition: Definition) -> Definition:
    """Return a copy that waits one second before each retry; which errors are retried and how often stays the same.

    For an engine that cannot shorten backoffs by itself.
    """
    changed = copy.deepcopy(definition)
    for task in tasks(changed).values():
        for retrier in task["Retry"]:
            retrier |= {"IntervalSeconds": 1, "BackoffRate": 1.0}
            del retrier["MaxDelaySeconds"], retrier["JitterStrategy"]
    return changed
