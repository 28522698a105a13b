"""The keys that challenge sessions are sealed with: one at a time, changed every day, each good for its own sessions.

They are in one secret, each by the time from which it seals (epoch seconds). A key is there before it is used and
stays until its last session has ended, so whoever read the secret a few minutes ago opens what others seal.
"""

import json
import secrets
import time
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from orchestrator.aws.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

FIRST = "0"
"""The time of the key that CloudFormation makes: it seals from the beginning."""
BYTES = 32
LASTS_SECONDS = 15 * 60
"""How long a challenge session is good: as long as Cognito's own, `AuthSessionValidity` of our app clients."""
KEPT_SECONDS = 5 * 60
ANNOUNCED_SECONDS = 2 * KEPT_SECONDS
"""So long before it seals a key is in the secret; by then every environment has read it."""
RESTS_SECONDS = 12 * 3_600
"""A key that is younger is not followed by another: a schedule may come twice."""

Keys = dict[int, str]


@dataclass(frozen=True)
class InForce:
    """The keys of a moment: what seals, and all that may open."""

    seals: str = field(repr=False)
    open: tuple[str, ...] = field(repr=False)


def in_force(clients: "Clients", settings: "Settings") -> InForce:
    """Return the keys as they are now; an environment reads them every five minutes. Raises what AWS answers."""
    now = time.time()
    kept = _of_period(clients, settings.session_keys, int(now // KEPT_SECONDS))
    return InForce(kept[max(since for since in kept if since <= now)], tuple(kept.values()))


def rotate(clients: "Clients", settings: "Settings") -> bool:
    """Announce another key, unless one was just now, and forget those whose sessions have ended; say whether it did.

    Safe to repeat, and at the same time. Raises what AWS answers.
    """
    kept = followed(_read(clients, settings.session_keys), time.time())
    if kept is None:
        return False
    text = json.dumps({str(since): key for since, key in kept.items()})
    clients.secrets.put_secret_value(SecretId=settings.session_keys, SecretString=text)
    return True


def followed(keys: "Mapping[int, str]", now: float) -> Keys | None:
    """Return the keys with a new one, without those that nothing is sealed with any more; None if it is too soon."""
    if max(keys) > now - RESTS_SECONDS:
        return None
    followers = dict(pairwise(sorted(keys)))
    ended = {since for since, after in followers.items() if after + KEPT_SECONDS + LASTS_SECONDS <= now}
    kept = {since: key for since, key in keys.items() if since not in ended}
    return kept | {int(now) + ANNOUNCED_SECONDS: secrets.token_urlsafe(BYTES)}


@lru_cache(maxsize=1)
def _of_period(clients: "Clients", secret: str, period: int) -> Keys:  # noqa: ARG001  # what they are kept by
    return _read(clients, secret)


def _read(clients: "Clients", secret: str) -> Keys:
    text = clients.secrets.get_secret_value(SecretId=secret)["SecretString"]
    try:
        found = {int(since): str(key) for since, key in json.loads(text).items()}
    except (ValueError, AttributeError):
        found = {}
    if not found or min(found) > time.time():
        raise ConfigurationError("the secret of session keys has none that seals now", code="SessionKeys")
    return found
