"""What lists are of, and what they show of each tenant."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator.status.tenant import Document, failure
from orchestrator.tenants import lifecycle, metadata
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import by_key, in_status, record_key
from tenant_onboarding.contracts.fields import METADATA_KEY, METADATA_VALUE_MAX
from tenant_onboarding.names import EMAIL_MAX

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
"""What an id can begin with, in whatever case."""
SOUGHT_PATTERN = rf"\S{{1,{EMAIL_MAX}}}"
"""What can be searched for: that, or a host, a tenant code, an email domain or an address at one."""
PAIR_PATTERN = f"{METADATA_KEY.pattern}=.{{1,{METADATA_VALUE_MAX}}}"
"""A key of metadata and its value, in which an equals sign may be too."""


@dataclass(frozen=True)
class Wanted:
    """Which tenants a list is of; by default all. The times are those of the last change of status.

    Attributes:
        since: a timestamp as the records have them, the first that is wanted.
        until: the first one that is not wanted any more.
        search: what their ids begin with, or what they hold, see `sought`.
        metadata: what they have, `KEY=VALUE`, see `pair`.

    """

    status: str | None = None
    tier: str | None = None
    since: str | None = None
    until: str | None = None
    search: str | None = None
    metadata: str | None = None

    @property
    def statuses(self) -> tuple[str, ...]:
        """The statuses that are looked at."""
        return (self.status,) if self.status else lifecycle.STATUSES

    @property
    def beginning(self) -> str | None:
        """What their ids begin with; None if ids do not matter, or none can begin with what is searched for."""
        return self.search if self.search and re.fullmatch(BEGINNING_PATTERN, self.search) else None

    @property
    def is_empty(self) -> bool:
        """Whether no time is between the two, which DynamoDB would refuse to look for."""
        return bool(self.since and self.until and self.since >= self.until)

    @property
    def is_found_alone(self) -> bool:
        """Whether every tenant is wanted whose id begins so, or which has that metadata."""
        return self == Wanted(search=self.search, metadata=self.metadata)

    def means(self, record: Record) -> bool:
        """Tell whether a tenant is one of them, whatever its id."""
        return (
            self.status in (None, record["status"])
            and self.tier in (None, record["tier"])
            and self.is_of(record["statusChangedAt"])
            and (self.metadata is None or metadata.has(record, self.metadata))
        )

    def is_of(self, changed_at: str) -> bool:
        """Tell whether a time is one of those that are wanted."""
        return (self.since is None or self.since <= changed_at) and (self.until is None or changed_at < self.until)


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and the cursor that leads on; with None that is all.

    Attributes:
        holders: of a search, who has what is searched for as a host, a code or an email domain.

    """

    rows: list[Document]
    cursor: str | None
    holders: list[Document] = field(default_factory=list)


def sought(text: str) -> str:
    """Return what is searched for, in lower case if it is of ASCII; raises ValueError if nothing can be found by it."""
    if not re.fullmatch(SOUGHT_PATTERN, text):
        raise ValueError(f"must be 1 to {EMAIL_MAX} characters without spaces")
    return text.lower() if text.isascii() else text


def pair(text: str) -> str:
    """Return the text if it is `KEY=VALUE`; raises ValueError if no tenant's metadata can have them."""
    if not re.fullmatch(PAIR_PATTERN, text):
        raise ValueError("must be KEY=VALUE, such as stripeCustomer=cus_NffrFeUfNV2Hib")
    return text


def row(record: Record) -> Document:
    """Return a tenant as it is listed."""
    return {
        **{fact: record.get(fact) for fact in FACTS},
        "attempt": int(record["attempt"]),
        "metadata": metadata.of(record),
        "failure": failure(record),
    }


def of_index(clients: "Clients", settings: "Settings", found: Sequence[Record]) -> list[Document]:
    """Return what an index found as it is listed, with the metadata by a read of the records: no index has it.

    A tenant that moved on while one status after the other was asked for is found twice: what comes first counts.
    """
    once: dict[str, Record] = {}
    for each in found:
        once.setdefault(each["tenantId"], each)
    known = {
        each["tenantId"]: each for each in by_key(clients, settings, map(record_key, once), ("tenantId", "metadata"))
    }
    return [row(each | {"metadata": metadata.of(known.get(tenant_id, {}))}) for tenant_id, each in once.items()]


def newest(clients: "Clients", settings: "Settings", status: str, limit: int) -> list[Record]:
    """Return the `limit` last changed of a status; DynamoDB ends a page at 1 MB, so there may be several."""
    table = settings.tenants_table
    found = in_status(clients.dynamodb, table, status, ScanIndexForward=False, most=limit)
    return [row for page in found for row in page.items]
