"""The page on architecture names the functions, states, tables, keys, indexes and files that there are."""

import json
import re
from typing import Any

import pytest

from infra.workflow import ABANDONMENT, ONBOARDING
from orchestrator.tenants.due import DUE_INDEX
from orchestrator.tenants.records import ID_INDEX, STATUS_INDEX, UNPUBLISHED_INDEX
from orchestrator.users.store import ADDRESS_INDEX
from tests.infra.floors import FLOORS
from tests.infra.template import Template, functions, of_type
from tests.infra.template_rules import OUTPUTS, TABLES
from tests.pages import DOCUMENTS, named, rows

PAGE = DOCUMENTS["architecture.md"]
PRODUCTS = "authorizer"
"""The function of the picture that is not deployed with the stack."""


def tasks() -> dict[str, str]:
    """Return the module of the function that each Task of both workflows invokes."""
    states: dict[str, Any] = {}
    for definition in (ONBOARDING, ABANDONMENT):
        states |= json.loads(definition.read_text())["States"]
    asked = {name: state["Parameters"]["FunctionName"] for name, state in states.items() if state["Type"] == "Task"}
    return {name: re.sub(r"\$\{(\w+)Function\}.*", r"\1", function).lower() for name, function in asked.items()}


FUNCTIONS_HEADING = "| function | invoked by | reaches | trusts |"


def test_the_functions_are_those_of_the_template(template: Template) -> None:
    assert {named(row[0]) for row in rows(PAGE, FUNCTIONS_HEADING)} == functions(template).keys()


def test_the_picture_shows_every_function(template: Template) -> None:
    picture = PAGE.split("```")[1]
    assert [name for name in (*functions(template), PRODUCTS) if not re.search(rf"\b{name}\b", picture)] == []


def test_the_states_are_those_of_the_workflows_each_with_its_function() -> None:
    assert [(named(state), named(function)) for state, function, _ in rows(PAGE, "| state | function | on |")] == [
        *tasks().items()
    ]


def test_the_house_is_that_of_the_imports() -> None:
    """The picture has a line for each floor, from the top down, with the rooms that are on it."""
    house = PAGE.split("\n## The house\n")[1].split("```")[1].strip("\n").splitlines()
    floors = [[room.rpartition(".")[2] for room in rooms] for rooms in reversed(FLOORS) if rooms != ("examples",)]
    assert len(house) == len(floors)
    drawn = [{cell.strip() for cell in line.split("  ")} for line in house]
    assert [sorted(set(rooms) - cells) for rooms, cells in zip(floors, drawn, strict=True)] == [[]] * len(floors)


def test_tables_keys_and_outputs_are_those_of_the_template() -> None:
    shown = {
        named(output): re.findall(r"`(\w+)`", key)
        for _, output, key, _ in rows(PAGE, "| table | output | key | holds |")
    }
    assert shown == {f"{name.removeprefix('Tables')}TableName": key for name, key in TABLES.items()}
    for output in re.findall(r"`(\w+(?:Url|Name|Arn))`", PAGE):
        assert output in OUTPUTS, output


def test_the_indexes_are_those_that_the_code_reads(template: Template) -> None:
    tables = of_type(template, "AWS::DynamoDB::Table").values()
    there = [index["IndexName"] for table in tables for index in table["Properties"].get("GlobalSecondaryIndexes", [])]
    assert {STATUS_INDEX, UNPUBLISHED_INDEX, ID_INDEX, DUE_INDEX, ADDRESS_INDEX} == set(there)
    assert [index for index in there if f"`{index}`" not in PAGE] == []


@pytest.mark.parametrize("heading", [FUNCTIONS_HEADING, "| state | function | on |"])
def test_a_row_that_is_taken_away_is_missed(heading: str) -> None:
    """The tables are read as they stand, not as they are meant."""
    first = "| " + " | ".join(rows(PAGE, heading)[0]) + " |\n"
    assert first in PAGE
    assert rows(PAGE.replace(first, ""), heading) == rows(PAGE, heading)[1:]
