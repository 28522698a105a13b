"""Lists, by index and never by scan: tenants the last changed first, whole or page by page, and rejected events."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any

from orchestrator import lifecycle
from orchestrator.intake import REJECTED
from orchestrator.ledger import Record
from orchestrator.status import cursor as cursors
from orchestrator.status.cursor import Position, Positions
from orchestrator.status.tenant import Document

if TYPE_CHECKING:
    from orchestrator.clients import Clients
    from orchestrator.settings import Settings

LOOKED_THROUGH = 1_000
"""Tenants of a status that one page looks through for those of a tier; about half of what DynamoDB reads by a call."""
EARLIEST, LATEST = "0", "A"
"""Before and after every timestamp."""
FACTS = (
    "tenantId",
    "tenantName",
    "tier",
    "status",
    "currentStep",
    "requestedAt",
    "statusChangedAt",
    "updatedAt",
    "completedAt",
)


@dataclass(frozen=True)
class Wanted:
    """Which tenants a list is of; by default all. The times are those of the last change of status.

    Attributes:
        since: a timestamp as the records have them, the first that is wanted.
        until: the first one that is not wanted any more.

    """

    status: str | None = None
    tier: str | None = None
    since: str | None = None
    until: str | None = None

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses that are looked at."""
        return (self.status,) if self.status else lifecycle.STATUSES

    @property
    def is_empty(self) -> bool:
        """Whether no time is between the two, which DynamoDB would refuse to look for."""
        return bool(self.since and self.until and self.since >= self.until)


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and the cursor that leads on; with None that is all."""

    rows: list[Document]
    cursor: str | None


@dataclass(frozen=True)
class _Stretch:
    """What one query found of a status, and where there is more of it."""

    rows: list[Record]
    end: Position | None


def list_page(clients: "Clients", settings: "Settings", wanted: Wanted, limit: int, cursor: str | None = None) -> Page:
    """Return the next tenants, the last changed first; raises CursorError for a cursor that is not of this list.

    One query a status, however many tenants there are. A page may hold fewer than `limit` though more follow, as long
    as it has a cursor.
    """
    if wanted.is_empty:
        return Page([], None)
    if cursor is None:
        positions: Positions = dict.fromkeys(wanted.statuses)
    else:
        positions = cursors.from_text(cursor, wanted, wanted.statuses)
    found = {
        status: _stretch(clients, settings, status, wanted, limit, position) for status, position in positions.items()
    }
    # Of a status that has more than was read, tenants not read yet come before any that is older than the last read.
    ends = [stretch.end[0] for stretch in found.values() if stretch.end]
    safe = max(ends, default=EARLIEST)
    in_turn = merge(*(stretch.rows for stretch in found.values()), key=_changed_at, reverse=True)
    rows = list(islice((row for row in in_turn if row["statusChangedAt"] >= safe), limit))
    onward = _onward(positions, found, rows)
    return Page([_row(row) for row in rows], cursors.to_text(onward, wanted) if onward else None)


def list_tenants(
    clients: "Clients", settings: "Settings", status: str | None = None, limit: int = 100
) -> list[Document]:
    """Return the tenants whose status changed last, newest first; the queries do not grow with their number."""
    statuses = [status] if status else lifecycle.STATUSES
    rows = [row for each in statuses for row in _newest(clients, settings, each, limit)]
    rows.sort(key=_changed_at, reverse=True)
    return [_row(row) for row in rows[:limit]]


def list_rejected(clients: "Clients", settings: "Settings", limit: int = 100) -> list[Document]:
    """Return the rejected events, newest first: which event, for which tenant, when, and every reason."""
    return [rejection(row) for row in _newest(clients, settings, REJECTED, limit)]


def _stretch(
    clients: "Clients", settings: "Settings", status: str, wanted: Wanted, limit: int, after: Position | None
) -> _Stretch:
    """Read on in a status by one query."""
    names = {"#status": "status", "#changedAt": "statusChangedAt"}
    values = {":status": status, ":first": wanted.since or EARLIEST, ":last": _just_before(wanted.until)}
    arguments: Any = {"Limit": limit}
    if wanted.tier:
        names["#tier"] = "tier"
        values[":tier"] = wanted.tier
        arguments = {"FilterExpression": "#tier = :tier", "Limit": LOOKED_THROUGH}
    if after:
        arguments["ExclusiveStartKey"] = _key(status, after)
    answer: Any = clients.dynamodb.query(
        TableName=settings.tenants_table,
        IndexName=lifecycle.STATUS_INDEX,
        KeyConditionExpression="#status = :status AND #changedAt BETWEEN :first AND :last",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=values,
        ScanIndexForward=False,
        **arguments,
    )
    last = answer.get("LastEvaluatedKey")
    return _Stretch(answer["Items"], _position(last) if last else None)


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


def _just_before(until: str | None) -> str:
    """Return what sorts after every earlier timestamp and before this one; BETWEEN takes in its ends."""
    return until.removesuffix("Z") if until else LATEST


def _position(row: Record) -> Position:
    return row["statusChangedAt"], row["tenantId"]


def _key(status: str, position: Position) -> dict[str, str]:
    changed_at, tenant_id = position
    return lifecycle.record_key(tenant_id) | {"status": status, "statusChangedAt": changed_at}


def rejection(row: Record) -> Document:
    """Return a recorded rejection as it is listed."""
    answer = json.loads(row["rejection"])
    return {key: answer[key] for key in ("eventId", "tenantId", "reasons")} | {"rejectedAt": row["statusChangedAt"]}


def _newest(clients: "Clients", settings: "Settings", status: str, limit: int) -> list[Record]:
    """Return the `limit` last changed; DynamoDB ends a page at 1 MB, so there may be several."""
    found: list[Record] = []
    onward: Any = {}
    while True:
        more = {"ScanIndexForward": False, "Limit": limit - len(found), **onward}
        answer = lifecycle.in_status(clients.dynamodb, settings.tenants_table, status, **more)
        found += [dict(item) for item in answer["Items"]]
        if len(found) >= limit or "LastEvaluatedKey" not in answer:
            return found
        onward = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _changed_at(row: Record) -> str:
    return str(row["statusChangedAt"])


def _row(row: Record) -> Document:
    return {
        **{fact: row.get(fact) for fact in FACTS},
        "attempt": int(row["attempt"]),
        "failure": row.get("failure"),
    }
