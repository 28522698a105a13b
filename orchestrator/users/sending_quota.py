"""What Amazon SES lets the account send in 24 hours, and how much of that is used: asked at most once a minute."""

import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.errors import translate

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients

UNLIMITED = -1
"""SES: what it says where an account may send without a bound."""
KEPT_SECONDS = 60

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SendingQuota:
    """Emails that the account may send in 24 hours, None without a bound, and has sent in the last 24."""

    most: float | None
    sent: float


def read(clients: "Clients", now: float) -> SendingQuota | None:
    """Return what SES says, by an answer of the same minute (of `now`, epoch seconds); None if it does not say.

    An environment asks once a minute, whatever the answer: SES takes such a call once a second from a whole account.
    """
    return _of_minute(clients, int(now // KEPT_SECONDS))


@lru_cache(maxsize=1)
def _of_minute(clients: "Clients", minute: int) -> SendingQuota | None:  # noqa: ARG001  # what an answer is kept by
    try:
        quota = clients.mail_settings.get_account().get("SendQuota", {})
    except (BotoCoreError, ClientError) as error:
        logger.warning("sending quota not read: %s", translate(error).code)
        return None
    most = quota.get("Max24HourSend", UNLIMITED)
    return SendingQuota(None if most == UNLIMITED else most, quota.get("SentLast24Hours", 0.0))
