"""Times the demo as its user sees it: `python -m benchmarks.demo_time`.

Warm, with environments that are there; prints minimum, median and maximum in seconds, after one run that is not
counted. With `--against REV` another commit's takes turns and ratios are printed; with `--from-nothing` that of `make
demo` in a fresh checkout of either, packages cached.
"""

import argparse
import json
import statistics
import subprocess
import time
from pathlib import Path

from benchmarks import against

DEFAULT_RUNS = 3
REVISION = "HEAD"


def main() -> None:
    """Time what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=int, nargs="?", default=DEFAULT_RUNS)
    parser.add_argument("--from-nothing", action="store_true", help=f"`make demo` in a fresh checkout, of {REVISION}")
    against.add_option(parser)
    chosen = parser.parse_args()
    if chosen.from_nothing:
        names = {against.THIS: REVISION} | ({chosen.against: chosen.against} if chosen.against else {})
        _tell("make demo", against.medians(names, _from_nothing, chosen.runs))
    elif chosen.against:
        with against.sides(chosen.against) as compared:
            for root in compared.values():
                _warm(root)
            _tell("warm demo", against.medians(compared, lambda root: {"seconds": _warm(root)}, chosen.runs))
    else:
        seconds = [_warm(against.ROOT) for _ in range(chosen.runs + 1)][1:]
        times = f"{min(seconds):.1f} / {statistics.median(seconds):.1f} / {max(seconds):.1f} s"
        print(f"warm demo, {chosen.runs} runs: {times}")


def _tell(title: str, figures: dict[str, against.Figures]) -> None:
    print(*against.lines(title, figures, ("seconds",)), sep="\n")


def _warm(root: Path) -> float:
    began = time.monotonic()
    command = [str(root / ".venv" / "bin" / "onboard"), "demo", "--json"]
    done = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE)  # noqa: S603  # our own program
    assert all(tenant["signedIn"] for tenant in json.loads(done.stdout)["tenants"])
    return time.monotonic() - began


def _from_nothing(revision: str) -> against.Figures:
    with against.checkout(revision, ready=False) as root:
        began = time.monotonic()
        against.make(root, "demo")
        return {"seconds": time.monotonic() - began}


if __name__ == "__main__":
    main()
