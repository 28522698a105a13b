"""The keys that challenge sessions are sealed with: the present one, and the one before for sessions under way."""

import time
from functools import lru_cache
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import is_code

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

STAGES = ("AWSCURRENT", "AWSPREVIOUS")
"""Secrets Manager keeps the value before under the second; there is none until the first change."""
KEPT_SECONDS = 300


def keys(clients: "Clients", settings: "Settings") -> tuple[str, ...]:
    """Return the keys, the present one first; an environment reads them every five minutes. Raises what AWS answers."""
    return _of_period(clients, settings.session_keys, int(time.time() // KEPT_SECONDS))


@lru_cache(maxsize=1)
def _of_period(clients: "Clients", secret: str, period: int) -> tuple[str, ...]:  # noqa: ARG001  # what they are kept by
    return tuple(key for stage in STAGES if (key := _read(clients, secret, stage)))


def _read(clients: "Clients", secret: str, stage: str) -> str | None:
    try:
        return clients.secrets.get_secret_value(SecretId=secret, VersionStage=stage)["SecretString"]
    except ClientError as error:
        if stage == STAGES[0] or not is_code(error, "ResourceNotFoundException"):
            raise
        return None
