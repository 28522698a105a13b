"""Cognito's rate quotas at the proxy: token buckets an account and, where there is one, a user pool.

The local AWS has none. The figures are Cognito's defaults, in requests a second over all user pools of an account and
Region, from its page of quotas; for some categories each operation also has 5 a second in each user pool.
"""

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.e2e.aws_proxy import Call, Strike
from tests.e2e.faults import throttled

PER_USER_POOL = 5.0


@dataclass(frozen=True)
class Category:
    """Operations that share a quota."""

    rate: float
    operations: tuple[str, ...]
    per_user_pool: bool = False


CATEGORIES = {
    "UserPoolUpdate": Category(15, ("CreateUserPool", "UpdateUserPool", "DeleteUserPool")),
    "UserPoolRead": Category(15, ("DescribeUserPool", "ListUserPools")),
    "UserPoolClientUpdate": Category(15, ("CreateUserPoolClient", "UpdateUserPoolClient"), per_user_pool=True),
    "UserPoolClientRead": Category(15, ("DescribeUserPoolClient", "ListUserPoolClients"), per_user_pool=True),
    "UserPoolResourceUpdate": Category(
        15,
        (
            "CreateGroup",
            "CreateIdentityProvider",
            "CreateUserPoolDomain",
            "SetUserPoolMfaConfig",
            "UpdateIdentityProvider",
        ),
        per_user_pool=True,
    ),
    "UserPoolResourceRead": Category(
        20, ("DescribeIdentityProvider", "DescribeUserPoolDomain", "GetGroup"), per_user_pool=True
    ),
    "UserCreation": Category(50, ("AdminCreateUser",)),
    "UserUpdate": Category(25, ("AdminAddUserToGroup",)),
    "UserAccountRecovery": Category(30, ("AdminSetUserPassword",)),
    "UserRead": Category(120, ("AdminGetUser",)),
}
BY_OPERATION = {operation: name for name, each in CATEGORIES.items() for operation in each.operations}


@dataclass
class Bucket:
    """So many requests a second, and so many that may come at once after a pause."""

    rate: float
    capacity: float
    clock: Callable[[], float]
    tokens: float = 0.0
    at: float = 0.0

    def __post_init__(self) -> None:
        self.tokens, self.at = self.capacity, self.clock()

    def has_one(self) -> bool:
        """Tell whether a request may pass now."""
        now = self.clock()
        self.tokens = min(self.capacity, self.tokens + (now - self.at) * self.rate)
        self.at = now
        return self.tokens >= 1

    def seconds_for(self, requests: int) -> float:
        """Return the least time in which so many requests can pass."""
        return max(0.0, (requests - self.capacity) / self.rate)


@dataclass
class Quotas:
    """Throttles what comes faster than Cognito takes it; after a pause a second's worth may come at once.

    `scale` fits the rates to a slower machine: time runs slower for them, so what may come at once stays.
    """

    scale: float = 1.0
    clock: Callable[[], float] = time.monotonic
    passed: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    _buckets: dict[str, Bucket] = field(default_factory=dict)

    def choose(self, call: Call) -> Strike | None:
        """Return the refusal of a call that comes too early; it takes from all its buckets or from none."""
        service, _, operation = call.operation.partition(":")
        if service != "cognito-idp" or operation not in BY_OPERATION:
            return None
        buckets = self._buckets_of(operation, call.body)
        if not all(bucket.has_one() for bucket in buckets.values()):
            self.refused[operation] += 1
            return throttled
        for name, bucket in buckets.items():
            bucket.tokens -= 1
            self.passed[name] += 1
        return None

    def optimum(self) -> tuple[float, str]:
        """Return the least seconds in which what has passed could have passed, and the quota that bounds it."""
        seconds = {name: self._buckets[name].seconds_for(number) for name, number in self.passed.items()}
        slowest = max(seconds, key=lambda name: seconds[name])
        return seconds[slowest], slowest

    def _buckets_of(self, operation: str, body: bytes) -> dict[str, Bucket]:
        name = BY_OPERATION[operation]
        category = CATEGORIES[name]
        rates = {name: category.rate}
        user_pool = json.loads(body).get("UserPoolId")
        if category.per_user_pool and user_pool:
            rates[f"{operation} in {user_pool}"] = PER_USER_POOL
        for each, rate in rates.items():
            self._buckets.setdefault(each, Bucket(rate * self.scale, rate, self.clock))
        return {each: self._buckets[each] for each in rates}
