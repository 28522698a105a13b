"""Rejected events: which there are, and one whole, with every reason and what to do next."""

import json
from math import inf
from typing import TYPE_CHECKING, Any

from orchestrator import status
from orchestrator.aws.dynamodb import bounded, pages
from orchestrator.onboarding.rejection import RAW_KEPT_BYTES
from orchestrator.routing import routes
from orchestrator.tenants.commands import command
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.lifecycle import REJECTED
from orchestrator.tenants.records import STATUS_INDEX, UNKNOWN_TENANT, read_record
from tenant_onboarding.authorizer import registry
from tenant_onboarding.contracts.tenant_created import Routing

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

MOST_PAGES = 20
"""DynamoDB reads 1 MB a page, some thousand rejections by index."""
LONGEST_CHARACTER = 4
"""Bytes of UTF-8: a cut may fall into one, which is then left out."""
NEXT_ACTION = (
    "Correct the event and send it again: that is a new event, which is judged anew. "
    "This one stays rejected, however often it is delivered."
)

Document = dict[str, Any]


class TooManyError(Exception):
    """The bound on reading was reached before the answer was certain; the text says what narrows the question."""


def list_(
    clients: "Clients", settings: "Settings", *, tenant_id: str | None = None, since: str = "", limit: int = 100
) -> list[Document]:
    """Return rejected events, the newest first, of one tenant or of all; none from before `since`, a timestamp.

    Raises TooManyError if one tenant has more than can be read at once.
    """
    if tenant_id is None:
        rows = status.list_rejected(clients, settings, limit)
    else:
        rows = sorted(_of_tenant(clients, settings, tenant_id), key=lambda row: str(row["rejectedAt"]), reverse=True)
    return [row for row in rows[:limit] if row["rejectedAt"] >= since]


def show(clients: "Clients", settings: "Settings", event_id: str, tenant_id: str | None = None) -> Document | None:
    """Return a rejected event with all that is kept of it, None if there is none.

    Without the tenant that it names it is looked for from the newest on; raises TooManyError if that takes too long.
    """
    for named in (tenant_id,) if tenant_id else (UNKNOWN_TENANT, _find(clients, settings, event_id)):
        if named and (item := _read_one(clients, settings, named, event_id)):
            return {**_page(item), "heldBy": _held(clients, settings, item)}
    return None


def reasons_of(clients: "Clients", settings: "Settings", event_id: str, tenant_id: str) -> list[Document]:
    """Return why an event that names this tenant was rejected; nothing if it was not, by one consistent read."""
    item = _read_one(clients, settings, tenant_id, event_id)
    return list(status.rejection(item)["reasons"]) if item else []


def holder(clients: "Clients", settings: "Settings", route_key: str) -> str:
    """Return who holds a key that leads nowhere, or that somebody wants, and what to look at; empty if nobody does."""
    route = registry.read(clients.dynamodb, settings.routes_table, route_key) if route_key else {}
    if not route:
        return ""
    tenant_id = str(route["tenantId"])
    record = read_record(clients.dynamodb, settings.tenants_table, tenant_id) or {"status": "not known"}
    told = f"it is {route['state']} for {tenant_id}, which is {record['status']}"
    return f"{told}; see: {command('show', tenant_id)}"


def _wanted(raw: str) -> list[str]:
    """Return the keys that an event asks for which only one tenant can hold, as far as it can be read."""
    try:
        routing = Routing.model_validate(json.loads(raw)["detail"]["routing"])
    except (KeyError, RecursionError, TypeError, ValueError):
        return []
    return list(routes.exclusive_keys(routing))


def _held(clients: "Clients", settings: "Settings", item: Record) -> list[Document]:
    """Return the wanted keys that others hold, each with who does."""
    rows = []
    for key in _wanted(item["raw"]):
        route = registry.read(clients.dynamodb, settings.routes_table, key)
        if route and route["tenantId"] != item["tenantId"]:
            record = read_record(clients.dynamodb, settings.tenants_table, str(route["tenantId"])) or {}
            rows.append({"key": key, "tenantId": route["tenantId"], "status": record.get("status")})
    return rows


def _page(item: Record) -> Document:
    length, kept = int(item["rawLength"]), len(item["raw"].encode())
    return {
        **status.rejection(item),
        "published": "unpublished" not in item,
        "raw": item["raw"],
        "rawIsCut": length > kept > RAW_KEPT_BYTES - LONGEST_CHARACTER,
        "rawLength": length,
        "rawSha256": item["rawSha256"],
        "keptUntil": timestamp(float(item["expiresAt"])),
        "nextAction": NEXT_ACTION,
    }


def _read_one(clients: "Clients", settings: "Settings", tenant_id: str, event_id: str) -> Record:
    key = {"tenantId": tenant_id, "item": f"{REJECTED}#{event_id}"}
    answer = clients.dynamodb.get_item(TableName=settings.tenants_table, Key=key, ConsistentRead=True)
    return dict(answer.get("Item", {}))


def _of_tenant(clients: "Clients", settings: "Settings", tenant_id: str) -> list[Document]:
    query = {
        "KeyConditionExpression": "tenantId = :tenant AND begins_with(#item, :rejected)",
        "ExpressionAttributeValues": {":tenant": tenant_id, ":rejected": f"{REJECTED}#"},
        "ProjectionExpression": "rejection, statusChangedAt",
        "ExpressionAttributeNames": {"#item": "item"},
    }
    rows, more = _read(clients, settings, query)
    if more:
        raise TooManyError(f"{tenant_id} has more rejected events than can be read at once; list without --tenant")
    return [status.rejection(row) for row in rows]


def _find(clients: "Clients", settings: "Settings", event_id: str) -> str | None:
    """Return which tenant a rejected event names, looking for it from the newest on."""
    query = {
        "IndexName": STATUS_INDEX,
        "KeyConditionExpression": "#status = :rejected",
        "FilterExpression": "#item = :item",
        "ExpressionAttributeNames": {"#status": "status", "#item": "item"},
        "ExpressionAttributeValues": {":rejected": REJECTED, ":item": f"{REJECTED}#{event_id}"},
        "ScanIndexForward": False,
    }
    rows, more = _read(clients, settings, query, enough=1)
    if more and not rows:
        raise TooManyError(f"event {event_id} is not among the newest rejections; name its tenant with --tenant")
    return rows[0]["tenantId"] if rows else None


def _read(
    clients: "Clients", settings: "Settings", query: dict[str, Any], enough: float = inf
) -> tuple[list[Record], bool]:
    """Return what a query finds by MOST_PAGES pages at most, and whether there is more to read."""
    return bounded(pages(clients.dynamodb.query, TableName=settings.tenants_table, **query), MOST_PAGES, enough)
