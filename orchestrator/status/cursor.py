"""Cursors: where a list goes on, as opaque text that is of one list only and is refused if it was tampered with."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Collection, Mapping

from orchestrator.contracts.fields import is_tenant_id

CURSOR_MAX = 1_200
"""Characters; six statuses with tenants' ids of 40 characters take about 800."""
DIGEST_BYTES = 9
TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")

Position = tuple[str, str]
"""When the last tenant that was shown changed its status, and its id."""
Positions = Mapping[str, Position | None]
"""By status, of those that have more to show; None where nothing was shown yet."""


class CursorError(ValueError):
    """The text is no cursor of this list."""


def to_text(positions: Positions, filters: object) -> str:
    """Return the cursor of a list with these filters."""
    body = json.dumps(positions, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_digest(body, filters) + body).decode().rstrip("=")


def from_text(text: str, filters: object, statuses: Collection[str]) -> Positions:
    """Return the positions in a cursor; raises CursorError unless `to_text` made it of the same filters.

    The digest is no secret: who forges one reads on from another place in a list that is open to him anyway. What
    could trouble DynamoDB is looked at besides.
    """
    if len(text) > CURSOR_MAX:
        raise CursorError("is too long")
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise CursorError("is no cursor") from None
    digest, body = raw[:DIGEST_BYTES], raw[DIGEST_BYTES:]
    if digest != _digest(body, filters):
        raise CursorError("is not of this list; ask for the first page with the same filters")
    return _positions(body, statuses)


def _positions(body: bytes, statuses: Collection[str]) -> Positions:
    try:
        read = json.loads(body)
    except ValueError:
        raise CursorError("is no cursor") from None
    if not isinstance(read, dict) or not read or not all(status in statuses for status in read):
        raise CursorError("is no cursor")
    return {status: _position(found) for status, found in read.items()}


def _position(found: object) -> Position | None:
    match found:
        case None:
            return None
        case [str(changed_at), str(tenant_id)] if TIMESTAMP.fullmatch(changed_at) and is_tenant_id(tenant_id):
            return changed_at, tenant_id
    raise CursorError("is no cursor")


def _digest(body: bytes, filters: object) -> bytes:
    return hashlib.sha256(repr(filters).encode() + b"\0" + body).digest()[:DIGEST_BYTES]
