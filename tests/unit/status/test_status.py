"""The read model: one shape for every tenant, the last changed first, and every page of it."""

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest

from orchestrator import status
from orchestrator.aws import cursor
from orchestrator.aws.clients import Clients
from orchestrator.aws.cursor import CURSOR_MAX
from orchestrator.aws.errors import ConfigurationError, OnboardingError, ThrottledError
from orchestrator.aws.settings import Settings
from orchestrator.status import lists
from orchestrator.status.contract import Onboarding, OnboardingRow, Status
from orchestrator.status.rejection_contract import RejectionPage
from orchestrator.steps import create_tenant_group
from orchestrator.tenants import lifecycle, tiers, transitions
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.lifecycle import REJECTED
from orchestrator.tenants.records import record_key
from tenant_onboarding.contracts.fields import TIERS, Tier
from tests.unit.conftest import carry_out, tenant_created, turn
from tests.unit.faults import ALWAYS, Wire, preceded_by
from tests.unit.kept_aws import KeptAws
from tests.unit.simulated_aws import Stack, stack
from tests.unit.start_keys import strict
from tests.unit.status.failure import FAILURE
from tests.unit.status.read_model import cursor_of, forged, ids, minute
from tests.unit.tenant_onboarding.judgement import short
from tests.unit.tenant_onboarding.sample_providers import SAML

__all__ = ["stack"]

PAGE = {
    "tenantId",
    "tenantName",
    "tier",
    "status",
    "attempt",
    "executionArn",
    "requestedAt",
    "statusChangedAt",
    "updatedAt",
    "completedAt",
    "steps",
    "resources",
    "failure",
    "routing",
    "welcomeEmail",
    "warnings",
    "commands",
    "actions",
    "request",
    "metadata",
    "signUp",
}
PROVIDER = {"name": "sso", "type": "SAML", "metadataUrl": "https://idp.acme.example/metadata"}
STEP = {"name", "status", "attempts", "startedAt", "finishedAt", "durationSeconds", "error"}
RESOURCES = {
    "region",
    "userPoolId",
    "appClientId",
    "groupName",
    "issuer",
    "adminUsername",
    "domain",
    "identityProviders",
}
ROW = {
    "tenantId",
    "tenantName",
    "tier",
    "status",
    "currentStep",
    "attempt",
    "requestedAt",
    "statusChangedAt",
    "updatedAt",
    "completedAt",
    "metadata",
    "failure",
}


@pytest.fixture
def show(clients: Clients, settings: Settings) -> Callable[[], status.Document]:
    """Show acme."""

    def show() -> status.Document:
        page = status.show(clients, settings, "acme")
        assert page
        return page

    return show


Show = Callable[[], status.Document]


def test_the_request_is_shown_without_people_secrets_and_whole_documents(
    clients: Clients, settings: Settings, show: Show, claim: Callable[..., Any]
) -> None:
    """Those that the record holds stay there; what was not given is left out."""
    claim(tier="silo", metadata={"seller": "north"}, identityProviders=[PROVIDER])
    request = show()["request"]
    assert request["tier"] == "silo"
    assert request["metadata"] == {"seller": "north"}
    assert "admin" not in request
    assert "admin@acme.example" not in repr(request)
    key = {"tenantId": "acme", "item": "REQUEST"}
    kept = {"tier": "silo", "clientSecret": "s3cret", "identityProviders": [{"metadata": "<x>" * 1000}], "region": None}
    clients.dynamodb.put_item(TableName=settings.tenants_table, Item={**key, "request": json.dumps(kept)})
    assert show()["request"] == {
        "tier": "silo",
        "clientSecret": "(removed)",
        "identityProviders": [{"metadata": ("<x>" * 67)[:200] + "... (3000 characters)"}],
    }
    clients.dynamodb.delete_item(TableName=settings.tenants_table, Key=key)
    assert show()["request"] is None


def step_of(page: status.Document, name: str) -> Any:
    [step] = [step for step in page["steps"] if step["name"] == name]
    return step


