"""A search finds every tenant whose id begins so, by id, and who has it as host, code or domain, for a page's cost."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator import status
from orchestrator.aws import cursor
from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import ThrottledError
from orchestrator.aws.settings import Settings
from orchestrator.status import search
from orchestrator.status.contract import Holder, OnboardingRow
from orchestrator.status.search import LOOKED_THROUGH
from orchestrator.tenants import lifecycle, records
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import ID_INDEX, record_key, request_key
from tenant_onboarding.contracts.fields import TIERS
from tests.unit.cli.command_line import Run, document, run, stack, wrong_use
from tests.unit.conftest import tenant_created
from tests.unit.faults import ALWAYS, Wire, answered
from tests.unit.kept_aws import KeptAws
from tests.unit.simulated_aws import Stack
from tests.unit.start_keys import strict
from tests.unit.status.read_model import forged, ids, minute

__all__ = ["run", "stack"]


A_PAGE = ["Query", "BatchGetItem"]


@pytest.fixture
def many(clients: Clients, settings: Settings, kept: KeptAws) -> list[Record]:
    """Tenants `ac-…` of all statuses and tiers, 44 among 56 others, in the order of their ids."""
    made: list[Record] = [
        {
            **record_key(f"{'ac' if number % 7 < 3 else 'bd'}-{number:02d}"),
            "tenantName": "Tenant",
            "status": lifecycle.STATUSES[number * 7 % 5],
            "statusChangedAt": minute(number * 11 % 23),
            "requestedAt": minute(0),
            "updatedAt": minute(0),
            "tier": TIERS[number % 3],
            "attempt": 1,
        }
        for number in range(100)
    ]

    def put() -> None:
        for row in made:
            clients.dynamodb.put_item(TableName=settings.tenants_table, Item=row)
            request: Any = request_key(row["tenantId"])
            clients.dynamodb.put_item(TableName=settings.tenants_table, Item=request)

    kept.once("a hundred to be searched", put)
    return sorted(made, key=lambda row: str(row["tenantId"]))


Find = Callable[..., list[list[status.Document]]]


@pytest.fixture
def find(clients: Clients, settings: Settings, wire: Wire) -> Find:
    """Return every page of a search; each costs a query, a read of the records that it found, and two of routes."""

    def find(wanted: status.Wanted, limit: int) -> list[list[status.Document]]:
        pages, onward = [], None
        while True:
            wire.attempts.clear()
            with wire.strikes("Query", strict, times=ALWAYS):
                page = status.list_page(clients, settings, wanted, limit, onward)
            operations = wire.operations()
            assert operations.count("GetItem") <= 2  # of routes
            assert [each for each in operations if each != "GetItem"] in ([], A_PAGE, A_PAGE[:1], A_PAGE[1:])
            assert len(page.rows) <= limit
            pages.append(page.rows)
            assert len(pages) <= 100
            if page.cursor is None:
                return pages
            onward = page.cursor

    return find


# What is found


FILTERS = {
    "some": status.Wanted(search="ac"),
    "others": status.Wanted(search="bd-1"),
    "one by its whole id": status.Wanted(search="ac-01"),
    "two letters": status.Wanted(search="a"),
    "a status": status.Wanted(search="ac", status=lifecycle.FAILED),
    "a tier": status.Wanted(search="ac", tier="silo"),
    "a time": status.Wanted(search="ac", since=minute(3), until=minute(9)),
    "everything": status.Wanted(lifecycle.COMPLETED, "pool", minute(1), minute(20), "bd"),
    "nobody": status.Wanted(search="zz"),
    "nobody of a status": status.Wanted(search="ac", status=lifecycle.ABANDONED),
}


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize("wanted", FILTERS.values(), ids=FILTERS.keys())
def test_the_pages_together_are_all_that_begin_so_each_once_and_by_id(
    find: Find, many: list[Record], monkeypatch: pytest.MonkeyPatch, wanted: status.Wanted, limit: int
) -> None:
    monkeypatch.setattr(search, "LOOKED_THROUGH", 9)
    expected = [
        row["tenantId"]
        for row in many
        if row["tenantId"].startswith(wanted.search)
        and wanted.status in {None, row["status"]}
        and wanted.tier in {None, row["tier"]}
        and (wanted.since or "") <= row["statusChangedAt"] < (wanted.until or "9")
    ]
    found = [row for page in find(wanted, limit) for row in page]
    assert ids(found) == expected
    assert all(OnboardingRow.model_validate(row).model_dump(by_alias=True) == row for row in found)


def test_without_other_filters_every_page_but_the_last_is_full(find: Find, many: list[Record]) -> None:
    *full, last = find(status.Wanted(search="ac"), 7)
    assert {len(page) for page in full} == {7}
    assert len(last) == 44 % 7


def test_with_another_filter_a_page_looks_through_so_many_and_may_be_empty(
    find: Find, many: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "LOOKED_THROUGH", 2)
    pages = find(status.Wanted(search="ac", status=lifecycle.FAILED, tier="silo"), 5)
    assert [] in pages
    assert any(pages)


def test_a_row_is_what_lists_show(stack: Stack) -> None:
    """It comes from the record, the others from an index."""
    stack.receive(tenant_created())
    stack.change(failure={"step": "CreateTenantGroup", "error": "E", "message": "m", "nextAction": "n"})
    found = status.list_page(stack.clients, stack.settings, status.Wanted(search="ac"), 5)
    assert found.rows == status.list_tenants(stack.clients, stack.settings)


def test_what_no_tenant_became_is_not_found(stack: Stack) -> None:
    stack.receive({"tenantId": "acme"}, "event-1")
    assert status.find(stack.clients, stack.settings, status.Wanted(search="acme"), 5) == []


def test_a_tenant_is_found_whatever_became_of_it(stack: Stack) -> None:
    stack.receive(tenant_created())
    for each in lifecycle.STATUSES:
        stack.change(status=each)
        (row,) = status.find(stack.clients, stack.settings, status.Wanted(search="acme"), 5)
        assert row["status"] == each


def test_a_time_that_ends_before_it_begins_holds_nothing_and_costs_nothing(
    clients: Clients, settings: Settings, wire: Wire, many: list[Record]
) -> None:
    wire.attempts.clear()
    wanted = status.Wanted(search="ac", since=minute(3), until=minute(3))
    assert status.list_page(clients, settings, wanted, 5) == status.Page([], None)
    assert wire.operations() == []


@pytest.mark.parametrize(
    ("text", "told"),
    [("ac", "ac"), ("ACME-42", "acme-42"), ("-", "-"), ("a" * 254, "a" * 254), ("A@B.example", "a@b.example")],
)
def test_what_is_searched_for_is_looked_for_in_lower_case(text: str, told: str) -> None:
    assert status.sought(text) == told


@pytest.mark.parametrize("text", ["", " ac", "ac\n", "a b", "a" * 255, "\u2003"])
def test_what_nothing_can_be_found_by_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be 1 to 254 characters"):
        status.sought(text)


@pytest.mark.parametrize(
    "text", ["a_b", "a%", "a" * 41, "\u00e4c", "counters#0", "\u0130", "record", "@", "a@", "..", "*"]
)
def test_what_nobody_has_finds_nobody(find: Find, many: list[Record], text: str) -> None:
    assert find(status.Wanted(search=text), 5) == [[]]


# By what leads to a tenant


def held(clients: Clients, settings: Settings, text: str) -> list[tuple[str, str, str]]:
    found = status.holders(clients, settings, text)
    assert all(Holder.model_validate(each).model_dump(by_alias=True) == each for each in found)
    return [(each["kind"], each["value"], each["state"]) for each in found]


@pytest.fixture
def globex(stack: Stack) -> Stack:
    """A stack with the tenant globex, whose host, code and email domain are called otherwise."""
    routing = {"subdomain": "glx", "tenantCode": "GL-1", "emailDomains": ["globex.example", "m\u00fcller.example"]}
    stack.receive(tenant_created("globex", routing=routing))
    proved = {"routeKey": "domain#xn--mller-kva.example", "tenantId": "globex", "state": "ACTIVE"}
    stack.clients.dynamodb.put_item(TableName=stack.settings.routes_table, Item=proved)
    return stack


HELD = {
    "glx": [("host", "glx.app.product.example", "RESERVED")],
    "GLX.App.Product.Example": [("host", "glx.app.product.example", "RESERVED")],
    "glx.other.example": [],
    "gl-1": [("tenantCode", "GL-1", "RESERVED")],
    "m\u00fcller.example": [("emailDomain", "xn--mller-kva.example", "ACTIVE")],
    "zo\u00eb@m\u00fcller.example": [],
    "zoe@M\u00dcLLER.example": [("emailDomain", "xn--mller-kva.example", "ACTIVE")],
    "globex.example": [],
    "app.product.example": [],
    "glx@app.product.example": [],
}


@pytest.mark.parametrize("text", HELD)
def test_it_is_said_who_has_a_host_a_code_or_a_verified_email_domain(globex: Stack, text: str) -> None:
    """By one read a key that the text can be, so by two at most, and whether it leads there already."""
    globex.wire.attempts.clear()
    assert held(globex.clients, globex.settings, text) == HELD[text]
    assert len(globex.wire.operations()) <= 2
    assert set(globex.wire.operations()) <= {"GetItem"}


def test_who_has_what_no_id_begins_with_is_the_page(globex: Stack, find: Find) -> None:
    for wanted, found in (
        (status.Wanted(search="glx.app.product.example"), ["globex"]),
        (status.Wanted(search="zoe@m\u00fcller.example", status="IN_PROGRESS"), ["globex"]),
        (status.Wanted(search="glx.app.product.example", status="FAILED"), []),
    ):
        assert [ids(page) for page in find(wanted, 1)] == [found]


def test_who_has_it_comes_before_those_whose_ids_begin_so(globex: Stack, find: Find) -> None:
    """Each once, and where a page is too short for both, those whose ids begin so are not kept from it."""
    for number, tenant_id in enumerate(("glx-2", "glx-1", "glx")):
        globex.receive(tenant_created(tenant_id, routing={"subdomain": f"host-{number}"}), tenant_id)
    for text, limit, pages in (
        ("glx", 9, [["globex", "glx", "glx-1", "glx-2"]]),
        ("glx", 2, [["globex", "glx"], ["glx-1", "glx-2"]]),
        ("glx", 1, [["glx"], ["glx-1"], ["glx-2"]]),
        ("glx-1", 1, [["glx-1"]]),
        ("gl-1", 1, [["globex"]]),
        ("host-0", 9, [["glx-2"]]),
        ("nobody", 9, []),
    ):
        found = [ids(page) for page in find(status.Wanted(search=text), limit)]
        assert [page for page in found if page] == pages, (text, limit)
    assert find(status.Wanted(search="gl-1", status="FAILED"), 9) == [[]]
    assert [ids(page) for page in find(status.Wanted(search="gl-1", status="IN_PROGRESS"), 9)] == [["globex"]]


def test_of_two_who_have_it_a_page_for_one_leads_on_to_the_other(globex: Stack, find: Find) -> None:
    """A host of ours may be another tenant's email domain."""
    globex.receive(tenant_created("acme"), "event-2")
    proved = {"routeKey": "domain#glx.app.product.example", "tenantId": "acme", "state": "ACTIVE"}
    globex.clients.dynamodb.put_item(TableName=globex.settings.routes_table, Item=proved)
    assert [ids(page) for page in find(status.Wanted(search="glx.app.product.example"), 1)] == [["acme"], ["globex"]]


