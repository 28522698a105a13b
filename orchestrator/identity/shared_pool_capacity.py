"""Capacity: the next shared user pool is opened ahead of need, and whoever must act hears of it in time.

On a schedule, so that no tenant pays for it. A tick may come twice, late, or die in the middle: opening is the ledger's
begin / act / finish, as when a tenant needs the next one at once; an event is recorded on its row before it is
published, and what is recorded and not noted as published is published by the next tick, with the same `eventKey`.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import CONDITION_FAILED_EXCEPTION, Change, is_code, refused_item
from orchestrator.aws.errors import OnboardingError, TransientError, translate
from orchestrator.identity import shared_pools
from orchestrator.tenants.events import put
from orchestrator.tenants.ledger import Record, Turn, timestamp
from tenant_onboarding.contracts.outgoing import SharedPoolNearlyFull
from tenant_onboarding.names import SOURCE

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

Threshold = Literal[80, 95]
NEARLY_FULL: Threshold = 80
"""Percent of a limit, from which on a row counts for nothing and the next one is due."""
ALMOST_NONE_LEFT: Threshold = 95
"""Percent, from which on the roomiest open row is worth a second warning if opening the next has failed so far."""
THRESHOLDS = (NEARLY_FULL, ALMOST_NONE_LEFT)
WRITES_A_TICK = 20
"""So many limits brought up to date, and so many events published; the rest is for the next tick."""


@dataclass(frozen=True)
class Fill:
    """How full one counter of one row is."""

    pool_key: str
    counter: Any  # Any: one of `shared_pools.EMPTY`, which the contract checks
    count: int
    limit: int

    @property
    def percent(self) -> int:
        """In whole percent, rounded down; 0 of what not even an empty shared user pool would offer a tenant."""
        offered = self.limit > shared_pools.EMPTY[self.counter]
        return self.count * 100 // self.limit if offered else 0


Measure = Callable[[Fill], object]
"""Told of each counter of each open row."""
Report = Callable[[str, OnboardingError], object]
"""Told of each failure, with the key of the row, or with none if it is about the next one."""


def tick(
    clients: "Clients",
    settings: "Settings",
    turn: Turn,
    *,
    measure: Measure = lambda *_: None,
    report: Report = lambda *_: None,
) -> dict[str, int]:
    """Look once; return how many rows have room, how many more should, were refreshed, warned of, opened, and failed.

    Costs one query while nothing is due. What fails is reported and keeps no other duty from its turn (of the events
    the first failure is enough for this tick), and the next tick tries again. `turn` must have an owner that no other
    invocation has, not even a repeated one.
    """
    rows = shared_pools.list_rows(clients, settings)
    for fill in (fill for row in _opened(rows) for fill in fills(settings, row)):
        measure(fill)
    roomy = len(with_room(settings, rows))
    lacking = max(settings.open_shards - roomy, 0) if rows else 0
    found = {"withRoom": roomy, "lacking": lacking, "refreshed": 0, "warned": 0, "opened": 0, "failed": 0}

    def carry_out(duty: str, pool_key: str, act: Callable[[], bool]) -> bool:
        try:
            found[duty] += act()
        except Exception as error:  # reported; the next tick tries again
            found["failed"] += 1
            report(pool_key, translate(error))
            return False
        return True

    outdated = [row for row in rows if row["limits"] != shared_pools.limits(settings)]
    for row in outdated[:WRITES_A_TICK]:
        carry_out("refreshed", row["poolKey"], partial(_refresh, clients, settings, row))
    due = [each for each in _due(settings, rows) if each[0] not in outdated]
    for row, threshold, event in due[:WRITES_A_TICK]:
        if not carry_out("warned", row["poolKey"], partial(_warn, clients, settings, row, threshold, event)):
            break
    carry_out("opened", "", lambda: open_ahead(clients, settings, turn, rows))
    return found


def fills(settings: "Settings", row: Record) -> list[Fill]:
    """Return how full each counter of a row is."""
    return [
        Fill(row["poolKey"], counter, int(row[counter]), limit)
        for counter, limit in shared_pools.limits(settings).items()
    ]


def with_room(settings: "Settings", rows: list[Record]) -> list[Record]:
    """Return the open rows that are below 80 percent on every counter."""
    return [row for row in _opened(rows) if _fullest(settings, row).percent < NEARLY_FULL]


def open_ahead(clients: "Clients", settings: "Settings", turn: Turn, rows: list[Record]) -> bool:
    """Open the next shared user pool if fewer than `open_shards` have room; tell whether this invocation opened it.

    The first one is opened by the first tenant: a deployment of silo tenants alone needs none. One a call. While
    another invocation is at it, a tenant's say, there is nothing to do.
    """
    if not rows or len(with_room(settings, rows)) >= settings.open_shards:
        return False
    try:
        shared_pools.open_next(clients, settings, turn, rows)
    except TransientError as error:
        if error.code == "LeaseHeld":
            return False
        raise
    return True


def _opened(rows: list[Record]) -> list[Record]:
    return [row for row in rows if row["status"] == shared_pools.OPEN]


def _fullest(settings: "Settings", row: Record) -> Fill:
    return max(fills(settings, row), key=lambda fill: fill.percent)


def _refresh(clients: "Clients", settings: "Settings", row: Record) -> bool:
    """Let a row's own copy of the limits be those in force; by these it may become nearly full once more."""
    change = _change(settings, row).set("limits", shared_pools.limits(settings))
    change.remove(*(name for threshold in THRESHOLDS for name in _names(threshold)))
    writes.in_turn(clients.dynamodb.update_item, **change.require("attribute_exists([poolKey])").arguments())
    return True


