"""Many tenants at once: nobody gets another's outcome, and more work than Lambda takes is only a delay."""

import pytest

from tests.workflow import paths
from tests.workflow.engine import Engine, Outcomes, Scenario

TENANTS = 20
KINDS = {
    "pool": (Scenario("pool"), ("SUCCEEDED", None, paths.POOL), {}),
    "bridge retried": (
        Scenario("bridge", failures={"CreateAppClient": ["TransientError", "TransientError"]}),
        ("SUCCEEDED", None, paths.BRIDGE),
        {"CreateAppClient": 3},
    ),
    "silo": (Scenario("silo", federated=True), ("SUCCEEDED", None, paths.SILO_FEDERATED), {}),
    "bridge superseded": (
        Scenario("bridge", federated=True, failures={"RegisterRouting": ["SupersededError"]}),
        ("FAILED", "SupersededError", paths.up_to(paths.BRIDGE_FEDERATED, "RegisterRouting")),
        {},
    ),
    "silo out of quota": (
        Scenario("silo", failures={"CreateUserPool": ["QuotaExceededError"]}),
        ("FAILED", "QuotaExceededError", paths.up_to(paths.SILO, "CreateUserPool")),
        {},
    ),
}
BURST = {f"{kind} {number}": kind for number in range(TENANTS // len(KINDS)) for kind in KINDS}


@pytest.fixture(scope="module")
def outcomes(engine: Engine) -> Outcomes:
    """What the tenants came to who were all onboarded at the same time."""
    return engine.onboard_all({name: KINDS[kind][0] for name, kind in BURST.items()}, at_once=TENANTS)


@pytest.mark.parametrize("tenant", BURST)
def test_each_tenant_of_a_burst_gets_its_own_outcome(outcomes: Outcomes, tenant: str) -> None:
    """Path, status, error and calls are those of its own script, whatever the nineteen others do."""
    _, verdict, repeated = KINDS[BURST[tenant]]
    outcome = outcomes[tenant].result()
    assert outcome.verdict == verdict
    expected = {step: repeated.get(step, 1) for step in paths.steps(verdict[2])}
    assert {step: outcome.calls_of(step) for step in expected} == expected
    assert len(outcome.calls) == sum(expected.values())
    assert {call.payload["execution"]["Id"] for call in outcome.calls} == {outcome.execution_arn}