# Cursors


BAD_PLACES = {
    "another beginning": "zzz",
    "no text": ["acme"],
    "no id": "A#B",
    "nothing": None,
    "a longer one": "a" * 41,
    "two lines": "acme\n",
}


@pytest.mark.parametrize("place", BAD_PLACES.values(), ids=BAD_PLACES.keys())
def test_what_is_no_cursor_of_a_search_is_refused_before_dynamodb_sees_it(
    clients: Clients, settings: Settings, wire: Wire, many: list[Record], place: object
) -> None:
    wanted = status.Wanted(search="ac")
    wire.attempts.clear()
    for text in (cursor.to_text(place, wanted), forged({"FAILED": None})):
        with pytest.raises(status.CursorError):
            status.list_page(clients, settings, wanted, 5, text)
    assert wire.operations() == []


def test_a_cursor_is_of_one_search(clients: Clients, settings: Settings, many: list[Record]) -> None:
    found = status.list_page(clients, settings, status.Wanted(search="ac"), 5).cursor
    assert found
    for other in (status.Wanted(search="a"), status.Wanted(search="ac", tier="pool"), status.Wanted()):
        with pytest.raises(status.CursorError, match="same filters"):
            status.list_page(clients, settings, other, 5, found)


# What it costs


def test_a_page_reads_no_more_records_than_it_may_show(
    clients: Clients, settings: Settings, wire: Wire, many: list[Record]
) -> None:
    """By id alone as many as it shows; to filter, as many as one read of DynamoDB takes."""
    for wanted, number in ((status.Wanted(search="ac"), 5), (status.Wanted(search="ac", tier="silo"), 44)):
        wire.attempts.clear()
        status.list_page(clients, settings, wanted, 5)
        (read,) = wire.bodies("BatchGetItem")
        (asked,) = read["RequestItems"].values()
        assert (len(asked["Keys"]), asked["ConsistentRead"]) == (number, True)
        (query,) = wire.bodies("Query")
        assert (query["IndexName"], query["Limit"]) == (ID_INDEX, 5 if number == 5 else LOOKED_THROUGH)


