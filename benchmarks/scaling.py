"""How far one account and Region goes, computed from the quotas and the pace: `python -m benchmarks.scaling`.

It prints the tables of figures that `docs/scaling.md` shows.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orchestrator.aws.settings import STARTERS, Settings
from orchestrator.identity.shared_pools import EMPTY
from orchestrator.onboarding import quota_pace

USER_POOLS, USER_POOLS_AT_MOST = 1_000, 10_000
"""Cognito: user pools of an account and Region by default, and as many as it grants."""
OPERATORS = 1
"""The operators' own user pool."""
PARAMETERS = 10_000
"""AWS Systems Manager: standard parameters of an account and Region."""
PARTITION_WRITES = 1_000
"""DynamoDB: write units a second of one partition, which is what an index holds one status in."""
SIZES = (1_000, 10_000, 100_000, 1_000_000)
SHARDS = (1, 3)
LIMITS = ("groups_per_pool", "app_clients_per_pool", "identity_providers_per_pool")
"""The settings that hold a user pool's other quotas."""
KINDS = {
    "pool": ("pool", 0),
    "bridge": ("bridge", 0),
    "bridge, one provider each": ("bridge", 1),
    "silo": ("silo", 0),
}
"""Each kind of tenant: its tier, and how many identity providers it brings."""


@dataclass(frozen=True)
class Quotas:
    """What Cognito grants."""

    user_pools: int
    groups: int
    app_clients: int
    identity_providers: int


def default() -> Quotas:
    """Return Cognito's defaults, as the settings have them."""
    fields = Settings.model_fields
    return Quotas(USER_POOLS, *(fields[name].default for name in LIMITS))


def raised() -> Quotas:
    """Return the most that Cognito grants on request, as the settings allow it."""
    return Quotas(USER_POOLS_AT_MOST, *(_most(name) for name in LIMITS))


def _most(name: str) -> int:
    (bound,) = [limit.le for limit in Settings.model_fields[name].metadata if hasattr(limit, "le")]
    return int(bound)


def in_a_user_pool(kind: str, quotas: Quotas) -> int:
    """Return how many tenants of a kind fit into one user pool."""
    tier, providers = KINDS[kind]
    if tier == "silo":
        return 1
    room = [quotas.groups // (1 + providers)]
    if tier == "bridge":
        room.append(quotas.app_clients - EMPTY["appClients"])
    if providers:
        room.append(quotas.identity_providers // providers)
    return min(room)


def in_a_cell(kind: str, quotas: Quotas) -> int:
    """Return how many tenants of a kind fit into one account and Region, if there are no others."""
    return (quotas.user_pools - OPERATORS) * in_a_user_pool(kind, quotas)


def a_minute(kind: str, open_shards: int) -> int:
    """Return how many tenants of a kind intake starts in a minute, by its own pace with the settings' share."""
    tier, providers = KINDS[kind]
    anything = {name: "x" for name, field in Settings.model_fields.items() if field.is_required()}
    settings = Settings.model_validate(anything | {"open_shards": open_shards})
    spends = quota_pace.calls({"tier": tier, "identityProviderCount": providers})
    rates: Mapping[str, float] = quota_pace.rates(settings)
    return math.floor(60 * STARTERS * min(rates[quota] / number for quota, number in spends.items()) + 1e-9)


def cells(kind: str, tenants: int, quotas: Quotas) -> int:
    """Return how many accounts and Regions so many tenants of a kind need."""
    return math.ceil(tenants / in_a_cell(kind, quotas))


def room_rows() -> Iterator[str]:
    """Yield the table of how many fit, and how fast they come."""
    yield "| tenants | in a user pool | in a cell | the same, quotas raised | a minute, 1 open shard | 3 open shards |"
    yield "|---|---|---|---|---|---|"
    for kind in KINDS:
        fits = (in_a_user_pool(kind, default()), in_a_cell(kind, default()), in_a_cell(kind, raised()))
        figures = (*fits, *(a_minute(kind, shards) for shards in SHARDS))
        yield f"| {kind} | {' | '.join(f'{figure:,}' for figure in figures)} |"


def cell_rows() -> Iterator[str]:
    """Yield the table of cells that so many tenants need, by default and with quotas raised."""
    yield f"| tenants | {' | '.join(f'{size:,}' for size in SIZES)} |"
    yield "|---|" + "---|" * len(SIZES)
    for kind in KINDS:
        pairs = [(cells(kind, size, default()), cells(kind, size, raised())) for size in SIZES]
        texts = (f"{few:,}" if few == many else f"{many:,}; {few:,}" for many, few in pairs)
        yield f"| {kind} | {' | '.join(texts)} |"
    named = (math.ceil(size / PARAMETERS) for size in SIZES)
    yield f"| any, if each must have its SSM parameter | {' | '.join(f'{number:,}' for number in named)} |"


if __name__ == "__main__":
    print("\n".join([*room_rows(), "", *cell_rows()]))
