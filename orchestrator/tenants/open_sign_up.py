"""Tenants with which anybody may register: of each an item beside its record, by which they are found without a scan.

The item has keys only, so no index by status or outbox has it. It changes in the transaction that changes the record's
`signUp`, or not at all.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from orchestrator.aws.dynamodb import items
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import ID_INDEX
from tenant_onboarding.names import INVITE_ONLY, OPEN

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ITEM = f"SIGNUP#{OPEN}"


def policy(record: Record) -> str:
    """Return what a tenant says of registering; one from before it could say anything is INVITE_ONLY."""
    return str(record.get("signUp", INVITE_ONLY))


def put(table: str, tenant_id: str, wanted: str) -> list[dict[str, Any]]:
    """Return the action that lets a tenant be found, if anybody may register with it."""
    return [{"Put": {"TableName": table, "Item": _key(tenant_id)}}] if wanted == OPEN else []


def forget(table: str, tenant_id: str, held: str) -> list[dict[str, Any]]:
    """Return the action that lets it be found no more, if anybody could register; what is gone is no error."""
    return [{"Delete": {"TableName": table, "Key": _key(tenant_id)}}] if held == OPEN else []


def swap(table: str, tenant_id: str, held: str, wanted: str) -> list[dict[str, Any]]:
    """Return the action, if any, by which what a tenant says of registering changes."""
    return [] if held == wanted else [*forget(table, tenant_id, held), *put(table, tenant_id, wanted)]


def tenants(dynamodb: "DynamoDBClient", table: str) -> Iterator[str]:
    """Yield the ids of the tenants with which anybody may register, by the index, 1 MB of keys a read."""
    found = items(
        dynamodb.query,
        TableName=table,
        IndexName=ID_INDEX,
        KeyConditionExpression="#item = :open",
        ExpressionAttributeNames={"#item": "item"},
        ExpressionAttributeValues={":open": ITEM},
    )
    yield from (str(each["tenantId"]) for each in found)


def _key(tenant_id: str) -> dict[str, str]:
    return {"tenantId": tenant_id, "item": ITEM}
