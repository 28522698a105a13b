"""Rejected events, by index and never by scan: the newest first, page by page, and how many there were of late."""

import json
from typing import TYPE_CHECKING, Annotated

from pydantic import StringConstraints, TypeAdapter

from orchestrator.aws import cursor as cursors
from orchestrator.aws.dynamodb import pages
from orchestrator.status import rows
from orchestrator.status.rows import Page
from orchestrator.status.tenant import Document
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.lifecycle import REJECTED
from orchestrator.tenants.records import STATUS_INDEX, UNKNOWN_TENANT, in_status
from tenant_onboarding.contracts.fields import TENANT_ID_PATTERN

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

COUNTED = 100
"""So many rejected events are counted, and no more."""

Named = Annotated[str, StringConstraints(pattern=f"{TENANT_ID_PATTERN}|^{UNKNOWN_TENANT}$")]
Item = Annotated[str, StringConstraints(pattern=f"^{REJECTED}#[ -~]{{1,128}}$")]
LAST = TypeAdapter(tuple[cursors.Timestamp, Named, Item], config=cursors.WHEN_USED)
"""When the last one that was shown was rejected, and its key."""


def list_rejected(clients: "Clients", settings: "Settings", limit: int = 100) -> list[Document]:
    """Return the rejected events, newest first: which event, for which tenant, when, and every reason."""
    return [rejection(row) for row in rows.newest(clients, settings, REJECTED, limit)]


def rejected_page(clients: "Clients", settings: "Settings", limit: int, cursor: str | None = None) -> Page:
    """Return the next rejected events, newest first, by one query; raises CursorError for a cursor of another list.

    A page may hold fewer than `limit` though more follow, as long as it has a cursor.
    """
    after = None
    if cursor is not None:
        rejected_at, tenant_id, item = cursors.from_text(cursor, REJECTED, LAST)
        after = {"tenantId": tenant_id, "item": item, "status": REJECTED, "statusChangedAt": rejected_at}
    options = {"ScanIndexForward": False, "Limit": limit, "after": after}
    page = next(in_status(clients.dynamodb, settings.tenants_table, REJECTED, **options))
    place = page.end and (page.end["statusChangedAt"], page.end["tenantId"], page.end["item"])
    return Page([rejection(row) for row in page.items], cursors.to_text(place, REJECTED) if place else None)


def rejection(row: Record) -> Document:
    """Return a recorded rejection as it is listed."""
    answer = json.loads(row["rejection"])
    return {key: answer[key] for key in ("eventId", "tenantId", "reasons")} | {"rejectedAt": row["statusChangedAt"]}


def count_rejected(clients: "Clients", settings: "Settings", since: float) -> Document:
    """Return how many events were rejected since then, epoch seconds, by one query; there may be more than COUNTED."""
    found = pages(
        clients.dynamodb.query,
        TableName=settings.tenants_table,
        IndexName=STATUS_INDEX,
        KeyConditionExpression="#status = :rejected AND #changedAt >= :since",
        ExpressionAttributeNames={"#status": "status", "#changedAt": "statusChangedAt"},
        ExpressionAttributeValues={":rejected": REJECTED, ":since": timestamp(since)},
        Select="COUNT",
        Limit=COUNTED + 1,
    )
    page = next(found)
    more = page.count > COUNTED or page.end is not None
    return {"since": timestamp(since), "events": min(page.count, COUNTED), "more": more}
