"""Strikes every AWS call of an onboarding, and of an abandonment, with every fault and counts what came of it.

`python -m benchmarks.fault_sweep` prints `N faults: N right, 0 orphans, 0 false successes, 0 duplicates`. Exit status 1
if what came of one fault was not right. `--write` writes `docs/reliability.md`. What strikes less than everything
writes nothing: `--variant NAME`, as often as you like, runs these kinds of tenants only; `--sample SEED:N` strikes with
N of the faults, which SEED chooses, so that each kind of tenant meets every fault and has every call struck. The same
SEED chooses the same again, as long as the calls are the same.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable

from benchmarks import people_sweep
from benchmarks.reliability import PAGE, right, say, section, seed_and_number, tell, verdict
from tests.e2e import hidden_faults
from tests.e2e.blows import sample
from tests.e2e.faults import EXPLAINED
from tests.e2e.sweep import ABANDONED, VARIANTS, Outcome, Sweep, recorded_blows, recorded_removals, sweep_world

SEVERAL = "## Several faults at once, and operators"
"""The heading of the section that `benchmarks.random_faults` writes."""
AGAIN = ".venv/bin/python -m benchmarks.fault_sweep"
NAMES = {
    "pool": "pool tenant",
    "bridge": "bridge tenant",
    "federated": "bridge tenant with a SAML provider",
    "silo": "silo tenant",
}
TEMPLATE = """\
# Reliability

Read here what failures of AWS do to a tenant, and how this was tested.
`.venv/bin/python -m benchmarks.fault_sweep --write` writes this page. It runs the deployed template on the local AWS.

```
{verdict}
```

**Onboarding.** A proxy between the functions and AWS records a clean onboarding of each kind of tenant. Then every
fault strikes every recorded call, each time of a new tenant. A read time-out strikes only calls that AWS does twice
when it is asked twice. If the tenant ends as FAILED, an operator retries once. The result is right if all of this
holds, seen from outside:

- There is exactly one user pool, app client, group, user, identity provider, domain and set of routes, where the record
  says.
- The counters are equal to what there is.
- The tenant is COMPLETED, and nothing said so before it was true.
- Each event was published once, by its `eventKey`.
- There was one welcome email. There may be two if the fault fell after sending it and before recording that.

**Abandonment.** A tenant fails at its welcome email, when everything is made. Then a lost answer, a denial and a death
of the function strike every call of its abandonment. If this ends as FAILED, an operator abandons the tenant once more.
The result is right if nothing of the tenant is left in Cognito or in the routes, the counters are equal to what there
is, the tenant is ABANDONED, and nothing said so before it was true. A pool tenant's abandonment is a part of a bridge
tenant's, so it is not struck by itself.

The proxy also plays what AWS does and the local AWS hides: a user pool that is gone is denied, reads lag behind a
create whose answer was lost, a plain write meets a transaction, and Amazon SES has sent a day's emails. Operators work
by a clock that is a minute ahead. If two of a kind were made, they delete one of them, as they are told.

Before a change lands, `make sweep` strikes with 250 of these faults, others for each commit. Every kind of tenant meets
each fault, and each of its calls is struck at least once.

An *orphan* is a resource or a route that no record has. A *false success* is a tenant that is said to be COMPLETED or
ABANDONED while that is not true.

| | faults | right | orphans | false successes |
|---|---|---|---|---|
| this orchestrator {ours}
| a peer, Lab 6 of aws-serverless-saas-workshop, under moto | 29 | 8, and 2 clean failures | 13 | 6 |

## By fault

| fault | what happens | struck | right |
|---|---|---|---|
{by_fault}

## By tenant and call

| tenant | call | struck | right |
|---|---|---|---|
{by_call}

{several}
{people}
## What this does not show

