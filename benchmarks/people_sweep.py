"""Strikes every AWS call by which people get and use links, or are changed, with every fault; counts what came of it.

`python -m benchmarks.people_sweep` registers people, invites them, lets them forget their passwords and has an admin
look after them, at tenants of each tier, and prints `N faults at people: N right, ...`. Exit status 1 if what came of
one fault was not right. `--write` writes the section of `docs/reliability.md` on this; what strikes less than
everything writes nothing: `--sample SEED:N` strikes with N of the faults, which SEED chooses, as those of
`benchmarks.fault_sweep`.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from benchmarks.reliability import PAGE, right, say, section, seed_and_number, tell, verdict
from tests.e2e import hidden_faults
from tests.e2e.blows import sample
from tests.e2e.faults import EXPLAINED
from tests.e2e.people_blows import FIRST_IN_A_PROCESS, OF_TRANSACTIONS
from tests.e2e.people_story import Outcome
from tests.e2e.people_sweep import (
    TENANTS,
    VISIBILITY_SECONDS,
    PeopleSweep,
    open_town,
    recorded,
)
from tests.e2e.world import World, world

AGAIN = ".venv/bin/python -m benchmarks.people_sweep"
FEW = 8
"""Of each tier: at so many tenants a sample strikes."""
HEADING = "## People's links"
SECTION = """\
{heading}

```
{verdict}
```

`{again} --write` writes this section. Somebody registers, is invited, or
forgot the password, at a pool, a bridge and a silo tenant; or is looked after: an admin gives them a role, disables,
enables and removes them. The proxy records every AWS call that the functions of the account API make on the way. Then
every fault strikes every recorded call, each time of another person. Whoever asked asks again if the answer was an
error, clicks again, and signs in. The result is right if all of this holds, seen from outside:

- There is exactly one user in the register and one in Cognito, with all attributes, in the tenant's group.
- The password that was chosen last signs in, a former one does not, and the token names tenant, role and user.
- Nobody was told that it is done before it was, and every link that was used up answers 410.
- Each request that was taken was mailed once. There may be two mails if the fault fell between sending one and
  recording that.
- Each request was charged to the budgets of mail once.
- Whoever is looked after can sign in, or not, and has the role as soon as the admin is told so; in the end nothing is
  left in Cognito, and of each change the register has one operation, which is over.

A message that failed comes back after {visible} seconds here instead of 35, so that nobody waits for long. `make sweep`
strikes with {few} of these faults or a few more. Each of the four stories meets each fault then, and has each call
struck, but for the two calls that a process makes once.

| fault | what happens | struck | right |
|---|---|---|---|
{by_fault}

| what | function | call | struck | right |
|---|---|---|---|---|
{by_call}
"""
SAMPLED = 60
"""How many of the faults strike before a change lands."""
WORDED = {
    "heading": HEADING,
    "again": AGAIN,
    "few": SAMPLED,
    "visible": VISIBILITY_SECONDS,
}


def main(words: Sequence[str] | None = None) -> int:
    """Run the sweep, print what was not right, and the totals."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--sample", type=seed_and_number, metavar="SEED:N", help="only N faults, which SEED chooses")
    parser.add_argument("--tenants", type=int, default=TENANTS, metavar="N", help="of each tier, a person each at once")
    parser.add_argument(
        "--write", action="store_true", help=f"write the section of docs/{PAGE.name}; of all faults only"
    )
    told = parser.parse_args(words)
    if told.write and told.sample:
        parser.error("--write is for all faults")
    began = time.monotonic()
    with world() as running:
        outcomes = struck(running, told.sample, told.tenants)
    tell(outcomes)
    print(verdict_of(outcomes))
    say(f"{time.monotonic() - began:.0f} s")
    if told.write:
        text = PAGE.read_text()
        PAGE.write_text(text.replace(section(text, HEADING), page_section(outcomes)))
    return int(right(outcomes) < len(outcomes))


def struck(running: World, chosen: tuple[str, int] | None, tenants: int) -> list[Outcome]:
    """Strike people of so many tenants of each tier, by all faults or a sample of them; return what came of each."""
    began = time.monotonic()
    with open_town(running, tenants) as town:
        every = recorded(town)
        say(f"{len(every)} faults at people, recorded in {time.monotonic() - began:.0f} s")
        blows = every
        if chosen:
            blows = sample([blow for blow in every if blow.operation not in FIRST_IN_A_PROCESS], *chosen)
            again = f"{AGAIN} --sample {chosen[0]}:{chosen[1]}"
            print(f"{len(blows)} of {len(every)} faults at people; the same once more: {again}")
        outcomes = PeopleSweep(town, blows, report=say).run()
    say(f"{time.monotonic() - began:.0f} s of people")
    return outcomes


def verdict_of(outcomes: Sequence[Outcome]) -> str:
    """Return the line that says it all."""
    return verdict(outcomes, "faults at people")


def page_section(outcomes: Sequence[Outcome]) -> str:
    """Return the section of docs/reliability.md; the same sweep gives the same section."""
    explained = EXPLAINED | hidden_faults.EXPLAINED | OF_TRANSACTIONS
    by_fault = _grouped(outcomes, lambda each: (each.blow.fault, explained[each.blow.strike.__name__]))
    by_call = _grouped(outcomes, lambda each: (each.blow.variant, each.blow.function, f"`{each.blow.operation}`"))
    return SECTION.format(
        verdict=verdict_of(outcomes),
        by_fault="\n".join(by_fault),
        by_call="\n".join(by_call),
        **WORDED,
    )


def _grouped(outcomes: Sequence[Outcome], key: Callable[[Outcome], tuple[str, ...]]) -> list[str]:
    groups: dict[tuple[str, ...], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(key(outcome), []).append(outcome)
    return [f"| {' | '.join(words)} | {len(group)} | {right(group)} |" for words, group in sorted(groups.items())]


if __name__ == "__main__":
    sys.exit(main())
