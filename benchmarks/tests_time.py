"""Times the tests: `python -m benchmarks.tests_time`.

Prints the minutes that `make test` takes, or the targets that are named (`check`, `browser`).
With `--against REV` another commit's take turns, and ratios are printed. Exit status 1 if one fails here.
"""

import argparse
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from benchmarks import against

TEST = "test"


def main() -> int:
    """Time each target in turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", default=[TEST], help=f"of make; `{TEST}` by default")
    parser.add_argument("--runs", type=int, default=1, help="of which the medians are printed")
    against.add_option(parser)
    chosen = parser.parse_args()
    failed = 0.0
    with against.sides(chosen.against) as compared:
        for target in chosen.targets:
            figures = against.medians(compared, partial(_timed, target=target), chosen.runs)
            print(*against.lines(f"make {target}", figures, ("minutes",)), sep="\n", flush=True)
            failed += figures[against.THIS]["failed"]
    return int(failed > 0)


def _timed(root: Path, target: str) -> against.Figures:
    began, failed = time.monotonic(), False
    try:
        against.make(root, target)
    except subprocess.CalledProcessError:  # an older commit's may, by a clock or a browser that it does not know
        failed = True
    return {"minutes": (time.monotonic() - began) / 60, "failed": failed}


if __name__ == "__main__":
    sys.exit(main())
