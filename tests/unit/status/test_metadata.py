"""Tenants are found by their metadata, page by page and never by scan, and no other reader sees the items for that."""

import json
from typing import Any

import pytest

from orchestrator import audit, status
from orchestrator.onboarding.outcome import record_outcome
from orchestrator.onboarding.reconcile import reconcile
from orchestrator.operations import bulk_retries, rejections
from orchestrator.status import search
from orchestrator.tenants import counters, lifecycle, metadata, records
from tests.unit.cli.command_line import Run, document, run, stack, wrong_use
from tests.unit.conftest import tenant_created
from tests.unit.faults import ALWAYS
from tests.unit.simulated_aws import Stack, arn_of, ended
from tests.unit.start_keys import strict
from tests.unit.status.read_model import ids

__all__ = ["run", "stack"]

CUSTOMER = "stripeCustomer=cus_1"
OF_THE_MOMENT = ("countedAt", "oldestInProgress", "completions", "rejections")
"""What of a summary is another a second later."""


@pytest.fixture
def many(stack: Stack) -> list[str]:
    """Twelve tenants, every other one with the same customer; returns the ids of those."""
    for number in range(12):
        customer = f"cus_{number % 2}"
        asked = tenant_created(f"tenant-{number:02d}", metadata={"stripeCustomer": customer, "number": f"{number}"})
        stack.receive(asked, f"event-{number}")
    return [f"tenant-{number:02d}" for number in range(1, 12, 2)]


def pages(stack: Stack, wanted: status.Wanted, limit: int) -> list[list[str]]:
    """Return the ids of every page; each costs one query of one partition, and one read of the records."""
    found: list[list[str]] = []
    onward = None
    while True:
        stack.wire.attempts.clear()
        with stack.wire.strikes("Query", strict, times=ALWAYS):
            page = status.list_page(stack.clients, stack.settings, wanted, limit, onward)
        of_records = [each for each in stack.wire.operations() if each != "GetItem"]  # of routes, with a search
        assert of_records in (["Query", "BatchGetItem"], ["Query"])
        (query,) = stack.wire.bodies("Query")
        assert "IndexName" not in query
        found.append(ids(page.rows))
        onward = page.cursor
        assert len(found) <= 12
        if onward is None:
            return found


@pytest.mark.parametrize("limit", [1, 4, 6, 100])
def test_the_pages_together_are_all_that_have_it_each_once_and_by_id(stack: Stack, many: list[str], limit: int) -> None:
    found = pages(stack, status.Wanted(metadata=CUSTOMER), limit)
    assert [tenant_id for page in found for tenant_id in page] == many
    assert {len(page) for page in found[:-1]} <= {limit}


def test_it_goes_with_every_other_filter(stack: Stack, many: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "LOOKED_THROUGH", 2)
    stack.change(many[3], status=lifecycle.FAILED)
    for wanted, expected in (
        (status.Wanted(metadata=CUSTOMER, search="tenant-0"), many[:5]),
        (status.Wanted(metadata=CUSTOMER, status=lifecycle.FAILED), many[3:4]),
        (status.Wanted(metadata=CUSTOMER, tier="silo"), []),
        (status.Wanted(metadata="number=3"), ["tenant-03"]),
        (status.Wanted(metadata="number=99"), []),
    ):
        assert [tenant_id for page in pages(stack, wanted, 3) for tenant_id in page] == expected


def test_a_tenant_whose_metadata_has_changed_since_the_items_were_read_is_not_shown(
    stack: Stack, many: list[str]
) -> None:
    stack.change(many[0], metadata={"stripeCustomer": "cus_2"})
    assert [tenant_id for page in pages(stack, status.Wanted(metadata=CUSTOMER), 3) for tenant_id in page] == many[1:]


