"""A composed change says what it means, with every placeholder defined and used; pages are read as they are taken."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.clients import Clients
from orchestrator.aws.dynamodb import (
    CONDITION_FAILED_EXCEPTION,
    Change,
    Page,
    bounded,
    is_code,
    items,
    pages,
    refused_item,
)
from tests.unit.faults import Wire

KEY = {"tenantId": "acme", "item": "RECORD"}


def change() -> Change:
    """Return an empty change of acme's record."""
    return Change("tenants", KEY)


def item(clients: Clients) -> dict[str, Any]:
    """Return acme's record without its key."""
    found = clients.dynamodb.get_item(TableName="tenants", Key=KEY, ConsistentRead=True).get("Item", {})
    return {name: value for name, value in found.items() if name not in KEY}


CHANGES = {
    "set": change().set("status", "PENDING").set("steps.Step.begun", 1),
    "set twice": change().set("status", "PENDING").set("status", "FAILED"),
    "set once": change().set_once("startedAt", "now"),
    "increase": change().increase("steps.Step.begun").increase("groups", 3),
    "remove": change().remove("failure", "steps.Step.error"),
    "a reserved word": change().set("status", "a").set("region", "b").set("limits.groups", 1).remove("item2"),
    "one name in several places": change().set("a.status", 1).remove("b.status").require("[status] = ?", 2),
    "conditions": change().set("a", 1).require("[a] = ? AND [b.c] IN (?, ?)", 1, 2, 3).require("size([d]) = ?", 0),
    "a condition without operands": change().remove("a").require("attribute_exists([a])"),
    "twelve names": change().require(" AND ".join(f"[n{n}] = ?" for n in range(12)), *range(12)).set("n11", 1),
}


@pytest.mark.parametrize("case", CHANGES)
def test_every_placeholder_is_defined_and_used(case: str) -> None:
    arguments = CHANGES[case].arguments()
    text = arguments["UpdateExpression"] + " " + arguments.get("ConditionExpression", "")
    assert set(re.findall(r"#\w+", text)) == set(arguments["ExpressionAttributeNames"])
    assert set(re.findall(r":\w+", text)) == set(arguments.get("ExpressionAttributeValues", {}))
    assert len(set(arguments["ExpressionAttributeNames"].values())) == len(arguments["ExpressionAttributeNames"])


@pytest.mark.parametrize("case", CHANGES)
def test_every_change_is_one_that_dynamodb_parses(case: str, clients: Clients) -> None:
    steps = {"Step": {"begun": 0, "error": "x"}}
    fresh: dict[str, Any] = KEY | {"steps": steps, "a": {"status": 0}, "b": {"status": 0}, "limits": {}}
    clients.dynamodb.put_item(TableName="tenants", Item=fresh)
    try:
        clients.dynamodb.update_item(**CHANGES[case].arguments())
    except ClientError as error:
        if not is_code(error, CONDITION_FAILED_EXCEPTION):
            raise


def test_dotted_paths_reach_into_maps(clients: Clients) -> None:
    clients.dynamodb.put_item(TableName="tenants", Item=KEY | {"steps": {"Step": {"begun": 1, "error": "x"}}})
    clients.dynamodb.update_item(
        **change().increase("steps.Step.begun").set("steps.Step.status", "DONE").remove("steps.Step.error").arguments()
    )
    assert item(clients) == {"steps": {"Step": {"begun": 2, "status": "DONE"}}}


def test_of_two_values_for_one_attribute_the_later_holds(clients: Clients) -> None:
    clients.dynamodb.update_item(
        **change().set("status", "PENDING").set("other", 1).set("status", "FAILED").arguments()
    )
    assert item(clients) == {"status": "FAILED", "other": 1}


def test_set_once_keeps_what_is_there(clients: Clients) -> None:
    for value in ("first", "second"):
        clients.dynamodb.update_item(**change().set_once("startedAt", value).arguments())
    assert item(clients) == {"startedAt": "first"}


def test_increase_counts_an_absent_number_as_zero_and_may_go_down(clients: Clients) -> None:
    for amount in (2, -1):
        clients.dynamodb.update_item(**change().increase("groups", amount).increase("absent", 0).arguments())
    assert item(clients) == {"groups": 1, "absent": 0}


def test_all_requirements_must_hold(clients: Clients) -> None:
    clients.dynamodb.update_item(**change().set("a", 1).set("b", 2).arguments())
    either_and = change().set("done", value=True).require("[a] = ? OR [a] = ?", 1, 9)
    with pytest.raises(ClientError):
        clients.dynamodb.update_item(**either_and.require("[b] = ?", 3).arguments())
    assert item(clients) == {"a": 1, "b": 2}


def test_a_refusal_carries_the_item_as_it_is(clients: Clients) -> None:
    clients.dynamodb.update_item(**change().set("steps", {"Step": {"begun": 1}}).set("ids", ["x"]).arguments())
    refused = change().set("a", 1).require("[a] = ?", 1)
    with pytest.raises(ClientError) as caught:
        clients.dynamodb.update_item(**refused.arguments())
    assert is_code(caught.value, CONDITION_FAILED_EXCEPTION)
    assert refused_item(caught.value.response) == KEY | {"steps": {"Step": {"begun": 1}}, "ids": ["x"]}