# One tenant


@pytest.mark.parametrize(
    ("tier", "providers"), [*((tier, []) for tier in TIERS), ("bridge", [SAML]), ("silo", [SAML])], ids=short
)
def test_a_new_tenants_page_has_every_key_and_its_tiers_steps(
    claim: Callable[..., Record], show: Show, tier: Tier, providers: list[Any]
) -> None:
    record = claim(tier=tier, identityProviders=providers)
    page = show()
    assert page.keys() == PAGE
    assert (page["tenantId"], page["tenantName"], page["tier"]) == ("acme", "Acme Inc.", tier)
    assert (page["status"], page["attempt"], page["executionArn"]) == ("IN_PROGRESS", 1, record["executionArn"])
    assert page["completedAt"] is None
    assert page["failure"] is None
    assert [step["name"] for step in page["steps"]] == list(tiers.path(tier, federated=bool(providers)))
    nothing_yet = dict.fromkeys(STEP) | {"status": "PENDING", "attempts": 0}
    assert all(step == nothing_yet | {"name": step["name"]} for step in page["steps"])
    assert page["resources"].keys() == RESOURCES
    assert page["resources"] == dict.fromkeys(RESOURCES) | {"identityProviders": []}


def test_a_page_says_the_tier_whatever_the_plan_is_called(claim: Callable[..., Record], show: Show) -> None:
    claim(tier="premium")
    assert show()["tier"] == "silo"


def test_a_page_names_the_domain_and_the_identity_providers_as_cognito_does(
    stack: Stack, claim: Callable[..., Record], show: Show
) -> None:
    claim(tier="silo", identityProviders=[SAML])
    made = [
        {"name": "0f1e2d3c-sso", "label": "sso", "type": "SAML", "mapped": ["email"]},
        {"name": "Google", "label": "google", "type": "Google", "mapped": ["email", "name"]},
    ]
    stack.change(resources={"region": "eu-west-1", "domain": "t-0f1e", "identityProviders": made})
    resources = show()["resources"]
    assert resources["identityProviders"] == ["0f1e2d3c-sso", "Google"]
    assert (resources["domain"], resources["region"], resources["userPoolId"]) == ("t-0f1e", "eu-west-1", None)


def test_a_step_that_is_done_has_its_times_and_what_it_made(
    claim: Callable[..., Record], run: Callable[..., None], show: Show
) -> None:
    claim()
    run("AssignSharedPool")
    page = show()
    step = step_of(page, "AssignSharedPool")
    assert step.keys() == STEP
    assert (step["status"], step["attempts"], step["error"]) == ("DONE", 1, None)
    assert step["startedAt"] <= step["finishedAt"]
    assert 0 <= step["durationSeconds"] < 60
    assert page["resources"]["userPoolId"]
    assert page["resources"]["adminUsername"] is None


def test_a_step_that_waited_for_somebody_took_what_its_last_try_did(
    stack: Stack, claim: Callable[..., Record], run: Callable[..., None], show: Show
) -> None:
    """From its first try on, it may be days."""
    claim()
    failed: dict[str, Any] = {"steps.AssignSharedPool.startedAt": minute(0), "steps.AssignSharedPool.begun": 1}
    stack.change(**failed)
    run("AssignSharedPool")
    done: dict[str, Any] = {"steps.AssignSharedPool.durationMs": 1_250}
    stack.change(**done)
    step = step_of(show(), "AssignSharedPool")
    assert (step["attempts"], step["startedAt"], step["durationSeconds"]) == (2, minute(0), 1.25)


def test_a_page_says_since_when_the_tenant_is_as_it_is(
    claim: Callable[..., Record], clients: Clients, settings: Settings, show: Show
) -> None:
    """A step that failed has no time of its own: it failed when the tenant did."""
    transitions.move(clients.dynamodb, settings.tenants_table, claim(), lifecycle.FAILED, failure=FAILURE)
    (row,) = status.list_tenants(clients, settings)
    assert show()["statusChangedAt"] == row["statusChangedAt"]


