"""A tenant moves from one status to another as it was seen, with its counters, or not at all."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.dynamodb import Change
from orchestrator.tenants import transitions
from orchestrator.tenants.kinds import ONBOARDING
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.lifecycle import COMPLETED, FAILED, IN_PROGRESS, PENDING
from orchestrator.tenants.records import read_record, record_key
from orchestrator.tenants.work import Work
from tests.unit import faults
from tests.unit.conftest import turn
from tests.unit.faults import Wire
from tests.unit.tenants.tenants_table import counted

Claim = Callable[..., Record]

ACME = Work("tenants", record_key("acme"), ONBOARDING)


def test_a_move_carries_its_change_and_the_time_that_lists_sort_by(
    claim: Claim, clients: Clients, record_of: Claim
) -> None:
    record = claim()
    change = Change("tenants", record_key("acme")).set("failure", {"step": "CreateTenantGroup"})
    assert transitions.move(clients.dynamodb, "tenants", record, FAILED, change)
    after = record_of()
    assert (after["status"], after["failure"]) == (FAILED, {"step": "CreateTenantGroup"})
    assert after["statusChangedAt"] == after["updatedAt"] >= record["statusChangedAt"]


@pytest.mark.parametrize("seen", [{"status": PENDING}, {"attempt": 2}, {"attempt": 0}, {"redriveCount": 1}])
def test_a_move_from_a_stale_record_is_refused_and_changes_nothing(
    seen: dict[str, Any], claim: Claim, clients: Clients, record_of: Claim
) -> None:
    record = claim()
    assert not transitions.move(clients.dynamodb, "tenants", record | seen, FAILED)
    assert record_of() == record
    assert counted(clients) == {"IN_PROGRESS#pool": 1}


def test_of_two_movers_only_the_first_moves_and_counts(claim: Claim, clients: Clients) -> None:
    record = claim()
    answers = [transitions.move(clients.dynamodb, "tenants", record, status) for status in (FAILED, COMPLETED)]
    assert answers == [True, False]
    assert counted(clients) == {"FAILED#pool": 1}


def test_a_move_waits_out_conflicting_transactions(
    claim: Claim, clients: Clients, wire: Wire, record_of: Claim
) -> None:
    record = claim()
    with wire.strikes("TransactWriteItems", faults.cancelled("TransactionConflict", "None"), times=2) as conflict:
        assert transitions.move(clients.dynamodb, "tenants", record, FAILED)
    assert (conflict.struck, record_of()["status"]) == (2, FAILED)


# Redrives


def test_a_redrive_nobody_announced_moves_a_failed_record_back_to_work(
    claim: Claim, clients: Clients, record_of: Claim
) -> None:
    record = claim()
    failure = {"step": "CreateTenantGroup", "error": "States.Timeout"}
    transitions.move(clients.dynamodb, "tenants", record, FAILED, failure=failure)
    assert counted(clients) == {"FAILED#pool": 1, "failed:CreateTenantGroup:States.Timeout": 1}
    transitions.note_redrive(clients.dynamodb, ACME, turn("CreateTenantGroup", redrive=1))
    after = record_of()
    assert (after["status"], after["redriveCount"]) == (IN_PROGRESS, 1)
    assert "failure" not in after
    assert counted(clients) == {"IN_PROGRESS#pool": 1}


def test_a_redrive_is_noted_on_a_record_that_nobody_had_seen_fail(
    claim: Claim, clients: Clients, record_of: Claim
) -> None:
    record = claim()
    transitions.note_redrive(clients.dynamodb, ACME, turn("CreateTenantGroup", redrive=2))
    after = record_of()
    assert [each["what"] for each in after.pop("actions")] == ["redrive"]
    assert after == record | {"redriveCount": 2}
    assert counted(clients) == {"IN_PROGRESS#pool": 1}


@pytest.mark.parametrize(("attempt", "redrive"), [(2, 1), (1, 0)], ids=["another attempt", "nothing new"])
def test_a_redrive_of_another_attempt_or_an_old_one_is_not_noted(
    attempt: int, redrive: int, claim: Claim, clients: Clients, record_of: Claim
) -> None:
    record = claim()
    late = turn("CreateTenantGroup", attempt=attempt, redrive=redrive)
    transitions.note_redrive(clients.dynamodb, ACME, late)
    assert record_of() == record


def test_a_redrive_of_an_unknown_tenant_is_not_noted(clients: Clients) -> None:
    transitions.note_redrive(
        clients.dynamodb, replace(ACME, key=record_key("nobody")), turn("CreateTenantGroup", redrive=1)
    )
    assert read_record(clients.dynamodb, "tenants", "nobody") is None


def test_a_redrive_noted_by_somebody_else_meanwhile_is_left_alone(
    claim: Claim, clients: Clients, wire: Wire, record_of: Claim
) -> None:
    claim()

    def somebody_else() -> None:
        transitions.note_redrive(clients.dynamodb, ACME, turn("CreateTenantGroup", redrive=2))

    with wire.strikes("UpdateItem", faults.preceded_by(somebody_else)):
        transitions.note_redrive(clients.dynamodb, ACME, turn("CreateTenantGroup", redrive=1))
    assert record_of()["redriveCount"] == 2
