"""A failure that no retry can mend stops the execution at once, at the Task where it happened, under its own name."""

from dataclasses import replace

import pytest

from tests.workflow import paths
from tests.workflow.definition import WORKFLOWS, load, tasks
from tests.workflow.engine import Engine, Outcomes, Scenario
from tests.workflow.error_names import PERMANENT

STATES = tuple(state for workflow in WORKFLOWS for state in tasks(load(workflow)))
# No class of ours: a defect outside the steps' own error handling, and a name that only begins like a retried one.
FOREIGN = ("KeyError", "ThrottledErrorToo")


@pytest.fixture(scope="module")
def verdicts(engine: Engine) -> Outcomes:
    """What an onboarding came to that one error which is not retried struck once."""
    return engine.onboard_all(
        {error: Scenario("pool", failures={"CreateTenantAdmin": [error]}) for error in (*PERMANENT, *FOREIGN)}
    )


@pytest.mark.parametrize("error", [*PERMANENT, *FOREIGN])
def test_a_permanent_error_fails_at_once(verdicts: Outcomes, error: str) -> None:
    """One call, no retry, and the execution's error is the class name."""
    outcome = verdicts[error].result()
    assert outcome.verdict == ("FAILED", error, paths.up_to(paths.POOL, "CreateTenantAdmin"))
    assert outcome.calls_of("CreateTenantAdmin") == 1


WAYS = (
    (Scenario("bridge", federated=True), paths.BRIDGE_FEDERATED),
    (Scenario("silo", federated=True), paths.SILO_FEDERATED),
    (Scenario("silo"), paths.SILO),
    (Scenario("pool", abandons=True), paths.ABANDONED_SHARED),
    (Scenario("silo", abandons=True), paths.ABANDONED_SILO),
)


def through(state: str) -> tuple[Scenario, tuple[str, ...]]:
    """Return an onboarding that fails in the state, and the path that it goes."""
    scenario, path = next((scenario, path) for scenario, path in WAYS if state in path)
    return replace(scenario, failures={state: ["ConfigurationError"]}), paths.up_to(path, state)


@pytest.fixture(scope="module")
def stops(engine: Engine) -> Outcomes:
    """What an onboarding came to that failed in one state."""
    return engine.onboard_all({state: through(state)[0] for state in STATES})


@pytest.mark.parametrize("state", STATES)
def test_a_failed_step_is_where_the_execution_stops(stops: Outcomes, state: str) -> None:
    """The last state entered is the Task that failed, which is where a redrive goes on; no later step is invoked."""
    outcome = stops[state].result()
    _, path = through(state)
    assert outcome.verdict == ("FAILED", "ConfigurationError", path)
    assert tuple(call.step for call in outcome.calls) == paths.steps(path)
