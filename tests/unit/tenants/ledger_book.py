"""The ledger of one tenant's step, with a clock that a test turns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import (
    ConfigurationError,
    OnboardingError,
    QuotaExceededError,
    ThrottledError,
    TransientError,
    UnexpectedError,
)
from orchestrator.aws.settings import Settings
from orchestrator.tenants import kinds
from orchestrator.tenants.ledger import Begun, Ledger, Made, Record, Turn
from orchestrator.tenants.records import read_record, record_key
from tests.unit.faults import Wire

STEP = "CreateTenantGroup"
FIRST = "request-1"
SECOND = "request-2"
LEASE = 60.0


@dataclass
class Clock:
    """A clock that a test turns."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Book:
    """The ledger of acme's record, with a clock of its own."""

    ledger: Ledger
    clock: Clock
    clients: Clients

    def turn(self, owner: str = FIRST, *, attempt: int = 1, redrive: int = 0, step: str = STEP) -> Turn:
        """Return a claim whose lease ends a minute from now."""
        return Turn(step, owner, attempt, redrive, lease_until=self.clock.now + LEASE)

    def begin(self, owner: str = FIRST, **which: Any) -> Begun:
        """Begin the step."""
        return self.ledger.begin(self.turn(owner, **which))

    def finish(self, owner: str = FIRST, **made: Any) -> None:
        """Finish the step."""
        self.ledger.finish(self.turn(owner), Made(**made), self.clock.now - 1.5)

    def fail(self, owner: str = FIRST, error: OnboardingError | None = None) -> None:
        """Let the step fail."""
        self.ledger.fail(self.turn(owner), error or ThrottledError("slow down"))

    def pass_the_lease(self) -> None:
        """Let the time pass that a lease lasts."""
        self.clock.now += LEASE + 1

    def amend(self, **values: object) -> None:
        """Change the record behind the ledger's back; in names a double underscore stands for a dot."""
        change = Change("tenants", record_key("acme"))
        for path, value in values.items():
            change.set(path.replace("__", "."), value)
        self.clients.dynamodb.update_item(**change.arguments())

    @property
    def record(self) -> Record:
        """The record as it is now."""
        record = read_record(self.clients.dynamodb, "tenants", "acme")
        assert record
        return record

    @property
    def step(self) -> dict[str, Any]:
        """The step's entry as it is now."""
        return dict(self.record["steps"][STEP])

    @property
    def counts(self) -> tuple[int, int]:
        """How often the step was begun and how often it settled."""
        return int(self.step["begun"]), int(self.step["settled"])


@pytest.fixture
def book(claim: Callable[..., Record], clients: Clients, settings: Settings, wire: Wire) -> Book:
    claim("acme")
    wire.attempts.clear()
    clock = Clock()
    ledger = Ledger(clients.dynamodb, kinds.of_tenant(settings, "acme"), clock=clock)
    return Book(ledger, clock, clients)


SETTLING: dict[str, OnboardingError] = {
    "throttling": ThrottledError("slow down"),
    "denial": ConfigurationError("not authorized", code="AccessDeniedException"),
    "validation": ConfigurationError("invalid", code="InvalidParameterException"),
    "a quota": QuotaExceededError("full"),
}
UNSETTLING: dict[str, OnboardingError] = {
    "a time-out": TransientError("read timeout", code="ReadTimeoutError", settled=False),
    "an error inside AWS": TransientError("internal error", code="InternalErrorException", settled=False),
    "a defect of ours": UnexpectedError("KeyError", settled=False),
}