def test_a_failed_tenants_page_says_where_what_why_and_what_next(
    stack: Stack, claim: Callable[..., Record], show: Show
) -> None:
    claim()
    stack.change(status=lifecycle.FAILED, failure=FAILURE)
    assert show()["failure"] == FAILURE


@pytest.mark.parametrize(
    ("error", "record_status", "shown"),
    [
        (ThrottledError, lifecycle.IN_PROGRESS, "RUNNING"),
        (ThrottledError, lifecycle.FAILED, "FAILED"),
        (ConfigurationError, lifecycle.IN_PROGRESS, "FAILED"),
    ],
    ids=["waits for its retry", "was retried in vain", "cannot be retried"],
)
def test_a_step_that_waits_for_its_retry_is_running(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, error: type[OnboardingError], record_status: str, shown: str
) -> None:
    def act(_: object) -> None:
        raise error("it was refused")

    stack.receive(tenant_created())
    monkeypatch.setattr(create_tenant_group, "act", act)
    with pytest.raises(error):
        carry_out(
            stack.clients,
            stack.settings,
            "acme",
            turn("CreateTenantGroup"),
        )
    stack.change(status=record_status)
    step = step_of(status.document(stack.settings, stack.record()), "CreateTenantGroup")
    assert (step["status"], step["attempts"], step["finishedAt"]) == (shown, 1, None)
    assert step["error"] == {"error": error.__name__, "message": "it was refused"}


def test_of_nobody_there_is_no_page(clients: Clients, settings: Settings) -> None:
    assert status.show(clients, settings, "nobody") is None


# Lists


@pytest.fixture
def five(stack: Stack) -> list[str]:
    """Five tenants of several statuses; returns their ids, the last changed first."""
    for number in range(5):
        stack.receive(tenant_created(f"tenant-{number}"), f"event-{number}")
        stack.change(f"tenant-{number}", statusChangedAt=f"2026-01-01T00:00:0{number}.000Z")
    stack.change("tenant-1", status=lifecycle.COMPLETED)
    stack.change("tenant-3", status=lifecycle.FAILED, failure=FAILURE)
    return [f"tenant-{number}" for number in reversed(range(5))]


def test_tenants_of_all_statuses_are_listed_the_last_changed_first(
    clients: Clients, settings: Settings, five: list[str]
) -> None:
    rows = status.list_tenants(clients, settings)
    assert ids(rows) == five
    assert all(row.keys() == ROW for row in rows)
    assert [row["failure"] for row in rows] == [None, FAILURE, None, None, None]


@pytest.mark.parametrize("limit", [1, 2, 4])
def test_a_limit_keeps_the_last_changed(clients: Clients, settings: Settings, five: list[str], limit: int) -> None:
    assert ids(status.list_tenants(clients, settings, limit=limit)) == five[:limit]


def test_one_status_alone_can_be_listed(clients: Clients, settings: Settings, five: list[str]) -> None:
    assert ids(status.list_tenants(clients, settings, status=lifecycle.FAILED)) == ["tenant-3"]
    assert status.list_tenants(clients, settings, status=lifecycle.PENDING) == []


