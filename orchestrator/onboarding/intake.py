"""Intake: each TenantCreated becomes one claimed tenant and one started execution, or one rejection with reasons.

An event is judged once. A repeated one changes nothing, but completes what a fault interrupted; one that was rejected
stays rejected. Whatever it contains, an event never raises: only AWS can, and then it comes back from the queue.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import (
    CONDITION_FAILED,
    CONDITION_FAILED_EXCEPTION,
    Change,
    is_code,
    refused_item,
)
from orchestrator.aws.errors import cancellation_codes
from orchestrator.onboarding import executions, request
from orchestrator.onboarding.redaction import without_secrets
from orchestrator.onboarding.request import RejectedError
from orchestrator.tenants import counters, lifecycle, tiers
from orchestrator.tenants.events import publish
from orchestrator.tenants.ledger import Record, new_step, timestamp, transact
from orchestrator.tenants.records import record_key
from tenant_onboarding.contracts.outgoing import TenantOnboardingRejected
from tenant_onboarding.contracts.reasons import Reason
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tenant_onboarding.names import is_tenant_id

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

UNKNOWN_TENANT = "UNKNOWN"
"""Where rejected events are kept that name no possible tenant; no tenant id is in capitals."""
REJECTED = "REJECTED"
RAW_KEPT_BYTES = 64 * 1024
"""DynamoDB: an item has at most 400 KB, an event up to 1 MB; its hash and length are kept in full."""
SECONDS_A_DAY = 86_400
STARTED = "started"
REPEATED = "repeated"
ANSWERS = (STARTED, REPEATED, REJECTED.lower())


@dataclass(frozen=True)
class Envelope:
    """What EventBridge put around an event, as far as it could be read."""

    body: str
    event_id: str
    detail: Any = None
    sent_at: float = 0.0
    """In epoch seconds, at the latest: EventBridge tells whole ones. 0 if it cannot be read."""

    @property
    def tenant_id(self) -> str | None:
        """The tenant that the event names, if that could be one."""
        named = self.detail.get("tenantId") if isinstance(self.detail, dict) else None
        return named if is_tenant_id(named) else None


def receive(
    clients: "Clients",
    settings: "Settings",
    body: str,
    wait_for: Callable[[Record], object] = lambda _: None,
    *,
    observe: lifecycle.Observe = lifecycle.unobserved,
) -> tuple[str, str | None]:
    """Judge one message of the queue; return the answer, one of ANSWERS, and the tenant it is about.

    A new tenant is started once `wait_for` returns. Raises only errors of AWS; then the message must come back.
    """
    envelope = Envelope(body, event_id=f"sha256-{hashlib.sha256(body.encode(errors='replace')).hexdigest()}")
    try:
        envelope = _open_envelope(body, envelope.event_id)
        asked = request.judge(settings, envelope.detail)
        record, repeated = _claim(clients, settings, envelope, asked)
    except RejectedError as rejected:
        _reject(clients, settings, envelope, rejected.problems, observe)
        return REJECTED.lower(), envelope.tenant_id
    if not repeated:
        observe(lifecycle.PENDING, record)
        wait_for(record)
    executions.catch_up(clients, settings, record)
    return (REPEATED if repeated else STARTED), asked.tenant_id


def _open_envelope(body: str, fallback_id: str) -> Envelope:
    try:
        envelope = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise RejectedError(Reason(field="body", message="is not JSON that can be read")) from None
    if not isinstance(envelope, dict) or "detail" not in envelope:
        raise RejectedError(Reason(field="body", message="is not an EventBridge event: it has no detail"))
    event_id = envelope.get("id")
    usable = isinstance(event_id, str) and 0 < len(event_id) <= 128 and event_id.isascii() and event_id.isprintable()  # noqa: PLR2004  # EventBridge's ids have 36
    event_id = event_id if usable else fallback_id
    return Envelope(body, str(event_id), envelope["detail"], _sent_at(envelope.get("time")))


def _sent_at(moment: object) -> float:
    try:
        return datetime.fromisoformat(str(moment)).timestamp() + 1
    except (OverflowError, ValueError):
        return 0.0


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _claim(
    clients: "Clients", settings: "Settings", envelope: Envelope, asked: TenantCreated, former: Record | None = None
) -> tuple[Record, bool]:
    """Claim tenant id and routing keys in one transaction; return the record and whether it was there before.

    `former` is the record of an abandoned tenant of that id, which is replaced. Raises RejectedError for another
    payload under a known id, or a key that is taken.
    """
    now = time.time()
    record = _new_record(settings, envelope, asked, now) | (_after(former, settings, asked) if former else {})
    reservations = request.reservations(settings, record["tier"], asked, timestamp(now))
    pending = counters.counters_of(lifecycle.PENDING, record["tier"])
    left = counters.counters_of(former["status"], former["tier"]) if former else []
    actions = [
        _put_record(settings, record, former),
        _never_rejected(settings, envelope),
        request.put(settings, asked),
        *counters.count(settings.tenants_table, asked.tenant_id, leaves=left, enters=pending),
        *(action for _, action in reservations),
    ]
    try:
        transact(clients.dynamodb, actions)
    except ClientError as error:
        codes = cancellation_codes(error)
        if not {CONDITION_FAILED} <= set(codes) <= {CONDITION_FAILED, "None"}:
            raise  # in company of a conflict or throttling, a failed condition may be our own twin's doing
        existing = refused_item(error.response["CancellationReasons"][0])
        if former is None and _may_be_used_again(existing, envelope):
            return _claim(clients, settings, envelope, asked, former=existing)
        taken = [field for (field, _), code in zip(reservations, codes[4:], strict=True) if code == CONDITION_FAILED]
        return _existing_or_reject(record, existing, taken), True
    return record, False


def _existing_or_reject(record: Record, existing: Record, taken: list[str]) -> Record:
    if existing and request.is_known(existing, record["requestSha256"]):
        return existing
    if existing:
        message = "is known already, from an event with another content, which holds"
        raise RejectedError(Reason(field="tenantId", message=message))
    raise request.taken(taken)


def _new_record(settings: "Settings", envelope: Envelope, asked: TenantCreated, now: float) -> Record:
    tier = tiers.of_plan(settings, asked.tier)
    started = executions.started_event(settings, asked.tenant_id, tier, attempt=1)
    steps = tiers.path(tier, federated=asked.federated)
    return {
        **record_key(asked.tenant_id),
        "status": lifecycle.PENDING,
        "statusChangedAt": timestamp(now),
        "requestedAt": timestamp(now),
        "updatedAt": timestamp(now),
        **request.asked_for(settings, asked, envelope.detail),
        "attempt": 1,
        "redriveCount": 0,
        "eventId": envelope.event_id,
        "steps": {step: new_step() for step in steps},
        "resources": {},
        "outbox": {started.outbox_key: started.to_json()},
        "unpublished": "YES",
        "unpublishedSince": timestamp(now),
    }


def _may_be_used_again(existing: Record, envelope: Envelope) -> bool:
    """Tell whether an id belongs to an abandoned tenant, and the event was sent after that: an older one is late."""
    if existing.get("status") != lifecycle.ABANDONED:
        return False
    return envelope.sent_at > datetime.fromisoformat(existing["statusChangedAt"]).timestamp()


def _after(former: Record, settings: "Settings", asked: TenantCreated) -> Record:
    """Return what a new record keeps of an abandoned one: its attempts go on, for their executions' names are taken."""
    attempt = int(former["attempt"]) + 1
    started = executions.started_event(settings, asked.tenant_id, tiers.of_plan(settings, asked.tier), attempt)
    return {
        "attempt": attempt,
        "firstAttempt": attempt,
        "outbox": former["outbox"] | {started.outbox_key: started.to_json()},
    }


