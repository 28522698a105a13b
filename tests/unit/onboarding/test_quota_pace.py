"""Intake starts tenants as fast as Cognito's rate quotas let them through, and no faster."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.aws.settings import STARTERS, Settings
from orchestrator.onboarding.quota_pace import IN_ALL, IN_SHARED, LONGEST_WAIT_SECONDS, Pace, calls, rates
from orchestrator.tenants.ledger import Record
from tests.e2e.quotas import CATEGORIES
from tests.unit.every_tier import CASES, Case, World, world

__all__ = ["world"]

POOL: Record = {"tier": "pool", "identityProviderCount": 0}
SILO: Record = {"tier": "silo", "identityProviderCount": 0}


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def paced(time: Time) -> Callable[..., list[float]]:
    """Return what starts tenants one after the other and tells when each started, from 0 on."""
    pace = Pace({IN_ALL: 6.0, IN_SHARED: 2.0}, time, time.sleep)

    def start(*records: Record) -> list[float]:
        began, starts = time.now, []
        for record in records:
            pace.wait(record)
            starts.append(round(time.now - began, 6))
        return starts

    return start


def test_a_lone_tenant_does_not_wait(paced: Callable[..., list[float]], time: Time) -> None:
    for _ in range(5):
        assert paced(POOL) == [0.0]
        time.now += 10


def test_a_second_s_worth_starts_at_once_and_the_rest_at_the_rate(paced: Callable[..., list[float]]) -> None:
    assert paced(*[POOL] * 7) == [0.0, 0.0, 0.0, 0.5, 1.0, 1.5, 2.0]


def test_a_pause_saves_up_no_more_than_a_second_s_worth(paced: Callable[..., list[float]], time: Time) -> None:
    paced(*[POOL] * 7)
    time.now += 3_600
    assert paced(*[POOL] * 5) == [0.0, 0.0, 0.0, 0.5, 1.0]


def test_silo_tenants_wait_for_the_account_s_quota_only(paced: Callable[..., list[float]]) -> None:
    paced(*[POOL] * 7)
    assert paced(SILO) == [0.0]
    assert paced(*[SILO] * 4)[-1] > 0


@pytest.mark.parametrize("size", [1, 2, 5])
def test_no_batch_outlasts_the_function_whatever_its_tenants_bring(time: Time, size: int) -> None:
    """Bridge tenants with 20 providers each, at the pace of the smallest part of the quotas."""
    pace = Pace({IN_ALL: 1.5, IN_SHARED: 0.5}, time, time.sleep)
    for _ in range(10):
        began = time.now
        pace.begin()
        for _ in range(size):
            pace.wait({"tier": "bridge", "identityProviderCount": 20})
        assert time.now - began <= LONGEST_WAIT_SECONDS
    assert time.now - began == LONGEST_WAIT_SECONDS  # what was let through too soon is made up for


def test_all_starters_together_spend_their_share_of_the_quotas(settings: Settings) -> None:
    chosen = settings.model_copy(update={"quota_share": 0.5, "open_shards": 2})
    assert {quota: rate * STARTERS for quota, rate in rates(chosen).items()} == {IN_ALL: 7.5, IN_SHARED: 5.0}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_counted_is_what_an_onboarding_calls(case: Case, world: World) -> None:
    if case.tier != "silo":
        world.onboard(CASES["pool"], "opener")
    world.wire.attempts.clear()
    record: dict[str, Any] = world.onboard(case)
    made = Counter(world.wire.operations())
    within = {name: made[name] for name in CATEGORIES["UserPoolResourceUpdate"].operations if made[name]}
    spent = calls(record)
    assert spent[IN_ALL] == sum(within.values())
    assert spent.get(IN_SHARED, 0) == (0 if case.tier == "silo" else max(within.values()))
