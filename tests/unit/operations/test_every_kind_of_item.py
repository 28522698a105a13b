"""Each reader of the tenants table and its indexes finds what it is to find where an item of every kind lies."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator import audit, status
from orchestrator.aws.writes import transact
from orchestrator.identity import last_convergence
from orchestrator.onboarding.outcome import record_outcome
from orchestrator.onboarding.reconcile import reconcile
from orchestrator.onboarding.throttling import throttled
from orchestrator.operations import bulk_retries, first_sign_ins, rejections
from orchestrator.preflight import readings
from orchestrator.status import Wanted
from orchestrator.tenants import backlog, counters, due, lifecycle
from orchestrator.tenants.ledger import timestamp
from tests.unit.conftest import tenant_created
from tests.unit.every_tier import CASES, World, world
from tests.unit.faults import refused
from tests.unit.item_kinds import KINDS, kind_of
from tests.unit.onboarding import life
from tests.unit.simulated_aws import Stack, arn_of, ended

__all__ = ["world"]

BILLED = {"stripeCustomer": "cus_1"}
TENANTS = {
    "acme": lifecycle.COMPLETED,
    "globex": lifecycle.FAILED,
    "initech": lifecycle.IN_PROGRESS,
    "hooli": lifecycle.PENDING,
}


@pytest.fixture
def full(world: World) -> World:
    """Tenants in several statuses, with metadata, rejections, and what is not published yet; nothing is due."""
    world.onboard(CASES["pool"], metadata=BILLED, users={"signUp": "OPEN"})
    stack = world.stack
    for tenant_id in list(TENANTS)[1:]:
        stack.receive(tenant_created(tenant_id, metadata=BILLED), f"of-{tenant_id}")
    record_outcome(world.clients, world.settings, ended(arn_of("globex")))
    stack.change("hooli", status=lifecycle.PENDING)
    stack.receive(tenant_created(tenantName="Another"), "conflict")
    denied = world.wire.strikes("PutEvents", refused("AccessDeniedException"), times=9)
    with denied, pytest.raises(ClientError, match="AccessDenied"):
        stack.receive({"tenantId": "acme"}, "unpublished")
    return world


def add_every_kind(stack: Stack) -> None:
    """Let something be due of each tenant, and of one that is not there; of a kind that is to come, too."""
    answers = [life.receive(stack, f"note-{tenant_id}", tenant_id) for tenant_id in ("acme", "initech", "nobody")]
    assert answers == ["applied", "parked", "parked"]
    for tenant_id in (*TENANTS, "nobody"):
        for kind in (due.PARKED, "CERTIFICATE"):
            action = due.put(stack.settings.tenants_table, tenant_id, kind, "1", time.time(), body=life.body("1"))
            transact(stack.clients.dynamodb, [action])
    throttled(stack.clients, stack.settings, more=3)
    last_convergence.write(stack.clients, stack.settings, {"changed": 1, "failed": 1})


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [str(row["tenantId"]) for row in rows]


NOW = time.time()


def preflight(on: Stack) -> object:
    read = readings.read(on.clients, on.settings, NOW)
    return read.arrivals, read.tenants


def audited(on: Stack) -> object:
    found = audit.audit(on.clients, on.settings)
    return found.tenants, found.missing, found.orphans, found.drift


READERS: Mapping[str, Callable[[Stack], Any]] = {
    "list": lambda on: status.list_tenants(on.clients, on.settings),
    "list of each status": lambda on: [status.list_tenants(on.clients, on.settings, each) for each in TENANTS.values()],
    "page": lambda on: status.list_page(on.clients, on.settings, Wanted(), 100),
    "search": lambda on: status.find(on.clients, on.settings, Wanted(search=""), 100),
    "search by metadata": lambda on: status.find(on.clients, on.settings, Wanted(metadata="stripeCustomer=cus_1"), 100),
    "rejections": lambda on: status.list_rejected(on.clients, on.settings),
    "rejections of a tenant": lambda on: rejections.list_(on.clients, on.settings, tenant_id="acme"),
    "one rejection": lambda on: rejections.show(on.clients, on.settings, "conflict"),
    "summary": lambda on: status.summary(on.clients, on.settings, lambda: NOW),
    "counters": lambda on: counters.counted_tenants(on.clients, on.settings),
    "oldest": lambda on: [
        row["tenantId"] for row, _ in filter(None, [backlog.oldest(on.clients, on.settings, lifecycle.UNDER_WAY, NOW)])
    ],
    "failed": lambda on: backlog.failed(on.clients, on.settings),
    "preflight": preflight,
    "bulk retries": lambda on: bulk_retries.failed(
        on.clients, on.settings, bulk_retries.Which(until=timestamp(time.time() + 60))
    ),
    "first sign-ins": lambda on: [
        each.row for each in first_sign_ins.look_through(on.clients, on.settings, ended=False)
    ],
    "audit": audited,
}


def test_the_table_of_these_tests_has_an_item_of_every_kind(full: World) -> None:
    """A kind that joins the list has to lie in it, and what lies in it has to be in the list."""
    add_every_kind(full.stack)
    assert {kind_of(row) for row in full.stack.rows()} == set(KINDS)


def test_every_reader_finds_the_same_beside_items_of_every_kind(full: World) -> None:
    """What each says of four tenants, two rejections and their counters does not change by what lies beside them."""
    before = {name: read(full.stack) for name, read in READERS.items()}
    assert sorted(ids(before["list"])) == sorted(ids(before["search"])) == sorted(TENANTS)
    assert sorted(ids(before["search by metadata"])) == sorted(TENANTS)
    assert [each["eventId"] for each in before["rejections"]] == ["unpublished", "conflict"]
    assert (before["bulk retries"], before["failed"], before["oldest"]) == (["globex"], 1, ["initech"])
    add_every_kind(full.stack)
    assert {name: read(full.stack) for name, read in READERS.items()} == before


def test_reconcile_finds_what_was_left_behind_and_nothing_else(full: World) -> None:
    """One claimed and not started, one that ended unseen, one rejection not published; once, and then nothing."""
    stack = full.stack
    add_every_kind(stack)
    ended(arn_of("initech"))
    for tenant_id in ("initech", "hooli"):
        stack.age(tenant_id)
    stack.age("acme", "REJECTED#unpublished")
    due_before = life.waiting(stack)
    found = reconcile(stack.clients, stack.settings)
    assert (found["recorded"], found["published"], found["failed"]) == (1, 1, 0)
    assert stack.record("initech")["status"] == lifecycle.FAILED
    assert life.waiting(stack) == due_before
    stack.change("hooli", status=lifecycle.COMPLETED)
    assert set(reconcile(stack.clients, stack.settings).values()) == {0}
