"""Whatever happens to a call of an amendment, all of it is true in the end, or nothing."""

import time
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import OnboardingError, TransientError
from orchestrator.onboarding.reconcile import reconcile
from orchestrator.operations.amendments import Amended
from orchestrator.operations.retries import CHANGED_MEANWHILE
from orchestrator.tenants import lifecycle
from orchestrator.tenants.records import record_key
from tests.unit import faults, simulated_aws
from tests.unit.conftest import tenant_created
from tests.unit.operations.amendment_desk import STARTED, Desk, desk
from tests.unit.simulated_aws import arn_of, ended

__all__ = ["desk"]

CALLS = ("GetItem", "GetItem", "GetItem", "TransactWriteItems", "StartExecution", "PutEvents", "UpdateItem")
"""What an amendment calls: the tenant brought up to date, seen, its request; then the move, the start, its event."""
SDK_TRIES = 3
STRIKES = {
    "lost response": faults.lost_response,
    "server error": faults.server_error,
    "death before": faults.death_before,
    "death after": faults.death_after,
}


def test_an_amendment_makes_these_calls(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    desk.wire.attempts.clear()
    desk.amend(detail | {"routing": {"subdomain": "acme-new"}})
    assert tuple(desk.wire.operations()) == CALLS


@pytest.mark.parametrize("fault", STRIKES)
@pytest.mark.parametrize("call", range(len(CALLS)), ids=[f"{number}-{name}" for number, name in enumerate(CALLS)])
def test_a_fault_at_any_call_leaves_all_or_nothing_and_is_made_good(call: int, fault: str, desk: Desk) -> None:
    """Either nothing has changed, or the amended attempt is started by reconcile at the latest, and published."""
    detail = desk.stop_before("AssignSharedPool")
    amended = detail | {"routing": {"subdomain": "acme-new"}}
    before = desk.everything()
    spare = CALLS[:call].count(CALLS[call])
    strikes = desk.wire.strikes(CALLS[call], STRIKES[fault], times=SDK_TRIES, spare=spare)
    with strikes, suppress(ClientError, BotoCoreError, OnboardingError, faults.DeathError):
        desk.amend(amended)
    record = desk.stack.record()
    if record["status"] == lifecycle.FAILED:
        assert desk.everything() == before
        assert desk.amend(amended).attempt == 2
    desk.stack.age()
    assert reconcile(desk.clients, desk.stack.settings)["failed"] == 0
    record = desk.stack.record()
    assert (record["status"], record["attempt"], record["outbox"]) == (lifecycle.IN_PROGRESS, 2, {})
    assert record["routeKeys"] == ["subdomain#acme-new"]
    assert set(desk.stack.routes()) == {"subdomain#acme-new"}
    assert desk.stack.counters() == {"IN_PROGRESS#pool": 1}
    assert simulated_aws.executions() == ["acme-1", "acme-2"]
    assert {event["attempt"] for event in desk.stack.published(STARTED)} == {1, 2}


def test_a_conflicting_write_is_waited_out_and_is_no_refusal(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    conflict = faults.cancelled("None", "TransactionConflict", "None", "None")
    with desk.wire.strikes("TransactWriteItems", conflict, times=2):
        assert desk.amend(detail | {"tenantName": "Acme Ltd."}).attempt == 2


def test_a_failed_condition_in_company_of_a_conflict_is_no_verdict(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    mixed = faults.cancelled("None", "TransactionConflict", "None", "ConditionalCheckFailed", "None", "None")
    with (
        desk.wire.strikes("TransactWriteItems", mixed, times=faults.ALWAYS),
        pytest.raises(ClientError, match="TransactionConflict"),
    ):
        desk.amend(detail | {"routing": {"subdomain": "acme-new"}})
    assert desk.stack.record()["status"] == lifecycle.FAILED


def test_a_failure_that_no_event_told_of_is_recorded_first(desk: Desk) -> None:
    detail = tenant_created()
    desk.stack.receive(detail)
    ended(arn_of())
    assert desk.amend(detail | {"tenantName": "Acme Ltd."}).attempt == 2


def test_a_preview_writes_nothing(desk: Desk) -> None:
    detail = desk.stop_before("CreateTenantAdmin")
    desk.wire.attempts.clear()
    answer = desk.preview(detail | {"routing": {"subdomain": "acme-new"}})
    assert (answer.attempt, answer.message) == (2, "would start attempt 2")
    assert set(desk.wire.operations()) == {"GetItem"}


def mfa(detail: dict[str, Any], asked: str) -> dict[str, Any]:
    return detail | {"security": {"mfa": asked}}


@pytest.fixture
def configuring(desk: Desk) -> dict[str, Any]:
    """A silo tenant whose user pool is made and not configured; returns its event's detail."""
    detail = mfa(tenant_created(tier="silo"), "OPTIONAL")
    desk.stack.receive(detail)
    desk.run("CreateUserPool")
    return detail


def mfa_of(desk: Desk) -> str:
    pool_id = desk.stack.record()["resources"]["userPoolId"]
    return desk.clients.cognito.get_user_pool_mfa_config(UserPoolId=pool_id)["MfaConfiguration"]


@pytest.mark.parametrize("operation", ["SetUserPoolMfaConfig", "CreateUserPoolDomain"])
def test_an_invocation_that_is_inside_a_call_finishes_nothing_after_an_amendment(
    operation: str, desk: Desk, configuring: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator's clock is a minute ahead, so that all leases seem to have ended."""
    answers: list[Amended] = []
    asked = mfa(configuring, "ON")

    def amended_meanwhile() -> None:
        desk.fail()
        now = time.time()
        with monkeypatch.context() as ahead:
            ahead.setattr(time, "time", lambda: now + 60)
            answers.append(desk.amend(asked))

    meanwhile = faults.preceded_by(amended_meanwhile)
    with desk.wire.strikes(operation, meanwhile), pytest.raises(TransientError) as ended_with:
        desk.run("ConfigureUserPool", lease=30)
    assert ([answer.attempt for answer in answers], ended_with.value.code) == ([2], "LeaseLost")
    with pytest.raises(TransientError) as held_off:
        desk.run("ConfigureUserPool", attempt=2)
    assert held_off.value.code == "LeaseHeld"
    let_the_lease_end(desk, "ConfigureUserPool")
    desk.go_on()
    assert mfa_of(desk) == "ON"


def let_the_lease_end(desk: Desk, step: str) -> None:
    table, key = desk.stack.settings.tenants_table, record_key("acme")
    desk.clients.dynamodb.update_item(**Change(table, key).set(f"steps.{step}.leaseUntil", 1).arguments())


def test_an_amendment_that_meets_the_end_of_a_step_changes_nothing(desk: Desk, configuring: dict[str, Any]) -> None:
    """What it was judged by holds no longer."""
    answers: list[Amended] = []

    def amended_meanwhile() -> None:
        desk.fail()
        finish = faults.preceded_by(lambda: end(desk))
        with desk.wire.strikes("TransactWriteItems", finish):
            answers.append(desk.amend(mfa(configuring, "ON")))

    def end(desk: Desk) -> None:
        table, key = desk.stack.settings.tenants_table, record_key("acme")
        change = Change(table, key).set("steps.ConfigureUserPool.status", "DONE")
        change.remove("steps.ConfigureUserPool.leaseOwner", "steps.ConfigureUserPool.leaseUntil")
        desk.clients.dynamodb.update_item(**change.arguments())

    with (
        desk.wire.strikes("SetUserPoolMfaConfig", faults.preceded_by(amended_meanwhile)),
        pytest.raises(TransientError),
    ):
        desk.run("ConfigureUserPool", lease=-1)
    assert [(answer.attempt, answer.message) for answer in answers] == [(0, CHANGED_MEANWHILE)]
    assert desk.stack.record()["status"] == lifecycle.FAILED
