"""An execution that ended badly is recorded once, explained in words, published once; nothing late moves a tenant."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator import operations
from orchestrator.aws import writes
from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import ConfigurationError, TransientError
from orchestrator.aws.platform_advice import OTHER_ADVICE, PLATFORM_ADVICE
from orchestrator.aws.settings import Settings
from orchestrator.onboarding import executions
from orchestrator.onboarding.outcome import IGNORED, RECORDED, record_outcome
from orchestrator.tenants import kinds, lifecycle
from orchestrator.tenants.ledger import Ledger, Made
from tenant_onboarding.contracts.detail_types import json_schema
from tests.unit.conftest import tenant_created, turn
from tests.unit.faults import Wire, cancelled, preceded_by, server_error, unreachable
from tests.unit.simulated_aws import Stack, arn_of, ended, entry_refused, reporting

Outcome = Callable[..., str]

STEP = "AssignSharedPool"
COMMAND = " Command: onboard retry acme"
FAILED = "TenantOnboardingFailed"


@pytest.fixture
def stack(clients: Clients, settings: Settings, wire: Wire, published: Callable[[], list[dict[str, Any]]]) -> Stack:
    """A stack in which acme's first attempt runs."""
    stack = Stack(clients, settings, wire, published)
    stack.receive(tenant_created())
    return stack


@pytest.fixture
def outcome(stack: Stack) -> Outcome:
    """Hint that an execution ended."""
    return lambda arn="": record_outcome(stack.clients, stack.settings, arn or arn_of())


def fail_step(stack: Stack, error: Exception) -> None:
    def act(_: object) -> Made:
        raise error

    steps = Ledger(stack.clients.dynamodb, kinds.of_tenant(stack.settings, "acme"))
    with pytest.raises(type(error)):
        steps.perform(turn(STEP), act)


def finish_step(stack: Stack, step: str) -> None:
    steps = Ledger(stack.clients.dynamodb, kinds.of_tenant(stack.settings, "acme"))
    steps.perform(turn(step), lambda _: Made())


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        ("FAILED", "Lambda.Unknown", "Lambda.Unknown"),
        ("FAILED", "Sandbox.Timedout", "Sandbox.Timedout"),
        ("FAILED", "Runtime.ExitError", "Runtime.ExitError"),
        ("FAILED", "Lambda.TooManyRequestsException", "Lambda.TooManyRequestsException"),
        ("FAILED", "States.Timeout", "States.Timeout"),
        ("FAILED", "States.Runtime", "States.Runtime"),
        ("FAILED", None, "Unknown"),
        ("TIMED_OUT", None, "States.Timeout"),
        ("TIMED_OUT", "States.Timeout", "States.Timeout"),
        ("ABORTED", None, "Aborted"),
        ("ABORTED", "MyOwnWord", "Aborted"),
    ],
)
def test_what_no_function_could_explain_is_explained_by_the_platforms_name_for_it(
    stack: Stack, outcome: Outcome, status: str, error: str | None, expected: str
) -> None:
    ended(arn_of(), status, error, cause="secret@person.example")
    assert outcome() == RECORDED
    record = stack.record()
    assert record["status"] == lifecycle.FAILED
    assert record["executionArn"] == arn_of()
    assert record["failure"] == {
        "step": "AssignSharedPool",
        "error": expected,
        "message": f"AssignSharedPool ended with {expected}",
        "nextAction": PLATFORM_ADVICE.get(expected, OTHER_ADVICE) + COMMAND,
        "command": "retry",
    }
    [event] = stack.published(FAILED)
    assert {name: event.get(name, "retry") for name in record["failure"]} == record["failure"]
    assert "person" not in json.dumps(event)


def cause_of(step: str, code: str, kind: str) -> str:
    """What Step Functions keeps of an error that one of our step functions raised."""
    return json.dumps({"errorMessage": f"{step}: {code}", "errorType": kind, "stackTrace": []})