def _due(settings: "Settings", rows: list[Record]) -> list[tuple[Record, Threshold, str]]:
    """Return the events that are true and not known to be published, each with its row and threshold."""
    opened, opening = _opened(rows), shared_pools.next_opening(rows)
    stuck = opening is not None and not shared_pools.being_opened(opening)
    last = min(opened, key=lambda row: _fullest(settings, row).percent, default=None) if stuck else None
    return [
        (row, threshold, event)
        for row in opened
        for threshold, event in _events(settings, row, is_last=row is last)
        if _names(threshold)[1] not in row
    ]


def _events(settings: "Settings", row: Record, *, is_last: bool) -> Iterator[tuple[Threshold, str]]:
    """Yield the events that a row has recorded, as they are recorded, and those that are to be."""
    fullest = _fullest(settings, row)
    reached = {NEARLY_FULL: fullest.percent >= NEARLY_FULL}
    reached[ALMOST_NONE_LEFT] = is_last and fullest.percent >= ALMOST_NONE_LEFT
    for threshold in THRESHOLDS:
        if recorded := row.get(_names(threshold)[0]):
            yield threshold, recorded
        elif reached[threshold]:
            yield threshold, _event(row, fullest, threshold).to_json()


def _event(row: Record, fill: Fill, threshold: Threshold) -> SharedPoolNearlyFull:
    """Return the event; its key is the same whoever makes it, and another once another limit is reached."""
    parts = (row["region"], row["poolKey"], SharedPoolNearlyFull.__name__, threshold, fill.counter, fill.limit)
    return SharedPoolNearlyFull(
        region=row["region"],
        pool_key=row["poolKey"],
        user_pool_id=row["resources"]["userPoolId"],
        counter=fill.counter,
        count=fill.count,
        limit=fill.limit,
        percent=fill.percent,
        threshold=threshold,
        event_key=":".join(map(str, parts)),
    )


def _warn(clients: "Clients", settings: "Settings", row: Record, threshold: Threshold, event: str) -> bool:
    """Record the event once a row and threshold, publish what is recorded, note that it is published."""
    recorded, published = _names(threshold)
    if recorded not in row:
        change = (
            _change(settings, row)
            .set(recorded, event)
            .require(f"attribute_exists([poolKey]) AND attribute_not_exists([{recorded}])")
        )
        try:
            writes.in_turn(clients.dynamodb.update_item, **change.arguments())
        except ClientError as error:
            if not is_code(error, CONDITION_FAILED_EXCEPTION):
                raise
            found = refused_item(error.response)
            if recorded not in found or published in found:  # another tick has done it all, or the row is gone
                return False
            event = found[recorded]
    bus, kind = settings.event_bus, SharedPoolNearlyFull.__name__
    put(clients.events, bus, source=SOURCE, detail_type=kind, detail=event)
    noted = _change(settings, row).set(published, timestamp(time.time())).require(f"[{recorded}] = ?", event)
    # If that does not hold, the limits have changed, and what was published is of the past.
    writes.if_it_holds(clients.dynamodb.update_item, **noted.arguments())
    return True


def _names(threshold: Threshold) -> tuple[str, str]:
    """Return the attributes that hold a threshold's event, and when it was published."""
    return f"nearlyFull{threshold}", f"nearlyFull{threshold}PublishedAt"


def _change(settings: "Settings", row: Record) -> Change:
    return Change(settings.shared_pools_table, shared_pools.row_key(row))
