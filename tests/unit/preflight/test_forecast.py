"""The forecast: the present rate is what the counters say, and a limit is reached when as many have come as fit."""

import math
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.identity import shared_pools
from orchestrator.preflight.findings import Finding, used
from orchestrator.preflight.forecast import Arrivals, arrivals, days_until, places_a_day, user_pools_a_day
from orchestrator.preflight.quotas import Limit
from orchestrator.tenants import counters
from tenant_onboarding.contracts.fields import TIERS
from tests.unit.conftest import REGION
from tests.unit.faults import Wire
from tests.unit.identity.shared_pool_rows import put_row
from tests.unit.preflight.account import DAY, HOUR, NOW, Account, healthy, of

AMOUNTS = st.integers(0, 20_000)
RATES = st.floats(0.001, 1_000)
ROWS = st.lists(
    st.fixed_dictionaries(
        {"groups": st.integers(0, 100), "appClients": st.integers(1, 100), "identityProviders": st.integers(0, 100)}
    ),
    max_size=3,
)
BY_TIER = st.fixed_dictionaries(dict.fromkeys(TIERS, st.just(0.0) | st.floats(1e-6, 100)))
"""Not so few that a division has no digits left."""


@pytest.fixture
def account(clients: Clients, settings: Settings, wire: Wire, _session: boto3.Session) -> Account:
    """An account with which nothing is wrong."""
    return healthy(clients, settings, wire)


# When a limit is reached


@given(limit=AMOUNTS, used=AMOUNTS, a_day=RATES)
def test_until_that_day_there_is_room_and_from_then_on_none(limit: int, used: int, a_day: float) -> None:
    days = days_until(limit, used, a_day)
    assert days is not None
    if used >= limit:
        assert days == 0
    else:
        assert used + a_day * days == pytest.approx(limit)
        assert used + a_day * days / 2 < limit


@given(limit=AMOUNTS, used=AMOUNTS, a_day=RATES, more=RATES)
def test_more_tenants_a_day_or_less_room_never_gives_more_time(
    limit: int, used: int, a_day: float, more: float
) -> None:
    days = days_until(limit, used, a_day) or 0.0
    assert (days_until(limit, used, a_day + more) or 0.0) <= days
    assert (days_until(limit, used + 1, a_day) or 0.0) <= days
    assert (days_until(limit + 1, used, a_day) or 0.0) >= days


@given(limit=AMOUNTS, used=AMOUNTS)
def test_where_nobody_comes_nothing_gets_nearer(limit: int, used: int) -> None:
    assert days_until(limit, used, 0) == (0 if used >= limit else None)


@given(value=AMOUNTS, limit=AMOUNTS, a_day=st.none() | RATES | st.just(0.0))
def test_a_limit_is_judged_by_its_use_and_what_is_assumed_never_fails(
    value: int, limit: int, a_day: float | None
) -> None:
    blank = Finding(check="user-pools", region=REGION, status="OK", says="user pools")
    read = used(blank, value, Limit(limit, "read"), a_day)
    assumed = used(blank, value, Limit.assumed(limit, "nobody told"), a_day)
    days = days_until(limit, value, a_day) if a_day is not None else math.inf
    days = math.inf if days is None else days
    is_full = value >= limit or days <= 7
    is_near = 100 * value >= 80 * limit or days <= 30
    assert read.status == ("FAIL" if is_full else "WARN" if is_near else "OK")
    assert assumed.status == ("WARN" if is_near else "OK")
    assert "nobody told" in assumed.says
    partly = used(blank, value, Limit(limit, "read"), a_day, at_least=True)
    assert partly.status == (read.status if read.status != "OK" else "UNKNOWN")


# How many come


def hours(*counted: tuple[float, int]) -> list[tuple[float, dict[str, int]]]:
    """Return hours so many days ago with so many pool tenants each."""
    return [(NOW - days * DAY, {"pool": number, "bridge": 0, "silo": 0}) for days, number in counted]


@pytest.mark.parametrize(
    ("completions", "week", "month"),
    [
        ([], 0, 0),
        (hours((0.01, 3)), 3, 3),  # younger than a day counts as a day
        (hours((2, 4), (0, 2)), 3, 3),  # as old as it is
        (hours((29, 30)), 0, 30 / 29),
        (hours((29, 30), (1, 70)), 10, 100 / 29),
        (hours((45, 900), (30, 60)), 0, 2),  # too long ago, and just not
    ],
)
def test_tenants_a_day_are_those_of_a_week_and_of_a_month(completions: Any, week: float, month: float) -> None:
    found = arrivals(completions, NOW)
    assert found.by_window[7]["pool"] == pytest.approx(week)
    assert found.by_window[30]["pool"] == pytest.approx(month)
    assert found.a_day["pool"] == pytest.approx(max(week, month))


