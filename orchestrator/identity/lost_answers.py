"""What a lost answer left behind is found before anything is created in its place, and afterwards.

Creates without a natural key make a twin when they are repeated, and Cognito promises no read after create. So in doubt
a step looks, waits and looks again before it creates; and afterwards it looks for a twin, until a list shows what it
created and has had time to show what was made before. That create's answer may be lost, too: whoever then finds one
waits as long for another.
"""

import math
import time
from collections.abc import Callable

from orchestrator.aws.errors import NOT_SEEN_YET, AmbiguousResourceError, TransientError
from orchestrator.tenants.notes import MADE, MADE_AGAIN, Notes

LOOKS_AFTERWARDS = 3
"""As long as so many waits, but in one try no more; the workflow's tries add up to minutes."""
LISTED_WITHIN_SECONDS = 3_600
"""What was made in doubt, and is in no list after that, is not there."""


def find_or_create(
    *,
    in_doubt: bool,
    find: Callable[[], list[str]],
    create: Callable[[], str],
    wait_seconds: float,
    what: str,
    notes: Notes,
) -> str:
    """Return the one resource: created, or adopted if a lost answer left one behind.

    Raises AmbiguousResourceError if there are several, as a person decides then; TransientError while what was created
    in doubt is in no list yet.
    """
    if not in_doubt:
        return create()
    made, since = _made(notes)
    if not made:
        for pause in (wait_seconds, 0.0):
            if found := find():
                return _only_one(_all_shown(found, find, wait_seconds, notes), what, notes)
            time.sleep(pause)
        notes.begin_anew()
        notes.keep(MADE_AGAIN, math.ceil(time.time()))
        made, since = create(), time.time()
        notes.keep(MADE, [made, int(since)])
    for _ in range(LOOKS_AFTERWARDS):
        time.sleep(wait_seconds)
        found = find()
        if set(found) - {made}:
            return _only_one(list(dict.fromkeys((*found, made))), what, notes)
        if time.time() >= since + LOOKS_AFTERWARDS * wait_seconds:
            break
    if found:
        return made
    notes.begin_anew()
    raise TransientError(f"Cognito created {made} as {what} and does not list it", code=NOT_SEEN_YET)


def _all_shown(found: list[str], find: Callable[[], list[str]], wait_seconds: float, notes: Notes) -> list[str]:
    """Return what there is once lists have had time to show all: more than what was found, if one was made again."""
    made_again = float(notes.get(MADE_AGAIN) or 0)
    for _ in range(LOOKS_AFTERWARDS):
        if len(found) > 1 or time.time() >= made_again + LOOKS_AFTERWARDS * wait_seconds:
            break
        time.sleep(wait_seconds)
        notes.begin_anew()
        found = find() or found
    return found


def _made(notes: Notes) -> tuple[str, float]:
    """Return what an earlier try made in doubt, and when; nothing if that should be in a list by now."""
    made, since = notes.get(MADE) or ("", 0)
    return (str(made), float(since)) if since > time.time() - LISTED_WITHIN_SECONDS else ("", 0.0)


def _only_one(found: list[str], what: str, notes: Notes) -> str:
    """Return the one that was found; of several, whoever decides may delete any, so nothing is noted of them."""
    if len(found) == 1:
        return found[0]
    notes.begin_anew()
    notes.forget(MADE)
    raise AmbiguousResourceError(f"There are {len(found)} of {what}: {', '.join(found)}")
