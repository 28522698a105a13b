"""How long modules take to import, each time in a fresh interpreter, and rounds of two things compared."""

import os
import statistics
import subprocess
import sys
from pathlib import Path

CLOCK = "import time; began = time.{clock}(); import {module}; print(time.{clock}() - began)"


def import_seconds(
    module: str, *, python: str | Path = sys.executable, clock: str = "perf_counter", folder: Path | None = None
) -> float:
    """Return how long a fresh interpreter takes to import a module; raises CalledProcessError if it cannot.

    Byte code is kept from one to the next. The clock may be `process_time`, which leaves out what others do meanwhile.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    program = [str(python), "-c", CLOCK.format(clock=clock, module=module)]
    done = subprocess.run(program, check=True, capture_output=True, text=True, env=environment, cwd=folder)  # noqa: S603  # our own program
    return float(done.stdout)


def compared(rounds: list[tuple[float, float]]) -> tuple[float, float, float]:
    """Return the medians of both, and of how many times the second is the first in the same round."""
    first, second = (statistics.median(values) for values in zip(*rounds, strict=True))
    return first, second, statistics.median(after / before for before, after in rounds)
