"""Counts the AWS calls of one onboarding, at a proxy between the functions and AWS: `python -m benchmarks.aws_calls`.

For each tier it onboards a tenant on a stack that has a handful, then one on a stack that has 60 more. Exit status 1 if
a tier takes more calls than allowed, or more when others are there. A silo tenant in another Region than home takes one
more, which asks whether the Region has its trigger.
"""

import sys
from collections import Counter

from tests.e2e.world import World, tenant, world

ALLOWED = {"pool": 26, "bridge": 29, "silo": 34}
OTHERS = 60
MIX = ("pool", "pool", "pool", "bridge", "silo")


def main() -> int:
    """Print a line an operation and the totals."""
    with world() as running:
        running.onboard(tenant("opener"))
        few = _counts(running, "few")
        for number in range(OTHERS):
            running.emit(tenant(f"other-{number}", tier=MIX[number % len(MIX)]))
        for number in range(OTHERS):
            page = running.wait_for(f"other-{number}", "COMPLETED", "FAILED")
            assert page["status"] == "COMPLETED", page["failure"]
        many = _counts(running, "many")
    print(f"{'AWS calls of one onboarding':<42} " + " ".join(f"{tier:>8}" for tier in ALLOWED))
    for operation in sorted({operation for counted in few.values() for operation in counted}):
        print(f"{operation:<42} " + " ".join(f"{few[tier][operation] or '':>8}" for tier in ALLOWED))
    for name, counts in (("total", few), (f"total with {OTHERS} more tenants there", many)):
        print(f"{name:<42} " + " ".join(f"{counts[tier].total():>8}" for tier in ALLOWED))
    print(f"{'allowed':<42} " + " ".join(f"{most:>8}" for most in ALLOWED.values()))
    return int(few != many or any(many[tier].total() > most for tier, most in ALLOWED.items()))


def _counts(running: World, among: str) -> dict[str, Counter[str]]:
    return {tier: running.calls_of_one_onboarding(tenant(f"{tier}-among-{among}", tier=tier)) for tier in ALLOWED}


if __name__ == "__main__":
    sys.exit(main())
