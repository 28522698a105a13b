"""Pace: a burst of tenants waits in the intake queue instead of being throttled by Cognito.

Each function that starts tenants holds itself to its part of Cognito's rate quotas. Backing off alone would leave them
idle at the end of a burst, when the last tenants sleep out their longest pauses.

How large that part is finds itself while a burst waits: more each second in which Cognito throttled nothing, up to the
whole quota; less at once when it did, so that whoever else uses the quotas is yielded to. The figures are those of
`tests/unit/onboarding/test_quota_search.py`, which plays bursts against the quotas, alone and beside a neighbour.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.settings import STARTERS
from orchestrator.identity.rate_quotas import IN_A_USER_POOL, RATE_QUOTAS
from orchestrator.tenants.ledger import Record

if TYPE_CHECKING:
    from orchestrator.aws.settings import Settings

CALLS_A_SECOND = RATE_QUOTAS["UserPoolResourceUpdate"].a_second
"""What is made within user pools, in an account and Region."""
AT_ONCE_SECONDS = 1.0
"""So much of the quotas may be used at once after a pause."""
LONGEST_WAIT_SECONDS = 7.0
"""Of all tenants of a batch together: shorter than intake's time-out (9 s), however many providers each brings.

What starts sooner than its quota lets it through is made up for by the batches after that.
"""

LOOK_SECONDS = 1.0
"""Between looks at what was throttled, while tenants wait: a call of each starter, however many tenants there are."""
MOST = 10 / 9
"""Of the rates that `quota_share` gives: by default all of the quota, of which nothing is lost while nobody else is."""
LEAST = 0.25
"""Of these rates: below it a batch of tenants would outlast the function's time-out."""
MORE_A_SECOND = 0.03
"""From nine tenths to the whole quota takes four seconds of a burst."""
MORE_NEAR_THE_LIMIT = 0.2
"""So much of that where Cognito throttled last; what lies below is taken back quickly."""
NEAR_THE_LIMIT = 0.95
LESS_FOR_EACH = 0.9
"""For each throttled step, so that one that met a full second by chance costs little and a neighbour's load much."""
LESS_AT_ONCE = 0.5
"""The most that one look takes away."""
SETTLING_SECONDS = 3.0
"""What is throttled so soon after a step back was started before it."""
FORGOTTEN_SECONDS = 60.0
"""A burst after such a pause begins anew."""

IN_ALL = "in all user pools"
IN_SHARED = "in shared user pools"


def rates(settings: "Settings") -> dict[str, float]:
    """Return how many calls a second one starter may spend on each quota when a burst begins."""
    part = settings.quota_share / STARTERS
    return {IN_ALL: part * CALLS_A_SECOND, IN_SHARED: part * IN_A_USER_POOL * settings.open_shards}


def tenants_a_second(settings: "Settings") -> float:
    """Return how many tenants a second all starters together may start at first, all of tier pool, the quickest."""
    spends = calls({"tier": "pool", "identityProviderCount": 0})
    return STARTERS * min(rate / spends[quota] for quota, rate in rates(settings).items())


def calls(record: Record) -> dict[str, float]:
    """Return how many calls an onboarding spends on each quota; those of one operation, where that is what counts."""
    providers = int(record["identityProviderCount"])
    if record["tier"] == "silo":  # its domain, MFA settings and group
        return {IN_ALL: 3 + providers}
    return {IN_ALL: 1 + providers, IN_SHARED: max(1, providers)}


@dataclass
class Part:
    """How much of its rates a starter spends: more little by little, less at once when AWS throttles.

    `throttled` tells how many steps Cognito has throttled so far. Each starter asks for itself, and as all see one
    number, they go up and down together.
    """

    throttled: Callable[[], int]
    value: float = 1.0
    _seen: int = 0
    _looked: float = float("-inf")
    _lessened: float = float("-inf")
    _limit: float = float("inf")
    """Where Cognito throttled last."""

    def look(self, now: float) -> None:
        """Adapt to what was throttled since the last look, if that is long enough ago; keep the part if AWS fails."""
        since = now - self._looked
        if since < LOOK_SECONDS:
            return
        self._looked = now
        try:
            number = self.throttled()
        except (ClientError, BotoCoreError):
            return
        fresh, self._seen = number - self._seen, number
        if since > FORGOTTEN_SECONDS:
            self.value, self._limit = 1.0, float("inf")
        elif now - self._lessened >= SETTLING_SECONDS:
            self._adapt(fresh, now, min(since, 2 * LOOK_SECONDS))

    def _adapt(self, fresh: int, now: float, seconds: float) -> None:
        if fresh:
            self._limit, self._lessened = self.value, now
            self.value = max(LEAST, self.value * max(LESS_AT_ONCE, LESS_FOR_EACH**fresh))
        else:
            near = self.value >= NEAR_THE_LIMIT * self._limit
            self.value = min(MOST, self.value + MORE_A_SECOND * seconds * (MORE_NEAR_THE_LIMIT if near else 1))


@dataclass
class Pace:
    """Lets tenants start no faster than `rates`, in calls a second, allow; `part` of them, where it is given."""

    rates: Mapping[str, float]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep
    part: Part | None = None
    _spent_until: dict[str, float] = field(default_factory=dict)
    """By when what was let through so far is within the quota."""
    _batch_until: float = float("inf")

    def begin(self) -> None:
        """Begin a batch: from now on its tenants wait for LONGEST_WAIT_SECONDS at most, all together."""
        self._batch_until = self.clock() + LONGEST_WAIT_SECONDS

    def wait(self, record: Record) -> None:
        """Return once the tenant may start; its calls count from then on."""
        now = self.clock()
        spends = calls(record)
        due = max(self._spent_until.get(quota, now) - AT_ONCE_SECONDS for quota in spends)
        if self.part and due > now:  # a lone tenant does not wait, so nothing is looked at for it
            self.part.look(now)
        part = self.part.value if self.part else 1.0
        start = max(now, min(due, self._batch_until))
        self.sleep(start - now)
        for quota, number in spends.items():
            self._spent_until[quota] = max(start, self._spent_until.get(quota, start)) + number / (
                part * self.rates[quota]
            )
