"""Links: each carries a secret that is used once, and of which only a hash is kept.

`SECRET#{sha256}` says which address the secret proves, for what, and until when. It belongs to one attempt of the
address's proof (`works`), which is opened together with it.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.aws.dynamodb import Change, Item
from orchestrator.tenants.ledger import timestamp
from orchestrator.tenants.records import read_item
from orchestrator.users import works
from orchestrator.users.works import DONE, INVITATION, PROOF, PROVED_BY, REGISTRATION, RESET, Purpose

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

TOKEN_BYTES = 16
"""128 bits of randomness, as 22 characters of base64url."""
HOUR = 3600
LASTS: dict[Purpose, int] = {REGISTRATION: 24 * HOUR, INVITATION: 7 * 24 * HOUR, RESET: HOUR}
"""Seconds for which a link is good."""
KEPT_SECONDS = 24 * HOUR
"""What is over is kept for so long after its last link's end, so that a late click is told so."""


@dataclass(frozen=True)
class Wanted:
    """A link that is to be: for which user, and for what; `user_id` is proposed for somebody who is none yet."""

    tenant_id: str
    address: str
    email: str
    purpose: Purpose
    user_id: str
    name: str = ""
    invited_until: int = 0
    """When the invitation ends that the link is for, in epoch seconds; 0 if it has no end."""

    def ends(self, now: float) -> int:
        """Return when the link ends, in epoch seconds, that is made now: no later than what it is for."""
        ends = int(now) + LASTS[self.purpose]
        return min(ends, self.invited_until) if self.invited_until else ends


def new_token() -> str:
    """Return a secret that nobody can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def key(tenant_id: str, token: str) -> dict[str, str]:
    """Return the key of a secret."""
    return {"tenantId": tenant_id, "item": f"SECRET#{hashlib.sha256(token.encode()).hexdigest()}"}


def find(dynamodb: "DynamoDBClient", table: str, tenant_id: str, token: str, now: float) -> Item | None:
    """Return what a tenant's secret is for; None if there is none such, or no longer. `now` in epoch seconds."""
    found = read_item(dynamodb, table, key(tenant_id, token))
    return found if found and found["expiresAt"] > now else None


def good_until(proof: Item | None, now: float) -> int | None:
    """Return until when, in epoch seconds, the last link to an address is good, by its proof; None if there is none."""
    if proof is None or proof[PROOF.status] == DONE or proof["linkEndsAt"] <= now:
        return None
    return int(proof["linkEndsAt"])


def opened(table: str, wanted: Wanted, token: str, seen: Item | None, now: float) -> list[dict[str, Any]]:
    """Return the actions that make a link's secret, and open the proof of its address or keep it open.

    `seen` is the proof as it was read; they are refused if it has changed since.
    """
    ends = wanted.ends(now)
    attempt, proof = _proof(table, wanted, seen, ends, now)
    secret = key(wanted.tenant_id, token) | {
        "proofOf": wanted.address,
        "purpose": wanted.purpose,
        "attempt": attempt,
        "email": wanted.email,
        "expiresAt": ends,
    }
    named = {"name": wanted.name} if wanted.name else {}
    return [proof, {"Put": {"TableName": table, "Item": secret | named}}]


def _proof(table: str, wanted: Wanted, seen: Item | None, ends: int, now: float) -> tuple[int, dict[str, Any]]:
    """Return the attempt that a proof is in from now on, and the action by which it is.

    What is under way goes on, so that whoever clicks meanwhile is not overtaken; what is over begins anew.
    """
    step = PROVED_BY[wanted.purpose]
    goes_on = seen is not None and seen[PROOF.status] != DONE and step in seen["steps"]
    attempt = int(seen["attempt"]) + (not goes_on) if seen else 1
    change = Change(table, works.proof_key(wanted.tenant_id, wanted.address))
    link_ends = max(ends, int(seen["linkEndsAt"])) if seen and goes_on else ends
    if seen:
        change.require("[attempt] = ? AND [proofStatus] = ?", seen["attempt"], seen[PROOF.status])
        ends = max(ends + KEPT_SECONDS, int(seen["expiresAt"]))
    else:
        change.require("attribute_not_exists([item])")
        ends += KEPT_SECONDS
    if not goes_on:
        for name, value in works.begun(PROOF, step, attempt).items():
            change.set(name, value)
        PROOF.enter(change, works.IN_PROGRESS, timestamp(now)).set("userId", wanted.user_id)
    return attempt, change.set("purpose", wanted.purpose).set("linkEndsAt", link_ends).set("expiresAt", ends).action()
