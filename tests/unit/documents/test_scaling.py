"""The figures of the page on scaling are what the quotas and the pace in the code come to."""

import json
import re
from pathlib import Path

import pytest

from benchmarks import cost, scaling
from infra.resolver import BOUNDS
from orchestrator.identity import rate_quotas
from orchestrator.onboarding import quota_pace

PAGE = (Path(__file__).parents[3] / "docs" / "scaling.md").read_text()


@pytest.mark.parametrize("rows", [scaling.room_rows, scaling.cell_rows])
def test_the_page_shows_the_tables_as_they_are_computed(rows: object) -> None:
    assert callable(rows)
    assert "\n".join(rows()) in PAGE


def test_a_cell_holds_what_its_user_pools_do_but_for_the_operators_own() -> None:
    defaults = scaling.default()
    assert scaling.in_a_cell("silo", defaults) == 999
    assert scaling.in_a_user_pool("bridge", defaults) == 998
    assert scaling.in_a_user_pool("bridge, one provider each", scaling.raised()) == 1_000
    assert scaling.cells("silo", 999, defaults) == 1
    assert scaling.cells("silo", 1_000, defaults) == 2


def test_each_provider_takes_a_group_of_its_own() -> None:
    few_groups = scaling.Quotas(user_pools=2, groups=100, app_clients=1_000, identity_providers=1_000)
    assert scaling.in_a_user_pool("bridge, one provider each", few_groups) == 50
    assert scaling.in_a_user_pool("bridge", few_groups) == 100


def test_intake_starts_as_many_as_cognito_lets_through_less_a_tenth() -> None:
    assert scaling.a_minute("pool", 1) == pytest.approx(0.9 * 60 * rate_quotas.IN_A_USER_POOL)
    assert scaling.a_minute("pool", 3) == pytest.approx(0.9 * 60 * quota_pace.CALLS_A_SECOND)
    assert scaling.a_minute("silo", 3) == scaling.a_minute("silo", 1)


def test_the_page_names_the_quotas_and_bounds_of_the_code() -> None:
    defaults, most = scaling.default(), scaling.raised()
    quotas = dict(
        re.findall(r"^\| ([\w ]+ per [\w ]+) \| `L-[0-9A-F]{8}` \| ([\d,]+ \| [\d,]+) \|", PAGE, re.MULTILINE)
    )
    assert quotas == {
        "user pools per account": f"{defaults.user_pools:,} | {most.user_pools:,}",
        "app clients per user pool": f"{defaults.app_clients:,} | {most.app_clients:,}",
        "identity providers per user pool": f"{defaults.identity_providers:,} | {most.identity_providers:,}",
    }
    assert f"| the resolver | {BOUNDS.a_second} requests a second |" in PAGE
    assert f"| what is made within user pools | {quota_pace.CALLS_A_SECOND:.0f} a second |" in PAGE


def test_the_hot_index_is_as_far_behind_as_the_page_says() -> None:
    tenants = json.loads(cost.USAGE.read_text())["tenants"].values()
    most = max(used["ofTheseInIndexes"]["status-statusChangedAt"] for used in tenants)
    second = scaling.PARTITION_WRITES
    assert f"{second:,} units a second, of which a tenant takes at most {most} |" in PAGE
    assert f"far behind: {second // most} tenants a second" in PAGE