def test_page_and_rows_give_it_back(stack: Stack, many: list[str]) -> None:
    expected = {"stripeCustomer": "cus_1", "number": "3"}
    shown = status.show(stack.clients, stack.settings, "tenant-03")
    assert shown
    assert shown["metadata"] == expected
    for wanted in (status.Wanted(), status.Wanted(search="tenant-03"), status.Wanted(metadata=CUSTOMER)):
        rows = status.list_page(stack.clients, stack.settings, wanted, 100).rows
        assert [row["metadata"] for row in rows if row["tenantId"] == "tenant-03"] == [expected]


def test_a_list_longer_than_one_read_has_it_too(stack: Stack, many: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "KEYS_A_READ", 5)
    rows = status.list_tenants(stack.clients, stack.settings)
    assert {row["tenantId"]: row["metadata"]["number"] for row in rows} == {
        f"tenant-{number:02d}": f"{number}" for number in range(12)
    }


def test_a_tenant_from_before_there_was_metadata_has_none(stack: Stack) -> None:
    stack.receive(tenant_created())
    record = {name: value for name, value in stack.record().items() if name != "metadata"}
    stack.clients.dynamodb.put_item(TableName=stack.settings.tenants_table, Item=record)
    shown = status.show(stack.clients, stack.settings, "acme")
    assert shown
    assert shown["metadata"] == {}
    (row,) = status.list_tenants(stack.clients, stack.settings)
    assert row["metadata"] == {}


# Other readers


def readings(stack: Stack) -> dict[str, Any]:
    """Return what every other reader of the tenants table and its indexes sees."""
    aws = (stack.clients, stack.settings)
    table = stack.settings.tenants_table
    return {
        "list": status.list_tenants(*aws),
        "page": status.list_page(*aws, status.Wanted(), 100),
        "searches": [status.find(*aws, status.Wanted(search=text), 100) for text in ("a", "m", "record", "tenant")],
        "statuses": [list(records.in_status(stack.clients.dynamodb, table, each)) for each in lifecycle.STATUSES],
        "failed": bulk_retries.failed(*aws, bulk_retries.Which(until="9")),
        "rejected": status.list_rejected(*aws),
        "of a tenant": rejections.list_(*aws, tenant_id="acme"),
        "summary": status.summary(*aws) | dict.fromkeys(OF_THE_MOMENT),
        "counters": counters.counted_tenants(*aws),
        "reconciled": reconcile(*aws),
        "audit": audit.audit(*aws).document() | {"calls": None},
    }


def test_no_other_reader_sees_the_items_by_which_tenants_are_found(stack: Stack, many: list[str]) -> None:
    stack.receive({"tenantId": "acme", "metadata": {"stripeCustomer": "cus_1"}}, "event-rejected")
    record_outcome(stack.clients, stack.settings, ended(arn_of(many[0])))
    with_them = readings(stack)
    found_by = [key for key in stack.items() if key[0].startswith(metadata.METADATA)]
    assert len(found_by) == 24
    for tenant_id, item in found_by:
        stack.clients.dynamodb.delete_item(TableName="tenants", Key={"tenantId": tenant_id, "item": item})
    assert readings(stack) == with_them


# On the command line


def test_the_command_line_finds_them(stack: Stack, run: Run, many: list[str]) -> None:
    assert ids(document(run("list", "--metadata", CUSTOMER, "--json"))) == many
    assert ids(json.loads(run("list", "--metadata", CUSTOMER, "--limit", 2, "--json").out)) == many[:2]
    assert ids(document(run("list", "--metadata", "number=3", "--search", "TENANT", "--json"))) == ["tenant-03"]
    assert "stripeCustomer=cus_1" in run("show", "tenant-03").out


@pytest.mark.parametrize("text", ["stripeCustomer", "=cus_1", "a.b=c", "a="])
def test_the_command_line_says_what_is_no_metadata(stack: Stack, run: Run, text: str) -> None:
    assert wrong_use(run("list", "--metadata", text)).startswith(f"--metadata {text}: must be KEY=VALUE")
