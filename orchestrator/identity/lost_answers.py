"""What a lost answer left behind is found before anything is created in its place.

Creates without a natural key make a twin when they are repeated, and Cognito promises no read after create.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from orchestrator.aws.errors import AmbiguousResourceError

T = TypeVar("T")


def find_or_create(
    *, in_doubt: bool, find: Callable[[], list[T]], create: Callable[[], T], wait_seconds: float, what: str
) -> T:
    """Return the one resource: created, or adopted if a lost answer left one behind.

    In doubt it looks, waits, and looks again before it creates, as Cognito promises no read after create.
    Raises AmbiguousResourceError if there are several: a person decides then.
    """
    if in_doubt:
        for pause in (wait_seconds, 0.0):
            found = find()
            if len(found) > 1:
                raise AmbiguousResourceError(f"There are {len(found)} of {what}: {', '.join(map(str, found))}")
            if found:
                return found[0]
            time.sleep(pause)
    return create()
