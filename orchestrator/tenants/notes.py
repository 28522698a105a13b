"""What a step writes down on its way, for its next try: an invocation may end before the step does.

Notes lie in the step's own entry of the ledger, written under its lease and gone once it is done. They are of one
attempt and redrive, and hold for a while only; what was made holds on.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.aws.errors import TransientError

Kept = dict[str, Any]

MADE = "made"
"""What a create in doubt made, and when: it may be in no list yet, and must not be made again."""
MADE_AGAIN = "madeAgain"
"""When a create in doubt, that had found nothing, was about to be repeated: then there may be two."""
HOLD_ON = (MADE, MADE_AGAIN)
LOOKS = "looks"
"""What long lists showed so far, and where to go on, by the name of each look."""
HOLDING_SECONDS = 900.0
"""Older notes are of a Cognito that has changed meanwhile."""
RESERVED_SECONDS = 10.0
"""So long before the function's time is over nothing more is begun: for a last call, and for writing it down."""
NOT_DONE_YET = "NotDoneYet"


class Notes:
    """The notes of one try of a step."""

    def __init__(
        self,
        written: Mapping[str, Any] | None = None,
        write: Callable[[Kept], object] = lambda _: None,
        until: float = math.inf,
    ) -> None:
        self._kept: Kept = dict(written or {})
        self._written = set(self._kept)
        self._write = write
        self._until = until
        self._looks: Counter[str] = Counter()

    @property
    def has_time(self) -> bool:
        """Whether there is time to begin something more."""
        return time.time() < self._until

    def get(self, name: str) -> Any:  # Any: whatever was noted; None if nothing was
        """Return a note."""
        return self._kept.get(name)

    def remember(self, name: str, value: object) -> None:
        """Note something that is written down together with what has to be."""
        self._kept[name] = value

    def keep(self, name: str, value: object) -> None:
        """Note something and write all down; raises TransientError if the lease was lost."""
        self.remember(name, value)
        self._write_down()

    def forget(self, name: str) -> None:
        """Let a note hold no more."""
        self._kept.pop(name, None)
        if name in self._written:
            self._write_down()

    def stopped(self, what: str) -> TransientError:
        """Write all down, and return the error by which the workflow comes back."""
        self._write_down()
        return TransientError(f"{what}: no time left in this try; the next one goes on from there", code=NOT_DONE_YET)

    def number(self, look: str) -> str:
        """Return the name of the next look of a kind in this try: the same in each that repeats it."""
        self._looks[look] += 1
        return f"{look}-{self._looks[look]}"

    def begin_anew(self) -> None:
        """Let looks be counted from the first again, and none be known."""
        self._looks.clear()
        self.forget(LOOKS)

    def _write_down(self) -> None:
        self._written = set(self._kept)
        self._write(self._kept)


def of(entry: Mapping[str, Any], now: float, **which: int) -> Kept:
    """Return what the next try of a step is to know of its entry's notes; `which` says of which attempt it is."""
    written: Mapping[str, Any] = entry.get("notes", {})
    holds = written.get("at", 0) / 1000 > now - HOLDING_SECONDS
    holds = holds and all(written.get(name) == value for name, value in which.items())
    return {name: value for name, value in written.items() if name in HOLD_ON or (holds and name not in (*which, "at"))}


def written_down(kept: Kept, now: float, **which: int) -> Kept:
    """Return notes as a step's entry has them."""
    return kept | which | {"at": round(now * 1000)}
