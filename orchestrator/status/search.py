"""Search: tenants whose ids begin with a text, which hold it, or have some metadata, by their ids, never by scan."""

from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from orchestrator.aws import cursor as cursors
from orchestrator.aws.dynamodb import pages
from orchestrator.status import rows
from orchestrator.status.holders import holders
from orchestrator.status.rows import Page, Wanted
from orchestrator.status.tenant import Document
from orchestrator.tenants import metadata
from orchestrator.tenants.records import ID_INDEX, KEYS_A_READ, RECORD, by_key, record_key

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

LOOKED_THROUGH = KEYS_A_READ
"""Tenants that one page looks through for those of a status, tier or time."""
LAST_ID = TypeAdapter(cursors.Id, config=cursors.WHEN_USED)


def find_page(clients: "Clients", settings: "Settings", wanted: Wanted, limit: int, cursor: str | None = None) -> Page:
    """Return the next tenants that a search finds; raises CursorError for a cursor that is not of this search.

    A query, a read of the records and at most two of routes, however many tenants there are, so what is told of each is
    true now. On the first page who has the text as a host, a code or an email domain comes before those whose ids begin
    with it, as long as there is room for one of these, too. A page may hold fewer than `limit` though more follow, as
    long as it has a cursor. Raises ThrottledError if DynamoDB leaves records unread.
    """
    if wanted.is_empty:
        return Page([], None)
    after = None if cursor is None else _place(cursor, wanted)
    held = holders(clients, settings, wanted.search) if wanted.search else []
    others = sorted({str(each["tenantId"]) for each in held if not _begins_so(each["tenantId"], wanted)})
    if wanted.search and not wanted.beginning:
        ids, end, first = [each for each in others if each > (after or "")], None, []
    else:
        first = [] if after else others
        looked_through = LOOKED_THROUGH - len(first)
        most = min(limit, looked_through) if wanted.is_found_alone else looked_through
        ids, end = _ids(clients, settings, wanted, most, after)
    records = by_key(clients, settings, map(record_key, [*first, *ids]))
    found = sorted((record for record in records if wanted.means(record)), key=lambda record: str(record["tenantId"]))
    by_id = [record for record in found if record["tenantId"] not in first]
    before = [record for record in found if record["tenantId"] in first][: limit - bool(by_id)]
    shown = by_id[: limit - len(before)]
    last = shown[-1]["tenantId"] if len(shown) < len(by_id) else end
    return Page([rows.row(record) for record in before + shown], cursors.to_text(last, wanted) if last else None, held)


def _begins_so(tenant_id: str, wanted: Wanted) -> bool:
    return bool(wanted.beginning) and tenant_id.startswith(wanted.beginning or "")


def find(clients: "Clients", settings: "Settings", wanted: Wanted, limit: int) -> list[Document]:
    """Return the first tenants that a search finds, page by page; that costs as much as there are looked through."""
    found: list[Document] = []
    cursor = None
    while True:
        page = find_page(clients, settings, wanted, min(limit - len(found), LOOKED_THROUGH), cursor)
        found += page.rows
        cursor = page.cursor
        if cursor is None or len(found) == limit:
            return found


def _place(cursor: str, wanted: Wanted) -> str:
    """Return the id that a cursor leads on after; DynamoDB goes on after none that begins otherwise."""
    last = cursors.from_text(cursor, wanted, LAST_ID)
    if not last.startswith(wanted.beginning or ""):
        raise cursors.CursorError(cursors.OTHER_LIST)
    return last


def _ids(
    clients: "Clients", settings: "Settings", wanted: Wanted, limit: int, after: str | None
) -> tuple[list[str], str | None]:
    """Return the next ids, and the last of them if there may be more."""
    where: Any
    if wanted.metadata:
        partition, names, where = metadata.partition(wanted.metadata), ("tenantId", "item"), {}
    else:
        partition, names, where = RECORD, ("item", "tenantId"), {"IndexName": ID_INDEX}
    begins_so = " AND begins_with(#id, :search)" if wanted.beginning else ""
    arguments: Any = {
        "KeyConditionExpression": f"#partition = :partition{begins_so}",
        "ExpressionAttributeNames": {"#partition": names[0]} | ({"#id": names[1]} if begins_so else {}),
        "ExpressionAttributeValues": {":partition": partition} | ({":search": wanted.beginning} if begins_so else {}),
    }
    found = pages(
        clients.dynamodb.query,
        after=dict(zip(names, (partition, after), strict=True)) if after else None,
        TableName=settings.tenants_table,
        Limit=limit,
        **where,
        **arguments,
    )
    page = next(found)
    ids = [str(item[names[1]]) for item in page.items]
    return ids, ids[-1] if page.end else None
