"""Statuses, counters and the outbox move together or not at all."""

from collections.abc import Callable
from orchestrator.ledger import Record

def test_x(claim: Callable[..., Record], published, wire) -> None:
    r = claim()
    print(r); print(published()); print(wire.operations())
    assert 0
