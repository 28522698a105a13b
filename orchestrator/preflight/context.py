"""What every check has at hand: the settings, the readings, and the present rate where it could be read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from orchestrator.preflight import forecast
from orchestrator.preflight.findings import Finding
from orchestrator.preflight.readings import OfRegion, Readings, Unread

if TYPE_CHECKING:
    from orchestrator.aws.settings import Settings


@dataclass(frozen=True)
class Context:
    """What every check may look at."""

    settings: "Settings"
    readings: Readings

    @property
    def home(self) -> OfRegion:
        """What was read of the home Region."""
        return self.readings.regions[0]

    @property
    def a_day(self) -> dict[str, float] | None:
        """Tenants a day by tier; None if that could not be read."""
        arrived = self.readings.arrivals
        return None if isinstance(arrived, Unread) else arrived.a_day

    @property
    def tenants_a_day(self) -> float | None:
        """Tenants a day of all tiers; None if that could not be read."""
        return None if self.a_day is None else sum(self.a_day.values())

    @property
    def user_pools_a_day(self) -> float | None:
        """User pools that tenants need a day; None if what that depends on could not be read."""
        rows, a_day = self.readings.rows, self.a_day
        if isinstance(rows, Unread) or a_day is None:
            return None
        return forecast.user_pools_a_day(self.settings, rows, a_day)

    def fullest(self, counter: str) -> int:
        """Return the highest count of a shared user pool, 0 if that could not be read."""
        rows = self.readings.rows
        return 0 if isinstance(rows, Unread) else max((int(row[counter]) for row in rows), default=0)


Check = Callable[[Context], Iterator[Finding]]


def at(check: str, region: str) -> Finding:
    """Return a finding that all is well, to be filled in."""
    return Finding(check=check, region=region, status="OK", says="")


def unread(finding: Finding, reading: Unread) -> Finding:
    """Return the finding that nothing is known."""
    return replace(finding, status="UNKNOWN", says=f"not known: {reading.why}", do=reading.do, value=None)
