"""Admins who have not signed in yet. Cognito knows, no record does: it is asked for one tenant after the other."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import is_code
from orchestrator.identity import temporary_passwords
from orchestrator.identity.tenant_region import clients_there
from orchestrator.status import rows
from orchestrator.tenants import lifecycle
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.records import KEYS_A_READ, by_key, in_status, record_key
from orchestrator.welcome import mail_feedback

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

A_SECOND = 10.0
"""Tenants that Cognito is asked about, so that onboarding keeps nearly all of its rate."""
LOOKED_THROUGH = 1_000
"""Tenants of a look, which then takes two minutes at most."""

Document = dict[str, Any]


@dataclass(frozen=True)
class Looked:
    """A completed tenant that was looked at: as it is listed if its admin has not signed in yet, else None."""

    row: Document | None


def look_through(clients: "Clients", settings: "Settings", *, ended: bool) -> Iterator[Looked]:
    """Look at the completed tenants, the last completed first, LOOKED_THROUGH at most; some have an admin of their own.

    With `ended` only those are listed whose temporary password has run out. Raises ThrottledError if DynamoDB leaves
    records unread, and what Cognito raises beside that it knows no such user: that is the audit's to find.
    """
    now, due = timestamp(time.time()), time.monotonic()
    for record in _completed(clients, settings):
        if not _has_an_admin(record):
            yield Looked(None)
            continue
        time.sleep(max(0.0, due - time.monotonic()))
        due = max(due, time.monotonic()) + 1 / A_SECOND
        expires_at = (mail_feedback.of(record) or {}).get("passwordExpiresAt")
        if ended and (expires_at is None or expires_at > now):
            yield Looked(None)
        else:
            waits = _awaits_first_sign_in(clients, settings, record)
            yield Looked(rows.row(record) | {"passwordExpiresAt": expires_at} if waits else None)


def _completed(clients: "Clients", settings: "Settings") -> Iterator[Record]:
    pages = in_status(clients.dynamodb, settings.tenants_table, lifecycle.COMPLETED, ScanIndexForward=False)
    ids = islice((str(item["tenantId"]) for page in pages for item in page.items), LOOKED_THROUGH)
    while some := list(islice(ids, KEYS_A_READ)):
        found = {str(record["tenantId"]): record for record in by_key(clients, settings, map(record_key, some))}
        yield from (found[each] for each in some if each in found)


def _has_an_admin(record: Record) -> bool:
    made = record["resources"]
    return not record["federated"] and bool(made.get("userPoolId") and made.get("adminUsername"))


def _awaits_first_sign_in(clients: "Clients", settings: "Settings", record: Record) -> bool:
    made, there = record["resources"], clients_there(clients, settings, record)
    try:
        return temporary_passwords.awaits_first_sign_in(there.cognito, made["userPoolId"], made["adminUsername"])
    except ClientError as error:
        if is_code(error, "ResourceNotFoundException"):
            return False
        raise
