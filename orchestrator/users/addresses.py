"""People's addresses in keys: as a keyed hash, so that a key tells no address and equal ones have equal keys."""

import hmac
import json
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

KEY = "address"
"""The field of the stack's secret with which addresses are hashed: never another value, or none is found again."""


def hashed(clients: "Clients", settings: "Settings", address: str) -> str:
    """Return an address as keys have it, whatever its case: HMAC-SHA256 in hexadecimal.

    An environment reads the secret once. Raises what AWS raises if it cannot be read.
    """
    return hmac.digest(_key(clients, settings.user_keys), address.lower().encode(), "sha256").hex()


@lru_cache(maxsize=1)
def _key(clients: "Clients", secret: str) -> bytes:
    kept = json.loads(clients.secrets.get_secret_value(SecretId=secret)["SecretString"])
    return str(kept[KEY]).encode()