def _put_record(settings: "Settings", record: Record, former: Record | None) -> dict[str, Any]:
    if former:
        condition = "#status = :status AND attempt = :attempt"
        seen: dict[str, Any] = {
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {":status": former["status"], ":attempt": former["attempt"]},
        }
    else:
        condition, seen = "attribute_not_exists(tenantId)", {}
    return {
        "Put": {
            "TableName": settings.tenants_table,
            "Item": record,
            "ConditionExpression": condition,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **seen,
        }
    }


def _never_rejected(settings: "Settings", envelope: Envelope) -> dict[str, Any]:
    """An event that was answered with a rejection must not start a tenant when it is delivered again."""
    return {
        "ConditionCheck": {
            "TableName": settings.tenants_table,
            "Key": _rejection_key(envelope),
            "ConditionExpression": "attribute_not_exists(tenantId)",
        }
    }


def _rejection_key(envelope: Envelope) -> dict[str, str]:
    return {"tenantId": envelope.tenant_id or UNKNOWN_TENANT, "item": f"{REJECTED}#{envelope.event_id}"}


def _reject(
    clients: "Clients", settings: "Settings", envelope: Envelope, problems: list[Reason], observe: lifecycle.Observe
) -> None:
    """Record the rejection and publish it, each once; a repeated event gets the answer of the first."""
    item = _rejection(settings, envelope, problems)
    try:
        clients.dynamodb.put_item(
            TableName=settings.tenants_table,
            Item=item,
            ConditionExpression="attribute_not_exists(tenantId)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except ClientError as error:
        if not is_code(error, CONDITION_FAILED_EXCEPTION):
            raise
        item = refused_item(error.response)
    else:
        observe(REJECTED, item)
    publish_rejection(clients, settings, item)


def publish_rejection(clients: "Clients", settings: "Settings", item: Record) -> None:
    """Publish a recorded rejection unless that was done; safe to repeat."""
    if "unpublished" not in item:
        return
    publish(clients, settings, TenantOnboardingRejected.model_validate_json(item["rejection"]))
    key = {"tenantId": item["tenantId"], "item": item["item"]}
    change = Change(settings.tenants_table, key).remove("unpublished", "unpublishedSince")
    clients.dynamodb.update_item(**change.arguments())


def _rejection(settings: "Settings", envelope: Envelope, problems: list[Reason]) -> Record:
    now = time.time()
    raw = envelope.body.encode(errors="replace")
    kept = without_secrets(envelope.body).encode(errors="replace")
    rejection = TenantOnboardingRejected(
        event_id=envelope.event_id,
        tenant_id=envelope.tenant_id,
        reasons=problems,
        event_key=f"{envelope.event_id}:{TenantOnboardingRejected.__name__}",
    )
    return {
        **_rejection_key(envelope),
        "status": REJECTED,
        "statusChangedAt": timestamp(now),
        "rejection": rejection.to_json(),
        "raw": kept[:RAW_KEPT_BYTES].decode(errors="ignore"),
        "rawSha256": hashlib.sha256(raw).hexdigest(),
        "rawLength": len(raw),
        "unpublished": "YES",
        "unpublishedSince": timestamp(now),
        "expiresAt": int(now) + settings.rejected_retention_days * SECONDS_A_DAY,
    }
