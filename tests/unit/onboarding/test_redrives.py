"""A retry redrives the execution where Step Functions and the deployed workflow allow it, once, whatever gets lost."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import botocore.session
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.stub import Stubber

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.onboarding import intake, retries
from orchestrator.onboarding.outcome import RECORDED, record_outcome
from orchestrator.onboarding.reconcile import bring_up_to_date, reconcile
from orchestrator.operations import Retried, preview, retry
from orchestrator.tenants import kinds, lifecycle
from tests.unit import faults, redrives, simulated_aws
from tests.unit.conftest import tenant_created
from tests.unit.faults import (
    DeathError,
    Wire,
    answered,
    death_after,
    death_before,
    lost_response,
    preceded_by,
    refused,
    server_error,
    server_error_after_effect,
    unreachable,
)
from tests.unit.redrives import Redrives
from tests.unit.simulated_aws import Stack, arn_of, ended, entry_refused

STARTED, FAILED = "TenantOnboardingStarted", "TenantOnboardingFailed"
REDRIVEN = Retried("acme", 1, "attempt 1 redriven", "redriven")
KEYS = ["acme:TenantOnboardingStarted:1:0", "acme:TenantOnboardingFailed:1:0", "acme:TenantOnboardingStarted:1:1"]
Again = Callable[[], Retried]


@pytest.fixture
def step_functions(wire: Wire) -> Iterator[Redrives]:
    """Step Functions as it is on AWS."""
    with redrives.simulated() as known:
        yield known


@pytest.fixture
def stack(
    clients: Clients,
    settings: Settings,
    wire: Wire,
    published: Callable[[], list[dict[str, Any]]],
    step_functions: Redrives,
) -> Stack:
    """A stack in which acme's first attempt failed."""
    stack = Stack(clients, settings, wire, published)
    stack.receive(tenant_created())
    fail(stack)
    return stack


@pytest.fixture
def again(stack: Stack) -> Again:
    """Retry acme."""
    return lambda: retry(stack.clients, stack.settings, "acme")


def fail(stack: Stack, attempt: int = 1) -> None:
    assert record_outcome(stack.clients, stack.settings, ended(arn_of(attempt=attempt))) == RECORDED
    assert stack.record()["status"] == lifecycle.FAILED


def change_definition(stack: Stack, **changes: Any) -> None:
    """Deploy another workflow; executions go on by the one that they began as."""
    machine = stack.settings.state_machine_arn
    now = stack.clients.stepfunctions.describe_state_machine(stateMachineArn=machine)
    deployed = {"definition": now["definition"], "roleArn": now["roleArn"]} | changes
    stack.clients.stepfunctions.update_state_machine(stateMachineArn=machine, **deployed)


def began_as(stack: Stack) -> Callable[..., Any]:
    """Return a strike that tells of the workflow as it is now, however it is changed later."""
    machine = stack.settings.state_machine_arn
    now = stack.clients.stepfunctions.describe_state_machine(stateMachineArn=machine)
    told = {"stateMachineArn": machine, "name": now["name"], "updateDate": 0}
    return answered(**told, definition=now["definition"], roleArn=now["roleArn"])


def test_a_failed_tenant_goes_on_by_a_redrive_of_its_execution(
    stack: Stack, again: Again, step_functions: Redrives
) -> None:
    assert again() == REDRIVEN
    record = stack.record()
    assert (record["status"], record["attempt"], record["redriveCount"]) == (lifecycle.IN_PROGRESS, 1, 1)
    assert record["executionArn"] == arn_of()
    assert {"failure", "currentStep", "unpublished"}.isdisjoint(record)
    assert record["outbox"] == {}
    assert simulated_aws.executions() == ["acme-1"]
    assert step_functions.counts == {arn_of(): 1}
    assert stack.wire.bodies("RedriveExecution") == [{"executionArn": arn_of(), "clientToken": "acme-1-1"}]
    assert stack.event_keys() == KEYS
    assert stack.counters() == {"IN_PROGRESS#pool": 1}
    assert stack.failures() == {}