def test_the_busier_window_says_the_present_rate_of_each_tier() -> None:
    found = Arrivals({7: {"pool": 2.0, "bridge": 0.0, "silo": 0.5}, 30: {"pool": 1.0, "bridge": 0.25, "silo": 0.5}})
    assert found.a_day == {"pool": 2.0, "bridge": 0.25, "silo": 0.5}
    assert found.tenants_a_day == 2.75


def test_the_rate_is_read_from_what_completions_count(account: Account) -> None:
    """By tier, to the hour, without a scan, and in pages if there are many."""
    account.completed(6.9, pool=7, silo=2)
    account.completed(20, pool=13, bridge=4)
    account.completed(31.5, pool=100)
    account.wire.attempts.clear()
    found = account.look()
    assert "Scan" not in account.wire.operations()
    assert of(found, "arrivals").value == pytest.approx((max(7 / 7, 20 / 20) + 4 / 20 + 2 / 7), rel=0.02)
    assert of(found, "parameters").a_day == found.tenants_a_day


def test_completions_of_a_month_are_kept() -> None:
    assert counters.COMPLETIONS_KEPT_SECONDS >= 30 * DAY + HOUR


# What they take


@given(rows=ROWS, a_day=BY_TIER)
def test_user_pools_a_day_are_those_that_the_fullest_counter_asks_for(
    rows: list[dict[str, int]], a_day: dict[str, float]
) -> None:
    """As many tenants as come in a thousand days, put into empty shared user pools, fill them up."""
    settings: Any = SimpleNamespace(groups_per_pool=100, app_clients_per_pool=12, identity_providers_per_pool=20)
    there: Any = rows
    places = places_a_day(there, a_day)
    needed = user_pools_a_day(settings, there, a_day | {"silo": 0.0})
    assert user_pools_a_day(settings, there, a_day) == pytest.approx(needed + a_day["silo"])
    rooms = {"groups": 100, "appClients": 10, "identityProviders": 20}
    for counter, room in rooms.items():
        assert 1_000 * places[counter] <= 1_000 * needed * room * (1 + 1e-9)
    assert any(places[counter] == pytest.approx(needed * room) for counter, room in rooms.items())


def test_bridge_tenants_bring_as_many_providers_as_those_that_are_there() -> None:
    there: Any = [{"groups": 9, "appClients": 6, "identityProviders": 6}]
    assert places_a_day(there, {"pool": 2.0, "bridge": 4.0, "silo": 1.0}) == {
        "groups": 2.0 + 4.0 + 6.0,
        "appClients": 4.0,
        "identityProviders": 6.0,
    }
    assert places_a_day([], {"pool": 0.0, "bridge": 4.0, "silo": 0.0})["identityProviders"] == 0


def test_a_counter_without_room_is_not_what_fills(settings: Settings) -> None:
    """A deployment whose bridge tenants may bring no identity provider offers no place for one."""
    chosen = settings.model_copy(update={"identity_providers_per_pool": 0, "groups_per_pool": 10})
    assert user_pools_a_day(chosen, [], {"pool": 5.0, "bridge": 0.0, "silo": 1.0}) == 1.5
    assert shared_pools.limits(chosen)["identityProviders"] == 0


def test_what_is_reached_first_is_said_first(account: Account) -> None:
    """Ten silo tenants a day fill a quota of 100 user pools in ten days, and all other Regions later or never."""
    account.completed(0.5, silo=10)
    account.quotas["L-66E6DF30"]["Value"] = 100.0
    put_row(account.clients, account.settings, 1)
    found = account.look()
    assert found.first
    assert (found.first.check, found.first.days_left, found.first.status) == ("user-pools", 10, "WARN")
    assert found.document()["first"] == {"check": "user-pools", "region": found.first.region, "daysLeft": 10}
    assert of(found, "parameters").days_left == (10_000 - 10) / 10
    account.quotas["L-66E6DF30"]["Value"] = 70.0
    assert account.find("user-pools").status == "FAIL"
