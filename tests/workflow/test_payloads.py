"""What goes into a step, and that nothing which comes out of one goes on."""

import pytest

from tests.workflow import paths
from tests.workflow.definition import FUNCTIONS
from tests.workflow.definition_rules import TRUST_BOUNDARIES
from tests.workflow.engine import Engine, Outcome, Scenario

JUNK: tuple[object, ...] = (
    {"tenantId": "somebody-else", "tier": "gold", "federated": False, "attempt": 99},
    ["a", "list"],
    "a string",
    3.5,
    True,
    None,
    {"Payload": {"tier": "gold"}, "errorType": "TenantConflictError", "errorMessage": "only looks like an error"},
    {"$.tier": "gold", "nested": {"deep": ["x" * 10_000]}},
    {},
    [],
)


@pytest.fixture(scope="module")
def retried(engine: Engine) -> Outcome:
    """A third attempt at a tenant, with one step that is invoked twice."""
    return engine.onboard(Scenario("silo", federated=True, attempt=3, failures={"CreateUserPool": ["TransientError"]}))


def test_a_step_is_told_tenant_attempt_and_execution(retried: Outcome) -> None:
    """Each payload holds its step's name, the ids of the input, and the execution; nothing else."""
    for call in retried.calls:
        assert call.payload.keys() == {"step", "tenantId", "attempt", "execution"}
        assert call.payload["step"] == call.step
        assert call.payload["tenantId"] == retried.given["tenantId"]
        assert call.payload["attempt"] == 3


def test_a_step_can_name_its_execution(retried: Outcome) -> None:
    """The execution in the payload is the one that runs, by ARN and by name, and its input is the ids given."""
    for call in retried.calls:
        execution = call.payload["execution"]
        assert execution["Id"] == retried.execution_arn
        assert execution["Name"] == retried.execution_arn.rpartition(":")[2]
        assert execution["Input"] == retried.given


def test_a_retry_is_told_the_same_again(retried: Outcome) -> None:
    """The attempt counts onboardings, not the workflow's own retries: both calls of a step have one payload."""
    first, second = (call.payload for call in retried.calls if call.step == "CreateUserPool")
    assert first == second


def test_each_step_is_invoked_in_its_own_function(retried: Outcome) -> None:
    """The function that a call reached is the one on the step's side of the trust boundary."""
    placeholders = {f"${{{name}}}": function for name, function in FUNCTIONS.items()}
    for call in retried.calls:
        assert call.function == placeholders[TRUST_BOUNDARIES[call.step]]


@pytest.fixture(scope="module")
def littered(engine: Engine) -> Outcome:
    """A tenant whose every step returns junk, some of it shaped like the workflow's own input."""
    path = paths.steps(paths.BRIDGE_FEDERATED)
    return engine.onboard(Scenario("bridge", federated=True, results=dict(zip(path, JUNK, strict=False))))


def test_what_a_step_returns_changes_nothing(littered: Outcome) -> None:
    """Every state is entered with the execution's input, and the tenant goes the way of its own tier."""
    assert littered.verdict == ("SUCCEEDED", None, paths.BRIDGE_FEDERATED)
    assert all(entered == littered.given for entered in littered.inputs)


def test_what_a_step_returns_reaches_no_other_step(littered: Outcome) -> None:
    """Payloads differ from each other in the step's name only."""
    assert all(call.payload | {"step": ""} == littered.calls[0].payload | {"step": ""} for call in littered.calls)


def test_an_onboarding_ends_with_its_own_input(littered: Outcome) -> None:
    """The execution's output is its input: what was made is in the tenant's record."""
    assert littered.output == littered.given