def test_steps_of_the_redriven_execution_may_begin_and_those_of_before_may_not(
    stack: Stack, again: Again, run: Callable[..., None]
) -> None:
    again()
    with pytest.raises(Exception, match="has taken over"):
        run("AssignSharedPool", redrive=0)
    run("AssignSharedPool", redrive=1)
    assert stack.record()["steps"]["AssignSharedPool"]["status"] == "DONE"


def test_each_redrive_is_counted_published_and_has_a_token_of_its_own(stack: Stack, again: Again) -> None:
    for redrive in (1, 2, 3):
        assert again() == REDRIVEN
        assert stack.record()["redriveCount"] == redrive
        fail(stack)
    tokens = [body["clientToken"] for body in stack.wire.bodies("RedriveExecution")]
    assert tokens == ["acme-1-1", "acme-1-2", "acme-1-3"]
    assert len(set(stack.event_keys())) == len(stack.event_keys()) == 8


def test_a_token_fits_step_functions_for_the_longest_tenant_id() -> None:
    shape: Any = botocore.session.get_session().get_service_model("stepfunctions")
    token = shape.operation_model("RedriveExecution").input_shape.members["clientToken"]
    assert len(f"{'x' * 40}-{10**9}-{10**9}") <= token.metadata["max"]


def test_the_record_is_moved_before_the_execution_is_and_published_after(stack: Stack, again: Again) -> None:
    stack.wire.attempts.clear()
    again()
    order = stack.wire.operations()
    assert order.index("TransactWriteItems") < order.index("RedriveExecution") < order.index("PutEvents")


# Where a new attempt has to do


def test_what_step_functions_cannot_redrive_goes_on_with_the_next_attempt(
    stack: Stack, again: Again, step_functions: Redrives
) -> None:
    step_functions.redrivable = False
    assert again() == Retried("acme", 2, "attempt 2 started", "started")
    assert stack.wire.count("RedriveExecution") == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"definition": json.dumps({"StartAt": "New", "States": {"New": {"Type": "Succeed"}}})},
        {"roleArn": "arn:aws:iam::123456789012:role/another"},
    ],
    ids=["definition", "role"],
)
def test_after_another_workflow_was_deployed_the_next_attempt_takes_that(
    stack: Stack, again: Again, changes: dict[str, str]
) -> None:
    before = began_as(stack)
    change_definition(stack, **changes)
    with stack.wire.strikes("DescribeStateMachineForExecution", before):
        assert again() == Retried("acme", 2, "attempt 2 started", "started")
    assert stack.wire.count("RedriveExecution") == 0


def test_a_workflow_that_was_deployed_again_unchanged_is_no_other(stack: Stack, again: Again) -> None:
    before = began_as(stack)
    change_definition(stack)
    with stack.wire.strikes("DescribeStateMachineForExecution", before):
        assert again() == REDRIVEN


def test_a_local_engine_that_knows_no_redrive_starts_the_next_attempt(stack: Stack, again: Again) -> None:
    with mock.patch.object(faults, "answer", redrives.without):
        assert again() == Retried("acme", 2, "attempt 2 started", "started")


def test_an_execution_that_step_functions_has_forgotten_is_followed_by_the_next_attempt(
    stack: Stack, again: Again
) -> None:
    with stack.wire.strikes("DescribeExecution", refused("ExecutionDoesNotExist")):
        assert again().attempt == 2


@pytest.mark.parametrize("code", ["ExecutionNotRedrivable", "ExecutionDoesNotExist"])
def test_a_redrive_that_is_refused_at_last_becomes_the_next_attempt(stack: Stack, again: Again, code: str) -> None:
    with stack.wire.strikes("RedriveExecution", refused(code)):
        assert again() == Retried("acme", 2, "attempt 2 started", "started")
    record = stack.record()
    assert (record["status"], record["attempt"], record["redriveCount"]) == (lifecycle.IN_PROGRESS, 2, 0)
    assert record["outbox"] == {}
    assert "unpublished" not in record
    assert simulated_aws.executions() == ["acme-1", "acme-2"]
    assert stack.event_keys() == [*KEYS[:2], "acme:TenantOnboardingStarted:2:0"]
    assert stack.counters() == {"IN_PROGRESS#pool": 1}


