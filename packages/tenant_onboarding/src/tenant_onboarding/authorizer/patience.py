"""How often and how long AWS is asked while somebody waits, whatever AWS itself would have us wait.

The SDK's own retries are two in a few milliseconds, or as many seconds apart as the answer's `x-amz-retry-after` says
(botocore 1.44: up to 5 s more than it would have waited, each time). Neither suits somebody who waits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from random import uniform
from time import monotonic
from typing import Any, TypeVar

from botocore.config import Config
from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.exceptions import HTTPClientError

PAUSES = (0.05, 0.1, 0.2, 0.4)
"""Seconds before each further try, or a part of them, a half at least: five tries outlast what is over in 200 ms."""
BUSY = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""What services answer with a status below 500 to a call that they would take a moment later."""
TOO_MANY_REQUESTS, SERVER_ERRORS = 429, 500
_BEGAN = "patience"

Client = TypeVar("Client")


@dataclass(frozen=True)
class Patience:
    """How long somebody waits for one call of AWS, all its tries together.

    Attributes:
        connect_seconds: the longest that a try has to find somebody.
        answer_seconds: the longest that it then has to be answered.
        seconds: the longest that all take; no try begins that could outlast it.

    """

    connect_seconds: float
    answer_seconds: float
    seconds: float

    @cached_property
    def config(self) -> Config:
        """The configuration of a client that is taught this: it makes one try of its own."""
        return Config(
            connect_timeout=self.connect_seconds,
            read_timeout=self.answer_seconds,
            retries={"mode": "standard", "total_max_attempts": 1},
            tcp_keepalive=True,
        )

    def teach(self, client: Client) -> Client:
        """Return the client, whose calls are repeated so from now on; those must do no harm when repeated."""
        meta: Any = client.meta  # type: ignore[attr-defined]  # any client of the SDK
        service = meta.service_model.service_id.hyphenize()
        meta.events.register(f"before-call.{service}", _begin, unique_id=f"{_BEGAN}-begin-{service}")
        meta.events.register(f"needs-retry.{service}", self._pause, unique_id=f"{_BEGAN}-pause-{service}")
        return client

    def _pause(
        self,
        *,
        response: tuple[object, Mapping[str, Any]] | None,
        attempts: int,
        caught_exception: Exception | None,
        request_dict: Mapping[str, Any],
        **_: object,
    ) -> float | None:
        """Return how long to wait before the next try, in seconds; None if there is none."""
        if attempts > len(PAUSES) or not (_is_lost(caught_exception) or _is_passing(response)):
            return None
        pause = uniform(0.5, 1) * PAUSES[attempts - 1]  # noqa: S311  # so that not all come back at once
        waited = monotonic() - request_dict["context"][_BEGAN]
        one_try = self.connect_seconds + self.answer_seconds
        return pause if waited + pause + one_try <= self.seconds else None


def _begin(*, context: dict[str, Any], **_: object) -> None:
    context[_BEGAN] = monotonic()


def _is_lost(error: Exception | None) -> bool:
    return isinstance(error, (NoConnectionError, HTTPClientError))


def _is_passing(response: tuple[object, Mapping[str, Any]] | None) -> bool:
    parsed = response[1] if response else {}
    status = parsed.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status == TOO_MANY_REQUESTS or status >= SERVER_ERRORS or parsed.get("Error", {}).get("Code") in BUSY
