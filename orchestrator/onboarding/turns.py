"""What was found is looked at one after the other: one that fails is reported, and keeps no other from its turn."""

import time
from collections.abc import Callable, Iterable

from orchestrator.aws.errors import OnboardingError, translate
from orchestrator.tenants.ledger import Record

FAILED = "failed"
Report = Callable[[str, OnboardingError], object]
"""Told of each failure, with the tenant's id."""


def take_turns(
    found: Iterable[Record], look: Callable[[Record], str], counted: dict[str, int], *, until: float, report: Report
) -> None:
    """Look at each key that was found, until a time of time.monotonic, and count in `counted` what `look` says.

    What `look` says nothing of is not counted; what fails is counted as FAILED. What is left is for the next run.
    """
    for each in found:
        if time.monotonic() >= until:
            break
        try:
            if done := look(each):
                counted[done] += 1
        except Exception as error:  # reported; the next run tries again
            counted[FAILED] += 1
            report(each["tenantId"], translate(error))
