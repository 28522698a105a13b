"""A composed change says what it means, with every placeholder defined and used."""

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.clients import Clients
from orchestrator.aws.dynamodb import CONDITION_FAILED_EXCEPTION, Change, is_code, refused_item

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
