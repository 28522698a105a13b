"""What the workflow tries again by itself, how often, and what it is left with when that was not enough."""

from itertools import cycle

import pytest

from tests.workflow import paths
from tests.workflow.definition import HURRIED_STEP, load, retriers
from tests.workflow.engine import Engine, Outcomes, Scenario
from tests.workflow.error_names import RETRYABLE

RETRIERS = retriers(load())
RETRIED = [error for retrier in RETRIERS for error in retrier["ErrorEquals"]]
MAX_ATTEMPTS = {error: retrier["MaxAttempts"] for retrier in RETRIERS for error in retrier["ErrorEquals"]}

# Each error strikes at another step, one after the other; the time-out where a Task times out soon.
STRUCK = dict(zip(RETRIED, cycle(paths.steps(paths.BRIDGE_FEDERATED)), strict=False)) | {"States.Timeout": HURRIED_STEP}


def striking_once(error: str) -> Scenario:
    """Return an onboarding in which one step's first call ends with the error."""
    return Scenario("bridge", federated=True, failures={STRUCK[error]: [error]}, hurried=error == "States.Timeout")


@pytest.fixture(scope="module")
def recoveries(engine: Engine) -> Outcomes:
    """What an onboarding came to that one retryable error struck once."""
    return engine.onboard_all({error: striking_once(error) for error in RETRIED})


@pytest.mark.parametrize("error", RETRIED)
def test_one_retryable_failure_does_not_stop_an_onboarding(recoveries: Outcomes, error: str) -> None:
    """The struck step is invoked once more, every other step once, and the tenant is onboarded."""
    outcome = recoveries[error].result()
    assert outcome.verdict == ("SUCCEEDED", None, paths.BRIDGE_FEDERATED)
    expected = dict.fromkeys(paths.steps(paths.BRIDGE_FEDERATED), 1) | {STRUCK[error]: 2}
    assert {step: outcome.calls_of(step) for step in expected} == expected


@pytest.fixture(scope="module")
def exhaustions(engine: Engine) -> Outcomes:
    """What an onboarding came to that met one retryable error just as often as allowed, or once more."""
    step = "CreateTenantGroup"
    scenarios = {
        f"{error}, {extra} too many": Scenario("pool", failures={step: [error] * (MAX_ATTEMPTS[error] + extra)})
        for error in RETRYABLE
        for extra in (0, 1)
    }
    both = ["ThrottledError"] * MAX_ATTEMPTS["ThrottledError"] + ["TransientError"] * MAX_ATTEMPTS["TransientError"]
    return engine.onboard_all(scenarios | {"both in turn": Scenario("pool", failures={step: both})})


@pytest.mark.parametrize("error", sorted(RETRYABLE))
def test_a_lasting_error_fails_the_execution_under_its_own_name(exhaustions: Outcomes, error: str) -> None:
    """After the first call and MaxAttempts more the execution fails at that step with the error's name."""
    outcome = exhaustions[f"{error}, 1 too many"].result()
    assert outcome.verdict == ("FAILED", error, paths.up_to(paths.POOL, "CreateTenantGroup"))
    assert outcome.calls_of("CreateTenantGroup") == MAX_ATTEMPTS[error] + 1


@pytest.mark.parametrize("error", sorted(RETRYABLE))
def test_the_last_attempt_counts(exhaustions: Outcomes, error: str) -> None:
    """An error that ceases just before the attempts are used up leaves a tenant onboarded."""
    outcome = exhaustions[f"{error}, 0 too many"].result()
    assert outcome.verdict == ("SUCCEEDED", None, paths.POOL)
    assert outcome.calls_of("CreateTenantGroup") == MAX_ATTEMPTS[error] + 1


def test_throttling_does_not_use_up_the_attempts_for_other_errors(exhaustions: Outcomes) -> None:
    """Each Retry block counts for itself, so a step survives both blocks' attempts together."""
    outcome = exhaustions["both in turn"].result()
    assert outcome.verdict == ("SUCCEEDED", None, paths.POOL)
    assert outcome.calls_of("CreateTenantGroup") == sum(MAX_ATTEMPTS[error] for error in RETRYABLE) + 1