def test_records_that_dynamodb_left_unread_are_asked_for_again(
    clients: Clients, settings: Settings, wire: Wire, many: list[Record]
) -> None:
    table, wanted = settings.tenants_table, status.Wanted(search="ac-0")
    full = status.list_page(clients, settings, wanted, 5)
    keys = [{name: {"S": value} for name, value in record_key(each).items()} for each in ids(full.rows)]
    nothing = answered(Responses={table: []}, UnprocessedKeys={table: {"Keys": keys}})
    with wire.strikes("BatchGetItem", nothing) as fault:
        assert status.list_page(clients, settings, wanted, 5) == full
    assert fault.struck == 1
    with wire.strikes("BatchGetItem", nothing, times=records.READ_TRIES), pytest.raises(ThrottledError):
        status.list_page(clients, settings, wanted, 5)


# On the command line


def test_the_command_line_finds_as_many_as_asked_for_page_by_page(
    stack: Stack, run: Run, many: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "LOOKED_THROUGH", 9)
    expected = [row["tenantId"] for row in many if row["tenantId"].startswith("ac")]
    assert ids(document(run("list", "--search", "AC", "--json"))) == expected
    assert ids(json.loads(run("list", "--search", "ac", "--limit", 20, "--json").out)) == expected[:20]
    failed = [row["tenantId"] for row in many if row["tenantId"].startswith("ac") and row["status"] == "FAILED"]
    assert failed
    assert ids(document(run("list", "--search", "ac", "--status", "FAILED", "--json"))) == failed
    assert document(run("list", "--search", "zz", "--json")) == []


