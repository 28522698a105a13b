"""Members: the people of a tenant as its admins see them, page by page."""

from dataclasses import dataclass
from itertools import islice
from time import time
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import StringConstraints, TypeAdapter

from orchestrator.aws import cursor as cursors
from orchestrator.aws.dynamodb import Item, pages
from orchestrator.users import store
from orchestrator.users.statuses import REMOVED

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

SHOWN = ("userId", "tenantId", "email", "name", "role", "status", "createdAt")
"""What is said of somebody to the tenant's admins, and to oneself."""
LOOKED_THROUGH = 1_000
"""Rows that a search reads for a page at most; a page of 1 MB, where DynamoDB ends one, has more than twice as many."""
PLACES: TypeAdapter[str] = TypeAdapter(Annotated[str, StringConstraints(pattern=r"^USER#[!-~]{1,128}$")])

Document = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """Some of a tenant's people; with `cursor` None these are the last."""

    rows: list[Item]
    cursor: str | None


def document(row: Item) -> Document:
    """Return what is said of somebody; who has no name has an empty one."""
    return {name: row.get(name, "") for name in SHOWN}


@dataclass(frozen=True)
class Wanted:
    """Which people: whose address or name begins so, in either case; and in which status. Empty means any.

    Who has `username` in Cognito is wanted in whatever status.
    """

    search: str = ""
    status: str = ""
    username: str = ""

    def takes(self, row: Item) -> bool:
        """Tell whether somebody is wanted."""
        begins = any(str(row.get(name, "")).lower().startswith(self.search.lower()) for name in ("email", "name"))
        is_named = bool(self.username) and row.get("username") == self.username
        return begins and (is_named or self.status in {"", row["status"]})


ALL = Wanted()


def is_shown(row: Item, now: float) -> bool:
    """Tell whether somebody is one of the tenant's people, in any status but REMOVED."""
    return store.is_there(row, now) and row["status"] != REMOVED


def page(
    clients: "Clients", settings: "Settings", tenant_id: str, limit: int, cursor: str | None, wanted: Wanted = ALL
) -> Page:
    """Return the next people of a tenant, by one query, however many it has: in the order of their ids.

    Whoever wants some of them has so many rows looked through that a page may be short, or empty, and not the last.
    Raises CursorError for a cursor that is not of this list.
    """
    filters = (tenant_id, wanted.search, wanted.status, wanted.username)
    after = cursors.from_text(cursor, filters, PLACES) if cursor else None
    found = next(
        pages(
            clients.dynamodb.query,
            after={"tenantId": tenant_id, "item": after} if after else None,
            TableName=settings.users_table,
            ConsistentRead=True,
            KeyConditionExpression="tenantId = :tenantId AND begins_with(#item, :row)",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues={":tenantId": tenant_id, ":row": store.ROW},
            Limit=limit if wanted == ALL else LOOKED_THROUGH,
        )
    )
    now, rows = time(), found.items
    fitting = (row for row in rows if is_shown(row, now) and wanted.takes(row))
    chosen = list(islice(fitting, limit))
    is_cut = len(chosen) == limit and chosen[-1] is not rows[-1]
    if not is_cut and found.end is None:
        return Page(chosen, None)
    last = chosen[-1] if is_cut else found.end or {}
    return Page(chosen, cursors.to_text(last["item"], filters))
