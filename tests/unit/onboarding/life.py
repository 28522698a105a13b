"""An event of life of the tests' own, registered as those to come will be: it notes itself in the tenant's record."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from orchestrator.aws.dynamodb import Change
from orchestrator.aws.settings import Settings
from orchestrator.onboarding import intake, life_events
from orchestrator.onboarding.envelope import Envelope, RejectedError
from orchestrator.onboarding.intake import RECEIVERS, Receiver
from orchestrator.onboarding.parked_events import EventOfLife, look_again
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import record_key
from orchestrator.tenants.transitions import as_seen
from orchestrator.tenants.verdicts import Act
from tenant_onboarding.contracts.reasons import Reason
from tests.unit.conftest import message
from tests.unit.simulated_aws import LONG_AGO, Stack

NOTED = "TenantNoted"
REFUSED = "TenantNoteRejected"
"""What says that one was rejected."""
ANSWERS = ("applied", "repeated", "parked", "rejected")


def judge(_: Settings, detail: Any) -> None:
    if detail.get("note") == "wrong":
        raise RejectedError(Reason(field="note", message="must not be wrong"))


def write(settings: Settings, record: Record, envelope: Envelope) -> list[dict[str, Any]]:
    """Add an event's id to those that the record has noted, as often as this happens."""
    change = as_seen(Change(settings.tenants_table, record_key(record["tenantId"])), record)
    return [change.set("noted", [*record.get("noted", ()), envelope.event_id]).action()]


def events(act: Act = Act.SUSPEND) -> dict[str, EventOfLife]:
    return {NOTED: EventOfLife(act, judge, write, REFUSED)}


def receivers(act: Act = Act.SUSPEND) -> Mapping[str, Receiver]:
    of_life: dict[str, Receiver] = {name: partial(life_events.receive, event) for name, event in events(act).items()}
    return {**RECEIVERS, **of_life}


def body(event_id: str, tenant_id: str = "acme", **fields: str) -> str:
    known = json.loads(message({"tenantId": tenant_id, **fields}, event_id))
    return json.dumps(known | {"detail-type": NOTED})


def receive(stack: Stack, event_id: str = "note-1", tenant_id: str = "acme", act: Act = Act.SUSPEND) -> str:
    """Let an event of life come from the queue; return what became of it."""
    text = body(event_id, tenant_id)
    return intake.receive(stack.clients, stack.settings, text, receivers=receivers(act))[0]


def look(stack: Stack, act: Act = Act.SUSPEND) -> dict[str, int]:
    """Let reconcile look at what waits; return what was found, without the zeros."""
    return {what: n for what, n in look_again(stack.clients, stack.settings, events(act)).items() if n}


def waiting(stack: Stack) -> list[Record]:
    """Return the events that wait."""
    return [row for row in stack.items().values() if "due" in row]


def let_a_day_pass(stack: Stack) -> None:
    """Let everything that waits have begun to wait long ago."""
    for item in waiting(stack):
        stack.change(str(item["tenantId"]), str(item["item"]), parkedAt=LONG_AGO)


def noted(stack: Stack, tenant_id: str = "acme") -> list[str]:
    """Return the ids of the events that were applied to a tenant, in their order, each as often as it was."""
    return list(stack.record(tenant_id).get("noted", []))
