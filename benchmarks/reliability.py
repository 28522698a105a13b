"""What the sweeps behind docs/reliability.md share: how they are told what to strike, what they print, and the page."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from tests.e2e.blows import Blow
from tests.e2e.inventory import Complaint

PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"


class Judged(Protocol):
    """What came of one blow."""

    @property
    def blow(self) -> Blow:
        """What struck."""

    @property
    def complaints(self) -> Sequence[Complaint]:
        """What is wrong then."""


def seed_and_number(text: str) -> tuple[str, int]:
    """Return what `SEED:N` says; raises ValueError if it does not."""
    seed, _, number = text.rpartition(":")
    if not seed:
        raise ValueError(text)
    return seed, int(number)


def say(text: str) -> None:
    """Print how far it is."""
    print(text, file=sys.stderr, flush=True)


def tell(outcomes: Sequence[Judged]) -> None:
    """Print what was not right."""
    for outcome in outcomes:
        for complaint in outcome.complaints:
            print(f"{outcome.blow}: {complaint.kind}: {complaint.text}")


def verdict(outcomes: Sequence[Judged], what: str = "faults") -> str:
    """Return the line that says it all."""
    kinds = Counter(complaint.kind for outcome in outcomes for complaint in outcome.complaints)
    others = sum(kinds.values()) - kinds["orphan"] - kinds["false success"] - kinds["duplicate"]
    rest = f", {others} otherwise wrong" if others else ""
    counted = f"{len(outcomes)} {what}: {right(outcomes)} right, {kinds['orphan']} orphans"
    return f"{counted}, {kinds['false success']} false successes, {kinds['duplicate']} duplicates{rest}"


def right(outcomes: Sequence[Judged]) -> int:
    """Return after how many blows nothing was wrong."""
    return sum(not outcome.complaints for outcome in outcomes)


def section(page: str, heading: str) -> str:
    """Return the section of a page that begins with a heading, up to the next one, as it stands."""
    return page[page.index(heading) : page.index("\n## ", page.index(heading))]
