"""How long modules take to import, each time in a fresh interpreter, and rounds of two things compared."""

import statistics
import subprocess
import sys

CLOCK = "import time; began = time.perf_counter(); import {}; print(time.perf_counter() - began)"


def import_seconds(module: str) -> float:
    """Return how long a fresh interpreter takes to import a module; raises CalledProcessError if it cannot."""
    program = [sys.executable, "-c", CLOCK.format(module)]
    return float(subprocess.run(program, check=True, capture_output=True, text=True).stdout)  # noqa: S603  # our own program


def compared(rounds: list[tuple[float, float]]) -> tuple[float, float, float]:
    """Return the medians of both, and of how many times the second is the first in the same round."""
    first, second = (statistics.median(values) for values in zip(*rounds, strict=True))
    return first, second, statistics.median(after / before for before, after in rounds)
