"""The id of an abandoned tenant may be used again, by a new event alone."""

import json

import pytest
from botocore.exceptions import ClientError

from orchestrator.audit import audit
from orchestrator.aws.errors import SupersededError
from orchestrator.onboarding.intake import receive
from orchestrator.onboarding.outcome import IGNORED, record_outcome
from orchestrator.onboarding.reconcile import reconcile
from orchestrator.operations import retry
from orchestrator.tenants import lifecycle
from tests.unit import faults, simulated_aws
from tests.unit.conftest import ABANDONMENT, message, tenant_created
from tests.unit.every_tier import CASES, world
from tests.unit.operations.undoing import Undoing, undoing
from tests.unit.simulated_aws import arn_of, ended

__all__ = ["undoing", "world"]


def abandoned(undoing: Undoing, case: str = "pool") -> None:
    undoing.fail_before(CASES[case], "SendWelcomeEmail")
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED


def test_the_id_may_be_used_by_another_kind_of_tenant_and_its_attempts_go_on(undoing: Undoing) -> None:
    abandoned(undoing)
    path = undoing.world.claim(CASES["silo"])
    record = undoing.record
    assert (record["status"], record["attempt"], record["tier"]) == (lifecycle.IN_PROGRESS, 3, "silo")
    assert "abandonment" not in record
    assert set(record["steps"]) == set(path)
    assert simulated_aws.executions() == ["acme-1", "acme-3"]
    for step in path:
        undoing.run(step)
    assert undoing.world.stack.counters() == {"COMPLETED#silo": 1}
    assert [event["attempt"] for event in undoing.world.stack.published("TenantOnboarded")] == [3]
    assert [event["attempt"] for event in undoing.world.stack.published("TenantOnboardingStarted")] == [1, 3]


@pytest.mark.parametrize("sent_at", ["2026-01-01T00:00:00Z", "2026-01-01", "yesterday", "9999-99-99T00:00:00Z", ""])
def test_an_event_from_before_the_abandonment_makes_no_other_tenant_however_late_it_comes(
    sent_at: str, undoing: Undoing
) -> None:
    """The one that made the tenant is known; a copy that was emitted besides it is told so."""
    world, detail = undoing.world, tenant_created()
    for _ in range(2):
        assert world.stack.receive(detail, "new") == "started"
        undoing.fail()
        undoing.abandon()
        undoing.undo()
        before = undoing.record
        for event_id, expected in (("new", "repeated"), ("a copy", "rejected")):
            late = message(detail, event_id, sent_at)
            assert receive(world.clients, world.settings, late) == (expected, "acme")
        assert undoing.record == before


@pytest.mark.parametrize("changes", [{}, {"tenantName": "Another"}], ids=["the same content", "another content"])
def test_an_event_from_before_the_abandonment_is_told_when_that_was_and_what_to_emit(
    changes: dict[str, str], undoing: Undoing
) -> None:
    abandoned(undoing)
    world = undoing.world
    late = message(tenant_created(**changes), "late", "2026-01-01T00:00:00Z")
    assert receive(world.clients, world.settings, late) == ("rejected", "acme")
    (rejection,) = world.stack.rejections()
    assert json.loads(rejection["rejection"])["reasons"] == [
        {
            "field": "tenantId",
            "message": f"was abandoned at {undoing.record['statusChangedAt']}, and this event was sent before that;"
            " to onboard the tenant anew, emit a new TenantCreated",
        }
    ]


def test_another_event_for_a_tenant_that_is_being_abandoned_is_not_accepted(undoing: Undoing) -> None:
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    undoing.abandon()
    assert undoing.world.stack.receive(tenant_created(tenantName="Another"), "another") == "rejected"
    assert undoing.record["status"] == lifecycle.ABANDONING


def test_of_two_events_for_an_abandoned_tenants_id_one_makes_it(undoing: Undoing) -> None:
    abandoned(undoing)
    stack = undoing.world.stack
    answers: list[str] = []

    def rival() -> None:
        answers.append(stack.receive(tenant_created(tenantName="Rival"), "rival"))

    with undoing.world.wire.strikes("TransactWriteItems", faults.preceded_by(rival), spare=1):
        answers.append(stack.receive(tenant_created(), "other"))
    assert answers == ["started", "rejected"]
    assert (undoing.record["tenantName"], undoing.record["attempt"]) == ("Rival", 3)
    assert stack.counters() == {"IN_PROGRESS#pool": 1}


def test_a_key_that_another_tenant_took_meanwhile_rejects_the_new_event(undoing: Undoing) -> None:
    abandoned(undoing)
    stack = undoing.world.stack
    assert stack.receive(tenant_created("globex", routing={"subdomain": "acme"}), "theirs") == "started"
    assert stack.receive(tenant_created(), "ours") == "rejected"
    assert undoing.record["status"] == lifecycle.ABANDONED
    (rejection,) = stack.rejections()
    assert [reason["field"] for reason in json.loads(rejection["rejection"])["reasons"]] == ["routing.subdomain"]


