"""What lists are of, and what they show of each tenant."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.status.tenant import Document, failure
from orchestrator.tenants import lifecycle
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import in_status

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

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
BEGINNING_PATTERN = "[A-Za-z0-9-]{1,40}"
"""What can be searched for: the beginning of a tenant's id, in whatever case."""


@dataclass(frozen=True)
class Wanted:
    """Which tenants a list is of; by default all. The times are those of the last change of status.

    Attributes:
        since: a timestamp as the records have them, the first that is wanted.
        until: the first one that is not wanted any more.
        search: what their ids begin with, see `beginning`.

    """

    status: str | None = None
    tier: str | None = None
    since: str | None = None
    until: str | None = None
    search: str | None = None

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses that are looked at."""
        return (self.status,) if self.status else lifecycle.STATUSES

    @property
    def is_empty(self) -> bool:
        """Whether no time is between the two, which DynamoDB would refuse to look for."""
        return bool(self.since and self.until and self.since >= self.until)

    @property
    def is_by_id_alone(self) -> bool:
        """Whether every tenant is wanted whose id begins so."""
        return self == Wanted(search=self.search)

    def means(self, record: Record) -> bool:
        """Tell whether a tenant is one of them, whatever its id."""
        return (
            self.status in (None, record["status"])
            and self.tier in (None, record["tier"])
            and self.is_of(record["statusChangedAt"])
        )

    def is_of(self, changed_at: str) -> bool:
        """Tell whether a time is one of those that are wanted."""
        return (self.since is None or self.since <= changed_at) and (self.until is None or changed_at < self.until)


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and the cursor that leads on; with None that is all."""

    rows: list[Document]
    cursor: str | None


def beginning(text: str) -> str:
    """Return, in lower case, what ids are to begin with; raises ValueError if none can."""
    if not re.fullmatch(BEGINNING_PATTERN, text):
        raise ValueError("must be 1 to 40 characters, each a letter a-z, a digit or a hyphen")
    return text.lower()


def row(record: Record) -> Document:
    """Return a tenant as it is listed."""
    return {
        **{fact: record.get(fact) for fact in FACTS},
        "attempt": int(record["attempt"]),
        "failure": failure(record),
    }


def newest(clients: "Clients", settings: "Settings", status: str, limit: int) -> list[Record]:
    """Return the `limit` last changed of a status; DynamoDB ends a page at 1 MB, so there may be several."""
    table = settings.tenants_table
    found = in_status(clients.dynamodb, table, status, ScanIndexForward=False, most=limit)
    return [row for page in found for row in page.items]
