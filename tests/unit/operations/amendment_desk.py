"""A failed tenant, and the operator who amends it."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.identity import shared_pools
from orchestrator.onboarding import intake
from orchestrator.onboarding.outcome import record_outcome
from orchestrator.operations import Amended, amend
from orchestrator.operations.amendments import preview
from orchestrator.tenants import lifecycle, tiers
from orchestrator.tenants.ledger import Record
from tests.unit import faults, simulated_aws
from tests.unit.conftest import carry_out, tenant_created, turn
from tests.unit.faults import Wire
from tests.unit.identity.providers import DETAILS
from tests.unit.kept_aws import KeptAws
from tests.unit.simulated_aws import Stack, arn_of, ended

STARTED = "TenantOnboardingStarted"
SAML = DETAILS["SAML"]
MENDED = SAML | {"metadataUrl": "https://login.acme.example/metadata"}
SECOND = SAML | {"name": "Second", "metadataUrl": "https://second.acme.example/metadata"}
dead_address = faults.refused("InvalidParameterException", "Error retrieving metadata from https://idp.acme.example")

ROUTING = {"subdomain": "acme", "tenantCode": "ACME-42"}
ELSEWHERE = "eu-west-1"
_owners = itertools.count(1)
"""Of invocations, each of which is one's own also where an AWS is given back that earlier ones left."""
BEGUN = "its abandonment was begun; run: onboard abandon acme"


@dataclass(frozen=True)
class Desk:
    """One stack, the tenant acme in it, and an operator who amends it."""

    stack: Stack
    kept: KeptAws

    @property
    def clients(self) -> Clients:
        """The product's clients."""
        return self.stack.clients

    @property
    def wire(self) -> Wire:
        """What they speak through."""
        return self.stack.wire

    def run(self, *names: str, attempt: int = 1, **which: Any) -> None:
        """Run steps, each as an invocation of its own."""
        for name in names:
            owner = f"invocation-{next(_owners)}"
            carry_out(
                self.clients,
                self.stack.settings,
                "acme",
                turn(name, owner, attempt=attempt, **which),
            )

    def fail(self, attempt: int = 1) -> None:
        """Let the execution of an attempt have failed."""
        record_outcome(self.clients, self.stack.settings, ended(arn_of(attempt=attempt)))
        assert self.stack.record()["status"] == lifecycle.FAILED

    def stop_before(self, step: str, **changes: Any) -> dict[str, Any]:
        """Claim acme, run the steps before one, and let the execution fail there; return the event's detail."""
        detail = tenant_created(**changes)
        what = "stop before", step, repr(detail), self.stack.settings.model_dump_json()
        self.kept.once(what, lambda: self._stop_before(step, detail))
        return detail

    def _stop_before(self, step: str, detail: dict[str, Any]) -> None:
        assert self.stack.receive(detail) == intake.STARTED
        path = self.path
        self.run(*path[: path.index(step)])
        self.fail()

    @property
    def path(self) -> tuple[str, ...]:
        """The steps of acme as its record stands."""
        record = self.stack.record()
        return tiers.path(record["tier"], federated=record["federated"])

    def go_on(self, attempt: int = 2) -> Record:
        """Run what is left of acme's path; return its record, which is COMPLETED then."""
        record = self.stack.record()
        self.run(*(step for step in self.path if record["steps"][step]["status"] != "DONE"), attempt=attempt)
        record = self.stack.record()
        assert record["status"] == lifecycle.COMPLETED
        return record

    def amend(self, detail: Any) -> Amended:
        """Amend acme."""
        return amend(self.clients, self.stack.settings, "acme", detail)

    def preview(self, detail: Any) -> Amended:
        """Ask what an amendment of acme would do."""
        return preview(self.clients, self.stack.settings, "acme", detail)

    def everything(self) -> dict[str, Any]:
        """Return all items of all tables, and the executions there are."""
        pools = shared_pools.list_rows(self.clients, self.stack.settings)
        counted = (self.stack.counters(), self.stack.failures())
        return {
            "items": self.stack.items(),
            "routes": self.stack.routes(),
            "pools": pools,
            "counters": counted,
            "executions": simulated_aws.executions(),
        }


@pytest.fixture
def desk(
    clients: Clients, settings: Settings, wire: Wire, published: Callable[[], list[dict[str, Any]]], kept: KeptAws
) -> Desk:
    return Desk(Stack(clients, settings, wire, published), kept)


def fields(answer: Amended) -> list[str]:
    """Return the fields that an answer gives reasons for."""
    return [reason.field for reason in answer.reasons]


ADMIN = {"email": "admin@acme.example", "name": "Acme Admin"}