@pytest.mark.parametrize("code", ["AccessDeniedException", "ExecutionLimitExceeded"])
def test_a_redrive_that_aws_refuses_for_now_is_raised_and_waits_for_reconcile(
    stack: Stack, again: Again, code: str
) -> None:
    with stack.wire.strikes("RedriveExecution", refused(code), times=9), pytest.raises(ClientError):
        again()
    assert stack.event_keys() == KEYS[:2]
    stack.age()
    assert sum(reconcile(stack.clients, stack.settings).values()) == 1
    assert stack.event_keys() == KEYS


# Lost answers, at every call


CALLS = ("GetItem", "DescribeExecution", "DescribeStateMachineForExecution", "DescribeStateMachine")
ACTS = ("TransactWriteItems", "RedriveExecution", "PutEvents", "UpdateItem")


def make_up(stack: Stack) -> None:
    """Let reconcile find what was left behind, as often as it runs; twice is enough for two kinds."""
    for _ in range(2):
        stack.age()
        reconcile(stack.clients, stack.settings)


def went_on_once(stack: Stack, step_functions: Redrives) -> None:
    """Assert that acme runs again by one redrive, that this was said, and that nothing is left to do."""
    record = stack.record()
    assert (record["status"], record["attempt"], record["redriveCount"]) == (lifecycle.IN_PROGRESS, 1, 1)
    assert record["outbox"] == {}
    assert "unpublished" not in record
    assert step_functions.counts == {arn_of(): 1}
    assert simulated_aws.executions() == ["acme-1"]
    assert list(dict.fromkeys(stack.event_keys())) == KEYS
    assert stack.counters() == {"IN_PROGRESS#pool": 1}


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize(
    ("operation", "strike"),
    [
        *((operation, lost_response) for operation in CALLS),
        *((operation, strike) for operation in ACTS for strike in (lost_response, unreachable, server_error)),
        ("RedriveExecution", server_error_after_effect),
    ],
)
def test_whatever_gets_lost_the_tenant_goes_on_by_one_redrive(
    stack: Stack, again: Again, step_functions: Redrives, operation: str, times: int, strike: Any
) -> None:
    """Once, and the SDK tries again itself; three times, and it gives up."""
    try:
        with stack.wire.strikes(operation, strike, times=times) as fault:
            again()
    except (ClientError, BotoCoreError):
        pass
    assert fault.struck == times
    make_up(stack)
    if stack.record()["status"] == lifecycle.FAILED:  # nothing was recorded, so the operator tries again
        assert again() == REDRIVEN
    went_on_once(stack, step_functions)


@pytest.mark.parametrize("strike", [death_before, death_after])
@pytest.mark.parametrize("operation", ACTS)
def test_an_operators_machine_that_dies_leaves_it_to_reconcile(
    stack: Stack, again: Again, step_functions: Redrives, operation: str, strike: Any
) -> None:
    with stack.wire.strikes(operation, strike), pytest.raises(DeathError):
        again()
    make_up(stack)
    if stack.record()["status"] == lifecycle.FAILED:
        assert again() == REDRIVEN
    went_on_once(stack, step_functions)


@pytest.mark.parametrize("operation", ACTS[1:])
def test_the_next_try_of_an_operator_finishes_what_was_left(
    stack: Stack, again: Again, step_functions: Redrives, operation: str
) -> None:
    with stack.wire.strikes(operation, death_before), pytest.raises(DeathError):
        again()
    assert again() == Retried("acme", 0, "is IN_PROGRESS; only a FAILED tenant can be retried")
    make_up(stack)
    went_on_once(stack, step_functions)