- It ran on the local AWS. [Limits](limits.md#never-run-on-aws) says what AWS does otherwise.
- If AWS fails for longer than the workflow retries, the onboarding ends as FAILED, with what to do next. One retry
  completed it then.
- A call may take effect long after the function gave up waiting for it (8 seconds). The next try looks, waits
  (`inDoubtWaitSeconds`) and looks again before it creates. A resource that appears after that would be a duplicate.
"""
"""The peer was driven with denials, and time-outs after the call took effect."""


def main() -> int:
    """Run the sweep, print what was not right, and the totals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--variant", action="append", choices=list(VARIANTS), help="only this kind of tenant")
    parser.add_argument("--sample", type=seed_and_number, metavar="SEED:N", help="only N faults, which SEED chooses")
    parser.add_argument("--people", type=int, default=0, metavar="N", help="with --sample: N at people, too")
    parser.add_argument("--write", action="store_true", help=f"write docs/{PAGE.name}; of all faults only")
    told = parser.parse_args()
    if told.write and (told.variant or told.sample):
        parser.error("--write is for all kinds of tenants and all faults")
    if told.people and not told.sample:
        parser.error(f"--people is for --sample; all of them: {people_sweep.AGAIN}")
    began = time.monotonic()
    with sweep_world() as world:
        chosen = told.variant or list(VARIANTS)
        blows = [blow for variant in chosen for blow in recorded_blows(world, variant)]
        blows += [blow for variant in ABANDONED if variant in chosen for blow in recorded_removals(world, variant)]
        if told.sample:
            every, blows = len(blows), sample(blows, *told.sample)
            print(f"{len(blows)} of {every} faults; the same once more: {' '.join([AGAIN, *sys.argv[1:]])}")
        outcomes = Sweep(world, blows, report=say).run()
        people = people_sweep.struck(world, (told.sample[0], told.people), people_sweep.FEW) if told.people else []
    tell(outcomes)
    print(verdict(outcomes))
    if told.people:
        tell(people)
        print(people_sweep.verdict_of(people))
    say(f"{time.monotonic() - began:.0f} s")
    if told.write:
        PAGE.write_text(page(outcomes))
    return int(right(outcomes) + right(people) < len(outcomes) + len(people))


def page(outcomes: list[Outcome]) -> str:
    """Return docs/reliability.md; the same sweep gives the same page."""
    explained = EXPLAINED | hidden_faults.EXPLAINED
    by_fault = _grouped(
        outcomes,
        lambda outcome: (outcome.blow.fault, explained[outcome.blow.strike.__name__]),
    )
    by_call = _grouped(outcomes, lambda outcome: (_kind(outcome), f"`{outcome.blow.operation}`"))
    kinds = Counter(complaint.kind for outcome in outcomes for complaint in outcome.complaints)
    return TEMPLATE.format(
        verdict=verdict(outcomes),
        ours=f"| {len(outcomes)} | {right(outcomes)} | {kinds['orphan']} | {kinds['false success']} |",
        by_fault="\n".join(_row(key, group) for key, group in sorted(by_fault.items())),
        by_call="\n".join(_row(key, group) for key, group in by_call.items()),
        several=several(PAGE.read_text()),
        people=section(PAGE.read_text(), people_sweep.HEADING),
    )


def several(page: str) -> str:
    """Return the section of a page on several faults at once, up to the next heading, as it stands."""
    return section(page, SEVERAL)


def _kind(outcome: Outcome) -> str:
    name = NAMES[outcome.blow.variant]
    return f"{name}, abandoned" if outcome.blow.abandons else name


def _grouped(
    outcomes: list[Outcome], key: Callable[[Outcome], tuple[str, str]]
) -> dict[tuple[str, str], list[Outcome]]:
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(key(outcome), []).append(outcome)
    return groups


def _row(key: tuple[str, str], group: list[Outcome]) -> str:
    return f"| {key[0]} | {key[1]} | {len(group)} | {right(group)} |"


if __name__ == "__main__":
    sys.exit(main())
