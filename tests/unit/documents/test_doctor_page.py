"""The page on the doctor says what the code looks at, from which figures, and what that takes."""

import re
from pathlib import Path

import pytest

from infra.stack import PREFLIGHT_MINUTES
from orchestrator.aws.clients import WHILE_SOMEBODY_WAITS, Clients
from orchestrator.aws.settings import Settings
from orchestrator.preflight import quotas
from orchestrator.preflight.checks import WANTED_AT_ONCE
from orchestrator.preflight.findings import NEARLY_USED_PERCENT, SOON_DAYS, STATUSES, VERY_SOON_DAYS
from orchestrator.preflight.forecast import MONTH, WEEK
from orchestrator.preflight.readings import ACTIONS, MOST_PAGES, PATIENCE_SECONDS, USER_POOLS_A_CALL
from tests.pages import DOCUMENTS, names, rows
from tests.unit.conftest import REGION
from tests.unit.faults import Wire
from tests.unit.preflight.account import ABROAD, healthy

PAGE = DOCUMENTS["doctor.md"]
FLAT = " ".join(PAGE.split())


def test_every_check_is_listed_with_where_it_looks(clients: Clients, settings: Settings, wire: Wire) -> None:
    found = healthy(clients, settings, wire).look().findings
    listed = {names(check)[0]: where for check, where, *_ in rows(PAGE, "| check | where | `FAIL` | `WARN` |")}
    assert list(listed) == list(dict.fromkeys(each.check for each in found))
    regions = {check: {each.region for each in found if each.check == check} for check in listed}
    assert regions == {
        check: {REGION, ABROAD} if where == "each Region" else {REGION} for check, where in listed.items()
    }


def test_every_quota_is_listed_with_its_code_and_default() -> None:
    listed = rows(PAGE, "| limit | read from | assumed otherwise |")
    by_code = {names(source)[0]: (source, default) for _, source, default in listed if "Service Quotas" in source}
    assert by_code == {
        quota.code: (f'Service Quotas `{quota.code}`, "{quota.name}"', f"{quota.default:,}") for quota in quotas.QUOTAS
    }
    assert rows(PAGE, "| limit | read from | assumed otherwise |")[5][2] == f"{quotas.PARAMETERS:,}"


def test_every_status_is_explained() -> None:
    assert {names(row[0])[0] for row in rows(PAGE, "| status | means | exit status |")} == set(STATUSES)


def test_the_figures_are_those_of_the_code() -> None:
    assert f"{NEARLY_USED_PERCENT} % of a limit is used, or it is reached within {SOON_DAYS} days" in FLAT
    assert f"a limit is reached within {VERY_SOON_DAYS} days" in FLAT
    assert f"over the last {WEEK} or the last {MONTH} days" in FLAT
    assert f"fewer than {WANTED_AT_ONCE} functions" in FLAT
    assert f"`ListUserPools`, {USER_POOLS_A_CALL} a call and at most {MOST_PAGES} calls" in FLAT
    assert re.search(r"runs every hour as the function `preflight`", FLAT)
    assert (PREFLIGHT_MINUTES, VERY_SOON_DAYS) == (60, 7)
    assert "within a week at the present rate" in " ".join(DOCUMENTS["operations.md"].split())


def test_it_takes_no_longer_than_the_page_says() -> None:
    """What was not answered in time is left; the rest is arithmetic."""
    assert "It takes 10 seconds at most" in FLAT
    assert PATIENCE_SECONDS < 10
    assert WHILE_SOMEBODY_WAITS.seconds <= PATIENCE_SECONDS


def test_whoever_looks_is_told_every_action_that_this_needs() -> None:
    (needed,) = re.findall(r"^## What it may do\n(.*)", PAGE, re.MULTILINE | re.DOTALL)
    assert set(names(needed)) == {*ACTIONS.values(), "onboard doctor", "cloudformation:DescribeStacks", "UNKNOWN"}


@pytest.mark.parametrize("name", ["README.md", "docs/operations.md"])
def test_the_page_is_found(name: str) -> None:
    assert "doctor.md" in (Path(__file__).parents[3] / name).read_text()
