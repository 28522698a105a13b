"""An event of life whose tenant is not ready for it waits in the tenants table, and leaves it by one transaction.

Such an event is an item of its tenant that is due at once, and again as soon as somebody has looked at it. Each run of
reconcile looks at all: so a tenant that completes, which is a move of its status and tells nobody, has its events
applied minutes later. They are looked at in the order in which they came, unless there are more than a run can look at.

An event is applied in one transaction with the end of its waiting, and rejected in one. So of two runs at once one has
it, and a run that dies leaves it whole. Of its item stays that it was applied or rejected, for as long as rejections
are kept, and nothing of a person: so it changes nothing when it comes again. DynamoDB deletes it then, since reconcile
may delete nothing, and an abandonment leaves it: what still waited for the tenant is rejected by the next run.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import TransientError
from orchestrator.onboarding.envelope import Envelope, RejectedError, opened, unopened
from orchestrator.onboarding.rejection import ANNOUNCES, SECONDS_A_DAY, refused, reject_with, was_rejected
from orchestrator.onboarding.turns import FAILED, Report, take_turns
from orchestrator.tenants import due, lifecycle, verdicts
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.records import read_item, read_record
from orchestrator.tenants.verdicts import Act, Does
from tenant_onboarding.contracts.reasons import Reason

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

WAITS_HOURS = 24
WAITS_SECONDS = WAITS_HOURS * 3_600.0
TRIES = 4
"""So often a tenant that moves meanwhile is looked at anew."""
APPLIED = "applied"
WAITS = "waiting"
REJECTS = "rejected"
APPLIED_AT = "appliedAt"
REJECTED_AT = "rejectedAt"

REJECTED_BEFORE = Reason(field="detail", message="was rejected before")
"""For nobody to read: what was rejected before keeps the reasons of then."""


@dataclass(frozen=True)
class EventOfLife:
    """A kind of event about a tenant that is there.

    Attributes:
        act: its row in the table of verdicts.
        judge: raises RejectedError if an event's detail is wrong; called when the event comes from the queue.
        write: returns the actions of what an event changes, of the tenant's record as it was seen, on which they must
            depend; it may raise RejectedError.
        rejected: the detail type of the event that says that one was rejected, with the fields of
            TenantOnboardingRejected; that itself answers only who asked for a tenant.

    """

    act: Act
    judge: Callable[["Settings", Any], object]  # Any: JSON
    write: Callable[["Settings", Record, Envelope], list[dict[str, Any]]]
    rejected: str


EVENTS_OF_LIFE: Mapping[str, EventOfLife] = {}
"""By detail type; this version receives none, so none waits but those of a later one that was rolled back."""


def look_again(
    clients: "Clients",
    settings: "Settings",
    events: Mapping[str, EventOfLife] = EVENTS_OF_LIFE,
    *,
    deadline: float = math.inf,
    report: Report = lambda *_: None,
    observe: lifecycle.Observe = lifecycle.unobserved,
) -> dict[str, int]:
    """Apply, reject or leave each event that waits, the first due first; return how many of each, and how many failed.

    One that fails is reported and keeps no other waiting. What is left at `deadline` (of time.monotonic) is for the
    next run.
    """
    found = dict.fromkeys((APPLIED, REJECTS, WAITS, FAILED), 0)
    now, places = time.time(), count()

    def look(key: Record) -> str:
        place, done = next(places), _look(clients, settings, events, key, observe)
        if done == WAITS:
            due.put_off(clients, settings, {"tenantId": key["tenantId"], "item": key["item"]}, now, place)
        return done

    take_turns(due.read(clients, settings, due.PARKED, now), look, found, until=deadline, report=report)
    return found


def item_key(tenant_id: str, event_id: str) -> dict[str, str]:
    """Return the key of an event that waits, or that was applied."""
    return due.key(tenant_id, due.PARKED, event_id)


def applied(settings: "Settings", change: Change) -> Change:
    """Let the end of an event's waiting say that it was applied, for as long as a rejection would be kept."""
    return _ended(settings, change, APPLIED_AT)


def rejected(settings: "Settings", change: Change) -> Change:
    """Let the end of an event's waiting say that it was rejected, for as long as its rejection is kept."""
    return _ended(settings, change, REJECTED_AT)


def changes(
    settings: "Settings", event: EventOfLife, record: Record, envelope: Envelope, tenant_id: str
) -> list[dict[str, Any]]:
    """Return the actions of what an event changes; raises RejectedError if it cannot be applied."""
    verdict = verdicts.of(record, event.act)
    if verdict.refuses:
        raise RejectedError(Reason(field="tenantId", message=verdict.told(record, tenant_id)))
    return event.write(settings, record, envelope) if verdict.does == Does.APPLIES else []


def _ended(settings: "Settings", change: Change, at: str) -> Change:
    now = time.time()
    change.remove("body").set("expiresAt", int(now) + settings.rejected_retention_days * SECONDS_A_DAY)
    return change.set(at, timestamp(now))


def _look(
    clients: "Clients",
    settings: "Settings",
    events: Mapping[str, EventOfLife],
    found: Record,
    observe: lifecycle.Observe,
) -> str:
    """Return what became of an event that is due; empty if somebody else has had it."""
    key = {"tenantId": found["tenantId"], "item": found["item"]}
    item = read_item(clients.dynamodb, settings.tenants_table, key) or {}
    if "due" not in item:
        return ""
    envelope = opened(unopened(item["body"]), events)
    try:
        return _settle(clients, settings, events.get(envelope.detail_type), item, envelope)
    except RejectedError as error:
        ends = rejected(settings, due.take(settings.tenants_table, key)).action()
        done = reject_with(clients, settings, envelope, error.problems, observe, ends, announces=item[ANNOUNCES])
        return REJECTS if done else ""


def _settle(
    clients: "Clients", settings: "Settings", event: EventOfLife | None, item: Record, envelope: Envelope
) -> str:
    """Apply an event or let it wait on; raises RejectedError if neither is possible."""
    if event is None:
        return _wait(item, "detail-type", "is none that this version takes")
    tenant_id = item["tenantId"]
    for _ in range(TRIES):
        record = read_record(clients.dynamodb, settings.tenants_table, tenant_id) or {}
        if item["meant"] not in ("", record.get("eventId")):
            raise RejectedError(Reason(field="tenantId", message="is another tenant's now: the one meant is gone"))
        verdict = verdicts.of(record, event.act)
        if verdict.does == Does.PARKS:
            return _wait(item, "tenantId", verdict.told(record, tenant_id))
        ends = applied(settings, due.take(settings.tenants_table, {"tenantId": tenant_id, "item": item["item"]}))
        actions = [ends.action(), *changes(settings, event, record, envelope, tenant_id)]
        if was_rejected(clients, settings, envelope):
            raise RejectedError(REJECTED_BEFORE)
        which = refused(clients, actions)
        if not which:
            return APPLIED
        if 0 in which:
            return ""
    raise TransientError(f"{tenant_id} moves on and on", code="TenantMoves")


def _wait(item: Record, field: str, why: str) -> str:
    """Return that an event waits on; raises RejectedError once it has waited for long enough."""
    if item["parkedAt"] <= timestamp(time.time() - WAITS_SECONDS):
        message = f"{why}; the event has waited {WAITS_HOURS} hours for that to change"
        raise RejectedError(Reason(field=field, message=message))
    return WAITS
