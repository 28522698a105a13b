"""An operator's retry goes on where the tenant failed, once however many ask for it, and says why if it does not."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator import status
from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import ConfigurationError
from orchestrator.aws.settings import Settings
from orchestrator.onboarding.outcome import record_outcome
from orchestrator.operations import Retried, preview, retry
from orchestrator.tenants import kinds, lifecycle
from orchestrator.tenants.ledger import Begun, Ledger, Made
from tests.unit import simulated_aws
from tests.unit.conftest import tenant_created, turn
from tests.unit.faults import Wire, cancelled, preceded_by, server_error
from tests.unit.simulated_aws import Stack, arn_of, ended

STARTED = "TenantOnboardingStarted"
STARTED_ANEW = "started"
MADE = {"region": "eu-central-1", "userPoolId": "eu-central-1_pool"}

BEGUN = "its abandonment was begun; run: onboard abandon acme"


@pytest.fixture
def stack(clients: Clients, settings: Settings, wire: Wire, published: Callable[[], list[dict[str, Any]]]) -> Stack:
    """A stack in which acme's first attempt runs, its first step done."""
    stack = Stack(clients, settings, wire, published)
    stack.receive(tenant_created())
    perform(stack, "AssignSharedPool", lambda _: Made(resources=MADE))
    return stack


@pytest.fixture
def again(stack: Stack) -> Callable[[], Retried]:
    """Retry acme."""
    return lambda: retry(stack.clients, stack.settings, "acme")


Again = Callable[[], Retried]


def perform(stack: Stack, step: str, act: Callable[[Begun], Made], attempt: int = 1) -> None:
    steps = Ledger(stack.clients.dynamodb, kinds.of_tenant(stack.settings, "acme"))
    steps.perform(turn(step, attempt=attempt), act)


def fail(stack: Stack, attempt: int = 1) -> None:
    record_outcome(stack.clients, stack.settings, ended(arn_of(attempt=attempt)))
    assert stack.record()["status"] == lifecycle.FAILED


def test_a_failed_tenant_goes_on_with_its_next_attempt(stack: Stack, again: Again) -> None:
    fail(stack)
    assert again() == Retried("acme", 2, "attempt 2 started", STARTED_ANEW)
    record = stack.record()
    assert (record["status"], record["attempt"], record["redriveCount"]) == (lifecycle.IN_PROGRESS, 2, 0)
    assert "failure" not in record
    assert simulated_aws.executions() == ["acme-1", "acme-2"]
    assert stack.wire.bodies("StartExecution")[-1]["input"] == (
        '{"attempt":2,"federated":false,"tenantId":"acme","tier":"pool"}'
    )


def test_what_is_done_stays_done_and_known(stack: Stack, again: Again) -> None:
    before = stack.record()
    fail(stack)
    again()
    record = stack.record()
    assert record["steps"] == before["steps"]
    assert record["steps"]["AssignSharedPool"]["status"] == "DONE"
    assert record["resources"] == MADE


def test_the_new_attempt_may_begin_what_is_left_and_the_old_one_may_not(stack: Stack, again: Again) -> None:
    fail(stack)
    again()
    with pytest.raises(Exception, match="has taken over"):
        perform(stack, "CreateTenantGroup", lambda _: Made(), attempt=1)
    perform(stack, "CreateTenantGroup", lambda _: Made(), attempt=2)
    assert stack.record()["steps"]["CreateTenantGroup"]["status"] == "DONE"


def test_each_attempt_is_published_and_counted(stack: Stack, again: Again) -> None:
    for attempt in (1, 2):
        fail(stack, attempt)
        assert stack.counters() == {"FAILED#pool": 1}
        assert list(stack.failures().values()) == [1]
        assert again().attempt == attempt + 1
        assert stack.counters() == {"IN_PROGRESS#pool": 1}
        assert stack.failures() == {}
    assert [event["attempt"] for event in stack.published(STARTED)] == [1, 2, 3]
    assert stack.published(STARTED)[-1]["executionArn"] == arn_of(attempt=3)
    assert stack.record()["outbox"] == {}
    assert "unpublished" not in stack.record()


def test_a_failure_that_no_event_told_of_is_recorded_first(stack: Stack, again: Again) -> None:
    ended(arn_of())
    assert stack.record()["status"] == lifecycle.IN_PROGRESS
    assert again().attempt == 2
    assert [event["attempt"] for event in stack.published("TenantOnboardingFailed")] == [1]


def test_a_tenant_whose_start_was_lost_gets_it_and_no_other_attempt(stack: Stack, again: Again) -> None:
    fail(stack)
    with stack.wire.strikes("StartExecution", server_error, times=3), pytest.raises(ClientError):
        again()
    assert simulated_aws.executions() == ["acme-1"]
    assert again() == Retried("acme", 0, "is IN_PROGRESS; only a FAILED tenant can be retried")
    assert simulated_aws.executions() == ["acme-1", "acme-2"]
    assert stack.record()["attempt"] == 2


@pytest.mark.parametrize("status", [lifecycle.IN_PROGRESS, lifecycle.COMPLETED, lifecycle.PENDING])
def test_a_tenant_that_did_not_fail_is_not_retried(stack: Stack, again: Again, status: str) -> None:
    stack.change(status=status)
    before = stack.record()
    assert again() == Retried("acme", 0, f"is {status}; only a FAILED tenant can be retried")
    assert stack.record() == before
    assert simulated_aws.executions() == ["acme-1"]


