"""People of a live tenant, in a simulated AWS."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.every_tier import CASES, World, world
from tests.unit.users.people import People

__all__ = ["world"]


@pytest.fixture
def live(world: World) -> Callable[..., People]:
    """Return the people of acme, which is onboarded as a case of `every_tier`; by `signUp` anybody may register."""

    def onboarded(case: str = "pool", **changes: Any) -> People:
        record = world.onboard(CASES[case], **changes)
        assert record["status"] == "COMPLETED"
        world.stack.change(signUp="OPEN")
        world.wire.attempts.clear()
        return People(world.clients, world.settings, world.wire)

    return onboarded


@pytest.fixture
def people(live: Callable[..., People]) -> People:
    """The people of acme, a tenant of the pool tier where anybody may register."""
    return live("pool")
