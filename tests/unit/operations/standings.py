"""A tenant acme in each standing that there is in this version, led there by real events, steps and commands."""

from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.tenants import lifecycle, verdicts
from tests.unit.conftest import tenant_created
from tests.unit.every_tier import CASES
from tests.unit.operations.undoing import Undoing

ASKED: dict[str, Any] = {"routing": {"subdomain": "acme", "emailDomains": ["acme.example"]}}
DETAIL = tenant_created(**ASKED)
FAILED_AT = "SendWelcomeEmail"
"""When all else is made, so that a step can be redone, and an abandonment has something to remove."""
POOL = CASES["pool"]


def _pending(undoing: Undoing) -> None:
    undoing.world.claim(POOL, **ASKED)
    undoing.world.stack.change(status=lifecycle.PENDING)


def _failed(undoing: Undoing) -> None:
    undoing.fail_before(POOL, FAILED_AT, **ASKED)


def _half_abandoned(undoing: Undoing) -> None:
    _failed(undoing)
    undoing.abandon()
    undoing.undo(until="ReleaseRouting")
    undoing.fail_removal()


def _abandoning(undoing: Undoing) -> None:
    _failed(undoing)
    undoing.abandon()


def _abandoned(undoing: Undoing) -> None:
    _abandoning(undoing)
    undoing.undo()


LEAD: Mapping[str, Callable[[Undoing], object]] = {
    verdicts.UNKNOWN: lambda _: None,
    lifecycle.PENDING: _pending,
    lifecycle.IN_PROGRESS: lambda undoing: undoing.world.claim(POOL, **ASKED),
    lifecycle.COMPLETED: lambda undoing: undoing.world.onboard(POOL, **ASKED),
    lifecycle.FAILED: _failed,
    verdicts.HALF_ABANDONED: _half_abandoned,
    lifecycle.ABANDONING: _abandoning,
    lifecycle.ABANDONED: _abandoned,
}
"""How acme comes to stand so."""


def lead(undoing: Undoing, standing: str) -> None:
    """Let acme stand so; the way there is gone once, and the AWS that it left is given back then."""
    undoing.world.once(("standing", standing), lambda: LEAD[standing](undoing) and None)
    assert verdicts.standing(undoing.record) == standing
