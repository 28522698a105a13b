"""What the tenants table says beside its records: who is counted where, and who has events to publish."""

from typing import Any

from orchestrator.aws.clients import Clients
from orchestrator.tenants import counters
from orchestrator.tenants.records import UNPUBLISHED_INDEX


def counted(clients: Clients) -> dict[str, int]:
    """Return the sum of all counter rows, without zeros."""
    sums: dict[str, int] = {}
    for shard in range(counters.COUNTER_SHARDS):
        row = clients.dynamodb.get_item(TableName="tenants", Key=counters.counter_key(shard)).get("Item", {})
        for name in row.keys() - counters.counter_key(shard):
            sums[name] = sums.get(name, 0) + int(str(row[name]))
    return {name: value for name, value in sums.items() if value}


def unpublished(clients: Clients) -> list[Any]:
    """Return what the index of unpublished events lists."""
    found = clients.dynamodb.query(
        TableName="tenants",
        IndexName=UNPUBLISHED_INDEX,
        KeyConditionExpression="unpublished = :yes",
        ExpressionAttributeValues={":yes": "YES"},
    )
    return [item["tenantId"] for item in found["Items"]]
