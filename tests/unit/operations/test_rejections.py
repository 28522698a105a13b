"""Rejected events are found by tenant, time and id, by bounded reading, and shown whole with what to do next."""

import hashlib
import json
import time
from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.onboarding import intake
from orchestrator.onboarding.redaction import REMOVED
from orchestrator.onboarding.rejection import RAW_KEPT_BYTES
from orchestrator.operations import rejections
from orchestrator.operations.rejections import TooManyError
from orchestrator.tenants.ledger import timestamp
from orchestrator.tenants.lifecycle import REJECTED
from orchestrator.tenants.records import UNKNOWN_TENANT
from tests.unit.cli.command_line import Run, document, refusal, run, stack
from tests.unit.conftest import message, tenant_created
from tests.unit.faults import Wire
from tests.unit.simulated_aws import Stack

__all__ = ["run", "stack"]


DAY = 86_400


@pytest.fixture
def reject(clients: Clients, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let intake reject a message, `days` ago."""

    def reject(body: str, days: float = 0) -> None:
        now = time.time() - days * DAY
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda: now)
            assert intake.receive(clients, settings, body)[0] == "rejected"

    return reject


def wrong(tenant_id: str = "acme", event_id: str = "event-1", **more: Any) -> str:
    """Return an event that wants a plan that there is not, and a region on top."""
    return message(tenant_created(tenant_id, tier="gold", region="nowhere") | more, event_id)


# Listing


def test_the_newest_come_first_and_no_more_than_asked_for(clients: Clients, settings: Settings, reject: Any) -> None:
    for number in range(4):
        reject(wrong(f"tenant-{number}", f"event-{number}"), days=number)
    assert [row["eventId"] for row in rejections.list_(clients, settings, limit=3)] == ["event-0", "event-1", "event-2"]


def test_those_of_one_tenant_are_listed_without_reading_the_others(
    clients: Clients, settings: Settings, reject: Any, wire: Wire
) -> None:
    for number in range(5):
        reject(wrong("acme", f"z-{number}"), days=number)
        reject(wrong(f"other-{number}", f"other-{number}"), days=number)
    wire.attempts.clear()
    rows = rejections.list_(clients, settings, tenant_id="acme", limit=3)
    assert [row["eventId"] for row in rows] == ["z-0", "z-1", "z-2"]
    assert {row["tenantId"] for row in rows} == {"acme"}
    assert wire.operations() == ["Query"]
    assert rows == [row for row in rejections.list_(clients, settings) if row["tenantId"] == "acme"][:3]


def test_those_that_name_no_tenant_are_listed_too(clients: Clients, settings: Settings, reject: Any) -> None:
    reject("no event at all")
    reject(wrong())
    [row] = rejections.list_(clients, settings, tenant_id=UNKNOWN_TENANT)
    assert row["tenantId"] is None
    assert row["eventId"].startswith("sha256-")


@pytest.mark.parametrize("tenant_id", [None, "acme"])
def test_those_from_before_a_time_are_left_out(
    clients: Clients, settings: Settings, reject: Any, tenant_id: str | None
) -> None:
    for days in (1, 3, 5):
        reject(wrong(event_id=f"event-{days}"), days=days)
    since = timestamp(time.time() - 4 * DAY)
    rows = rejections.list_(clients, settings, tenant_id=tenant_id, since=since)
    assert [row["eventId"] for row in rows] == ["event-1", "event-3"]


def test_a_tenant_is_no_rejection_of_itself(clients: Clients, settings: Settings, claim: Any) -> None:
    claim()
    assert rejections.list_(clients, settings, tenant_id="acme") == []


# Showing


@pytest.mark.parametrize("tenant_id", [None, "acme"])
def test_a_rejected_event_is_shown_whole(
    clients: Clients, settings: Settings, reject: Any, tenant_id: str | None
) -> None:
    reject(wrong(), days=1)
    page = rejections.show(clients, settings, "event-1", tenant_id)
    assert page
    assert (page["eventId"], page["tenantId"], page["raw"]) == ("event-1", "acme", wrong())
    assert {reason["field"] for reason in page["reasons"]} == {"tier", "region"}
    assert page["rawSha256"] == hashlib.sha256(wrong().encode()).hexdigest()
    assert (page["rawLength"], page["rawIsCut"], page["published"]) == (len(wrong()), False, True)
    assert page["rejectedAt"] < timestamp(time.time() - DAY + 60)
    assert page["keptUntil"] > timestamp(time.time() + (settings.rejected_retention_days - 2) * DAY)
    assert "send it again" in page["nextAction"]


def test_one_that_names_no_tenant_is_found_by_its_id_and_without_searching(
    clients: Clients, settings: Settings, reject: Any, wire: Wire
) -> None:
    reject("no event at all")
    [row] = rejections.list_(clients, settings)
    wire.attempts.clear()
    page = rejections.show(clients, settings, row["eventId"])
    assert page
    assert (page["tenantId"], page["raw"]) == (None, "no event at all")
    assert [reason["field"] for reason in page["reasons"]] == ["body"]


@pytest.mark.parametrize(
    ("letter", "left"), [("x", 64 * 1024), ("é", 64 * 1024), ("€", 64 * 1024 - 1), ("x€", 64 * 1024)]
)
def test_of_a_long_one_the_beginning_is_kept_and_the_whole_is_measured(
    clients: Clients, settings: Settings, reject: Any, letter: str, left: int
) -> None:
    body = letter * 100_000
    reject(body)
    [row] = rejections.list_(clients, settings)
    page = rejections.show(clients, settings, row["eventId"])
    assert page
    assert (len(page["raw"].encode()), page["rawIsCut"]) == (left, True)
    assert (page["rawLength"], page["rawSha256"]) == (len(body.encode()), hashlib.sha256(body.encode()).hexdigest())
    assert body.startswith(page["raw"])


def test_one_of_just_that_length_is_not_said_to_be_cut(clients: Clients, settings: Settings, reject: Any) -> None:
    reject("x" * RAW_KEPT_BYTES)
    [row] = rejections.list_(clients, settings)
    page = rejections.show(clients, settings, row["eventId"])
    assert page
    assert (page["rawLength"], page["rawIsCut"]) == (RAW_KEPT_BYTES, False)


def test_a_secret_is_not_shown(clients: Clients, settings: Settings, reject: Any) -> None:
    reject(wrong(clientSecret="hush"))
    page = rejections.show(clients, settings, "event-1")
    assert page
    assert "hush" not in json.dumps(page)
    assert REMOVED in page["raw"]
    assert not page["rawIsCut"]


def test_one_that_is_not_there_is_none(clients: Clients, settings: Settings, reject: Any) -> None:
    reject(wrong())
    assert rejections.show(clients, settings, "event-2") is None
    assert rejections.show(clients, settings, "event-1", "globex") is None
    assert rejections.show(clients, settings, "event-2", "acme") is None


# Bounds


def flood(clients: Clients, settings: Settings, number: int, tenant_id: str = "acme") -> None:
    """Let there be many rejections, of 100 KB each also in the index."""
    for each in range(number):
        rejection = {"eventId": f"flood-{each}", "tenantId": tenant_id, "reasons": [], "padding": "x" * 100_000}
        item: Any = {
            "tenantId": tenant_id,
            "item": f"{REJECTED}#flood-{each}",
            "status": REJECTED,
            "statusChangedAt": timestamp(time.time() + each),
            "rejection": json.dumps(rejection),
        }
        clients.dynamodb.put_item(TableName=settings.tenants_table, Item=item)


def test_a_search_reads_on_to_the_next_page_and_gives_up_in_the_end(
    clients: Clients, settings: Settings, reject: Any, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    reject(wrong("globex", "event-1"), days=1)
    flood(clients, settings, 25)
    wire.attempts.clear()
    assert rejections.show(clients, settings, "event-1")
    pages = wire.count("Query")
    assert pages > 1
    monkeypatch.setattr(rejections, "MOST_PAGES", pages - 1)
    with pytest.raises(TooManyError, match="name its tenant with --tenant"):
        rejections.show(clients, settings, "event-1")
    assert rejections.show(clients, settings, "event-1", "globex")


def test_a_tenant_with_too_many_is_not_listed_in_part(
    clients: Clients, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood(clients, settings, 25)
    assert len(rejections.list_(clients, settings, tenant_id="acme")) == 25
    monkeypatch.setattr(rejections, "MOST_PAGES", 1)
    with pytest.raises(TooManyError, match="list without --tenant"):
        rejections.list_(clients, settings, tenant_id="acme")


# The command line


@pytest.mark.parametrize("command", [("rejected",), ("rejected", "list")])
def test_a_list_need_not_be_asked_for_by_name(stack: Stack, run: Run, reject: Any, command: tuple[str, ...]) -> None:
    reject(wrong("acme", "event-1"), days=2)
    reject(wrong("globex", "event-2"))
    assert [row["eventId"] for row in document(run(*command, "--json"))] == ["event-2", "event-1"]
    assert [row["eventId"] for row in document(run(*command, "--tenant", "acme", "--json"))] == ["event-1"]
    assert len(json.loads(run(*command, "--limit", 1, "--json").out)) == 1
    assert [row["eventId"] for row in document(run(*command, "--since", "1d", "--json"))] == ["event-2"]
    assert len(document(run(*command, "--since", "2020-01-01", "--json"))) == 2
    assert "event-1" in run(*command).out


def test_help_is_of_the_group_and_of_each_command(run: Run) -> None:
    assert "show" in run("rejected", "--help").out
    assert "--since" in run("rejected", "list", "--help").out


def test_a_rejected_event_is_shown_as_one_document_or_a_page(stack: Stack, run: Run, reject: Any) -> None:
    reject(wrong())
    assert document(run("rejected", "show", "event-1", "--json"))["rawSha256"]
    ran = run("rejected", "show", "event-1", "--tenant", "acme")
    assert (ran.code, ran.err) == (0, "")
    for shown in ("event-1", "acme", "tier", "gold", "what next", hashlib.sha256(wrong().encode()).hexdigest()):
        assert shown in ran.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "event-9"), "no rejected event event-9; see: onboard rejected list"),
        (("show", "event-9", "--tenant", "acme"), "no rejected event event-9 of acme"),
        (("--stack", "Elsewhere"), "No stack Elsewhere found"),
    ],
)
def test_what_cannot_be_is_one_line_on_stderr(stack: Stack, run: Run, arguments: tuple[str, ...], says: str) -> None:
    assert says in refusal(run("rejected", *arguments))


@pytest.mark.parametrize("command", [("list", "--tenant", "acme"), ("show", "event-1")])
def test_too_many_are_one_line_on_stderr(
    stack: Stack, run: Run, clients: Clients, settings: Settings, monkeypatch: Any, command: tuple[str, ...]
) -> None:
    flood(clients, settings, 25)
    monkeypatch.setattr(rejections, "MOST_PAGES", 1)
    assert "--tenant" in refusal(run("rejected", *command))
