"""What was done to somebody last, and by whom: the operations of the register, as long as it keeps them."""

from itertools import islice
from typing import TYPE_CHECKING, Any

from orchestrator.aws.dynamodb import Item
from orchestrator.users import works

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

TOLD = 5
LOOKED_THROUGH = 500
"""Of a tenant's operations, the latest; they are small, so one query reads them all."""

Document = dict[str, Any]


def last(clients: "Clients", settings: "Settings", row: Item) -> list[Document]:
    """Return what was done to a user, the latest first, by one query; `by` is an ARN, or `user/` and a user's id."""
    found = clients.dynamodb.query(
        TableName=settings.users_table,
        ConsistentRead=True,
        KeyConditionExpression="tenantId = :tenantId AND begins_with(#item, :operations)",
        ExpressionAttributeNames={"#item": "item"},
        ExpressionAttributeValues={
            ":tenantId": row["tenantId"],
            ":operations": works.operation_key(row["tenantId"], "")["item"],
        },
        ScanIndexForward=False,
        Limit=LOOKED_THROUGH,
    )
    mine = (each for each in found["Items"] if each["userId"] == row["userId"])
    return [_document(dict(each)) for each in islice(mine, TOLD)]


def _document(operation: Item) -> Document:
    told = {"at": "createdAt", "what": "what", "by": "by", "status": works.OPERATION.status}
    return {name: operation.get(attribute) for name, attribute in told.items()}
