"""A function's log: lines of JSON, which CloudWatch takes apart by itself. It has no more than a refusal needs."""

import json
import sys
from datetime import UTC, datetime
from traceback import extract_tb
from typing import Literal

SERVICE = "tenant-onboarding"
"""As every function of a deployment calls itself in its log."""


def say(level: Literal["WARNING", "ERROR"], message: str, **about: object) -> None:
    """Write a line of what JSON can say; metric filters read `level`."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"level": level, "message": message, "timestamp": now, "service": SERVICE, **about}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def places(error: BaseException) -> list[str]:
    """Return the places in the code that an error came through: no values, so nothing personal."""
    return [f"{frame.name}:{frame.lineno}" for frame in extract_tb(error.__traceback__)]
