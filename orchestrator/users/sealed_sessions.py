"""Challenge sessions as whoever signs in gets them: sealed, so that nothing in them can be read, changed or made up.

Cognito's own session says nothing that a caller could not exchange for another's. Ours is bound to tenant, user and
challenge, and ends after 15 minutes; whatever cannot be opened is refused before Cognito is asked. AES-GCM with a
random nonce: NIST SP 800-38D allows 2^32 for a key, which is changed long before.
"""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from orchestrator.users.session_keys import LASTS_SECONDS

NONCE_BYTES = 12
MOST_CHARACTERS = 6_144
"""Cognito's session has 2,048 characters at most (service model), and all that is sealed with it less than 600."""
WHAT_FOR = b"challenge session 1"
"""Authenticated with each, so that nothing else sealed with the key is taken for one."""


class SealBrokenError(Exception):
    """The text is no session that is good."""


@dataclass(frozen=True)
class Challenged:
    """Who is challenged, where, and by what; `session` is Cognito's own."""

    tenant_id: str
    username: str = field(repr=False)
    challenge: str
    session: str = field(repr=False)


def seal(key: str, challenged: Challenged, now: float) -> str:
    """Return a session for the caller, good until 15 minutes after `now` (epoch seconds)."""
    content = json.dumps(asdict(challenged) | {"ends": int(now) + LASTS_SECONDS}).encode()
    nonce = secrets.token_bytes(NONCE_BYTES)
    return urlsafe_b64encode(nonce + _cipher(key).encrypt(nonce, content, WHAT_FOR)).decode().rstrip("=")


def unseal(keys: Iterable[str], text: str, now: float) -> Challenged:
    """Return what was sealed with one of these keys; raises SealBrokenError for whatever else, and after its end."""
    if len(text) > MOST_CHARACTERS:
        raise SealBrokenError
    try:
        whole = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise SealBrokenError from None
    for key in keys:
        try:
            content = json.loads(_cipher(key).decrypt(whole[:NONCE_BYTES], whole[NONCE_BYTES:], WHAT_FOR))
        except (InvalidTag, ValueError):
            continue
        if content.pop("ends") <= now:
            break
        return Challenged(**content)
    raise SealBrokenError


def _cipher(key: str) -> AESGCM:
    return AESGCM(hashlib.sha256(key.encode()).digest())
