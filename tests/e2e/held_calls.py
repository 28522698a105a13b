"""A call that is held back until a second one comes."""

import threading

from tests.e2e.aws_proxy import Answer, Call, Strike
from tests.e2e.faults import LetThrough

HELD_SECONDS = 6.0
"""Less than a function waits for an answer (8 s), more than the new attempt needs to get there."""


class Hold:
    """Holds a tenant's first call of an operation back until a second comes, or for so long; then it takes effect."""

    def __init__(self, tenant_id: str, operation: str, seconds: float = HELD_SECONDS) -> None:
        self.tenant_id, self.operation, self.seconds = tenant_id, operation, seconds
        self.held = self.let_go = False
        self._second = threading.Event()

    def choose(self, call: Call) -> Strike | None:
        """Hold the first one only."""
        if call.operation != self.operation or self.tenant_id.encode() not in call.body:
            return None
        if self.held:
            self._second.set()
            return None
        self.held = True
        return self._strike

    def _strike(self, call: Call, let_through: LetThrough) -> Answer:
        self._second.wait(self.seconds)
        self.let_go = True
        return let_through()
