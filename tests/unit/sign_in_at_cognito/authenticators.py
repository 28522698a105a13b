"""Authenticator apps: one-time codes of RFC 6238, as Cognito takes them."""

import base64
import hashlib
import hmac
import struct

STEP_SECONDS = 30


def code(secret: str, now: float) -> str:
    """Return the six digits that an app shows at a time, in epoch seconds."""
    counter = struct.pack(">Q", int(now // STEP_SECONDS))
    digest = hmac.digest(base64.b32decode(secret), counter, hashlib.sha1)
    start = digest[-1] & 0x0F
    (number,) = struct.unpack(">I", digest[start : start + 4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


def fits(secret: str, given: str, now: float) -> bool:
    """Tell whether a code is that of the present half minute or of the one before."""
    return given in (code(secret, now), code(secret, now - STEP_SECONDS))
