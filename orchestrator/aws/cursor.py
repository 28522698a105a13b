"""Cursors: where a list goes on, as opaque text that is of one list only and is refused if it was tampered with."""

import base64
import binascii
import hashlib
import json
from typing import Annotated, TypeVar

from pydantic import ConfigDict, StringConstraints, TypeAdapter, ValidationError

from tenant_onboarding.contracts.fields import TENANT_ID_PATTERN

CURSOR_MAX = 1_200
"""Characters; six statuses with tenants' ids of 40 characters take about 800."""
DIGEST_BYTES = 9
OTHER_LIST = "is not of this list; ask for the first page with the same filters"

Id = Annotated[str, StringConstraints(pattern=TENANT_ID_PATTERN)]
Timestamp = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}\.[0-9]{3}Z$")]
WHEN_USED = ConfigDict(defer_build=True)
"""Of the types of places: most requests read no cursor."""
Place = TypeVar("Place")
"""What a list goes on by: whatever of its last row DynamoDB needs."""


class CursorError(ValueError):
    """The text is no cursor of this list."""


def to_text(place: object, filters: object) -> str:
    """Return the cursor of a list with these filters."""
    body = json.dumps(place, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_digest(body, filters) + body).decode().rstrip("=")


def from_text(text: str, filters: object, places: TypeAdapter[Place]) -> Place:
    """Return the place in a cursor; raises CursorError unless `to_text` made it of the same filters.

    The digest is no secret: who forges one reads on from another place in a list that is open to him anyway. Callers
    refuse a place outside of their list, at which DynamoDB would refuse to go on.
    """
    if len(text) > CURSOR_MAX:
        raise CursorError("is too long")
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise CursorError("is no cursor") from None
    digest, body = raw[:DIGEST_BYTES], raw[DIGEST_BYTES:]
    if digest != _digest(body, filters):
        raise CursorError(OTHER_LIST)
    try:
        return places.validate_json(body, strict=True)
    except ValidationError:
        raise CursorError("is no cursor") from None


def _digest(body: bytes, filters: object) -> bytes:
    return hashlib.sha256(repr(filters).encode() + b"\0" + body).digest()[:DIGEST_BYTES]
