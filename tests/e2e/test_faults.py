"""The fault sweep in short: a bridge tenant's creates, struck by every fault that needs no lease to run out.

The whole sweep is `python -m benchmarks.fault_sweep`; before a change lands, a sample of it is run.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.e2e.blows import blows, hidden_blows, sample
from tests.e2e.faults import denied, lost_response, reset, server_error, throttled
from tests.e2e.sweep import TENANT_PATTERN, VARIANTS, Sweep
from tests.e2e.world import World

STRIKES = (throttled, server_error, reset, lost_response, denied)


@pytest.fixture
def told_apart(everything: World) -> Iterator[World]:
    """The stack, its proxy telling the tenants of a sweep apart."""
    before, everything.proxy.tenant_pattern = everything.proxy.tenant_pattern, re.compile(TENANT_PATTERN)
    yield everything
    everything.proxy.tenant_pattern = before


def test_whatever_strikes_a_create_there_is_one_of_everything_and_the_truth_is_told(told_apart: World) -> None:
    told_apart.onboard(VARIANTS["bridge"]("f9001-bridge"))
    told_apart.wait_until_quiet()
    calls = [call.operation for call in told_apart.proxy.seen if call.tenant_id == "f9001-bridge"]
    creates = [blow for blow in blows("bridge", calls, STRIKES) if "Create" in blow.operation and blow.times <= 2]
    assert len(creates) == 3 * (len(STRIKES) + 1)
    outcomes = Sweep(told_apart, creates, report=lambda _: None).run()
    assert [(str(outcome.blow), outcome.complaints) for outcome in outcomes if outcome.complaints] == []


CALLS = ["dynamodb:UpdateItem", "cognito-idp:CreateUserPool", "ses:SendEmail", *["dynamodb:PutItem"] * 5]


def test_a_seed_chooses_a_sample_in_which_everybody_meets_each_fault_and_each_call_is_struck() -> None:
    every = [blow for variant in VARIANTS for blow in blows(variant, CALLS)]
    every += [replace(blow, abandons=True) for blow in every]
    chosen, other = sample(every, "a seed", 150), sample(every, "another", 150)
    assert len(chosen) == len(other) == 150 < len(every)
    assert chosen == sample(every, "a seed", 150) != other
    for some in (chosen, other, sample(every, "a seed", 0)):
        assert some == [blow for blow in every if blow in some]
        assert {(blow.abandons, blow.variant, blow.fault) for blow in some} == {
            (blow.abandons, blow.variant, blow.fault) for blow in every
        }
        assert {(blow.abandons, blow.variant, blow.operation) for blow in some} == {
            (blow.abandons, blow.variant, blow.operation) for blow in every
        }


def test_a_write_is_known_by_the_call_before_it_whatever_came_in_between() -> None:
    """So that two welcome emails are right where the fault fell between sending one and recording it."""
    for calls in (
        ["ses:SendEmail", "dynamodb:UpdateItem"],
        ["ses:SendEmail", "ssm:PutParameter", "dynamodb:UpdateItem"],
    ):
        (write,) = (blow for blow in blows("pool", calls, (denied,)) if blow.operation == "dynamodb:UpdateItem")
        assert write.after == "ses:SendEmail"


def test_what_aws_does_and_the_emulator_hides_changes_nothing(told_apart: World) -> None:
    """Of each such fault one that a silo tenant's onboarding meets; the sweep has all of them."""
    told_apart.onboard(VARIANTS["silo"]("f9003-silo"))
    told_apart.wait_until_quiet()
    calls = [call.operation for call in told_apart.proxy.seen if call.tenant_id == "f9003-silo"]
    chosen = {(blow.strike, blow.operation): blow for blow in hidden_blows("silo", calls)}
    assert {strike.__name__ for strike, _ in chosen} == {"conflict", "daily_quota", "lagging"}
    outcomes = Sweep(told_apart, list(chosen.values()), report=lambda _: None).run()
    assert [(str(outcome.blow), outcome.complaints) for outcome in outcomes if outcome.complaints] == []