def test_the_steps_own_account_is_recorded_whole_and_published_without_its_words(
    stack: Stack, outcome: Outcome
) -> None:
    message = "Not verified: admin@acme.example of Acme Admin"
    fail_step(stack, ConfigurationError(message, code="MessageRejected", next_action="Verify the identities."))
    ended(arn_of(), "FAILED", "ConfigurationError", cause_of(STEP, "MessageRejected", "ConfigurationError"))
    assert outcome() == RECORDED
    expected = {
        "step": STEP,
        "error": "ConfigurationError",
        "message": message,
        "nextAction": "Verify the identities." + COMMAND,
    }
    assert stack.record()["failure"] == expected | {"command": "retry"}
    [event] = stack.published(FAILED)
    assert event == expected | {
        "message": f"{STEP} ended with ConfigurationError (MessageRejected)",
        "tenantId": "acme",
        "tier": "pool",
        "attempt": 1,
        "redrive": 0,
        "eventKey": "acme:TenantOnboardingFailed:1:0",
    }
    assert set(event) <= set(json_schema(FAILED)["properties"])


def test_where_the_event_is_to_blame_the_command_amends_it(stack: Stack, outcome: Outcome) -> None:
    refused = ConfigurationError("Not taken", code="ProviderRefused", next_action="Amend the event.")
    refused.command = "amend"
    fail_step(stack, refused)
    ended(arn_of(), "FAILED", "ConfigurationError", cause_of(STEP, "ProviderRefused", "ConfigurationError"))
    assert outcome() == RECORDED
    assert stack.record()["failure"]["nextAction"] == "Amend the event. Command: onboard amend acme FILE"


def test_the_step_that_could_not_even_begin_is_blamed_not_the_one_before(stack: Stack, outcome: Outcome) -> None:
    for step in ("AssignSharedPool", "CreateTenantGroup"):
        finish_step(stack, step)
    ended(arn_of(), "FAILED", "Lambda.Unknown")
    assert outcome() == RECORDED
    assert stack.record()["failure"]["step"] == "CreateTenantAdmin"


def test_a_retry_that_fails_otherwise_is_not_explained_with_what_the_attempt_before_said(
    stack: Stack, outcome: Outcome
) -> None:
    fail_step(stack, ConfigurationError("the sender is not verified", code="MessageRejected"))
    ended(arn_of(), "FAILED", "ConfigurationError", cause_of(STEP, "MessageRejected", "ConfigurationError"))
    assert outcome() == RECORDED
    assert operations.retry(stack.clients, stack.settings, "acme").attempt == 2
    ended(
        arn_of("acme", 2), "FAILED", "ConfigurationError", cause_of(STEP, "AccessDeniedException", "ConfigurationError")
    )
    assert record_outcome(stack.clients, stack.settings, arn_of("acme", 2)) == RECORDED
    failure = stack.record()["failure"]
    assert failure["message"] == f"{STEP} ended with ConfigurationError (AccessDeniedException)"
    assert failure["nextAction"].startswith("Grant the function's role")


def test_a_redrive_that_failed_before_it_could_begin_replaces_the_old_failure(stack: Stack, outcome: Outcome) -> None:
    ended(arn_of(), "FAILED", "States.Timeout")
    assert outcome() == RECORDED
    ended(arn_of(), "FAILED", "Lambda.Unknown")
    with stack.wire.strikes("DescribeExecution", reporting(redriveCount=1)):
        assert outcome() == RECORDED
    record = stack.record()
    assert (record["status"], record["redriveCount"], record["failure"]["error"]) == ("FAILED", 1, "Lambda.Unknown")
    assert stack.counters() == {"FAILED#pool": 1}
    assert [event["eventKey"] for event in stack.published(FAILED)] == [
        "acme:TenantOnboardingFailed:1:0",
        "acme:TenantOnboardingFailed:1:1",
    ]


def test_an_account_of_another_error_is_not_taken_for_the_last_one(stack: Stack, outcome: Outcome) -> None:
    fail_step(stack, TransientError("a lease was held", code="LeaseHeld"))
    ended(arn_of(), "FAILED", "Sandbox.Timedout")
    assert outcome() == RECORDED
    failure = stack.record()["failure"]
    assert (failure["step"], failure["error"]) == (STEP, "Sandbox.Timedout")
    assert "lease" not in failure["message"]