@pytest.mark.parametrize("tenant_id", ["nobody", "COUNTERS#0", "UNKNOWN"])
def test_a_tenant_that_nobody_knows_is_not_retried(stack: Stack, tenant_id: str) -> None:
    answer = retry(stack.clients, stack.settings, tenant_id)
    assert answer == Retried(tenant_id, 0, "is not known; see: onboard list")


def test_of_two_operators_at_once_one_retries(stack: Stack, again: Again) -> None:
    fail(stack)
    answers: list[Retried] = []
    with stack.wire.strikes("TransactWriteItems", preceded_by(lambda: answers.append(again()))):
        answers.append(again())
    assert answers == [
        Retried("acme", 2, "attempt 2 started", STARTED_ANEW),
        Retried("acme", 0, "was changed by somebody else at this moment; look at it again"),
    ]
    assert simulated_aws.executions() == ["acme-1", "acme-2"]
    assert stack.counters() == {"IN_PROGRESS#pool": 1}
    assert len(stack.published(STARTED)) == 2


def test_the_second_of_two_operators_in_a_row_is_told_what_is_so(stack: Stack, again: Again) -> None:
    fail(stack)
    assert [again().attempt, again().attempt] == [2, 0]


def test_a_conflicting_write_is_waited_out(stack: Stack, again: Again) -> None:
    fail(stack)
    with stack.wire.strikes("TransactWriteItems", cancelled("TransactionConflict", "None"), times=2):
        assert again().attempt == 2


def test_an_error_of_aws_is_raised_and_the_retry_can_be_repeated(stack: Stack, again: Again) -> None:
    fail(stack)
    with stack.wire.strikes("TransactWriteItems", server_error, times=3), pytest.raises(ClientError):
        again()
    assert stack.record()["status"] == lifecycle.FAILED
    assert again().attempt == 2


def test_while_the_next_attempt_has_not_begun_nothing_of_the_last_one_is_shown_as_present(
    stack: Stack, again: Again
) -> None:
    def refuse(_: Begun) -> Made:
        raise ConfigurationError("the group is refused")

    with pytest.raises(ConfigurationError):
        perform(stack, "CreateTenantGroup", refuse)
    before = stack.record()["steps"]["CreateTenantGroup"]
    fail(stack)
    again()
    page = status.document(stack.settings, stack.record())
    assert page["executionArn"] == arn_of(attempt=2)
    assert {step["name"]: step["status"] for step in page["steps"]}["CreateTenantGroup"] == "PENDING"
    assert not [step["error"] for step in page["steps"] if step["error"]]
    after = stack.record()["steps"]["CreateTenantGroup"]
    assert (after["begun"], after["settled"]) == (before["begun"], before["settled"]) == (1, 1)
    assert "currentStep" not in stack.record()


# Abandonment


@pytest.mark.parametrize(
    "changes",
    [
        {"abandonment": {"since": "2026-01-01T00:00:00.000Z"}},
        {"status": lifecycle.ABANDONING},
        {"status": lifecycle.ABANDONED},
    ],
    ids=["failed", "under way", "done"],
)
def test_a_tenant_whose_abandonment_was_begun_is_not_retried(
    stack: Stack, again: Again, changes: dict[str, Any]
) -> None:
    fail(stack)
    stack.change(**changes)
    before = stack.record()
    assert preview(stack.clients, stack.settings, "acme").attempt == 0
    if changes.get("status") != lifecycle.ABANDONING:  # reconcile's part would see to it
        done = changes.get("status") == lifecycle.ABANDONED
        told = "was abandoned; to onboard it again, emit its event anew" if done else BEGUN
        assert again() == Retried("acme", 0, told)
        assert stack.record() == before
    assert simulated_aws.executions() == ["acme-1"]


def test_an_abandonment_that_begins_and_fails_while_a_retry_looks_is_not_undone_by_it(
    stack: Stack, again: Again
) -> None:
    """The record is FAILED before and after, of the same attempt and redrive."""
    fail(stack)
    begun = preceded_by(lambda: stack.change(abandonment={"since": "2026-01-01T00:00:00.000Z"}))
    with stack.wire.strikes("TransactWriteItems", begun):
        assert again() == Retried("acme", 0, "was changed by somebody else at this moment; look at it again")
    assert stack.record()["status"] == lifecycle.FAILED
    assert simulated_aws.executions() == ["acme-1"]


# Looking first


def test_a_preview_says_which_attempt_would_start_and_where_and_writes_nothing(stack: Stack) -> None:
    fail(stack)
    before = stack.items()
    stack.wire.attempts.clear()
    would = preview(stack.clients, stack.settings, "acme")
    assert would == Retried("acme", 2, "would start attempt 2 from CreateTenantGroup on", STARTED_ANEW)
    assert set(stack.wire.operations()) == {"GetItem", "DescribeExecution"}
    assert stack.items() == before


@pytest.mark.parametrize("tenant_id", ["acme", "nobody"])
def test_a_preview_says_why_a_tenant_would_not_be_retried_and_writes_nothing(stack: Stack, tenant_id: str) -> None:
    ended(arn_of())  # nobody told the record
    before = stack.items()
    would = preview(stack.clients, stack.settings, tenant_id)
    assert (would.attempt, would.how) == (0, "")
    assert stack.items() == before


def test_a_retry_is_a_document(stack: Stack, again: Again) -> None:
    fail(stack)
    assert again().document() == {
        "tenantId": "acme",
        "attempt": 2,
        "how": "started",
        "message": "attempt 2 started",
    }
    assert again().document() == {
        "tenantId": "acme",
        "attempt": None,
        "how": None,
        "message": "is IN_PROGRESS; only a FAILED tenant can be retried",
    }
