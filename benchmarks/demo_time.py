"""Times the warm demo as its user sees it: `python -m benchmarks.demo_time [runs]`."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

ONBOARD = Path(sys.executable).parent / "onboard"
DEFAULT_RUNS = 3


def main() -> None:
    """Print minimum, median and maximum, in seconds, after one run that is not counted."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_RUNS
    seconds = [_run() for _ in range(runs + 1)][1:]
    print(f"warm demo, {runs} runs: {min(seconds):.1f} / {statistics.median(seconds):.1f} / {max(seconds):.1f} s")


def _run() -> float:
    began = time.monotonic()
    done = subprocess.run([ONBOARD, "demo", "--json"], check=True, stdout=subprocess.PIPE)  # noqa: S603  # our own program
    assert all(tenant["signedIn"] for tenant in json.loads(done.stdout)["tenants"])
    return time.monotonic() - began


if __name__ == "__main__":
    main()
