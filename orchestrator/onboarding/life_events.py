"""An event of life from the queue is applied at once, parked until its tenant is ready for it, or rejected; once.

`parked_events` says how a parked one goes on. An event that is applied, parked or rejected already changes nothing when
it comes again, for as long as rejections are kept.
"""

import time
from typing import TYPE_CHECKING, Any

from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import TransientError
from orchestrator.onboarding.envelope import Envelope, RejectedError
from orchestrator.onboarding.intake import APPLIED, PARKED, REPEATED, Wait
from orchestrator.onboarding.parked_events import (
    APPLIED_AT,
    REJECTED_BEFORE,
    TRIES,
    EventOfLife,
    applied,
    changes,
    item_key,
    rejected,
)
from orchestrator.onboarding.rejection import ANNOUNCES, never_rejected, refused, reject_with
from orchestrator.tenants import due, lifecycle, verdicts
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.lifecycle import REJECTED
from orchestrator.tenants.records import read_record, record_key
from orchestrator.tenants.verdicts import Does
from tenant_onboarding.contracts.reasons import Reason

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

BODY_MAX_BYTES = 350 * 1024
"""DynamoDB: an item has at most 400 KB; EventBridge takes events of 1 MB."""


def receive(
    event: EventOfLife,
    clients: "Clients",
    settings: "Settings",
    envelope: Envelope,
    _wait_for: Wait,
    observe: lifecycle.Observe,
) -> str:
    """Return what became of an event, one of intake's ANSWERS; raises errors of AWS alone.

    With `event` given it is a receiver of intake.
    """
    try:
        event.judge(settings, envelope.detail)
        return _settle(clients, settings, event, envelope)
    except RejectedError as error:
        ends = _rejecting(settings, envelope)
        if reject_with(clients, settings, envelope, error.problems, observe, *ends, announces=event.rejected):
            return REJECTED.lower()
        return REPEATED


def _settle(clients: "Clients", settings: "Settings", event: EventOfLife, envelope: Envelope) -> str:
    tenant_id = envelope.tenant_id
    if tenant_id is None:
        raise RejectedError(Reason(field="tenantId", message="can be no tenant's"))
    for _ in range(TRIES):
        record = read_record(clients.dynamodb, settings.tenants_table, tenant_id) or {}
        does = verdicts.of(record, event.act).does
        if does == Does.PARKS:
            actions = [_parking(settings, event, record, envelope, tenant_id), _still(settings, tenant_id, record)]
        else:
            ends = applied(settings, _never_applied(settings, envelope, tenant_id))
            actions = [ends.action(), *changes(settings, event, record, envelope, tenant_id)]
        which = refused(clients, [*actions, never_rejected(settings, envelope)])
        if not which:
            return {Does.PARKS: PARKED, Does.REPEATS: REPEATED}.get(does, APPLIED)
        if len(actions) in which:
            raise RejectedError(REJECTED_BEFORE)
        if 0 in which:
            return REPEATED
    raise TransientError(f"{tenant_id} moves on and on", code="TenantMoves")


def _parking(
    settings: "Settings", event: EventOfLife, record: Record, envelope: Envelope, tenant_id: str
) -> dict[str, Any]:
    """Return the action that lets an event wait, and is refused if it does already, or was applied."""
    if len(envelope.body.encode(errors="replace")) > BODY_MAX_BYTES:
        message = f"has more than {BODY_MAX_BYTES // 1024} KB, which cannot be kept until the tenant is ready for it"
        raise RejectedError(Reason(field="body", message=message))
    now = time.time()
    facts = {"body": envelope.body, "parkedAt": timestamp(now), "meant": record.get("eventId", "")}
    facts[ANNOUNCES] = event.rejected
    return due.put(settings.tenants_table, tenant_id, due.PARKED, envelope.event_id, now, **facts)


def _rejecting(settings: "Settings", envelope: Envelope) -> list[dict[str, Any]]:
    if envelope.tenant_id is None:
        return []
    return [rejected(settings, _never_applied(settings, envelope, envelope.tenant_id)).action()]


def _still(settings: "Settings", tenant_id: str, record: Record) -> dict[str, Any]:
    """Return the action that is refused unless the tenant has the status that it was seen in, or is as unknown."""
    check: dict[str, Any] = {
        "TableName": settings.tenants_table,
        "Key": record_key(tenant_id),
        "ConditionExpression": "attribute_not_exists(tenantId)",
    }
    if record:
        check |= {
            "ConditionExpression": "#status = :status",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {":status": record["status"]},
        }
    return {"ConditionCheck": check}


def _never_applied(settings: "Settings", envelope: Envelope, tenant_id: str) -> Change:
    """Return the change that ends an event's waiting if it waits, and is refused if it was applied."""
    change = Change(settings.tenants_table, item_key(tenant_id, envelope.event_id)).remove("due", "dueAt")
    return change.require(f"attribute_not_exists([{APPLIED_AT}])")
