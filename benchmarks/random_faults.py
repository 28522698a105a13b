"""Plays random runs: a tenant whom two to seven faults strike while operators retry, amend, abandon and emit again.

`python -m benchmarks.random_faults` prints each run that was not right, and `N runs, N faults, N acts of operators: N
right`. Exit status 1 if one was not. The same seed plays the same runs, as long as the code is the same. `--run` plays
one of them again and prints all of it. `--write` writes the section of `docs/reliability.md` on this.

    python -m benchmarks.random_faults --runs 500 --seed tuesday
    python -m benchmarks.random_faults --run tuesday:17
"""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence

from benchmarks.fault_sweep import NAMES, SEVERAL, several
from benchmarks.reliability import PAGE
from tests.unit.random_faults.play import Outcome, play
from tests.unit.random_faults.strikes import FEWEST, MOST
from tests.unit.simulation import running

AGAIN = ".venv/bin/python -m benchmarks.random_faults"
RUNS, SEED = 300, "one"
WRITTEN_RUNS, WRITTEN_SEED = 400, "reliability"
SECTION = """\
{heading}

```
{verdict}
```

`{again} --write` writes this section. Each run plays one tenant, with
the product's own code, in one process, on a simulated AWS. A seed decides all that happens:

- {fewest} to {most} faults of the sweep strike calls of functions and of commands.
- Operators retry, redo a step, redrive, stop, amend and abandon, several of them at once. Billing emits the event
  again, also with another content. The tenant's first user signs in.
- Messages come twice, status changes twice or not at all. A dead function's last call takes effect seconds later.
- The AWS calls of all of them are mixed, one by one. Time is simulated.

Then operators do what the tenant's next action says, until it is COMPLETED or ABANDONED. It is judged as in the sweep.
In addition, its events must be published in the order in which they came true, each with the metadata of that time. No
other route may be left to the tenant, and lists may find it by no other metadata.

`{again} --run SEED:NUMBER` plays a run again. The tests play {short} runs each time.
"""
SHORT_RUNS = 24
"""How many runs the tests play."""
NUMBERS = {2: "Two", 7: "seven"}
WORDED = {"heading": SEVERAL, "again": AGAIN, "fewest": NUMBERS[FEWEST], "most": NUMBERS[MOST], "short": SHORT_RUNS}


def main(words: Sequence[str] | None = None) -> int:
    """Play the runs, print what was not right, and the totals."""
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0],
        epilog=f"For example: {AGAIN} --runs 500 --seed tuesday; {AGAIN} --run tuesday:17",
    )
    parser.add_argument("--runs", type=int, default=RUNS, metavar="N", help=f"how many, {RUNS} if you do not say")
    parser.add_argument("--seed", default=SEED, help=f"chooses the runs, {SEED!r} if you do not say")
    parser.add_argument("--tenant", action="append", choices=list(NAMES), help="only this kind of tenant")
    parser.add_argument("--run", metavar="SEED:NUMBER", help="this one run, and all that happened in it")
    parser.add_argument("--write", action="store_true", help=f"write the section of docs/{PAGE.name}")
    told = parser.parse_args(words)
    if told.write:
        told.runs, told.seed, told.tenant, told.run = WRITTEN_RUNS, WRITTEN_SEED, None, None
    tenants = tuple(told.tenant or NAMES)
    seeds = [told.run] if told.run else [f"{told.seed}:{number}" for number in range(told.runs)]
    print(f"seed {told.run or told.seed}", file=sys.stderr)
    began, outcomes = time.monotonic(), []
    with running() as (clients, settings):
        for seed in seeds:
            outcome = play(clients, settings, seed, tenants)
            outcomes.append(outcome)
            if outcome.complaints or told.run:
                print("\n".join(report(outcome, tenants)), flush=True)
    print(verdict(outcomes))
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    if told.write:
        text = PAGE.read_text()
        PAGE.write_text(text.replace(several(text), section(outcomes)))
    return int(any(outcome.complaints for outcome in outcomes))


def report(outcome: Outcome, tenants: Sequence[str] = tuple(NAMES)) -> Iterator[str]:
    """Yield the lines that say what happened in a run, what of it was not right, and how it is played again."""
    yield f"{outcome.seed}: {NAMES[outcome.variant]}, {outcome.status or 'never claimed'}, {len(outcome.calls)} calls"
    yield from (f"  fault: {fault}" for fault in outcome.faults)
    yield from (f"  act: {act}" for act in outcome.told)
    yield from (f"  not right: {each.kind}: {each.text}" for each in outcome.complaints)
    chosen = "".join(f" --tenant {each}" for each in tenants) if len(tenants) < len(NAMES) else ""
    yield f"  again: {AGAIN} --run {outcome.seed}{chosen}"


def verdict(outcomes: Iterable[Outcome]) -> str:
    """Return the line that says it all."""
    every = list(outcomes)
    right = sum(not outcome.complaints for outcome in every)
    faults, acts = sum(len(each.faults) for each in every), sum(each.acts for each in every)
    return f"{len(every)} runs, {faults} faults, {acts} acts of operators: {right} right"


def section(outcomes: Iterable[Outcome]) -> str:
    """Return the section of docs/reliability.md."""
    return SECTION.format(verdict=verdict(outcomes), **WORDED)


if __name__ == "__main__":
    sys.exit(main())
