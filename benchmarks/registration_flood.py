"""Floods the budgets of people's mail: 10,000 requests for links in three days, in one process on a simulated AWS.

`python -m benchmarks.registration_flood` prints how often each answer came, and each that was not as a ledger on paper
says. Exit status 1 if one was not. The same seed plays the same flood. The tests play a short one each time.

    python -m benchmarks.registration_flood --requests 20000 --seed tuesday
"""

import argparse
import sys
from collections.abc import Sequence

from tests.unit.simulation import running
from tests.unit.users.flood import play

REQUESTS, SEED = 10_000, "one"


def main(words: Sequence[str] | None = None) -> int:
    """Play the flood, and print what became of it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--requests", type=int, default=REQUESTS, metavar="N", help=f"{REQUESTS} if you do not say")
    parser.add_argument("--seed", default=SEED, help=f"chooses the requests, {SEED!r} if you do not say")
    chosen = parser.parse_args(words)
    with running() as (clients, settings):
        outcome = play(clients, settings, chosen.requests, chosen.seed)
    for (purpose, answer), number in sorted(outcome.answers.items()):
        print(f"{purpose:12} {answer:10} {number}")
    for complaint in outcome.complaints:
        print(complaint)
    print(f"{outcome.answers.total()} requests: {outcome.answers.total() - len(outcome.complaints)} right")
    return int(bool(outcome.complaints))


if __name__ == "__main__":
    sys.exit(main())
