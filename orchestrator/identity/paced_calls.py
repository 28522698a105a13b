"""Calls to Cognito for whoever goes through everything: paced to a part of each rate quota, and repeated at that pace.

The rest of each quota is for onboarding and for people who sign in.
"""

import time
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
    """Makes one call after the other, evenly spread, so that no second has more of them than the share allows.

    Of 15 a second with half of them, that is 7; of 5 a second, 2.
    """

    share: float = SHARE
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep
    _due: dict[tuple[str, ...], float] = field(default_factory=dict)
    """When the next call may be made, by Region and quota, and by Region, user pool and operation."""

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
        rates: dict[tuple[str, ...], float] = {(region, name): quota.a_second}
        if quota.in_a_user_pool and user_pool_id:
            rates[region, user_pool_id, operation] = quota.in_a_user_pool
        now = self.clock()
        start = max(now, *(self._due.get(which, now) for which in rates))
        self.sleep(start - now)
        for which, a_second in rates.items():
            self._due[which] = start + 1 / max(1, int(self.share * a_second))
