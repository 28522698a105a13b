"""Every way through the workflow, by tier and federation."""

import pytest

from tests.workflow import paths
from tests.workflow.engine import Engine, Outcomes, Scenario

BRANCHES = {
    "pool": (Scenario("pool"), paths.POOL),
    "bridge": (Scenario("bridge"), paths.BRIDGE),
    "bridge-federated": (Scenario("bridge", federated=True), paths.BRIDGE_FEDERATED),
    "silo": (Scenario("silo"), paths.SILO),
    "silo-federated": (Scenario("silo", federated=True), paths.SILO_FEDERATED),
    "pool-abandoned": (Scenario("pool", abandons=True), paths.ABANDONED_SHARED),
    "bridge-federated-abandoned": (Scenario("bridge", federated=True, abandons=True), paths.ABANDONED_SHARED),
    "silo-abandoned": (Scenario("silo", abandons=True), paths.ABANDONED_SILO),
}


@pytest.fixture(scope="module")
def outcomes(engine: Engine) -> Outcomes:
    """What each branch came to."""
    return engine.onboard_all({name: scenario for name, (scenario, _) in BRANCHES.items()})


@pytest.mark.parametrize("branch", BRANCHES)
def test_a_tenant_goes_the_way_of_its_tier(outcomes: Outcomes, branch: str) -> None:
    """The execution succeeds along the states of its tier, each step invoked once and in that order."""
    _, path = BRANCHES[branch]
    outcome = outcomes[branch].result()
    assert outcome.verdict == ("SUCCEEDED", None, path)
    assert tuple(call.step for call in outcome.calls) == paths.steps(path)


@pytest.mark.parametrize("tier", ["gold", "Pool", ""])
def test_an_unknown_tier_fails_before_anything_is_made(engine: Engine, tier: str) -> None:
    """A tier that is none of the three, to the letter, ends in UnknownTier and reaches no step."""
    outcome = engine.onboard(Scenario(tier))
    assert outcome.verdict == ("FAILED", "UnknownTier", paths.UNKNOWN)
    assert outcome.calls == ()