def test_a_refused_transaction_carries_the_item_of_each_refused_action(clients: Clients) -> None:
    clients.dynamodb.update_item(**change().set("a", 1).arguments())
    fine = Change("tenants", KEY | {"item": "OTHER"}).set("a", 1).action()
    with pytest.raises(ClientError) as caught:
        clients.dynamodb.transact_write_items(
            TransactItems=[change().set("a", 2).require("[a] = ?", 9).action(), fine]  # type: ignore[list-item]  # plain values
        )
    reasons: Any = caught.value.response
    first, second = reasons["CancellationReasons"]
    assert refused_item(first) == KEY | {"a": 1}
    assert refused_item(second) == {}
    assert item(clients) == {"a": 1}


@pytest.mark.parametrize("response", [{}, {"Item": None}, {"Item": {}}])
def test_a_refusal_without_an_item_is_empty(response: dict[str, Any]) -> None:
    assert refused_item(response) == {}


SEVEN: dict[str, Any] = {
    "TableName": "tenants",
    "KeyConditionExpression": "tenantId = :acme",
    "ExpressionAttributeValues": {":acme": "acme"},
}
"""A query that finds the seven items of `seven`."""


@pytest.fixture
def seven(clients: Clients, wire: Wire) -> Clients:
    """A table with seven items of acme's, 0 to 6, and one of another tenant's; no call was made yet."""
    for number in range(7):
        clients.dynamodb.put_item(TableName="tenants", Item={"tenantId": "acme", "item": str(number)})
    clients.dynamodb.put_item(TableName="tenants", Item={"tenantId": "globex", "item": "0"})
    wire.attempts.clear()
    return clients


def names(found: Iterator[dict[str, Any]] | list[dict[str, Any]]) -> str:
    return "".join(item["item"] for item in found)


def test_items_of_every_page_are_found_in_their_order(seven: Clients, wire: Wire) -> None:
    assert names(items(seven.dynamodb.query, **SEVEN, Limit=3)) == "0123456"
    assert wire.count("Query") == 3


def test_a_scan_is_read_like_a_query(seven: Clients, wire: Wire) -> None:
    assert len(list(items(seven.dynamodb.scan, TableName="tenants", ConsistentRead=True, Limit=5))) == 8
    assert [body["ConsistentRead"] for body in wire.bodies("Scan")] == [True, True]


def test_a_page_is_asked_for_when_it_is_taken_and_not_before(seven: Clients, wire: Wire) -> None:
    found = pages(seven.dynamodb.query, **SEVEN, Limit=3)
    assert wire.count("Query") == 0
    first = next(found)
    assert (names(first.items), first.count, first.end) == ("012", 3, {"tenantId": "acme", "item": "2"})
    assert wire.count("Query") == 1
    assert names(islice(items(seven.dynamodb.query, **SEVEN, Limit=3), 3)) == "012"
    assert wire.count("Query") == 2


def test_the_last_page_says_that_it_is(seven: Clients) -> None:
    assert [page.end is None for page in pages(seven.dynamodb.query, **SEVEN, Limit=4)] == [False, True]


def test_a_reader_goes_on_behind_a_key(seven: Clients) -> None:
    page = next(pages(seven.dynamodb.query, after=KEY | {"item": "4"}, **SEVEN, Limit=3))
    assert (names(page.items), page.end) == ("56", None)


def test_no_call_asks_for_more_than_is_still_wanted(seven: Clients) -> None:
    """DynamoDB may end a page before its limit; here each page ends after two items."""
    limits: list[int] = []

    def ending_early(**arguments: Any) -> Any:
        limits.append(arguments["Limit"])
        return seven.dynamodb.query(**arguments | {"Limit": min(arguments["Limit"], 2)})

    assert names(items(ending_early, most=5, **SEVEN)) == "01234"
    assert limits == [5, 3, 1]


def test_of_a_mere_count_there_are_no_items(seven: Clients) -> None:
    page = next(pages(seven.dynamodb.query, **SEVEN, Select="COUNT"))
    assert (page.items, page.count, page.end) == ([], 7, None)


@pytest.mark.parametrize(
    ("most_pages", "enough", "found", "more", "calls"),
    [
        (9, 100, "0123456", False, 4),
        (4, 100, "0123456", False, 4),
        (3, 100, "012345", True, 3),
        (9, 4, "0123", False, 2),
        (2, 4, "0123", False, 2),
        (9, 3, "0123", False, 2),
        (0, 1, "", True, 0),
    ],
)
def test_reading_is_bounded_and_says_whether_the_bound_came_first(
    seven: Clients, wire: Wire, most_pages: int, enough: int, found: str, more: bool, calls: int
) -> None:
    rows, unread = bounded(pages(seven.dynamodb.query, **SEVEN, Limit=2), most_pages, enough)
    assert (names(rows), unread, wire.count("Query")) == (found, more, calls)


def test_an_empty_page_does_not_end_the_reading() -> None:
    """A filter may leave nothing of a page that others follow."""
    answers = iter([{"Items": [], "Count": 0, "LastEvaluatedKey": KEY}, {"Items": [KEY], "Count": 1}])
    assert list(pages(lambda **_: next(answers))) == [Page([], 0, KEY), Page([KEY], 1, None)]
