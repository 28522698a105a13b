"""Onboards 200 tenants of mixed tiers at once under Cognito's rate quotas: `python -m benchmarks.burst`.

Prints, with one and with three shared user pools open, the time taken beside the least that the quotas allow, the share
of Cognito calls that were throttled, and the failures. The quotas are scaled so that they, not the machine, are what
bounds the time, and intake's pace with them. With `--against REV` a checkout of another commit runs its own, in turn,
and ratios are printed. Exit status 1 if a tenant failed.
"""

import argparse
import re
import sys
import time
from functools import partial
from pathlib import Path

from benchmarks import against
from infra.configuration.choices import Configuration
from tests.e2e.inventory import take_inventory
from tests.e2e.quotas import Quotas
from tests.e2e.world import tenant, world

MIX = ("pool",) * 6 + ("bridge",) * 3 + ("silo",)
GIVE_UP_SECONDS = 1_800
WAIT_SCALE = 0.5
"""Of the workflow's own waits, so that backing off is not much faster than in AWS."""
COLUMNS = ("seconds", "% of the least", "% throttled", "failed")
LINE = r"^ *\d+ +\d+ +(\d+) +\d+ +(\d+)% +(\d+)% +(\d+)"
"""As they are printed by this commit and by older ones."""
SCALES = {1: 0.15, 3: 0.06}
"""Of the quotas, by open shards: what two cores keep up with."""


def main() -> int:
    """Run the burst for each number of open shards."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tenants", type=int, default=200)
    parser.add_argument("--open-shards", type=int, action="append", choices=list(SCALES), help="1 and 3 by default")
    parser.add_argument("--runs", type=int, default=1, help="of which the medians are compared")
    against.add_option(parser)
    chosen = parser.parse_args()
    shards = chosen.open_shards or list(SCALES)
    if chosen.against:
        return _compare(chosen.against, chosen.tenants, shards, chosen.runs)
    print(
        f"{'open shards':>11} {'tenants':>8} {'seconds':>8} {'least':>8} {'of it':>6} {'throttled':>10} {'failed':>7}"
    )
    failed = [run(chosen.tenants, each) for each in shards]
    return int(any(failed))


def _compare(revision: str, tenants: int, open_shards: list[int], runs: int) -> int:
    with against.sides(revision) as compared:
        for shards in open_shards:
            figures = against.medians(compared, partial(_run_in, tenants=tenants, open_shards=shards), runs)
            lines = against.lines(f"open shards {shards}", figures, ("seconds", "% of the least"))
            print(*lines, sep="\n", flush=True)
    return 0


def _run_in(root: Path, tenants: int, open_shards: int) -> against.Figures:
    """Return what a side's own benchmark prints."""
    arguments = ("--tenants", str(tenants), "--open-shards", str(open_shards))
    printed = against.run(root, "-m", "benchmarks.burst", *arguments)
    found = re.findall(LINE, printed, re.MULTILINE)
    return dict(zip(COLUMNS, map(float, found[-1]), strict=True))


def run(tenants: int, open_shards: int) -> int:
    """Run one burst, print its line and return the number of failures."""
    scale = SCALES[open_shards]
    quotas = Quotas(scale)
    share = Configuration().quota_share * scale
    with world(wait_scale=WAIT_SCALE, openShards=str(open_shards), quotaShare=str(share)) as running:
        for number in range(open_shards):
            running.onboard(tenant(f"opener-{number}"))
        running.wait_until_quiet()
        with running.proxy.struck_by(quotas.choose):
            began = time.monotonic()
            for number in range(tenants):
                running.emit(tenant(f"burst-{number:03d}", tier=MIX[number % len(MIX)]))
            ended: dict[str, str] = {}
            seconds = 0.0
            while len(ended) < tenants and time.monotonic() - began < GIVE_UP_SECONDS:
                time.sleep(0.5)
                for event in running.listen():
                    if event["detail-type"] in ("TenantOnboarded", "TenantOnboardingFailed"):
                        ended[event["detail"]["tenantId"]] = event["detail-type"]
                        seconds = time.monotonic() - began
        drift = list(take_inventory(running).drift())
    least, bound = quotas.optimum()
    refused, passed = sum(quotas.refused.values()), sum(quotas.passed.values())
    failures = tenants - list(ended.values()).count("TenantOnboarded")
    print(
        f"{open_shards:>11} {tenants:>8} {seconds:>8.0f} {least:>8.0f} {least / seconds:>6.0%}"
        f" {refused / (refused + passed):>10.0%} {failures:>7}   bounded by {bound}"
    )
    for complaint in drift:
        print(f"{complaint.kind}: {complaint.text}", file=sys.stderr)
    return failures + len(drift)


if __name__ == "__main__":
    sys.exit(main())
