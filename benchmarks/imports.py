"""What importing modules takes, each time in a fresh interpreter, and rounds of two things compared."""

import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

CLOCK = "import time; began = time.{clock}(); import {module}; print(time.{clock}() - began)"
ALONE = """
import sys, time
sys.path[:0] = [{folder!r}]
began = time.process_time()
import {module}
print(time.process_time() - began)
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


class ColdImport(NamedTuple):
    """What a fresh interpreter takes for a module: seconds of a processor, and MB of memory at most."""

    seconds: float
    megabytes: float


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


def cold_import(module: str, folder: Path) -> ColdImport:
    """Import a module from a folder that has all it needs but for Python's own; raises CalledProcessError if it cannot.

    Nothing is written, as on Lambda: what has no byte code is compiled each time. It takes a Linux to tell the memory.
    """
    seconds, kilobytes = _said(
        sys.executable, "-I", "-S", "-B", "-c", ALONE.format(folder=str(folder), module=module)
    ).split()
    return ColdImport(float(seconds), int(kilobytes) / 1024)


def compared(rounds: list[tuple[float, float]]) -> tuple[float, float, float]:
    """Return the medians of both, and of how many times the second is the first in the same round."""
    first, second = (statistics.median(values) for values in zip(*rounds, strict=True))
    return first, second, statistics.median(after / before for before, after in rounds)


def _said(*program: str) -> str:
    return subprocess.run(program, check=True, capture_output=True, text=True).stdout  # noqa: S603  # our own program
