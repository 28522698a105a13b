"""The page on the status API says what the code does: paths, groups, parameters, fields, problems and figures."""

import json
import re
from typing import Any

import pytest

from handlers import api, problems
from handlers.api_parameters import MOST_ROWS, ROWS
from infra.status_api import REQUESTS_A_SECOND, REQUESTS_AT_ONCE
from orchestrator.status import search
from orchestrator.status.contract import OPENAPI_PATH, OPERATORS, VIEWERS, OnboardingSummary
from orchestrator.status.lists import LOOKED_THROUGH
from orchestrator.status.rejected import COUNTED
from orchestrator.status.rows import BEGINNING_PATTERN, SOUGHT_PATTERN
from orchestrator.status.summary import HOURS, RECENT
from orchestrator.tenants import lifecycle
from tenant_onboarding.contracts.fields import RESERVED_TENANT_ID
from tenant_onboarding.names import EMAIL_MAX
from tests.pages import DOCUMENTS, names, rows
from tests.unit.handlers.api_gateway import get
from tests.unit.status.read_model import CALLS

PAGE = DOCUMENTS["status-api.md"]
DESCRIPTION: dict[str, Any] = json.loads(api.description())


def test_every_path_is_listed_with_who_may_ask() -> None:
    listed = {names(path)[0]: who for path, who, _ in rows(PAGE, "| | who | what |")}
    who = {"GET": VIEWERS, "POST": OPERATORS}
    others = {OPENAPI_PATH: "anybody", "/rejections/<eventId>": OPERATORS}
    assert listed == {
        f"{method} {path.replace('<', '{').replace('>', '}')}": others.get(path, who[method])
        for path, method in api.ALLOWED.items()
    }
    assert f"No tenant can have the id `{RESERVED_TENANT_ID}`" in PAGE


def test_every_parameter_is_listed_with_its_bounds() -> None:
    listed = {names(parameter)[0]: allowed for parameter, allowed, _ in rows(PAGE, "| parameter | allowed | |")}
    told = DESCRIPTION["paths"]["/onboardings"]["get"]["parameters"]
    assert listed.keys() == {parameter["name"] for parameter in told}
    schemas = {parameter["name"]: parameter["schema"] for parameter in told}
    assert (schemas["search"]["type"], schemas["search"]["pattern"]) == ("string", f"^{SOUGHT_PATTERN}$")
    assert schemas["summary"]["type"] == "boolean"
    assert listed["limit"] == f"1 to {MOST_ROWS}, {ROWS} by default"
    assert f"{LOOKED_THROUGH:,} tenants of a status" in PAGE
    assert f"looks through {search.LOOKED_THROUGH} ids" in PAGE
    assert BEGINNING_PATTERN.endswith("{1,40}")
    assert "1 to 40 letters" in listed["search"]
    assert f"{{1,{EMAIL_MAX}}}" in SOUGHT_PATTERN
    assert f"at most {EMAIL_MAX} characters" in listed["search"]


def test_every_field_of_the_summary_is_listed() -> None:
    listed = [names(field)[0] for field, _ in rows(PAGE, "| field | says |")]
    assert listed == [field.alias for field in OnboardingSummary.model_fields.values()]
    assert f"the {RECENT} tenants completed last" in PAGE
    assert f"each of the last {HOURS} hours" in PAGE
    assert f"counted up to {COUNTED}" in PAGE
    figures = {7: "seven", 8: "eight"}
    assert f"{figures[len(CALLS)]} calls of DynamoDB" in PAGE
    assert f"page {figures[len(lifecycle.STATUSES) + 1]} at most" in PAGE


def test_every_problem_is_listed_with_its_status() -> None:
    heading = f"| type, after `{problems.NAMESPACE}` | status | what to do |"
    listed = [(names(kind)[0], int(status)) for kind, status, _ in rows(PAGE, heading)]
    assert listed == [(kind.name, int(kind.status)) for kind in problems.KINDS]
    assert f"`Retry-After`, {problems.RETRY_AFTER_SECONDS} seconds" in PAGE


def test_the_example_of_a_problem_is_one() -> None:
    (shown,) = re.findall(r"^```\n(\{.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    example = json.loads(shown)
    real = get("/onboardings?limit=101").document
    assert example | {"requestId": real["requestId"]} == real


def test_the_bounds_of_the_gateway_are_those_of_the_stack() -> None:
    assert f"over {REQUESTS_A_SECOND} requests a second, {REQUESTS_AT_ONCE} at once" in " ".join(PAGE.split())


@pytest.mark.parametrize("command", ["operators add", "token"])
def test_the_page_shows_how_to_get_in(command: str) -> None:
    assert f"onboard {command} operator@ops.example" in PAGE
