"""One process at a time, of all that run tests of this checkout."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.local.ministack import ROOT


@contextmanager
def alone(purpose: str) -> Iterator[None]:
    """Wait until no other process is inside a block of this purpose."""
    with (ROOT / ".cache" / f"{purpose}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
