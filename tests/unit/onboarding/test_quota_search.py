"""Intake finds how much of Cognito's rate quotas it may spend: all of them alone, half beside somebody with half."""

from statistics import mean
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.settings import Settings
from orchestrator.onboarding.quota_pace import LEAST, MOST, Part, rates
from tests.unit.onboarding.simulated_burst import NEIGHBOUR, OURS, Burst

SCALES = {1: 0.15, 3: 0.06}
"""Of the quotas, by open shards: those of `benchmarks/burst.py`."""
SEEDS = range(6)


def played(settings: Settings, open_shards: int, **how: Any) -> list[Burst]:
    """Return bursts that differ by chance alone."""
    scale = how.get("scale", 1.0)
    chosen = settings.model_copy(update={"open_shards": open_shards, "quota_share": settings.quota_share * scale})
    return [Burst(rates(chosen), open_shards, seed=seed, **how).play() for seed in SEEDS]


@pytest.mark.parametrize(("open_shards", "least"), [(1, 0.95), (3, 0.93)])
def test_a_burst_alone_takes_little_longer_than_the_quotas_need(
    open_shards: int, least: float, settings: Settings
) -> None:
    bursts = played(settings, open_shards, scale=SCALES[open_shards])
    assert min(burst.of_the_least() for burst in bursts) >= least
    assert max(burst.throttled() for burst in bursts) <= 0.01


@pytest.mark.parametrize("open_shards", [1, 3])
def test_it_is_faster_than_with_a_fixed_share(open_shards: int, settings: Settings) -> None:
    """At the quotas' own speed, too, where a burst is over in seconds and chance counts for more."""
    found, fixed = (played(settings, open_shards, finds_its_part=finds) for finds in (True, False))
    assert mean(burst.now for burst in found) < mean(burst.now for burst in fixed)
    assert mean(burst.throttled() for burst in found) <= 0.01


@pytest.mark.parametrize("open_shards", [1, 3])
def test_a_neighbour_who_uses_half_the_quota_is_yielded_to(open_shards: int, settings: Settings) -> None:
    """Its calls go through, ours take what it leaves; with a fixed share a third to a tenth of them are refused."""
    found, fixed = (
        played(settings, open_shards, tenants=600, neighbour=0.5, finds_its_part=finds) for finds in (True, False)
    )
    for burst in found:
        assert burst.throttled(NEIGHBOUR) <= 0.05
        assert burst.of_the_least() >= 0.85
    for whose in (OURS, NEIGHBOUR):
        assert mean(b.throttled(whose) for b in found) < 0.4 * mean(b.throttled(whose) for b in fixed)


def test_looks_do_not_grow_with_the_number_of_tenants(settings: Settings) -> None:
    """A call a second and starter, while a burst waits."""
    for burst in played(settings, 3):
        assert burst.looks <= 2 * (burst.now + 1)


class Heard:
    """A number of throttled steps that a test sets."""

    def __init__(self) -> None:
        self.number = 0
        self.asked = 0

    def __call__(self) -> int:
        """Return the number, and count the question."""
        self.asked += 1
        return self.number


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_the_part_grows_to_the_whole_quota_and_no_further(heard: Heard, settings: Settings) -> None:
    part = Part(heard)
    for second in range(60):
        part.look(float(second))
    assert part.value == MOST
    assert settings.quota_share * MOST == pytest.approx(1)


def test_what_was_throttled_before_a_burst_does_not_slow_it(heard: Heard) -> None:
    heard.number = 1_000
    part = Part(heard)
    part.look(0.0)
    assert part.value == 1.0


def test_a_throttled_step_takes_from_the_part_at_the_next_look_once(heard: Heard) -> None:
    part = Part(heard)
    part.look(0.0)
    heard.number += 1
    part.look(1.0)
    assert part.value == pytest.approx(0.9)
    heard.number += 5
    part.look(2.0)
    assert part.value == pytest.approx(0.9), "these were started before it stepped back"


def test_the_part_never_vanishes(heard: Heard) -> None:
    part = Part(heard)
    for second in range(600):
        heard.number += 100
        part.look(float(second))
    assert part.value == LEAST


def test_a_burst_after_a_pause_begins_anew(heard: Heard) -> None:
    part = Part(heard)
    for second in range(20):
        heard.number += 10
        part.look(float(second))
    part.look(3_600.0)
    assert part.value == 1.0


def test_it_looks_no_more_than_once_a_second(heard: Heard) -> None:
    part = Part(heard)
    for tenth in range(100):
        part.look(tenth / 10)
    assert heard.asked == 10


def test_a_look_that_aws_refuses_changes_nothing() -> None:
    def refuses() -> int:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem")

    part = Part(refuses)
    part.look(0.0)
    assert part.value == 1.0
