"""Counts the AWS calls of one onboarding, at a proxy between the functions and AWS: `python -m benchmarks.aws_calls`.

It onboards a tenant on a stack that has a handful, then one on a stack that has 60 more. Exit status 1 if the pool tier
takes more calls than allowed, or more when others are there.
"""

import sys

from tests.e2e.world import tenant, world

ALLOWED = 26
OTHERS = 60


def main() -> int:
    """Print a line an operation and the totals."""
    with world() as running:
        running.onboard(tenant("opener"))
        few = running.calls_of_one_onboarding("among-few")
        for number in range(OTHERS):
            running.emit(tenant(f"other-{number}"))
        for number in range(OTHERS):
            page = running.wait_for(f"other-{number}", "COMPLETED", "FAILED")
            assert page["status"] == "COMPLETED", page["failure"]
        many = running.calls_of_one_onboarding("among-many")
    print(f"{'AWS calls of one pool onboarding':<42} {'2 tenants there':>16} {f'{OTHERS + 2} there':>10}")
    for operation in sorted(few | many):
        print(f"{operation:<42} {few[operation]:>16} {many[operation]:>10}")
    print(f"{'total':<42} {few.total():>16} {many.total():>10}   allowed: {ALLOWED}")
    return int(few != many or many.total() > ALLOWED)


if __name__ == "__main__":
    sys.exit(main())
