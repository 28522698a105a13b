"""The quotas that onboarding can run into: as AWS grants them to the account, or AWS's documented defaults.

Codes and names are those by which Service Quotas lists them. What it does not list, or does not let us read, is
assumed, and every line that rests on it says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from types_boto3_service_quotas import ServiceQuotasClient

Source = Literal["read", "assumed"]
SERVICE = "cognito-idp"


@dataclass(frozen=True)
class Quota:
    """A quota by its code and name, with AWS's documented default."""

    code: str
    name: str
    default: float


USER_POOLS = Quota("L-66E6DF30", "User pools per account", 1_000)
APP_CLIENTS = Quota("L-5EAB0605", "Apps per user pool", 1_000)
IDENTITY_PROVIDERS = Quota("L-1B44D826", "Identity providers per user pool", 300)
CALLS = Quota("L-B7575496", "Rate of UserPoolResourceUpdate requests per account", 15)
CALLS_IN_A_USER_POOL = Quota("L-BC27731B", "Rate of UserPoolResourceUpdate requests per user pool", 5)
QUOTAS = (USER_POOLS, APP_CLIENTS, IDENTITY_PROVIDERS, CALLS, CALLS_IN_A_USER_POOL)
PARAMETERS = 10_000
"""AWS Systems Manager: standard parameters of an account and Region, not raisable."""


@dataclass(frozen=True)
class Limit:
    """How much there may be, and whether AWS told so for this account; if not, why not."""

    value: float
    source: Source
    why: str = ""

    @classmethod
    def assumed(cls, value: float, why: str) -> "Limit":
        """Return a limit that AWS documents, and nobody has read."""
        return cls(value, "assumed", why)


def granted(client: "ServiceQuotasClient") -> dict[Quota, Limit]:
    """Return the limit of each quota, those that Service Quotas does not list by their default."""
    by_code: dict[str, float] = {}
    by_name: dict[str, float] = {}
    for page in client.get_paginator("list_service_quotas").paginate(ServiceCode=SERVICE):
        for each in page["Quotas"]:
            if "Value" in each:
                by_code[each["QuotaCode"]] = by_name[each["QuotaName"]] = each["Value"]
    return {quota: _limit(quota, by_code.get(quota.code, by_name.get(quota.name))) for quota in QUOTAS}


def defaults(why: str) -> Mapping[Quota, Limit]:
    """Return the documented defaults, for an account whose quotas could not be read."""
    return {quota: Limit.assumed(quota.default, why) for quota in QUOTAS}


def _limit(quota: Quota, value: float | None) -> Limit:
    if value is None:
        return Limit.assumed(quota.default, "Service Quotas does not list it")
    return Limit(value, "read")