def test_a_failed_tenant_is_counted_where_it_is_now(stack: Stack, outcome: Outcome) -> None:
    stack.receive(tenant_created("globex"))
    assert stack.counters() == {"IN_PROGRESS#pool": 2}
    ended(arn_of())
    assert [outcome(), outcome()] == [RECORDED, IGNORED]
    assert stack.counters() == {"IN_PROGRESS#pool": 1, "FAILED#pool": 1}


def test_a_repeated_hint_publishes_nothing_more(stack: Stack, outcome: Outcome) -> None:
    ended(arn_of())
    assert [outcome(), outcome(), outcome()] == [RECORDED, IGNORED, IGNORED]
    assert len(stack.published(FAILED)) == 1
    assert stack.record()["outbox"] == {}
    assert "unpublished" not in stack.record()


@pytest.mark.parametrize("strike", [server_error, unreachable, entry_refused], ids=["error", "lost", "entry refused"])
def test_what_a_fault_kept_from_the_bus_the_repeated_hint_publishes(
    stack: Stack, outcome: Outcome, strike: Any
) -> None:
    ended(arn_of())
    with stack.wire.strikes("PutEvents", strike, times=3), pytest.raises(Exception, match=r"PutEvents|onnect"):
        outcome()
    record = stack.record()
    assert record["status"] == lifecycle.FAILED
    assert record["unpublished"] == "YES"
    assert list(record["outbox"]) == ["TenantOnboardingFailed-1-0"]
    assert stack.published(FAILED) == []
    assert outcome() == IGNORED
    assert [event["eventKey"] for event in stack.published(FAILED)] == ["acme:TenantOnboardingFailed:1:0"]
    assert stack.record()["outbox"] == {}


def test_a_tenant_that_failed_before_its_start_was_published_is_recorded_and_both_events_get_out_in_order(
    stack: Stack, outcome: Outcome
) -> None:
    with stack.wire.strikes("PutEvents", entry_refused), pytest.raises(TransientError):
        stack.receive(tenant_created("globex"))
    assert stack.record("globex")["status"] == lifecycle.PENDING
    assert outcome(ended(arn_of("globex"))) == RECORDED
    executions.catch_up(stack.clients, stack.settings, stack.record("globex"))
    assert stack.record("globex")["status"] == lifecycle.FAILED
    assert stack.record("globex")["outbox"] == {}
    started, failed = "globex:TenantOnboardingStarted:1:0", "globex:TenantOnboardingFailed:1:0"
    assert [key for key in stack.event_keys() if key.startswith("globex:")] == [started, failed]


# What is ignored


@pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE", "SUCCEEDED"])
def test_an_execution_that_did_not_end_badly_changes_nothing(stack: Stack, outcome: Outcome, status: str) -> None:
    before = stack.record()
    ended(arn_of(), status)
    assert outcome() == IGNORED
    assert stack.record() == before
    assert stack.published(FAILED) == []


@pytest.mark.parametrize(
    "values",
    [
        {"attempt": 2},
        {"redriveCount": 1},
        {"status": lifecycle.COMPLETED},
        {"status": lifecycle.FAILED},
        {"attempt": 2, "status": lifecycle.FAILED},
        {"attempt": 2, "redriveCount": 1},
    ],
    ids=str,
)
def test_a_record_that_is_elsewhere_is_left_there(stack: Stack, outcome: Outcome, values: dict[str, Any]) -> None:
    stack.change(**values)
    before = stack.record()
    ended(arn_of())
    assert outcome() == IGNORED
    assert stack.record() == before
    assert stack.published(FAILED) == []


def test_an_execution_that_nobody_knows_is_ignored(outcome: Outcome) -> None:
    assert outcome(arn_of("nobody")) == IGNORED


def test_an_execution_of_a_tenant_that_nobody_knows_is_ignored(stack: Stack, outcome: Outcome) -> None:
    stack.clients.stepfunctions.start_execution(
        stateMachineArn=stack.settings.state_machine_arn, name="ghost-1", input='{"tenantId":"ghost","attempt":1}'
    )
    assert outcome(ended(arn_of("ghost"))) == IGNORED


