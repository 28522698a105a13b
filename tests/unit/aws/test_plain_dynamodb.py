"""Functions write and read DynamoDB's items as boto3's resource does, without boto3."""

import copy
import sys
from collections.abc import Mapping
from decimal import Decimal
from subprocess import run
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError

from orchestrator.aws.clients import RETRYING, Clients
from orchestrator.aws.dynamodb import refused_item
from orchestrator.aws.plain_dynamodb import typed
from tests.unit.conftest import REGION

VALUES: dict[str, Any] = {
    "text": "acme",
    "no text": "",
    "a whole number": 7,
    "a fraction": Decimal("0.10"),
    "many digits": Decimal("1234567890.1234567890123456789012345678"),
    "true": True,
    "false": False,
    "nothing": None,
    "bytes": b"\x00\xff",
    "a list": ["a", {"deep": []}, ("pair", 1)],
    "an object": {"target": {"tier": "pool"}, "none": None, "S": "not a type"},
}
ITEM = {"tenantId": "acme", "item": "RECORD", "S": {"S": "text"}, **VALUES}
KEY = {"tenantId": "acme", "item": "RECORD"}


@pytest.fixture
def resource(clients: Clients, _session: boto3.Session) -> Any:
    """The client of boto3's resource, which has the same table behind it."""
    return _session.resource("dynamodb", region_name=REGION, config=RETRYING).meta.client


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_of_each_type_is_sent_as_boto3_sends_it(value: object) -> None:
    assert typed(value) == TypeSerializer().serialize(value)


@pytest.mark.parametrize("value", [0.5, object(), {"deep": [1.0]}, complex(1), {1, "a"}, {1, None}, {(1,)}])
def test_what_boto3_refuses_is_refused(value: object) -> None:
    for refuses in (typed, TypeSerializer().serialize):
        with pytest.raises(TypeError):
            refuses(value)


def test_an_item_comes_back_as_it_was_put_and_as_boto3_reads_it(clients: Clients, resource: Any) -> None:
    clients.dynamodb.put_item(TableName="tenants", Item=ITEM)
    found = clients.dynamodb.get_item(TableName="tenants", Key=KEY)["Item"]
    assert found == resource.get_item(TableName="tenants", Key=KEY)["Item"]
    assert found == ITEM | {"a list": ["a", {"deep": []}, ["pair", 1]]}


def test_values_are_plain_wherever_the_api_has_typed_ones(clients: Clients, resource: Any) -> None:
    """In keys, expressions, transactions and batches, in pages and where they end; and for boto3 alike."""
    operations: list[tuple[str, dict[str, Any]]] = [
        ("put_item", {"Item": KEY | {"n": 1}, "ReturnValues": "ALL_OLD"}),
        (
            "update_item",
            {
                "Key": KEY,
                "UpdateExpression": "SET n = :n",
                "ExpressionAttributeValues": {":n": 2},
                "ReturnValues": "ALL_NEW",
            },
        ),
        (
            "transact_write_items",
            {"TransactItems": [{"Put": {"TableName": "tenants", "Item": {"tenantId": "acme", "item": "OTHER"}}}]},
        ),
        ("batch_get_item", {"RequestItems": {"tenants": {"Keys": [KEY]}}}),
        ("transact_get_items", {"TransactItems": [{"Get": {"TableName": "tenants", "Key": KEY}}]}),
        (
            "query",
            {"KeyConditionExpression": "tenantId = :id", "ExpressionAttributeValues": {":id": "acme"}, "Limit": 1},
        ),
        ("scan", {"ExclusiveStartKey": KEY, "Limit": 1}),
        ("delete_item", {"Key": KEY, "ReturnValues": "ALL_OLD"}),
    ]
    answers: list[list[dict[str, Any]]] = []
    for client in (clients.dynamodb, resource):
        answers.append([])
        for name, arguments in operations:
            table = {} if "Items" in "".join(arguments) else {"TableName": "tenants"}
            sent = copy.deepcopy(arguments)
            answer = getattr(client, name)(**table, **sent)
            assert sent == arguments
            answers[-1].append({key: value for key, value in answer.items() if key != "ResponseMetadata"})
        resource.delete_item(TableName="tenants", Key={"tenantId": "acme", "item": "OTHER"})
    ours, theirs = answers
    assert ours == theirs
    assert ours[1]["Attributes"] == KEY | {"n": 2}
    assert ours[5]["LastEvaluatedKey"]["tenantId"] == "acme"


def test_an_item_that_refused_is_plain(clients: Clients) -> None:
    clients.dynamodb.put_item(TableName="tenants", Item=ITEM)
    condition: Mapping[str, Any] = {
        "ConditionExpression": "attribute_not_exists(tenantId)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    with pytest.raises(ClientError) as refused:
        clients.dynamodb.put_item(TableName="tenants", Item=KEY, **condition)
    assert refused_item(refused.value.response) == clients.dynamodb.get_item(TableName="tenants", Key=KEY)["Item"]


def test_functions_make_their_clients_without_boto3(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the Region and by the credentials of the environment."""
    program = (
        "import sys; from orchestrator.aws.clients import Clients; made = Clients();"
        "print(made.dynamodb.meta.region_name, made.in_region('eu-west-1').cognito.meta.region_name);"
        "sys.exit('boto3' in sys.modules)"
    )
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    done = run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, [REGION, "eu-west-1"]), done.stderr