@pytest.fixture
def one_a_page(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let DynamoDB end each page after one item, as it does at 1 MB; returns the limits that were asked for."""
    query: Any = clients.dynamodb.query
    limits: list[int] = []

    def short(**arguments: Any) -> Any:
        limits.append(arguments["Limit"])
        return query(**arguments | {"Limit": 1})

    monkeypatch.setattr(clients.dynamodb, "query", short)
    return limits


def test_a_list_goes_on_where_dynamodb_ended_a_page(
    clients: Clients, settings: Settings, five: list[str], one_a_page: list[int]
) -> None:
    assert ids(status.list_tenants(clients, settings)) == five


def test_a_list_asks_for_no_more_than_is_missing(
    clients: Clients, settings: Settings, five: list[str], one_a_page: list[int]
) -> None:
    assert ids(status.list_tenants(clients, settings, status=lifecycle.IN_PROGRESS, limit=2)) == [five[0], five[2]]
    assert one_a_page == [2, 1]


def test_rejected_events_are_listed_page_after_page_with_their_reasons(
    stack: Stack, clients: Clients, settings: Settings, one_a_page: list[int]
) -> None:
    for number in range(3):
        stack.receive({"tenantId": "acme"}, f"event-{number}")
        stack.change(item=f"REJECTED#event-{number}", statusChangedAt=f"2026-01-01T00:00:0{number}.000Z")
    rows = status.list_rejected(clients, settings)
    assert [row["eventId"] for row in rows] == ["event-2", "event-1", "event-0"]
    assert all(row.keys() == {"eventId", "tenantId", "reasons", "rejectedAt"} for row in rows)
    assert rows[0]["rejectedAt"] == "2026-01-01T00:00:02.000Z"
    assert "tier" in {reason["field"] for reason in rows[0]["reasons"]}


# Rejected events page by page


@pytest.fixture
def seven(stack: Stack) -> list[str]:
    """Seven rejected events, some of no tenant, two of one moment; returns their ids, the newest first."""
    for number in range(7):
        stack.receive({"tenantId": "acme"} if number % 2 else "nothing", f"event {number}~")
        key = ("acme" if number % 2 else "UNKNOWN", f"REJECTED#event {number}~")
        stack.change(*key, statusChangedAt=f"2026-01-01T00:00:0{max(number, 1)}.000Z")
    return [f"event {number}~" for number in reversed(range(7))]


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_every_page_of_rejected_events_goes_on_where_the_last_one_ended(
    clients: Clients, settings: Settings, wire: Wire, seven: list[str], limit: int
) -> None:
    found: list[status.Document] = []
    onward = None
    while True:
        wire.attempts.clear()
        page = status.rejected_page(clients, settings, limit, onward)
        assert wire.operations() == ["Query"]
        assert len(page.rows) <= limit
        found += page.rows
        assert len(found) <= 7
        onward = page.cursor
        if onward is None:
            break
        assert len(onward) <= CURSOR_MAX
    assert [row["eventId"] for row in found[:5]] == seven[:5]
    assert {row["eventId"] for row in found[5:]} == set(seven[5:])
    assert len(found) == 7
    assert found == status.list_rejected(clients, settings)
    assert RejectionPage.model_validate({"rejections": found, "nextCursor": None}).model_dump(by_alias=True) == {
        "rejections": found,
        "nextCursor": None,
    }


BAD_PLACES: dict[str, object] = {
    "nothing": None,
    "no time": ["now", "acme", "REJECTED#1"],
    "no tenant": [minute(1), "COUNTERS#0", "REJECTED#1"],
    "no rejection": [minute(1), "acme", "RECORD"],
    "no event": [minute(1), "acme", "REJECTED#"],
    "an event of two lines": [minute(1), "acme", "REJECTED#1\n"],
    "a longer id": [minute(1), "acme", f"REJECTED#{'1' * 129}"],
    "too little": [minute(1), "acme"],
    "too much": [minute(1), "acme", "REJECTED#1", "1"],
}


@pytest.mark.parametrize("place", BAD_PLACES.values(), ids=BAD_PLACES.keys())
def test_what_is_no_cursor_of_rejected_events_is_refused_before_dynamodb_sees_it(
    clients: Clients, settings: Settings, wire: Wire, seven: list[str], place: object
) -> None:
    wire.attempts.clear()
    for text in (cursor.to_text(place, REJECTED), forged({"FAILED": None}), "", "%%%"):
        with pytest.raises(status.CursorError):
            status.rejected_page(clients, settings, 5, text)
    assert wire.operations() == []


def test_the_longest_cursor_of_rejected_events_is_no_longer_than_allowed() -> None:
    longest = (minute(1), "t" * 40, f"REJECTED#{'~' * 128}")
    assert len(cursor.to_text(longest, REJECTED)) <= CURSOR_MAX


# Page by page


@pytest.fixture
def many(clients: Clients, settings: Settings, kept: KeptAws) -> list[Record]:
    """Sixty tenants of all statuses and tiers, several of them changed at the same moment; the last changed first."""
    made: list[Record] = [
        {
            **record_key(f"tenant-{number:02d}"),
            "tenantName": "Tenant",
            "status": lifecycle.STATUSES[number * 7 % 5],
            "statusChangedAt": minute(number * 11 % 23),
            "tier": TIERS[number % 3],
            "attempt": 1,
        }
        for number in range(60)
    ]

    def put() -> None:
        for row in made:
            clients.dynamodb.put_item(TableName=settings.tenants_table, Item=row)

    kept.once("sixty to be listed", put)
    return sorted(made, key=lambda row: str(row["statusChangedAt"]), reverse=True)


def all_pages(
    clients: Clients, settings: Settings, wanted: status.Wanted, limit: int, wire: Wire
) -> list[list[status.Document]]:
    """Return every page of a list; none costs more than a query a status, and a read of what it shows."""
    pages, cursor = [], None
    while True:
        wire.attempts.clear()
        with wire.strikes("Query", strict, times=ALWAYS):
            page = status.list_page(clients, settings, wanted, limit, cursor)
        assert set(wire.operations()) <= {"Query", "BatchGetItem"}
        assert wire.count("Query") <= len(wanted.statuses)
        assert wire.count("BatchGetItem") == bool(page.rows)
        assert len(page.rows) <= limit
        pages.append(page.rows)
        if page.cursor is None:
            return pages
        assert len(page.cursor) <= CURSOR_MAX
        cursor = page.cursor


FILTERS = {
    "all": status.Wanted(),
    "a status": status.Wanted(status=lifecycle.FAILED),
    "a tier": status.Wanted(tier="silo"),
    "a status and a tier": status.Wanted(status=lifecycle.COMPLETED, tier="bridge"),
    "a beginning": status.Wanted(since=minute(9)),
    "an end": status.Wanted(until=minute(9)),
    "both, a status and a tier": status.Wanted(lifecycle.PENDING, "pool", minute(3), minute(20)),
    "nothing": status.Wanted(status=lifecycle.ABANDONED),
}


@pytest.mark.parametrize("limit", [1, 7, 25, 100])
@pytest.mark.parametrize("wanted", FILTERS.values(), ids=FILTERS.keys())
def test_the_pages_together_are_the_list_each_tenant_once_and_in_order(
    clients: Clients,
    settings: Settings,
    wire: Wire,
    many: list[Record],
    monkeypatch: pytest.MonkeyPatch,
    wanted: status.Wanted,
    limit: int,
) -> None:
    monkeypatch.setattr(lists, "LOOKED_THROUGH", 4)
    rows = [row for page in all_pages(clients, settings, wanted, limit, wire) for row in page]
    expected = [
        row
        for row in many
        if wanted.status in {None, row["status"]}
        and wanted.tier in {None, row["tier"]}
        and (wanted.since or "") <= row["statusChangedAt"] < (wanted.until or "9")
    ]
    assert [row["statusChangedAt"] for row in rows] == [row["statusChangedAt"] for row in expected]
    assert sorted(ids(rows)) == sorted(str(row["tenantId"]) for row in expected)
    assert all(row.keys() == ROW for row in rows)


def test_without_a_tier_every_page_but_the_last_is_full(
    clients: Clients, settings: Settings, wire: Wire, many: list[Record]
) -> None:
    *full, last = all_pages(clients, settings, status.Wanted(), 7, wire)
    assert {len(page) for page in full} == {7}
    assert last


def test_a_page_may_be_empty_and_lead_on(
    clients: Clients, settings: Settings, wire: Wire, many: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a tier that is rare in a status, a page looks through so many tenants and no more."""
    monkeypatch.setattr(lists, "LOOKED_THROUGH", 1)
    pages = all_pages(clients, settings, status.Wanted(status=lifecycle.FAILED, tier="silo"), 5, wire)
    assert [] in pages
    assert any(pages)


def test_a_tenant_that_is_yet_to_be_found_comes_before_older_ones_that_were_found(
    clients: Clients, settings: Settings, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one status the tier is rare and recent, in the other frequent and long ago."""
    monkeypatch.setattr(lists, "LOOKED_THROUGH", 2)
    recent = [(lifecycle.FAILED, 50 + each, "silo" if each == 0 else "pool") for each in range(9)]
    long_ago = [(lifecycle.COMPLETED, each, "silo") for each in range(9)]
    for of_status, changed, tier in recent + long_ago:
        key = record_key(f"tenant-{changed}")
        row: Record = {**key, "status": of_status, "statusChangedAt": minute(changed), "tier": tier, "attempt": 1}
        clients.dynamodb.put_item(TableName=settings.tenants_table, Item=row)
    pages = all_pages(clients, settings, status.Wanted(tier="silo"), 5, wire)
    found = [row["statusChangedAt"] for page in pages for row in page]
    assert found == [minute(50), *(minute(each) for each in reversed(range(9)))]


def test_a_list_goes_on_among_those_that_changed_at_the_very_first_moment_wanted(
    clients: Clients, settings: Settings, wire: Wire, many: list[Record]
) -> None:
    """DynamoDB goes on from no end of a range that a query runs towards."""
    first = min(str(row["statusChangedAt"]) for row in many)
    wanted = status.Wanted(since=first, until=f"{first[:-2]}1Z")
    at_first = [row["tenantId"] for row in many if row["statusChangedAt"] == first]
    assert len(at_first) > 2
    pages = all_pages(clients, settings, wanted, 1, wire)
    assert sorted(each for page in pages for each in ids(page)) == sorted(at_first)


OTHER_PLACES: dict[str, tuple[status.Wanted, object]] = {
    "before the first": (status.Wanted(since=minute(9)), {"FAILED": [minute(8), "acme"]}),
    "after the last": (status.Wanted(until=minute(9)), {"FAILED": [minute(10), "acme"]}),
    "at the end, which is not wanted": (status.Wanted(until=minute(9)), {"FAILED": [minute(9), "acme"]}),
    "in another status": (status.Wanted(status="FAILED"), {"COMPLETED": [minute(1), "acme"]}),
    "at the beginning of another status": (status.Wanted(status="FAILED"), {"FAILED": None, "COMPLETED": None}),
}


@pytest.mark.parametrize(("wanted", "place"), OTHER_PLACES.values(), ids=OTHER_PLACES.keys())
def test_a_place_outside_of_a_list_is_refused_before_dynamodb_sees_it(
    clients: Clients, settings: Settings, wire: Wire, many: list[Record], wanted: status.Wanted, place: object
) -> None:
    wire.attempts.clear()
    with pytest.raises(status.CursorError, match="is not of this list"):
        status.list_page(clients, settings, wanted, 5, cursor.to_text(place, wanted))
    assert wire.operations() == []


def test_a_time_that_ends_before_it_begins_holds_nothing_and_costs_nothing(
    clients: Clients, settings: Settings, wire: Wire, many: list[Record]
) -> None:
    wire.attempts.clear()
    for until in (minute(3), minute(2)):
        page = status.list_page(clients, settings, status.Wanted(since=minute(3), until=until), 5)
        assert page == status.Page([], None)
    assert wire.operations() == []


def test_a_tenant_that_moved_on_keeps_no_other_from_its_place(
    clients: Clients, settings: Settings, stack: Stack, many: list[Record]
) -> None:
    """The cursor names a place and not an item, so the last one shown may have changed or gone."""
    first = status.list_page(clients, settings, status.Wanted(), 20)
    for row in first.rows:
        stack.change(row["tenantId"], status=lifecycle.ABANDONED, statusChangedAt=minute(59))
    rest = status.list_page(clients, settings, status.Wanted(), 100, first.cursor)
    assert len(rest.rows) == 40
    assert not set(ids(rest.rows)) & set(ids(first.rows))


def first_page(clients: Clients, settings: Settings) -> list[status.Document]:
    return status.list_page(clients, settings, status.Wanted(), 100).rows


@pytest.mark.parametrize("listed", [status.list_tenants, first_page])
def test_a_tenant_that_moves_on_meanwhile_is_listed_once_as_it_is_now(
    clients: Clients, settings: Settings, stack: Stack, many: list[Record], wire: Wire, listed: Callable[..., Any]
) -> None:
    """One status is asked for after the other."""
    waiting = next(row["tenantId"] for row in many if row["status"] == lifecycle.PENDING)
    moves = preceded_by(lambda: stack.change(waiting, status=lifecycle.ABANDONED, statusChangedAt=minute(59)))
    with wire.strikes("Query", moves, spare=1):
        rows = listed(clients, settings)
    assert len(rows) == len(many)
    assert (rows[0]["tenantId"], rows[0]["status"]) == (waiting, lifecycle.ABANDONED)


BAD_CURSORS: dict[str, Callable[[str], str]] = {
    "nothing": lambda _: "",
    "no base64": lambda _: "%%%",
    "not ASCII": lambda _: "\u00e9",
    "other base64": lambda good: good.translate(str.maketrans("-_", "+/")) + "+/+/",
    "cut": lambda good: good[:-3],
    "longer": lambda good: good + "AAAA",
    "a character changed": lambda good: good[:20] + ("A" if good[20] != "A" else "B") + good[21:],
    "too long": lambda good: good * 20,
    "no object": lambda _: forged([1]),
    "no status": lambda _: forged({}),
    "another status": lambda _: forged({"REJECTED": None}),
    "no position": lambda _: forged({"FAILED": "x"}),
    "no time": lambda _: forged({"FAILED": ["now", "acme"]}),
    "no tenant": lambda _: forged({"FAILED": [minute(1), "A#B"]}),
}


@pytest.mark.parametrize("spoil", BAD_CURSORS.values(), ids=BAD_CURSORS.keys())
def test_what_is_no_cursor_is_refused_before_dynamodb_sees_it(
    clients: Clients, settings: Settings, wire: Wire, many: list[Record], spoil: Callable[[str], str]
) -> None:
    spoilt = spoil(cursor_of(clients, settings))
    wire.attempts.clear()
    with pytest.raises(status.CursorError):
        status.list_page(clients, settings, status.Wanted(), 5, spoilt)
    assert wire.operations() == []


def test_a_cursor_is_of_one_list_whatever_the_size_of_its_pages(
    clients: Clients, settings: Settings, many: list[Record]
) -> None:
    found = cursor_of(clients, settings)
    assert len(status.list_page(clients, settings, status.Wanted(), 50, found).rows) == 50
    for other in (status.Wanted(tier="silo"), status.Wanted(status="FAILED"), status.Wanted(since=minute(1))):
        with pytest.raises(status.CursorError, match="same filters"):
            status.list_page(clients, settings, other, 5, found)


def test_the_longest_cursor_is_no_longer_than_allowed() -> None:
    longest = dict.fromkeys(lifecycle.STATUSES, (minute(1), "t" * 40))
    assert len(cursor.to_text(longest, status.Wanted())) <= CURSOR_MAX


# The documents


@pytest.mark.parametrize("tier", TIERS)
def test_documents_are_as_their_models_say(stack: Stack, claim: Callable[..., Record], show: Show, tier: Tier) -> None:
    """A key that the models do not know would be an error of the status API."""
    claim(tier=tier)
    assert Onboarding.model_validate(show()).model_dump(by_alias=True) == show()
    stack.change(status=lifecycle.FAILED, failure=FAILURE | {"more": "than there was"})
    assert Onboarding.model_validate(show()).model_dump(by_alias=True) == show()
    (row,) = status.list_tenants(stack.clients, stack.settings)
    assert OnboardingRow.model_validate(row).model_dump(by_alias=True) == row


def test_the_models_know_every_status() -> None:
    assert get_args(Status) == lifecycle.STATUSES
