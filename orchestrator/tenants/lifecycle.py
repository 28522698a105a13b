"""The statuses of a tenant, and what moves it from one to another.

    PENDING ──► IN_PROGRESS ──► COMPLETED
       │             │  ▲
       └──► FAILED ◄─┘  │ retry, amend
             │  ▲ └─────┘
     abandon ▼  │
         ABANDONING ──► ABANDONED

A move is one transaction of `transitions`: the record, the `counters`, and the event that the move makes true, which
goes into the record's `outbox` by the same write. `verdicts` says what is allowed in which status.
"""

from collections.abc import Callable

from orchestrator.tenants.ledger import Record

PENDING = "PENDING"
IN_PROGRESS = "IN_PROGRESS"
COMPLETED = "COMPLETED"
FAILED = "FAILED"
ABANDONING = "ABANDONING"
ABANDONED = "ABANDONED"
SUSPENDED = "SUSPENDED"
OFFBOARDING = "OFFBOARDING"
OFFBOARDED = "OFFBOARDED"
STATUSES = (PENDING, IN_PROGRESS, COMPLETED, FAILED, ABANDONING, ABANDONED)
TO_COME = (SUSPENDED, OFFBOARDING, OFFBOARDED)
"""Nothing in this version enters them, and `verdicts` says already what becomes of events and commands then."""
ACTIVE = (PENDING, IN_PROGRESS)
UNDER_WAY = (*ACTIVE, ABANDONING)
"""An execution runs, or is to be started: of the onboarding, or of the abandonment."""
LIVE = (COMPLETED, SUSPENDED)
"""The tenant has gone live, and is not leaving."""
LEAVING = (ABANDONING, ABANDONED, OFFBOARDING, OFFBOARDED)
"""The tenant goes or is gone: nobody is to be told to help it on."""
REJECTED = "REJECTED"
"""Of an event, which makes no tenant."""

Observe = Callable[[str, Record], object]
"""Told of each status that a call has let a record enter, as soon as that is true, with the record."""


def unobserved(_status: str, _record: Record) -> None:
    """Nobody counts."""
