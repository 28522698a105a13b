"""Backlog: how long tenants have been on their way, and how many wait for somebody; one query of an index each."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from orchestrator.tenants import lifecycle
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import in_status

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings


def oldest(
    clients: "Clients", settings: "Settings", statuses: Sequence[str], now: float
) -> tuple[Record, float] | None:
    """Return whoever has been in one of the statuses the longest, and for how many seconds; None if nobody is."""
    found = [
        row
        for each in statuses
        for row in next(in_status(clients.dynamodb, settings.tenants_table, each, Limit=1)).items
    ]
    if not found:
        return None
    row = min(found, key=lambda row: str(row["statusChangedAt"]))
    since = datetime.fromisoformat(str(row["statusChangedAt"])).timestamp()
    return row, max(now - since, 0.0)


def failed(clients: "Clients", settings: "Settings") -> int:
    """Return how many tenants are FAILED; of more than a megabyte of them, as many as that holds."""
    return next(in_status(clients.dynamodb, settings.tenants_table, lifecycle.FAILED, Select="COUNT")).count