def test_the_failure_of_an_older_attempt_is_ignored_while_the_newer_one_runs(stack: Stack, outcome: Outcome) -> None:
    stack.change(attempt=2)
    executions.start(stack.clients, stack.settings, stack.record())
    ended(arn_of(attempt=1))
    assert outcome(arn_of(attempt=1)) == IGNORED
    assert outcome(arn_of(attempt=2)) == IGNORED
    ended(arn_of(attempt=2))
    assert outcome(arn_of(attempt=1)) == IGNORED
    assert outcome(arn_of(attempt=2)) == RECORDED


def test_the_failure_of_a_redrive_is_recorded_as_such(stack: Stack, outcome: Outcome) -> None:
    ended(arn_of(), "FAILED", "Lambda.Unknown")
    with stack.wire.strikes("DescribeExecution", reporting(redriveCount=3, redriveStatus="REDRIVABLE")):
        assert outcome() == RECORDED
    assert stack.record()["redriveCount"] == 3
    [event] = stack.published(FAILED)
    assert (event["redrive"], event["eventKey"]) == (3, "acme:TenantOnboardingFailed:1:3")


def test_only_the_redrive_that_the_record_is_at_or_a_newer_one_is_recorded(stack: Stack, outcome: Outcome) -> None:
    stack.change(redriveCount=2)
    ended(arn_of())
    for count, expected in ((0, IGNORED), (1, IGNORED), (2, RECORDED)):
        with stack.wire.strikes("DescribeExecution", reporting(redriveCount=count)):
            assert outcome() == expected


@pytest.mark.parametrize("values", [{"status": lifecycle.COMPLETED}, {"attempt": 2}, {"redriveCount": 1}], ids=str)
def test_a_record_that_moves_between_reading_and_writing_is_left_there(
    stack: Stack, outcome: Outcome, values: dict[str, Any]
) -> None:
    ended(arn_of())
    with stack.wire.strikes("TransactWriteItems", preceded_by(lambda: stack.change(**values))):
        assert outcome() == IGNORED
    record = stack.record()
    assert {name: record[name] for name in values} == values
    assert "failure" not in record
    assert stack.published(FAILED) == []


def test_two_hints_at_once_record_and_publish_once(stack: Stack, outcome: Outcome) -> None:
    ended(arn_of())
    answers: list[str] = []
    with stack.wire.strikes("TransactWriteItems", preceded_by(lambda: answers.append(outcome()))):
        answers.append(outcome())
    assert answers == [RECORDED, IGNORED]
    assert len(stack.published(FAILED)) == 1


def test_a_conflicting_write_is_waited_out(stack: Stack, outcome: Outcome) -> None:
    ended(arn_of())
    conflict = cancelled("TransactionConflict", "None")
    with stack.wire.strikes("TransactWriteItems", conflict, times=writes.CONFLICT_TRIES - 1) as fault:
        assert outcome() == RECORDED
    assert fault.struck == writes.CONFLICT_TRIES - 1


@pytest.mark.parametrize(
    "given",
    ["[]", '"x"', "null", "7", "true", '{"tenantId": "acme"}', '{"tenantId": ["acme"], "attempt": 1}', "{}"],
)
def test_an_execution_started_by_hand_speaks_for_no_tenant_whatever_it_was_given(
    stack: Stack, outcome: Outcome, given: str
) -> None:
    clients, before = stack.clients, stack.record()
    started = clients.stepfunctions.start_execution(
        stateMachineArn=stack.settings.state_machine_arn, name="by-hand", input=given
    )
    assert outcome(ended(started["executionArn"])) == IGNORED
    assert stack.record() == before


def test_an_attempt_that_only_looks_like_a_number_is_none(stack: Stack, outcome: Outcome) -> None:
    """In Python, True equals 1."""
    started = stack.clients.stepfunctions.start_execution(
        stateMachineArn=stack.settings.state_machine_arn,
        name="acme-True",
        input=json.dumps({"tenantId": "acme", "attempt": True}),
    )
    assert outcome(ended(started["executionArn"])) == IGNORED
    assert stack.record()["status"] == lifecycle.IN_PROGRESS


def test_an_execution_whose_input_step_functions_keeps_back_is_ignored(stack: Stack, outcome: Outcome) -> None:
    with stack.wire.strikes("DescribeExecution", reporting(status="FAILED", input="")):
        assert outcome() == IGNORED
