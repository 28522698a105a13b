"""Calls to Cognito for whoever goes through everything: paced to a part of each rate quota, and repeated at that pace.

The rest of each quota is for onboarding and for people who sign in.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.errors import translate
from orchestrator.identity import rate_quotas
from orchestrator.identity.rate_quotas import RATE_QUOTAS

SHARE = 0.5
"""Of each quota, at most."""
TRIES = 4
PAUSE_SECONDS = 1.0
"""After a call that was throttled or not answered; twice as long each time."""


@dataclass
class PacedCalls:
    """Makes one call after the other, so that no second, wherever it begins, has more of them than the share allows.

    Of 15 a second with half of them, that is 7, evenly spread; of the 5 of a user pool, 2, also at once.
    """

    share: float = SHARE
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep
    _due: dict[tuple[str, str], float] = field(default_factory=dict)
    """When the next call may be made, by Region and quota."""
    _lately: dict[tuple[str, str, str], deque[float]] = field(default_factory=dict)
    """When the last ones were made, as many as a second may have, by Region, user pool and operation."""

    def __call__(self, call: Callable[..., Any], **arguments: Any) -> Any:  # Any: what the call takes and answers
        """Return what a call of a client of Cognito answers, which must not repeat calls by itself.

        What is throttled or not answered is repeated; the last error is raised as it is. The call must be one that is
        safe to repeat.
        """
        client: Any = call.__self__  # type: ignore[attr-defined]  # the client's method
        operation = client.meta.method_to_api_mapping[call.__name__]
        for left in reversed(range(TRIES)):
            self.wait(operation, client.meta.region_name, str(arguments.get("UserPoolId", "")))
            try:
                return call(**arguments)
            except (ClientError, BotoCoreError) as error:
                if not left or not translate(error).retryable:
                    raise
                self.sleep(PAUSE_SECONDS * 2.0 ** (TRIES - 1 - left))
        raise AssertionError

    def wait(self, operation: str, region: str, user_pool_id: str) -> None:
        """Return once a call of that operation may be made."""
        name = rate_quotas.of(operation)
        quota = RATE_QUOTAS[name]
        now = self.clock()
        start = max(now, self._due.get((region, name), now))
        if quota.in_a_user_pool and user_pool_id:
            most = max(1, int(self.share * quota.in_a_user_pool))
            lately = self._lately.setdefault((region, user_pool_id, operation), deque(maxlen=most))
            if len(lately) == most:
                start = max(start, lately[0] + 1)
            lately.append(start)
        self.sleep(start - now)
        self._due[region, name] = start + 1 / max(1, int(self.share * quota.a_second))
