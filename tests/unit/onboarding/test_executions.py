"""An execution is named after tenant and attempt; starting it again, at any point, makes no second one."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.clients import Clients
from orchestrator.aws.dynamodb import Change
from orchestrator.aws.settings import Settings
from orchestrator.onboarding import executions
from orchestrator.tenants import kinds, lifecycle
from orchestrator.tenants.outbox import post
from orchestrator.tenants.records import record_key
from tenant_onboarding.contracts.outgoing import TenantOnboardingFailed
from tests.unit import simulated_aws
from tests.unit.conftest import tenant_created
from tests.unit.faults import DeathError, Wire, death_after, death_before, preceded_by, refused, server_error
from tests.unit.simulated_aws import Stack, arn_of, ended, reporting

FAILED = TenantOnboardingFailed(
    tenant_id="acme", attempt=1, tier="pool", step="S", error="E", message="M", next_action="N"
)


@pytest.fixture
def stack(clients: Clients, settings: Settings, wire: Wire, published: Callable[[], list[dict[str, Any]]]) -> Stack:
    """A stack in which acme was claimed, and no more."""
    stack = Stack(clients, settings, wire, published)
    with wire.strikes("StartExecution", death_before), pytest.raises(DeathError):
        stack.receive(tenant_created())
    assert stack.record()["status"] == lifecycle.PENDING
    return stack


def start(stack: Stack, **changes: Any) -> None:
    executions.start(stack.clients, stack.settings, stack.record() | changes)


def post_failed(stack: Stack) -> None:
    change = Change(stack.settings.tenants_table, record_key("acme"))
    stack.clients.dynamodb.update_item(**post(change, FAILED, 0.0, kinds.ONBOARDING).arguments())


def test_the_arn_of_an_execution_is_known_before_it_starts(stack: Stack) -> None:
    start(stack)
    [execution] = stack.clients.stepfunctions.list_executions(stateMachineArn=stack.settings.state_machine_arn)[
        "executions"
    ]
    assert execution["executionArn"] == executions.execution_arn(stack.settings, "acme", 1) == arn_of()
    assert execution["name"] == "acme-1"


def test_no_two_attempts_share_a_name(settings: Settings) -> None:
    arns = [executions.execution_arn(settings, tenant_id, n) for tenant_id in ("a-1", "a-11") for n in (1, 11)]
    assert len(set(arns)) == len(arns)


def test_the_input_is_canonical_json_of_ids(stack: Stack) -> None:
    start(stack)
    text = stack.wire.bodies("StartExecution")[-1]["input"]
    assert json.loads(text) == {"tenantId": "acme", "tier": "pool", "federated": False, "attempt": 1}
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))


def test_starting_moves_the_tenant_and_empties_its_outbox(stack: Stack) -> None:
    start(stack)
    record = stack.record()
    assert (record["status"], record["executionArn"], record["outbox"]) == (lifecycle.IN_PROGRESS, arn_of(), {})
    assert "unpublished" not in record
    assert stack.counters() == {"IN_PROGRESS#pool": 1}


@pytest.mark.parametrize("status", ["RUNNING", "FAILED", "SUCCEEDED"])
def test_an_execution_that_exists_already_is_not_made_again(stack: Stack, status: str) -> None:
    start(stack)
    ended(arn_of(), status)
    stale = stack.record()
    for _ in range(2):
        executions.start(stack.clients, stack.settings, stale)
    assert simulated_aws.executions() == ["acme-1"]
    assert len(stack.event_keys()) == 1


@pytest.mark.parametrize("strike", [death_before, death_after], ids=["before", "after"])
@pytest.mark.parametrize("operation", ["StartExecution", "PutEvents", "TransactWriteItems"])
def test_a_start_that_died_is_completed_by_the_next(stack: Stack, operation: str, strike: Any) -> None:
    with stack.wire.strikes(operation, strike), pytest.raises(DeathError):
        start(stack)
    start(stack)
    assert stack.record()["status"] == lifecycle.IN_PROGRESS
    assert stack.record()["outbox"] == {}
    assert simulated_aws.executions() == ["acme-1"]
    assert set(stack.event_keys()) == {"acme:TenantOnboardingStarted:1:0"}
    assert stack.counters() == {"IN_PROGRESS#pool": 1}


@pytest.mark.parametrize("code", ["AccessDeniedException", "StateMachineDoesNotExist", "ExecutionLimitExceeded"])
def test_a_start_that_is_refused_is_an_error_and_nothing_is_said(stack: Stack, code: str) -> None:
    with stack.wire.strikes("StartExecution", refused(code), times=9), pytest.raises(ClientError):
        start(stack)
    assert stack.event_keys() == []
    assert stack.record()["status"] == lifecycle.PENDING


@pytest.mark.parametrize("status", [lifecycle.COMPLETED, lifecycle.FAILED, lifecycle.IN_PROGRESS])
def test_a_tenant_that_moved_on_meanwhile_is_not_moved_back(stack: Stack, status: str) -> None:
    with stack.wire.strikes("PutEvents", preceded_by(lambda: stack.change(status=status))):
        start(stack)
    assert stack.record()["status"] == status
    assert stack.record()["outbox"] == {}
    assert "unpublished" not in stack.record()


# Catching up


def test_catching_up_starts_what_did_not_start_before_it_says_so(stack: Stack) -> None:
    executions.catch_up(stack.clients, stack.settings, stack.record())
    operations = stack.wire.operations()
    assert operations.index("StartExecution") < operations.index("PutEvents")
    assert simulated_aws.executions() == ["acme-1"]
    assert stack.record()["status"] == lifecycle.IN_PROGRESS


def test_catching_up_says_nothing_of_a_start_that_is_refused(stack: Stack) -> None:
    with stack.wire.strikes("StartExecution", server_error, times=9), pytest.raises(ClientError):
        executions.catch_up(stack.clients, stack.settings, stack.record())
    assert stack.event_keys() == []


def test_catching_up_publishes_the_rest_too(stack: Stack) -> None:
    post_failed(stack)
    executions.catch_up(stack.clients, stack.settings, stack.record())
    assert stack.event_keys() == ["acme:TenantOnboardingStarted:1:0", FAILED.event_key]
    assert stack.record()["outbox"] == {}
    assert "unpublished" not in stack.record()


@pytest.mark.parametrize("status", [lifecycle.FAILED, lifecycle.COMPLETED])
def test_catching_up_starts_nothing_for_a_tenant_at_rest(stack: Stack, status: str) -> None:
    stack.change(status=status)
    executions.catch_up(stack.clients, stack.settings, stack.record())
    assert simulated_aws.executions() == []
    assert stack.record()["outbox"] == {}


def test_catching_up_costs_no_call_where_nothing_is_left(stack: Stack) -> None:
    start(stack)
    record = stack.record()
    stack.wire.attempts.clear()
    executions.catch_up(stack.clients, stack.settings, record)
    assert stack.wire.operations() == []


# Describing


def test_an_execution_that_nobody_knows_is_none(stack: Stack) -> None:
    assert executions.describe(stack.clients, arn_of("nobody")) is None


def test_an_execution_is_described_as_step_functions_knows_it(stack: Stack) -> None:
    start(stack)
    ended(arn_of(), "FAILED", "ConfigurationError", "cause")
    with stack.wire.strikes("DescribeExecution", reporting(redriveCount=2)):
        found = executions.describe(stack.clients, arn_of())
    assert found
    assert (found["status"], found["error"], found["redriveCount"]) == ("FAILED", "ConfigurationError", 2)


def test_a_description_that_is_refused_is_an_error(stack: Stack) -> None:
    with stack.wire.strikes("DescribeExecution", refused("AccessDeniedException")), pytest.raises(ClientError):
        executions.describe(stack.clients, arn_of())
