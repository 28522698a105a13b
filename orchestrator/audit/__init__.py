"""Audit: what the tables say of user pools, held against what is really in Amazon Cognito. It only reads.

`readings` looks, slowly and at no more than it may; `findings` judges what was seen. Knows `aws`, `tenants` and
`identity`. Begin with `findings`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.audit import findings
from orchestrator.audit.findings import Finding
from orchestrator.audit.readings import MOST_CALLS, Reader, look

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings


@dataclass(frozen=True)
class Audit:
    """What was found. `drift`, `missing` and `orphans` are what somebody has to look at."""

    drift: list[Finding]
    """The counters that are not what is there."""
    missing: list[Finding]
    """What a row or a record names and Cognito lacks."""
    orphans: list[Finding]
    """What is there, and no row and no record knows."""
    compared: list[Finding]
    """Each counter of each shared user pool: what the row counts, what is there, and what is yet to be made."""
    changing: list[str]
    """The keys of the rows that changed meanwhile: their counters were not compared."""
    tenants: int
    calls: int

    @property
    def clean(self) -> bool:
        """Tell whether there is nothing to look at."""
        return not (self.drift or self.missing or self.orphans)

    def document(self) -> dict[str, Any]:
        """Return it as one document."""
        return {"clean": self.clean, **vars(self)}


def audit(clients: "Clients", settings: "Settings", most_calls: int = MOST_CALLS) -> Audit:
    """Look at everything once; raises TooManyCallsError if that takes more than `most_calls` calls."""
    reader = Reader(most_calls)
    seen = look(clients, settings, reader)
    compared, changing = findings.compare(seen)
    return Audit(
        drift=[each for each in compared if each["counted"] != each["found"] + each["awaited"]],
        missing=list(findings.missing(seen)),
        orphans=list(findings.orphans(seen)),
        compared=compared,
        changing=changing,
        tenants=len(seen.tenants),
        calls=reader.calls,
    )
