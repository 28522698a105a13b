"""What is due: what is to be looked at again at some time, each an item of its own below its tenant.

An item has `due`, its kind and one of 8 shards, and `dueAt`, and lies in the one index of these two until it is taken.
A tenant's items of one kind are in one shard. None has `status` or `unpublished`, by which other indexes find items.
"""

import zlib
from collections.abc import Iterator
from heapq import merge
from typing import TYPE_CHECKING, Any

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import Change, items
from orchestrator.tenants.ledger import Record, timestamp

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

DUE = "DUE"
DUE_INDEX = "due-dueAt"
SHARDS = 8
"""A partition of an index takes 1,000 writes a second; eight are far above what tenants do."""
PARKED = "PARKED"
"""An event that waits until its tenant is ready for it."""
WORK = "WORK"
"""A work with an item of its own, which reconcile looks after until it is over."""
PERSON = "PERSON"
"""What is done to a user, until it is over."""
GRACE_SECONDS = 120.0
"""A younger work is still in somebody's hands."""
PER_PAGE = 100
"""Keys of one query; the next page is asked for only when it is taken."""


def key(tenant_id: str, kind: str, ref: str) -> dict[str, str]:
    """Return the key of what is due; `ref` tells it from others of its kind and tenant."""
    return {"tenantId": tenant_id, "item": f"{DUE}#{kind}#{ref}"}


def put(table: str, tenant_id: str, kind: str, ref: str, at: float, **facts: object) -> dict[str, Any]:
    """Return the action that lets something be due at a time, in epoch seconds; refused if it is there already."""
    item = key(tenant_id, kind, ref) | {"due": _partition(kind, _shard(tenant_id)), "dueAt": timestamp(at)} | facts
    return {
        "Put": {
            "TableName": table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(tenantId)",
        }
    }


def work_key(record: Record) -> dict[str, str]:
    """Return the key of what is due as long as a work is not over, by the work's item."""
    return key(record["tenantId"], WORK, record["item"])


def work_again(table: str, record: Record, now: float) -> dict[str, Any]:
    """Return the action that lets a work be looked after from now on, by its item, whether or not it was before.

    It lies in the table of the work's item.
    """
    change = Change(table, work_key(record)).set("due", _partition(WORK, _shard(record["tenantId"])))
    change.set("dueAt", timestamp(now + GRACE_SECONDS)).set("workItem", record["item"])
    return change.remove("expiresAt").action()


def work_over(clients: "Clients", settings: "Settings", found: Record, now: float) -> None:
    """Let nobody look after a work any more, unless it has begun again since `found` was read; the item expires."""
    change = take(settings.tenants_table, {"tenantId": found["tenantId"], "item": found["item"]})
    change.require("[dueAt] = ?", found["dueAt"]).set("expiresAt", int(now))
    writes.if_it_holds(clients.dynamodb.update_item, **change.arguments())


def take(table: str, item_key: dict[str, str]) -> Change:
    """Return the change that ends its being due; refused if it is due no more, so of two who try one takes it.

    What else the item says stays, unless whoever takes it changes that too.
    """
    return Change(table, item_key).remove("due", "dueAt").require("attribute_exists([due])")


def over(table: str, item_key: dict[str, str], now: float) -> dict[str, Any]:
    """Return the action by which something is due no more, and expires; refused if it was not due."""
    return take(table, item_key).set("expiresAt", int(now)).action()


def put_off(clients: "Clients", settings: "Settings", item_key: dict[str, str], now: float, place: int) -> None:
    """Let what a reader of `now` came to be due right after that, unless somebody has taken it meanwhile.

    Whoever reads next meets it, this reader does not. `place` is how many it came to before: so what it put off keeps
    its order, and comes before what was put after `now`.
    """
    change = Change(settings.tenants_table, item_key).set("dueAt", f"{timestamp(now)}#{place:06}")
    change.require("attribute_exists([due])")
    writes.if_it_holds(clients.dynamodb.update_item, **change.arguments())


def read(clients: "Clients", settings: "Settings", kind: str, now: float) -> Iterator[Record]:
    """Yield the keys of what is due of a kind, whatever its shard, what was due first before the others.

    One query a shard, and one more for each hundred that are taken from it.
    """
    shards = (_of_shard(clients, settings, _partition(kind, shard), timestamp(now)) for shard in range(SHARDS))
    return merge(*shards, key=lambda found: str(found["dueAt"]))


def _of_shard(clients: "Clients", settings: "Settings", partition: str, until: str) -> Iterator[Record]:
    return items(
        clients.dynamodb.query,
        TableName=settings.tenants_table,
        IndexName=DUE_INDEX,
        KeyConditionExpression="due = :due AND dueAt <= :until",
        ExpressionAttributeValues={":due": partition, ":until": until},
        Limit=PER_PAGE,
    )


def _partition(kind: str, shard: int) -> str:
    return f"{kind}#{shard}"


def _shard(tenant_id: str) -> int:
    return zlib.crc32(tenant_id.encode()) % SHARDS