def abandoned_untold(undoing: Undoing) -> None:
    """Let acme be abandoned, and nobody be told yet."""
    undoing.fail_before(CASES["pool"], "SendWelcomeEmail")
    undoing.abandon()
    undoing.undo(until="CompleteAbandonment")
    with undoing.world.wire.strikes("PutEvents", faults.death_before), pytest.raises(faults.DeathError):
        undoing.run("CompleteAbandonment")


def test_what_an_abandoned_tenants_record_had_still_to_publish_is_not_lost(undoing: Undoing) -> None:
    abandoned_untold(undoing)
    undoing.world.claim(CASES["pool"])
    assert [event["attempt"] for event in undoing.world.stack.published("TenantAbandoned")] == [2]
    assert undoing.record["outbox"] == {}


def test_an_old_removal_that_wakes_up_finds_the_new_tenant_and_does_nothing(undoing: Undoing) -> None:
    abandoned(undoing)
    undoing.world.claim(CASES["pool"])
    undoing.run("AssignSharedPool")
    with pytest.raises(SupersededError):
        undoing.world.run("RemoveTenantGroup", attempt=2)
    arn = ended(arn_of(attempt=2, machine=ABANDONMENT), error="SupersededError")
    assert record_outcome(undoing.world.clients, undoing.world.settings, arn) == IGNORED
    assert undoing.record["status"] == lifecycle.IN_PROGRESS


def test_an_audit_finds_nothing_wrong_once_a_tenant_is_abandoned(undoing: Undoing) -> None:
    undoing.world.onboard(CASES["pool"], "globex")
    for case in ("bridge with SAML", "silo"):
        abandoned(undoing, case)
        found = audit(undoing.world.clients, undoing.world.settings).document()
        assert [found[finding] for finding in ("drift", "missing", "orphans", "changing")] == [[], [], [], []]


BUS_DOWN = faults.refused("InternalFailure", status=500)


def told(undoing: Undoing) -> list[tuple[str, int]]:
    """Return the types of all events about acme, each with its attempt, in their order."""
    return [(key.split(":")[1], int(key.split(":")[2])) for key in undoing.world.stack.event_keys()]


def test_what_was_not_told_of_the_former_tenant_is_told_first(undoing: Undoing) -> None:
    abandoned_untold(undoing)
    path = undoing.world.claim(CASES["silo"])
    assert told(undoing)[-2:] == [("TenantAbandoned", 2), ("TenantOnboardingStarted", 3)]
    record = undoing.record
    assert (record["status"], record["outbox"], "unpublished" in record) == (lifecycle.IN_PROGRESS, {}, False)
    assert undoing.world.stack.counters() == {"IN_PROGRESS#silo": 1}
    for step in path:
        undoing.run(step)
    assert told(undoing)[-1] == ("TenantOnboarded", 3)


@pytest.mark.parametrize("taken", [0, 1])
@pytest.mark.parametrize("by", ["reconcile", "a repeated event"])
def test_where_the_bus_fails_meanwhile_the_order_is_kept(taken: int, by: str, undoing: Undoing) -> None:
    abandoned_untold(undoing)
    stack, detail = undoing.world.stack, tenant_created()
    with (
        undoing.world.wire.strikes("PutEvents", BUS_DOWN, times=faults.ALWAYS, spare=taken),
        pytest.raises(ClientError),
    ):
        stack.receive(detail, "anew")
    assert undoing.record["status"] == lifecycle.PENDING
    if by == "reconcile":
        stack.age()
        assert reconcile(undoing.world.clients, undoing.world.settings)["failed"] == 0
    else:
        assert stack.receive(detail, "anew") == "repeated"
    assert told(undoing)[-2:] == [("TenantAbandoned", 2), ("TenantOnboardingStarted", 3)]
    assert (undoing.record["status"], undoing.record["outbox"]) == (lifecycle.IN_PROGRESS, {})


def test_a_failure_that_was_not_told_is_told_before_the_retry(undoing: Undoing) -> None:
    """Whatever order DynamoDB gives a map in."""
    undoing.world.claim(CASES["pool"])
    with undoing.world.wire.strikes("PutEvents", BUS_DOWN, times=faults.ALWAYS), pytest.raises(ClientError):
        undoing.fail()
    assert retry(undoing.world.clients, undoing.world.settings, "acme").attempt == 2
    assert told(undoing)[-2:] == [("TenantOnboardingFailed", 1), ("TenantOnboardingStarted", 2)]
