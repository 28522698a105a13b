"""The preflight: what will stop onboarding first, said before it does.

It reads quotas, usage and settings, all at once, and judges what it has read. Nothing is changed, no reading that fails
keeps another from being judged, and what could not be read, or was assumed, never counts as a failure. Knows every room
below `operations`. Begin with `checks`.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.preflight.checks import CHECKS
from orchestrator.preflight.context import Context
from orchestrator.preflight.findings import STATUSES, Finding
from orchestrator.preflight.readings import read
from orchestrator.tenants.ledger import timestamp

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings


@dataclass(frozen=True)
class Preflight:
    """Everything that was found at one time."""

    looked_at: float
    findings: tuple[Finding, ...]
    tenants_a_day: float | None
    """At the present rate; None if that could not be read."""

    @property
    def first(self) -> Finding | None:
        """The limit that is reached first at the present rate; None if none is getting nearer."""
        forecast = [each for each in self.findings if each.days_left is not None]
        return min(forecast, key=lambda each: each.days_left or 0.0, default=None)

    @property
    def counted(self) -> Counter[str]:
        """How many findings have each status."""
        return Counter(each.status for each in self.findings)

    def document(self) -> dict[str, Any]:
        """Return all of it for JSON, the worst first."""
        first = self.first
        worst_first = sorted(self.findings, key=lambda each: -STATUSES.index(each.status))
        return {
            "lookedAt": timestamp(self.looked_at),
            "tenantsADay": self.tenants_a_day,
            "first": first and {"check": first.check, "region": first.region, "daysLeft": first.days_left},
            "counted": {status: self.counted[status] for status in STATUSES},
            "findings": [each.document() for each in worst_first],
        }


def look(clients: "Clients", settings: "Settings", clock: Callable[[], float] = time.time) -> Preflight:
    """Return what was found, within about ten seconds; raises nothing that AWS answers."""
    now = clock()
    context = Context(settings, read(clients.in_a_hurry, settings, now))
    findings = tuple(found for check in CHECKS for found in check(context))
    return Preflight(now, findings, context.tenants_a_day)
