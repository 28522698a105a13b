"""Greeting: a kind of work with an item, a status, steps, events and a state machine of its own, all trivial."""

import json
from pathlib import Path
from typing import Any, ClassVar

from orchestrator.tenants.endings import Ending
from orchestrator.tenants.ledger import Record, new_step
from orchestrator.tenants.work import KIND, Kind
from tenant_onboarding.contracts.outgoing import ChangeEvent

CHANGE_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
KEY = {"tenantId": "acme", "item": f"CHANGE#{CHANGE_ID}"}
MACHINE = "tenant-greeting"
PEOPLE = ("one", "two", "three")
"""Whom a greeting is for; their names are ids."""
STEPS = ("WriteGreeting", "CompleteGreeting")
DEFINITION: dict[str, Any] = json.loads((Path(__file__).parent / "greeting.asl.json").read_text())


class GreetingCompleted(ChangeEvent):
    """Everybody is greeted."""


class GreetingFailed(ChangeEvent):
    """Somebody is not."""

    is_final: ClassVar[bool] = False

    step: str


def completed(record: Record) -> GreetingCompleted:
    """Return the event that a greeting is done."""
    return GreetingCompleted(tenant_id=record["tenantId"], change="REPAIR", change_id=change_id(record))


def failed(record: Record, ending: Ending, _failure: dict[str, str], _redrive: int) -> GreetingFailed:
    """Return the event that a greeting stopped."""
    return GreetingFailed(tenant_id=record["tenantId"], change="REPAIR", change_id=change_id(record), step=ending.step)


def change_id(record: Record) -> str:
    """Return the ULID in an item's key."""
    return str(record["item"].partition("#")[2])


GREETING = Kind(
    name="greeting",
    path=lambda _: STEPS,
    active=("IN_PROGRESS",),
    done="COMPLETED",
    status="changeStatus",
    machine=lambda settings: settings.state_machine_arn.replace("tenant-onboarding", MACHINE),
    steps="tests.unit.works.steps",
    announces=lambda: (GreetingCompleted, GreetingFailed),
    stopped=failed,
    metrics={"COMPLETED": "GreetingsCompleted", "FAILED": "GreetingsFailed"},
)


def new_item() -> Record:
    """Return the item of a greeting whose execution is to be started."""
    return {
        **KEY,
        KIND: GREETING.name,
        "changeStatus": GREETING.running,
        "attempt": 1,
        "redriveCount": 0,
        "steps": {step: new_step() for step in STEPS},
        "resources": {},
        "outbox": {},
    }
