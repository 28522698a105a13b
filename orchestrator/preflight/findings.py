"""A finding: what one check has found, how sure it is, and what to do about it."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from pydantic.alias_generators import to_camel

from orchestrator.preflight.forecast import days_until
from orchestrator.preflight.quotas import Limit, Source

Status = Literal["OK", "UNKNOWN", "WARN", "FAIL"]
STATUSES: tuple[Status, ...] = ("OK", "UNKNOWN", "WARN", "FAIL")
"""From good to bad. FAIL: onboarding stops, or will within days, and that was read and not assumed."""
NEARLY_USED_PERCENT = 80
SOON_DAYS = 30
VERY_SOON_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check says of a Region; `value` is what is used or asked for, `limit` what there is."""

    check: str
    region: str
    status: Status
    says: str
    do: str = ""
    value: float | None = None
    limit: float | None = None
    source: Source = "read"
    a_day: float | None = None
    """By how much the value rises a day at the present rate; None for what does not pile up."""
    days_left: float | None = None
    percent: float | None = None
    """How much of the limit is used up; None for what is no use of a limit."""

    def document(self) -> dict[str, Any]:
        """Return the finding for JSON, with advice only where something is to be done."""
        told = {to_camel(name): value for name, value in asdict(self).items()}
        return told | {"do": "" if self.status == "OK" else self.do}


def used(finding: Finding, value: float, limit: Limit, a_day: float | None, *, at_least: bool = False) -> Finding:
    """Return a finding judged by how much of a limit is used and how long the rest lasts.

    `at_least` says that the value was not counted to its end: then all that is known is that it may be worse.
    """
    days = days_until(limit.value, value, a_day) if a_day is not None else None
    percent = 100 * value / limit.value if limit.value else 100.0
    status: Status = "UNKNOWN" if at_least else "OK"
    if percent >= NEARLY_USED_PERCENT or (days is not None and days <= SOON_DAYS):
        status = "WARN"
    if percent >= 100 or (days is not None and days <= VERY_SOON_DAYS):  # noqa: PLR2004  # percent
        status = "FAIL"
    judged = replace(finding, status=status, value=value, limit=limit.value, percent=round(percent, 1))
    return doubted(replace(judged, a_day=a_day, days_left=days), limit)


def doubted(finding: Finding, limit: Limit) -> Finding:
    """Return a finding that says where its limit is from; what nobody has read never blocks."""
    status: Status = "WARN" if finding.status == "FAIL" and limit.source == "assumed" else finding.status
    why = f" (the limit is AWS's default: {limit.why})" if limit.source == "assumed" else ""
    return replace(finding, status=status, source=limit.source, says=f"{finding.says}{why}")