def test_a_redrive_that_failed_again_before_its_answer_was_known_is_not_redriven_once_more(
    stack: Stack, again: Again, step_functions: Redrives
) -> None:
    """The token may be forgotten by then, so the execution is asked."""
    with stack.wire.strikes("RedriveExecution", death_after), pytest.raises(DeathError):
        again()
    step_functions.tokens.clear()
    ended(arn_of())
    make_up(stack)
    assert step_functions.counts == {arn_of(): 1}
    record = stack.record()
    assert (record["status"], record["redriveCount"]) == (lifecycle.FAILED, 1)
    assert set(stack.event_keys()) == {*KEYS, "acme:TenantOnboardingFailed:1:1"}


def test_a_lost_redrive_that_step_functions_refuses_by_now_becomes_the_next_attempt(
    stack: Stack, again: Again, step_functions: Redrives
) -> None:
    with stack.wire.strikes("RedriveExecution", death_before), pytest.raises(DeathError):
        again()
    step_functions.redrivable = False
    make_up(stack)
    assert simulated_aws.executions() == ["acme-1", "acme-2"]
    assert stack.record()["outbox"] == {}
    assert stack.event_keys() == [*KEYS[:2], "acme:TenantOnboardingStarted:2:0"]


@pytest.mark.parametrize("operation", ["TransactWriteItems", "StartExecution", "PutEvents"])
def test_a_refused_redrive_whose_next_attempt_is_interrupted_gets_there(
    stack: Stack, again: Again, step_functions: Redrives, operation: str
) -> None:
    step_functions.refuses = True
    spare = 1 if operation == "TransactWriteItems" else 0
    with stack.wire.strikes(operation, death_before, spare=spare), pytest.raises(DeathError):
        again()
    make_up(stack)
    record = stack.record()
    assert (record["status"], record["attempt"], record["redriveCount"]) == (lifecycle.IN_PROGRESS, 2, 0)
    assert simulated_aws.executions() == ["acme-1", "acme-2"]
    assert record["outbox"] == {}
    assert stack.event_keys() == [*KEYS[:2], "acme:TenantOnboardingStarted:2:0"]


def test_a_forgotten_execution_that_was_to_be_redriven_becomes_the_next_attempt(stack: Stack, again: Again) -> None:
    with stack.wire.strikes("RedriveExecution", death_before), pytest.raises(DeathError):
        again()
    gone = refused("ExecutionDoesNotExist")
    with (
        stack.wire.strikes("DescribeExecution", gone, times=2),
        stack.wire.strikes("RedriveExecution", gone),
    ):
        assert bring_up_to_date(stack.clients, stack.settings, kinds.of_tenant(stack.settings, "acme"))
    assert stack.record()["attempt"] == 2


def test_a_repeated_event_says_nothing_of_a_redrive_that_has_not_happened(stack: Stack, again: Again) -> None:
    with stack.wire.strikes("RedriveExecution", death_before), pytest.raises(DeathError):
        again()
    stack.wire.attempts.clear()
    assert stack.receive(tenant_created()) == intake.REPEATED
    assert {"StartExecution", "RedriveExecution"}.isdisjoint(stack.wire.operations())
    assert stack.event_keys() == KEYS[:2]
    assert simulated_aws.executions() == ["acme-1"]
    make_up(stack)
    assert stack.event_keys() == KEYS


def test_an_event_of_the_attempt_before_that_was_not_published_yet_is_published_too(
    stack: Stack, again: Again, step_functions: Redrives
) -> None:
    again()
    ended(arn_of())
    with stack.wire.strikes("PutEvents", entry_refused, times=9), pytest.raises(Exception, match="PutEvents"):
        record_outcome(stack.clients, stack.settings, arn_of())
    with stack.wire.strikes("RedriveExecution", death_before), pytest.raises(DeathError):
        again()
    make_up(stack)
    assert set(stack.event_keys()) == {
        *KEYS,
        "acme:TenantOnboardingFailed:1:1",
        "acme:TenantOnboardingStarted:1:2",
    }
    assert step_functions.counts == {arn_of(): 2}


