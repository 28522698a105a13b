"""Cognito's rate quotas: which operations share one, and how many a second an account and a user pool may make.

The figures are those of Cognito's page on quotas; none of these can be raised.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class RateQuota:
    """A quota of an account and Region, over all user pools there."""

    a_second: float
    operations: tuple[str, ...]
    """As the service model names them; what uses another operation adds it here."""
    in_a_user_pool: float | None = None
    """How many of each operation one user pool takes a second, where Cognito says so."""


IN_A_USER_POOL = 5.0
"""Cognito gives each operation that has such a quota the same."""
RATE_QUOTAS = {
    "UserRead": RateQuota(120, ("AdminGetUser",)),
    "UserPoolRead": RateQuota(15, ("DescribeUserPool",)),
    "UserPoolUpdate": RateQuota(15, ("UpdateUserPool",)),
    "UserPoolClientRead": RateQuota(15, ("DescribeUserPoolClient",), IN_A_USER_POOL),
    "UserPoolClientUpdate": RateQuota(15, ("CreateUserPoolClient", "UpdateUserPoolClient"), IN_A_USER_POOL),
    "UserPoolResourceRead": RateQuota(20, ("GetUserPoolMfaConfig",), IN_A_USER_POOL),
    "UserPoolResourceUpdate": RateQuota(
        15, ("AddCustomAttributes", "CreateUserPoolDomain", "SetUserPoolMfaConfig"), IN_A_USER_POOL
    ),
}
"""By Cognito's own names."""


def of(operation: str) -> str:
    """Return the name of the quota that an operation counts for; raises KeyError if nobody wrote that down."""
    for name, quota in RATE_QUOTAS.items():
        if operation in quota.operations:
            return name
    raise KeyError(operation)
