"""A tenant's record and its request: their keys, the indexes that find records, and how they are read."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from orchestrator.aws.dynamodb import Page, pages
from orchestrator.aws.errors import ConfigurationError, ResourceMissingError, ThrottledError
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.notes import MADE

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings
    from tenant_onboarding.contracts.tenant_created import TenantCreated

RECORD = "RECORD"
REQUEST = "REQUEST"
UNKNOWN_TENANT = "UNKNOWN"
"""Where rejected events are kept that name no possible tenant; no tenant id is in capitals."""

SHOWN_WITHIN_SECONDS = 60.0
"""Cognito promises no read after create; lags of seconds were reported."""

STATUS_INDEX = "status-statusChangedAt"
UNPUBLISHED_INDEX = "unpublished-unpublishedSince"
ID_INDEX = "item-tenantId"
"""The table's own keys the other way round: all records by their tenants' ids."""
KEYS_A_READ = 100
"""BatchGetItem takes no more."""
READ_TRIES = 3
"""DynamoDB may leave keys of a batch unread when it is busy."""


def record_key(tenant_id: str) -> dict[str, str]:
    """Return the key of a tenant's record."""
    return {"tenantId": tenant_id, "item": RECORD}


def request_key(tenant_id: str) -> dict[str, str]:
    """Return the key of what the tenant's event asked for."""
    return {"tenantId": tenant_id, "item": REQUEST}


def read_record(dynamodb: "DynamoDBClient", table: str, tenant_id: str) -> Record | None:
    """Return a tenant's record as it is now, or None."""
    return read_item(dynamodb, table, record_key(tenant_id))


def read_item(dynamodb: "DynamoDBClient", table: str, key: Mapping[str, str]) -> Record | None:
    """Return an item as it is now, or None."""
    found = dynamodb.get_item(TableName=table, Key=dict(key), ConsistentRead=True).get("Item")
    return dict(found) if found else None


def read_request(dynamodb: "DynamoDBClient", table: str, tenant_id: str) -> "TenantCreated":
    """Return what a tenant's event asked for, whether or not today's rules would still take it.

    Raises ConfigurationError if it lacks what this version needs, ResourceMissingError if it is gone.
    """
    from orchestrator.tenants import stored_requests  # every function reads records, few read requests

    found: Any = dynamodb.get_item(TableName=table, Key=request_key(tenant_id), ConsistentRead=True).get("Item")
    if not found:
        raise ResourceMissingError(
            f"The request of {tenant_id} is no longer in the tenants table",
            next_action="No step makes it anew: restore that item from a backup of the table, then retry.",
        )
    try:
        return stored_requests.read(found["request"])
    except stored_requests.UnreadableError as error:
        raise ConfigurationError(
            f"This version cannot read what {tenant_id} asked another one for: {error.field} is not there",
            code="RequestOutdated",
            next_action="Deploy the version that took the tenant's event, or a later one, then retry.",
        ) from None


def by_key(
    clients: "Clients", settings: "Settings", keys: Iterable[dict[str, str]], attributes: Sequence[str] = ()
) -> Iterator[Record]:
    """Yield the tenants table's items of these keys, 100 a read, as they are now, in no order, whole or in part.

    A key that comes twice is read once: a tenant that moves on may be in an index under two statuses for a moment.
    Raises ThrottledError if DynamoDB leaves some unread again and again.
    """
    names = {f"#n{number}": name for number, name in enumerate(attributes)}
    only = {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names} if names else {}
    left = iter({tuple(key.values()): key for key in keys}.values())
    while some := list(islice(left, KEYS_A_READ)):
        yield from _read(clients, settings.tenants_table, {"Keys": some, "ConsistentRead": True, **only})


def _read(clients: "Clients", table: str, asked: Any) -> Iterator[Record]:  # Any: of BatchGetItem
    wanted: Any = {table: asked}
    for _ in range(READ_TRIES):
        answer: Any = clients.dynamodb.batch_get_item(RequestItems=wanted)
        yield from answer["Responses"][table]
        wanted = answer.get("UnprocessedKeys")
        if not wanted:
            return
    raise ThrottledError("BatchGetItem: items were left unread", code="UnprocessedKeys")


def in_status(dynamodb: "DynamoDBClient", table: str, status: str, **options: Any) -> Iterator[Page]:  # Any: of Query
    """Yield the tenants of a status page by page, by the index; those come first that entered it first."""
    return pages(
        dynamodb.query,
        TableName=table,
        IndexName=STATUS_INDEX,
        KeyConditionExpression="#status = :status",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":status": status},
        **options,
    )


def noted(record: Record, step: str) -> str | None:
    """Return what a step made in doubt and has not seen in a list yet; None if there is nothing of that kind."""
    made = record["steps"].get(step, {}).get("notes", {}).get(MADE)
    return str(made[0]) if made else None


def made_lately(record: Record, step: str) -> bool:
    """Tell whether what a step made is so new that a read may not show it; of a shared user pool, since it is open."""
    entry = record["steps"].get(step, {})
    since = entry.get("openedAt") or entry.get("finishedAt")
    return bool(since) and datetime.fromisoformat(since).timestamp() > time.time() - SHOWN_WITHIN_SECONDS


def left_in_doubt(record: Record, step: str) -> bool:
    """Tell whether a step may have made what it did not write down."""
    entry = record["steps"].get(step, {"begun": 0, "settled": 0})
    return bool(entry["begun"] > entry["settled"])