def test_a_failure_that_was_not_published_yet_is_told_before_the_redrive_that_follows_it(
    stack: Stack, again: Again
) -> None:
    again()
    ended(arn_of())
    with stack.wire.strikes("PutEvents", entry_refused, times=9), pytest.raises(Exception, match="PutEvents"):
        record_outcome(stack.clients, stack.settings, arn_of())
    again()
    assert stack.event_keys() == [
        *KEYS,
        "acme:TenantOnboardingFailed:1:1",
        "acme:TenantOnboardingStarted:1:2",
    ]


# Two at once


@pytest.mark.parametrize("operation", ["DescribeExecution", "TransactWriteItems", "RedriveExecution", "PutEvents"])
def test_of_two_operators_at_once_one_redrives(
    stack: Stack, again: Again, step_functions: Redrives, operation: str
) -> None:
    answers: list[Retried] = []
    with stack.wire.strikes(operation, preceded_by(lambda: answers.append(again()))):
        answers.append(again())
    assert sorted(answer.attempt for answer in answers) == [0, 1]
    went_on_once(stack, step_functions)


def test_a_redrive_in_the_console_at_the_same_moment_is_one_redrive(
    stack: Stack, again: Again, step_functions: Redrives
) -> None:
    with stack.wire.strikes("RedriveExecution", preceded_by(lambda: step_functions.redrive(arn_of()))):
        assert again() == REDRIVEN
    went_on_once(stack, step_functions)


def test_an_execution_that_somebody_redrove_in_the_console_is_left_to_run(
    stack: Stack, again: Again, step_functions: Redrives
) -> None:
    step_functions.redrive(arn_of())
    before = stack.record()
    assert again() == Retried("acme", 0, "was redriven outside of this program; see: onboard show acme")
    assert stack.record() == before


def test_a_redrive_in_the_console_that_failed_untold_is_recorded_before_the_next(
    stack: Stack, again: Again, step_functions: Redrives
) -> None:
    step_functions.redrive(arn_of())
    ended(arn_of())
    would = preview(stack.clients, stack.settings, "acme")
    assert would == Retried("acme", 1, "would redrive attempt 1 from AssignSharedPool on", "redriven")
    assert stack.record()["redriveCount"] == 0
    assert again() == REDRIVEN
    assert stack.record()["redriveCount"] == step_functions.counts[arn_of()] == 2
    assert [event["redrive"] for event in stack.published(FAILED)] == [0, 1]


# Looking first


def test_a_preview_of_a_redrive_makes_no_call_that_changes_anything(stack: Stack) -> None:
    before = stack.items()
    stack.wire.attempts.clear()
    would = preview(stack.clients, stack.settings, "acme")
    assert would == Retried("acme", 1, "would redrive attempt 1 from AssignSharedPool on", "redriven")
    assert stack.wire.operations() == list(CALLS)
    assert stack.items() == before


# The service model


def test_the_call_is_one_that_step_functions_knows(stack: Stack) -> None:
    """botocore's own stub checks parameters and answer."""
    record = stack.record() | {"status": lifecycle.IN_PROGRESS, "redriveCount": 1, "outbox": {}}
    with Stubber(stack.clients.stepfunctions) as stub:
        token = {"executionArn": arn_of(), "clientToken": "acme-1-1"}
        stub.add_response("redrive_execution", {"redriveDate": simulated_aws.STOPPED}, token)
        assert retries.resume(stack.clients, stack.settings, record, None)
        stub.assert_no_pending_responses()


def test_a_definition_is_compared_by_fields_that_step_functions_always_gives() -> None:
    model: Any = botocore.session.get_session().get_service_model("stepfunctions")
    for operation in ("DescribeStateMachine", "DescribeStateMachineForExecution"):
        required = set(model.operation_model(operation).output_shape.required_members)
        assert {"definition", "roleArn"} <= required
        assert "revisionId" not in required
