"""A tenant's metadata: a small map of texts, and an item for each by which lists find the tenants that have it.

The items lie in partitions of their own and have keys only. So no index by status or outbox has them, and none of the
readers of records, requests and rejections meets one; no tenant id is in capitals. They change in the transaction that
changes the record, or not at all.
"""

from collections.abc import Mapping
from typing import Any

from orchestrator.tenants.ledger import Record

METADATA = "METADATA"


def of(record: Record) -> dict[str, str]:
    """Return a tenant's metadata; empty for a tenant from before there was any."""
    return dict(record.get("metadata", {}))


def partition(pair: str) -> str:
    """Return where the items of all tenants lie that have `KEY=VALUE`, sorted by tenant id."""
    return f"{METADATA}#{pair}"


def has(record: Record, pair: str) -> bool:
    """Tell whether a tenant has `KEY=VALUE`."""
    key, _, value = pair.partition("=")
    return of(record).get(key) == value


def put(table: str, tenant_id: str, pairs: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the actions that let a tenant be found by its metadata."""
    return [{"Put": {"TableName": table, "Item": _key(tenant_id, *pair)}} for pair in pairs.items()]


def forget(table: str, tenant_id: str, pairs: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the actions that let it be found so no more; what is gone already is no error."""
    return [{"Delete": {"TableName": table, "Key": _key(tenant_id, *pair)}} for pair in pairs.items()]


def swap(table: str, tenant_id: str, held: Mapping[str, str], wanted: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the actions that forget what only `held` has, and put what only `wanted` has."""
    gone = {key: value for key, value in held.items() if wanted.get(key) != value}
    come = {key: value for key, value in wanted.items() if held.get(key) != value}
    return [*forget(table, tenant_id, gone), *put(table, tenant_id, come)]


def _key(tenant_id: str, key: str, value: str) -> dict[str, str]:
    return {"tenantId": partition(f"{key}={value}"), "item": tenant_id}