def test_the_command_line_says_what_cannot_be_searched_for(stack: Stack, run: Run) -> None:
    assert wrong_use(run("list", "--search", "a b")).startswith("--search a b: must be 1 to 254 characters")


def test_the_command_line_lists_who_has_it_and_names_those_that_other_options_leave_out(
    globex: Stack, run: Run
) -> None:
    for text in ("glx.app.product.example", "glx", "gl-1", "GL-1", "g"):
        assert ids(document(run("list", "--search", text, "--json"))) == ["globex"]
    assert "globex" in run("list", "--search", "gl-1").out
    left_out = run("list", "--search", "GL-1", "--status", "FAILED")
    reserved = "reserved (not active until onboarding is complete)"
    assert (left_out.code, left_out.err) == (0, f"onboard: GL-1: tenant code of globex, {reserved}\n")


@pytest.mark.parametrize("text", ["globex.example", "ZOE@globex.example"])
def test_an_email_domain_that_no_tenant_has_verified_is_said_to_be_so(globex: Stack, run: Run, text: str) -> None:
    ran = run("list", "--search", text, "--json")
    assert (ran.code, json.loads(ran.out)) == (0, [])
    says = "onboard: globex.example: no tenant has verified this email domain; see: onboard domains list\n"
    assert ran.err == says


@pytest.mark.parametrize("text", ["other.app.product.example", "m\u00fcller.example", "..", "glx"])
def test_nothing_is_said_of_what_is_verified_or_no_email_domain(globex: Stack, run: Run, text: str) -> None:
    assert run("list", "--search", text).err == ""
