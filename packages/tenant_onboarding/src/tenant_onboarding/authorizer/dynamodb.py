"""One item of a DynamoDB table as plain Python values, read while somebody waits to be let in.

It is botocore's client alone: boto3's resource would do the same, and takes a third longer to import.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import botocore.session

from tenant_onboarding.authorizer.patience import Patience

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

WHILE_SOMEBODY_SIGNS_IN = Patience(connect_seconds=0.5, answer_seconds=1, seconds=4)
"""Cognito waits 5 s for a trigger, API Gateway 10 s for an authorizer."""

PLAIN: dict[str, Callable[[Any], object]] = {
    "S": str,
    "N": Decimal,
    "BOOL": bool,
    "NULL": lambda _: None,
    "B": bytes,
    "L": lambda values: [plain(each) for each in values],
    "M": lambda values: {name: plain(each) for name, each in values.items()},
    "SS": set,
    "NS": lambda values: {Decimal(each) for each in values},
    "BS": set,
}
"""What makes a plain value of each of DynamoDB's types, as boto3 does."""


class Reader:
    """Reads items; like boto3's own client of a resource it takes and returns plain Python values."""

    def __init__(self, client: "DynamoDBClient | None" = None) -> None:
        """Read by a client of botocore's, or by one of the environment's own Region and credentials."""
        self.client: Any = client or _client()

    def get_item(self, *, TableName: str, Key: Mapping[str, str], ConsistentRead: bool) -> dict[str, Any]:  # noqa: N803  # AWS's names
        """Return the item of a key of text as `Item`, which is missing if there is none; raises what the SDK raises."""
        key: Any = {name: {"S": value} for name, value in Key.items()}
        answer = self.client.get_item(TableName=TableName, Key=key, ConsistentRead=ConsistentRead)
        return {"Item": plain({"M": answer["Item"]})} if "Item" in answer else {}


def _client() -> Any:  # Any: botocore's clients have the methods of their service only when they run
    session = botocore.session.get_session()
    client = session.create_client("dynamodb", config=WHILE_SOMEBODY_SIGNS_IN.config)
    return WHILE_SOMEBODY_SIGNS_IN.teach(client)


def plain(value: Mapping[str, Any]) -> Any:  # Any: whatever was stored
    """Return what DynamoDB says as `{"S": "text"}`; raises KeyError for a type that it has not had so far."""
    ((kind, content),) = value.items()
    return PLAIN[kind](content)
