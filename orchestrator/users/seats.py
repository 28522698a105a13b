"""Seats: how many people of a tenant are ACTIVE, published after each change for whoever bills them.

The event says how many there are when it is published, so of several changes one may be told. A fault publishes it
again, with the same key and the same number.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import Change, Item, items
from orchestrator.aws.errors import TransientError
from orchestrator.tenants import lifecycle, metadata
from orchestrator.tenants.events import put
from orchestrator.tenants.records import read_item, read_record
from orchestrator.users import counts, store
from tenant_onboarding.contracts.outgoing import TenantSeatsChanged
from tenant_onboarding.names import SOURCE

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

PER_PAGE = 100


def changed(clients: "Clients", settings: "Settings") -> Iterator[Item]:
    """Yield the keys of the items whose change is not published, a query a hundred."""
    return items(
        clients.dynamodb.query,
        TableName=settings.users_table,
        IndexName=store.ADDRESS_INDEX,
        KeyConditionExpression="#address = :seats",
        ExpressionAttributeNames={"#address": counts.TO_PUBLISH},
        ExpressionAttributeValues={":seats": counts.SEATS},
        Limit=PER_PAGE,
    )


def tell(clients: "Clients", settings: "Settings", found: Item) -> str:
    """Publish how many seats a tenant has, by a key of `changed`; return `told`, or an empty text if there is nothing.

    A tenant that is not live yet has it published once it is. Raises TransientError if people changed meanwhile, and
    what AWS answers.
    """
    item = read_item(clients.dynamodb, settings.users_table, counts.key(found["tenantId"]))
    tenant = read_record(clients.dynamodb, settings.tenants_table, found["tenantId"])
    if item is None or counts.TO_PUBLISH not in item or tenant is None or tenant["status"] not in lifecycle.LIVE:
        return ""
    if not item.get(counts.WHOLE):
        item = recount(clients, settings, item)
    seats, number = int(item.get(counts.MEMBERS, 0)), int(item[counts.NUMBER])
    event = TenantSeatsChanged(tenant_id=found["tenantId"], seats=seats, number=number, metadata=metadata.of(tenant))
    put(
        clients.events,
        settings.event_bus,
        source=SOURCE,
        detail_type=type(event).__name__,
        detail=event.to_json(),
    )
    done = Change(settings.users_table, counts.key(found["tenantId"])).remove(counts.TO_PUBLISH)
    writes.if_it_holds(clients.dynamodb.update_item, **done.require(f"[{counts.NUMBER}] = ?", number).arguments())
    return "told"


def recount(clients: "Clients", settings: "Settings", item: Item) -> Item:
    """Count everybody of a tenant, and return the item that counts them as it is then; `item` as it was read before.

    Raises TransientError if people changed meanwhile, and what AWS answers.
    """
    tenant_id = item["tenantId"]
    rows = [each for each in store.of_tenant(clients.dynamodb, settings.users_table, tenant_id) if store.is_row(each)]
    each_counts = [counts.of(row) for row in rows]
    totals = {name: sum(each[name] for each in each_counts) for name in counts.of(None)}
    change = Change(settings.users_table, counts.key(tenant_id))
    for name, total in totals.items():
        change.set(name, total)
    change.set(counts.WHOLE, value=True).set(counts.TO_PUBLISH, counts.SEATS)
    change.increase(counts.NUMBER, start=counts.now())
    if counts.NUMBER in item:
        change.require(f"[{counts.NUMBER}] = ?", item[counts.NUMBER])
    else:
        change.require(f"attribute_not_exists([{counts.NUMBER}])")
    if not writes.if_it_holds(clients.dynamodb.update_item, **change.arguments()):
        raise TransientError(f"{tenant_id}: people changed while they were counted", code="RecordChanged")
    return read_item(clients.dynamodb, settings.users_table, counts.key(tenant_id)) or item


def to_be_counted(clients: "Clients", settings: "Settings", tenant_id: str, *, dry_run: bool) -> bool:
    """Let everybody of a tenant be counted by the next `tell`, if nobody has counted them yet; tell whether that is so.

    That is a tenant of an earlier release, of whose people the admins alone were counted. Nothing is written for one
    that waits for it already.
    """
    key = counts.key(tenant_id)
    item = read_item(clients.dynamodb, settings.users_table, key)
    if item is None or counts.WHOLE in item or counts.TO_PUBLISH in item:
        return False
    if not dry_run:
        change = Change(settings.users_table, key).set(counts.TO_PUBLISH, counts.SEATS)
        change.require(f"attribute_exists([{counts.ACTIVE_ADMINS}])")
        writes.if_it_holds(clients.dynamodb.update_item, **change.arguments())
    return True
