"""The forecast: how many tenants a day come to stay, what they take, and when there is nothing left to take."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from orchestrator.identity import shared_pools
from orchestrator.tenants import counters
from orchestrator.tenants.ledger import Record
from tenant_onboarding.contracts.fields import TIERS

if TYPE_CHECKING:
    from orchestrator.aws.settings import Settings

DAY_SECONDS = 86_400
WEEK, MONTH = 7, 30
WINDOWS = (WEEK, MONTH)
"""Days over which tenants are counted; the busier window says the present rate."""

ByTier = Mapping[str, float]
Completions = Sequence[tuple[float, Mapping[str, int]]]
"""The beginning of an hour, in epoch seconds, and how many tenants of each tier were completed in it."""


@dataclass(frozen=True)
class Arrivals:
    """Tenants a day by tier, in each window of days."""

    by_window: Mapping[int, ByTier]

    @property
    def a_day(self) -> dict[str, float]:
        """The present rate: of each tier that of its busier window, so that a forecast is rather too early."""
        return {tier: max(window[tier] for window in self.by_window.values()) for tier in TIERS}

    @property
    def tenants_a_day(self) -> float:
        """The present rate of all tiers together."""
        return sum(self.a_day.values())


def arrivals(completions: Completions, now: float) -> Arrivals:
    """Return the rates that the completions of the last month amount to."""
    return Arrivals({days: _rate(completions, days, now) for days in WINDOWS})


def _rate(completions: Completions, days: int, now: float) -> ByTier:
    """Return tenants a day; a stack that is younger than the window is measured by its own age, of a day at least."""
    since = now - days * DAY_SECONDS
    age = (now - min((hour for hour, _ in completions), default=now)) / DAY_SECONDS
    span = min(max(age, 1.0), days)
    return {tier: sum(tiers.get(tier, 0) for hour, tiers in completions if hour >= since) / span for tier in TIERS}


def days_until(limit: float, used: float, a_day: float) -> float | None:
    """Return in how many days a limit is reached; None if it is not getting nearer, 0 if it is reached already."""
    if used >= limit:
        return 0.0
    return (limit - used) / a_day if a_day > 0 else None


def user_pools_a_day(settings: "Settings", rows: Iterable[Record], a_day: ByTier) -> float:
    """Return how many user pools a day tenants need: a silo tenant one, the others the part of one that they fill."""
    places = places_a_day(rows, a_day)
    limits = shared_pools.limits(settings)
    rooms = {counter: limit - shared_pools.EMPTY[counter] for counter, limit in limits.items()}
    return a_day["silo"] + max(places[counter] / room for counter, room in rooms.items() if room > 0)


def places_a_day(rows: Iterable[Record], a_day: ByTier) -> dict[str, float]:
    """Return how many places of each kind are taken a day in shared user pools.

    How many identity providers a bridge tenant brings is told by those that are there.
    """
    counted = dict.fromkeys(shared_pools.EMPTY, 0)
    for row in rows:
        for counter, empty in shared_pools.EMPTY.items():
            counted[counter] += max(int(row[counter]) - empty, 0)
    each_brings = counted["identityProviders"] / counted["appClients"] if counted["appClients"] else 0.0
    providers = a_day["bridge"] * each_brings
    return {
        "groups": a_day["pool"] + a_day["bridge"] + providers,
        "appClients": a_day["bridge"],
        "identityProviders": providers,
    }


def by_hour(rows: Iterable[Record]) -> list[tuple[float, dict[str, int]]]:
    """Return the rows of completions as moments and numbers."""
    return [
        (
            datetime.fromisoformat(str(row["item"]).partition("#")[0]).timestamp(),
            {tier: int(str(row.get(tier, 0))) for tier in TIERS},
        )
        for row in rows
    ]


def oldest_hour(now: float) -> str:
    """Return the first hour that is looked at."""
    return counters.hour_of(now - max(WINDOWS) * DAY_SECONDS)
