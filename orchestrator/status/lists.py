"""Lists of tenants, the last changed first, whole or page by page, by index and never by scan."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, StringConstraints, TypeAdapter

from orchestrator.aws import cursor as cursors
from orchestrator.aws.dynamodb import pages
from orchestrator.status import rows, search
from orchestrator.status.rows import Page, Wanted
from orchestrator.status.tenant import Document
from orchestrator.tenants import lifecycle
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import STATUS_INDEX, record_key

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

LOOKED_THROUGH = 1_000
"""Tenants of a status that one page looks through for those of a tier; about half of what DynamoDB reads by a call."""
EARLIEST, LATEST = "0", "A"
"""Before and after every timestamp."""

Status = Annotated[str, StringConstraints(pattern=f"^({'|'.join(lifecycle.STATUSES)})$")]
Position = tuple[cursors.Timestamp, cursors.Id]
"""When the last tenant that was shown changed its status, and its id."""
Positions = Annotated[dict[Status, Position | None], Field(min_length=1)]
"""By status, of those that have more to show; None where nothing was shown yet."""
POSITIONS = TypeAdapter(Positions, config=cursors.WHEN_USED)


@dataclass(frozen=True)
class _Stretch:
    """What one query found of a status, and where there is more of it."""

    rows: list[Record]
    end: Position | None


def list_page(clients: "Clients", settings: "Settings", wanted: Wanted, limit: int, cursor: str | None = None) -> Page:
    """Return the next tenants, the last changed first; raises CursorError for a cursor that is not of this list.

    One query a status and one read of the records, however many tenants there are. A page may hold fewer than
    `limit` though more follow, as long as it has a cursor. Of a search it is the page that `search` finds.
    """
    if wanted.search is not None or wanted.metadata is not None:
        return search.find_page(clients, settings, wanted, limit, cursor)
    if wanted.is_empty:
        return Page([], None)
    if cursor is None:
        positions: Positions = dict.fromkeys(wanted.statuses)
    else:
        positions = _positions(cursor, wanted)
    found = {
        status: _stretch(clients, settings, status, wanted, limit, position) for status, position in positions.items()
    }
    # Of a status that has more than was read, tenants not read yet come before any that is older than the last read.
    ends = [stretch.end[0] for stretch in found.values() if stretch.end]
    safe = max(ends, default=EARLIEST)
    in_turn = merge(*(stretch.rows for stretch in found.values()), key=_changed_at, reverse=True)
    shown = list(islice((row for row in in_turn if row["statusChangedAt"] >= safe), limit))
    onward = _onward(positions, found, shown)
    return Page(rows.of_index(clients, settings, shown), cursors.to_text(onward, wanted) if onward else None)


def list_tenants(
    clients: "Clients", settings: "Settings", status: str | None = None, limit: int = 100
) -> list[Document]:
    """Return the tenants whose status changed last, newest first; the queries do not grow with their number."""
    statuses = [status] if status else lifecycle.STATUSES
    found = [row for each in statuses for row in rows.newest(clients, settings, each, limit)]
    found.sort(key=_changed_at, reverse=True)
    return rows.of_index(clients, settings, found[:limit])


def _positions(cursor: str, wanted: Wanted) -> Positions:
    """Return where a cursor leads on; DynamoDB goes on at no place that is outside of what it is asked for."""
    positions = cursors.from_text(cursor, wanted, POSITIONS)
    if not positions.keys() <= set(wanted.statuses):
        raise cursors.CursorError(cursors.OTHER_LIST)
    if not all(wanted.is_of(position[0]) for position in positions.values() if position):
        raise cursors.CursorError(cursors.OTHER_LIST)
    return positions


def _stretch(
    clients: "Clients", settings: "Settings", status: str, wanted: Wanted, limit: int, after: Position | None
) -> _Stretch:
    """Read on in a status by one query."""
    names = {"#status": "status", "#changedAt": "statusChangedAt"}
    values = {
        ":status": status,
        ":first": _just_before(wanted.since, EARLIEST),
        ":last": _just_before(wanted.until, LATEST),
    }
    arguments: Any = {"Limit": limit}
    if wanted.tier:
        names["#tier"] = "tier"
        values[":tier"] = wanted.tier
        arguments = {"FilterExpression": "#tier = :tier", "Limit": LOOKED_THROUGH}
    found = pages(
        clients.dynamodb.query,
        after=_key(status, after) if after else None,
        TableName=settings.tenants_table,
        IndexName=STATUS_INDEX,
        KeyConditionExpression="#status = :status AND #changedAt BETWEEN :first AND :last",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=values,
        ScanIndexForward=False,
        **arguments,
    )
    page = next(found)
    return _Stretch(page.items, _position(page.end) if page.end else None)


def _onward(positions: Positions, found: Mapping[str, _Stretch], shown: Sequence[Record]) -> Positions:
    """Return where each status goes on that has more to show."""
    last = {row["status"]: _position(row) for row in shown}
    number = Counter(row["status"] for row in shown)
    onward: dict[str, Position | None] = {}
    for status, stretch in found.items():
        if number[status] < len(stretch.rows):
            onward[status] = last.get(status, positions[status])
        elif stretch.end:
            onward[status] = stretch.end
    return onward


def _just_before(time: str | None, otherwise: str) -> str:
    """Return what sorts after every earlier timestamp and before this one.

    So no tenant's time is itself an end of what is asked for: BETWEEN takes in its ends, but DynamoDB goes on from none
    that leaves nothing before it, though tenants that changed at the same moment may be left.
    """
    return time.removesuffix("Z") if time else otherwise


def _position(row: Record) -> Position:
    return row["statusChangedAt"], row["tenantId"]


def _key(status: str, position: Position) -> dict[str, str]:
    changed_at, tenant_id = position
    return record_key(tenant_id) | {"status": status, "statusChangedAt": changed_at}


def _changed_at(row: Record) -> str:
    return str(row["statusChangedAt"])
