"""A burst of tenants against Cognito's rate quotas, played event by event: the real pace, a clock of its own.

Around the pace is what a deployment has around it: two starters, a workflow that takes its time and backs off, shared
user pools taken in turn by each of several processes, and perhaps a neighbour whose calls spend the same quotas.
"""

import heapq
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from orchestrator.aws.settings import STARTERS
from orchestrator.onboarding.quota_pace import CALLS_A_SECOND, Pace, Part
from tests.e2e.aws_proxy import Call
from tests.e2e.quotas import Quotas

MIX = ("pool",) * 6 + ("bridge",) * 3 + ("silo",)
PROCESSES = 8
"""Of placement."""
SILO_CALLS = ("CreateUserPoolDomain", "SetUserPoolMfaConfig", "CreateGroup")
OURS, NEIGHBOUR = "ours", "the neighbour's"


@dataclass
class Burst:
    """Tenants that all come at once; `neighbour` is the share of the quotas that somebody else spends steadily."""

    rates: dict[str, float]
    open_shards: int
    tenants: int = 200
    scale: float = 1.0
    neighbour: float = 0.0
    seed: int = 0
    finds_its_part: bool = True
    batch: int = 2
    now: float = 0.0
    looks: int = 0
    ended: int = 0
    took: Counter[str] = field(default_factory=Counter)
    """How many calls of whom were let through."""
    refused: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self.quotas = Quotas(self.scale, lambda: self.now)
        self._turns = [count(self._random.randrange(99)) for _ in range(PROCESSES)]
        self._waiting = [MIX[number % len(MIX)] for number in range(self.tenants)]
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def play(self) -> "Burst":
        """Play until the last tenant has what the quotas are about; `now` is how long that took."""
        for number in range(STARTERS):
            part = Part(self._throttled) if self.finds_its_part else None
            slept: list[float] = []
            pace = Pace(self.rates, lambda: self.now, slept.append, part)
            self._after(0.05 * number, partial(self._batch, pace, slept))
        if self.neighbour:
            self._neighbour()
        while self.ended < self.tenants:
            self.now, _, event = heapq.heappop(self._agenda)
            event()
        return self

    def of_the_least(self) -> float:
        """Return the share of the time taken that the quotas themselves need for all that was let through."""
        return self.quotas.optimum()[0] / self.now

    def throttled(self, whose: str = OURS) -> float:
        """Return the share of calls that were throttled."""
        return self.refused[whose] / max(1, self.refused[whose] + self.took[whose])

    def _after(self, seconds: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (self.now + seconds, next(self._numbers), event))

    def _throttled(self) -> int:
        self.looks += 1
        return self.refused[OURS]

    def _batch(self, pace: Pace, slept: list[float]) -> None:
        taken = [self._waiting.pop(0) for _ in range(min(self.batch, len(self._waiting)))]
        if taken:
            self._next(pace, slept, taken)

    def _next(self, pace: Pace, slept: list[float], taken: list[str]) -> None:
        if not taken:
            self._batch(pace, slept)
            return
        tier, *others = taken
        pace.wait({"tier": tier, "identityProviderCount": 0})
        waits = slept.pop()
        self._after(waits + self._random.uniform(0.3, 1.2), lambda: self._run(tier))
        self._after(waits + 0.06, lambda: self._next(pace, slept, others))

    def _run(self, tier: str) -> None:
        if tier == "silo":
            self._step(f"silo-{next(self._numbers)}", SILO_CALLS)
        else:
            turn = next(self._random.choice(self._turns))
            self._step(f"shared-{turn % self.open_shards}", ("CreateGroup",))

    def _step(self, pool: str, calls: tuple[str, ...], tries: int = 0) -> None:
        if not calls:
            self.ended += 1
        elif self._call(OURS, calls[0], pool):
            self._after(self._random.uniform(0.15, 0.4), lambda: self._step(pool, calls[1:]))
        else:
            pause = self._random.uniform(0, min(60, 2 * 2**tries))
            self._after(0.1 + pause, lambda: self._step(pool, calls, tries + 1))

    def _neighbour(self) -> None:
        """Spend a share of each quota: in the shared user pools, and elsewhere what these do not have of it."""
        pool = self._random.randrange(max(self.open_shards, 3))
        self._call(NEIGHBOUR, "CreateGroup", f"shared-{pool}" if pool < self.open_shards else f"other-{self.now}")
        self._after(1 / (self.neighbour * self.scale * CALLS_A_SECOND), self._neighbour)

    def _call(self, whose: str, operation: str, pool: str) -> bool:
        body = json.dumps({"UserPoolId": pool}).encode()
        strike = self.quotas.choose(Call(f"cognito-idp:{operation}", None, 0, body))
        (self.refused if strike else self.took)[whose] += 1
        return strike is None
