"""Pace: a burst of tenants waits in the intake queue instead of being throttled by Cognito.

Each function that starts tenants holds itself to its part of Cognito's rate quotas. Backing off alone would leave them
idle at the end of a burst, when the last tenants sleep out their longest pauses.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator.aws.settings import STARTERS
from orchestrator.tenants.ledger import Record

if TYPE_CHECKING:
    from orchestrator.aws.settings import Settings

CALLS_A_SECOND = 15.0
"""Cognito: quota UserPoolResourceUpdate of an account and Region, not adjustable: what is made within user pools."""
CALLS_A_SECOND_IN_A_USER_POOL = 5.0
"""Cognito: quota of each such operation within one user pool, not adjustable."""
AT_ONCE_SECONDS = 1.0
"""So much of the quotas may be used at once after a pause."""
LONGEST_WAIT_SECONDS = 20.0
"""Of one tenant: shorter than a function's time-out (30 s)."""

IN_ALL = "in all user pools"
IN_SHARED = "in shared user pools"


def rates(settings: "Settings") -> dict[str, float]:
    """Return how many calls a second one starter may spend on each quota."""
    part = settings.quota_share / STARTERS
    return {IN_ALL: part * CALLS_A_SECOND, IN_SHARED: part * CALLS_A_SECOND_IN_A_USER_POOL * settings.open_shards}


def tenants_a_second(settings: "Settings") -> float:
    """Return how many tenants a second all starters together may start where all are of tier pool, the quickest."""
    spends = calls({"tier": "pool", "identityProviderCount": 0})
    return STARTERS * min(rate / spends[quota] for quota, rate in rates(settings).items())


def calls(record: Record) -> dict[str, float]:
    """Return how many calls an onboarding spends on each quota; those of one operation, where that is what counts."""
    providers = int(record["identityProviderCount"])
    if record["tier"] == "silo":  # its domain, MFA settings and group
        return {IN_ALL: 3 + providers}
    return {IN_ALL: 1 + providers, IN_SHARED: max(1, providers)}


@dataclass
class Pace:
    """Lets tenants start no faster than `rates`, in calls a second, allow."""

    rates: Mapping[str, float]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep
    _spent_until: dict[str, float] = field(default_factory=dict)
    """By when what was let through so far is within the quota."""

    def wait(self, record: Record) -> None:
        """Return once the tenant may start; its calls count from then on."""
        now = self.clock()
        spends = calls(record)
        due = max(self._spent_until.get(quota, now) - AT_ONCE_SECONDS for quota in spends)
        start = min(max(now, due), now + LONGEST_WAIT_SECONDS)
        self.sleep(start - now)
        for quota, number in spends.items():
            self._spent_until[quota] = max(start, self._spent_until.get(quota, start)) + number / self.rates[quota]
