"""What a simulated AWS holds, kept and given back: to build a stack or a tenant anew takes longer than most tests do.

    kept.once("a tenant", onboard)

What `onboard` does is done once. Where an AWS is as it was then, to the byte, what came of it is given back: the state,
the result, and what passed the wire. Whatever else could make a difference has it done anew: a fault on the wire,
quotas that are not the default, a figure or a function that a test has replaced, a state from too long ago.
"""

import io
import pickle
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from joserfc.jwk import RSAKey
from moto import backends
from moto.core.base_backend import BackendDict

from tests.unit.faults import Attempt, Wire
from tests.unit.strict_cognito import Limits, Rules

MOST_SECONDS = 20
"""Shorter than any time after which the product finds that something stands still."""
NO_MATTER = {
    ("time", "sleep"),
    ("signal", "signal"),
    ("sys", "argv"),
    ("handlers.api", "clients"),
    ("handlers.api", "settings"),
    ("orchestrator.aws.writes", "uniform"),
    ("orchestrator.operations", "resend_welcome"),
    ("orchestrator.operations.deployment", "Clients"),
}
"""What tests replace that makes no difference to a stack or a tenant, by module and name."""
FIGURES = (int, float, str)
"""What a test may replace a figure by; with the same ones, it is the same setting."""
Made = TypeVar("Made")


@dataclass(frozen=True)
class _Kept:
    state: bytes
    result: bytes
    attempts: tuple[Attempt, ...]
    naps: tuple[float, ...]
    ends: float


_kept: dict[tuple[Hashable, ...], _Kept] = {}


@dataclass
class KeptAws:
    """The simulated AWS of a test, and what could make a difference to it."""

    wire: Wire
    rules: Rules
    naps: list[float]
    patched: pytest.MonkeyPatch

    def once(self, what: Hashable, make: Callable[[], Made]) -> Made:
        """Return what `make` returns; it is called only if it never was, or not where AWS was as it is now."""
        setting = self._setting()
        before = None if setting is None else self._state()
        if before is None:
            return make()
        key = before, what, setting
        found = _kept.get(key)
        if found is None or time.monotonic() > found.ends:
            attempts, naps = len(self.wire.attempts), len(self.naps)
            result = make()
            after = self._state()
            if after is None:
                return result
            made = tuple(self.wire.attempts[attempts:]), tuple(self.naps[naps:])
            _forget_old()
            _kept[key] = _Kept(after, pickle.dumps(result), *made, time.monotonic() + MOST_SECONDS)
            _give_back(after)
            return result
        _give_back(found.state)
        self.wire.attempts.extend(found.attempts)
        self.naps.extend(found.naps)
        kept: Made = pickle.loads(found.result)
        return kept

    def _setting(self) -> frozenset[tuple[str, str, Any]] | None:
        """Return the figures that the test has replaced; None if it has replaced anything else."""
        rules = self.rules.on and not self.rules.by_tag and not self.rules.without and self.rules.limits == Limits()
        if not rules or self.wire._faults:
            return None
        replaced = {(getattr(target, "__name__", ""), name): target for target, name, _ in self.patched._setattr}
        figures = [(*where, getattr(target, where[1])) for where, target in replaced.items() if where not in NO_MATTER]
        return frozenset(figures) if all(isinstance(value, FIGURES) for *_, value in figures) else None

    def _state(self) -> bytes | None:
        """Return all that the simulated AWS holds; None if that cannot be kept."""
        instances: list[Any] = vars(BackendDict)["_instances"]
        held = {
            (each.service_name, account, region): backend
            for each in instances
            for account, region, backend in each.iter_backends()
        }
        written = io.BytesIO()
        try:
            _Pickler(written, pickle.HIGHEST_PROTOCOL).dump(held)
        except (TypeError, AttributeError, pickle.PicklingError):
            return None
        return written.getvalue()


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: Any) -> Any:
        """Leave out the key of all user pools, of which there is one."""
        return "key" if isinstance(obj, RSAKey) else None

    def reducer_override(self, obj: Any) -> Any:
        """Write a lock as one that nobody holds."""
        return (threading.RLock, ()) if isinstance(obj, _LOCK) else NotImplemented


_LOCK = type(threading.RLock())


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, pid: Any) -> Any:
        return RSAKey.import_key({})


def _forget_old() -> None:
    for key in [key for key, kept in _kept.items() if time.monotonic() > kept.ends]:
        del _kept[key]


def _give_back(state: bytes) -> None:
    BackendDict.reset()
    for (service, account, region), backend in _Unpickler(io.BytesIO(state)).load().items():
        dict.__setitem__(backends.get_backend(service)[account], region, backend)
