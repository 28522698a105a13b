"""The statuses of a tenant, and what moves it from one to another.

    PENDING ──► IN_PROGRESS ──► COMPLETED
       │             │  ▲
       └──► FAILED ◄─┘  │ retry, amend
             │  ▲ └─────┘
     abandon ▼  │
         ABANDONING ──► ABANDONED

A move is one transaction of `transitions`: the record, the `counters`, and the event that the move makes true, which
goes into the record's `outbox` by the same write.
"""

from collections.abc import Callable

from orchestrator.tenants.commands import command
from orchestrator.tenants.ledger import Record

PENDING = "PENDING"
IN_PROGRESS = "IN_PROGRESS"
COMPLETED = "COMPLETED"
FAILED = "FAILED"
ABANDONING = "ABANDONING"
ABANDONED = "ABANDONED"
STATUSES = (PENDING, IN_PROGRESS, COMPLETED, FAILED, ABANDONING, ABANDONED)
ACTIVE = (PENDING, IN_PROGRESS)
UNDER_WAY = (*ACTIVE, ABANDONING)
"""An execution runs, or is to be started: of the onboarding, or of the abandonment."""
REJECTED = "REJECTED"
"""Of an event, which makes no tenant."""

Observe = Callable[[str, Record], object]
"""Told of each status that a call has let a record enter, as soon as that is true, with the record."""


def unobserved(_status: str, _record: Record) -> None:
    """Nobody counts."""


def given_up(record: Record) -> str:
    """Return what is told to whoever wants a tenant to go on that an operator gave up; empty if none did."""
    if record["status"] == ABANDONED:
        return "was abandoned; to onboard it again, emit its event anew"
    if record["status"] == ABANDONING:
        return f"is being abandoned; follow it: {command('show', record['tenantId'], watch=True)}"
    if "abandonment" in record:
        return f"its abandonment was begun; run: {command('abandon', record['tenantId'])}"
    return ""
