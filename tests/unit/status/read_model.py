"""What tests know of the read model: moments, ids, cursors, and what a summary calls."""

from orchestrator import status
from orchestrator.aws import cursor
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings

CALLS = ["BatchGetItem", *["Query"] * 7]
"""Of a summary, on DynamoDB."""


def minute(number: int) -> str:
    return f"2026-01-01T00:{number:02d}:00.000Z"


def ids(rows: list[status.Document]) -> list[str]:
    return [row["tenantId"] for row in rows]


def cursor_of(clients: Clients, settings: Settings, **filters: str) -> str:
    found = status.list_page(clients, settings, status.Wanted(**filters), 1).cursor
    assert found
    return found


def forged(positions: object) -> str:
    """Return a cursor with a right digest, as somebody who has read the source may make one."""
    return cursor.to_text(positions, status.Wanted())
