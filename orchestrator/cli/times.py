"""Points in time as people give them: ISO 8601, or a span that ends now."""

import re
from datetime import UTC, datetime, timedelta

from orchestrator.cli.terminal import WrongUseError

ALLOWED = "ISO 8601 such as 2026-01-31T09:30 (UTC unless it says otherwise), or a span such as 30m, 2h or 1d"
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def moment(text: str, now: float) -> float:
    """Return the time that a text means, in epoch seconds; raises ValueError, saying why, if it means none so far."""
    span = re.fullmatch(r"([0-9]{1,6})([mhd])", text)
    if span:
        return now - timedelta(**{UNITS[span[2]]: int(span[1])}).total_seconds()
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"must be {ALLOWED}") from None
    seconds = (given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp()
    if seconds > now:
        raise ValueError("must not be in the future")
    return seconds


def moment_of(option: str, text: str, now: float) -> float:
    """Return the time that an option's text means, in epoch seconds; raises WrongUseError, naming both, for none."""
    try:
        return moment(text, now)
    except ValueError as error:
        raise WrongUseError(f"{option} {text}: {error}") from None
