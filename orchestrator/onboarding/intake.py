"""Intake: each event goes to the receiver of its detail type, and becomes what that makes of it, or one rejection.

A TenantCreated becomes one claimed tenant and one started execution.

An event is judged once. A repeated one changes nothing, but completes what a fault interrupted; one that was rejected
stays rejected. Whatever it contains, an event never raises: only AWS can, and then it comes back from the queue.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import (
    CONDITION_FAILED,
    refused_item,
)
from orchestrator.aws.errors import cancellation_codes
from orchestrator.onboarding import executions, request
from orchestrator.onboarding.envelope import Envelope, RejectedError, opened, put_on_the_bus, unopened
from orchestrator.onboarding.rejection import never_rejected, reject
from orchestrator.tenants import counters, fence, lifecycle, metadata, open_sign_up, tiers, verdicts
from orchestrator.tenants.ledger import Record, new_step, timestamp
from orchestrator.tenants.lifecycle import REJECTED
from orchestrator.tenants.records import record_key
from orchestrator.tenants.verdicts import Act, Does
from tenant_onboarding.contracts.reasons import Reason
from tenant_onboarding.contracts.tenant_created import TenantCreated
from tenant_onboarding.names import TENANT_CREATED

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

STARTED = "started"
REPEATED = "repeated"
APPLIED = "applied"
PARKED = "parked"
ANSWERS = (STARTED, REPEATED, APPLIED, PARKED, REJECTED.lower())


Wait = Callable[[Record], object]
"""Returns once a new tenant may be started."""


class Receiver(Protocol):
    """What is done with the events of one detail type, opened but not judged."""

    def __call__(
        self,
        clients: "Clients",
        settings: "Settings",
        envelope: Envelope,
        wait_for: Wait,
        observe: lifecycle.Observe,
        /,
    ) -> str:
        """Return the answer, one of ANSWERS; raises RejectedError, and errors of AWS."""


def receive(
    clients: "Clients",
    settings: "Settings",
    body: str,
    wait_for: Wait = lambda _: None,
    *,
    observe: lifecycle.Observe = lifecycle.unobserved,
    receivers: Mapping[str, Receiver] | None = None,
) -> tuple[str, str | None]:
    """Judge one message of the queue; return the answer, one of ANSWERS, and the tenant it is about.

    `receivers` are by detail type, RECEIVERS by default. A new tenant is started once `wait_for` returns. Raises only
    errors of AWS; then the message must come back.
    """
    envelope, known = unopened(body), RECEIVERS if receivers is None else receivers
    try:
        envelope = opened(envelope, known)
        receiver = _receiver(envelope, known)
        return receiver(clients, settings, envelope, wait_for, observe), envelope.tenant_id
    except RejectedError as rejected:
        reject(clients, settings, envelope, rejected.problems, observe)
        return REJECTED.lower(), envelope.tenant_id


def onboard(
    clients: "Clients", settings: "Settings", envelope: Envelope, wait_for: Wait, observe: lifecycle.Observe
) -> str:
    """Claim and start the tenant of a TenantCreated; raises RejectedError, and errors of AWS."""
    asked = request.judge(settings, envelope.detail, time.time())
    record, repeated = _claim(clients, settings, envelope, asked)
    if not repeated:
        observe(lifecycle.PENDING, record)
        wait_for(record)
    executions.catch_up(clients, settings, record)
    return REPEATED if repeated else STARTED


RECEIVERS: Mapping[str, Receiver] = {TENANT_CREATED: onboard}
"""Who receives the events of a detail type: the registry of all that may come from the queue."""


def _receiver(envelope: Envelope, receivers: Mapping[str, Receiver]) -> Receiver:
    """Return who receives an event; raises RejectedError if nobody does, as of one that somebody sent to the queue."""
    found = receivers.get(envelope.detail_type)
    if found is None:
        raise RejectedError(Reason(field="detail-type", message=f"is none that is taken; {put_on_the_bus(receivers)}"))
    return found


def _claim(
    clients: "Clients", settings: "Settings", envelope: Envelope, asked: TenantCreated, former: Record | None = None
) -> tuple[Record, bool]:
    """Claim tenant id and routing keys in one transaction; return the record and whether it was there before.

    `former` is the record of an abandoned tenant of that id, which is replaced. Raises RejectedError for another
    payload under a known id, or a key that is taken.
    """
    now = time.time()
    record = _new_record(settings, envelope, asked, now)
    if former:
        record |= _after(former, settings, record)
    reservations = request.reservations(settings, record["tier"], asked, timestamp(now))
    pending = counters.counters_of(lifecycle.PENDING, record["tier"])
    left = counters.counters_of(former["status"], former["tier"]) if former else []
    actions = [
        _put_record(settings, record, former),
        never_rejected(settings, envelope),
        request.put(settings, asked),
        *counters.count(settings.tenants_table, asked.tenant_id, leaves=left, enters=pending),
        *metadata.put(settings.tenants_table, asked.tenant_id, asked.metadata),
        *open_sign_up.put(settings.tenants_table, asked.tenant_id, asked.users.signs_up),
        *(action for _, action in reservations),
    ]
    try:
        writes.transact(clients.dynamodb, actions)
    except ClientError as error:
        codes = cancellation_codes(error)
        if not {CONDITION_FAILED} <= set(codes) <= {CONDITION_FAILED, "None"}:
            raise  # in company of a conflict or throttling, a failed condition may be our own twin's doing
        existing = refused_item(error.response["CancellationReasons"][0])
        if former is None and _may_be_used_again(existing, envelope):
            return _claim(clients, settings, envelope, asked, former=existing)
        of_keys = codes[len(codes) - len(reservations) :]
        taken = [field for (field, _), code in zip(reservations, of_keys, strict=True) if code == CONDITION_FAILED]
        return _existing_or_reject(envelope, record, existing, taken), True
    return record, False


def _existing_or_reject(envelope: Envelope, record: Record, existing: Record, taken: list[str]) -> Record:
    if not existing:
        raise request.taken(taken)
    same = request.is_known(existing, record["requestSha256"])
    verdict = verdicts.of(existing, Act.SAME_EVENT if same else Act.OTHER_EVENT)
    own = verdict.does == Does.STARTS_ANEW and same and existing["eventId"] == envelope.event_id
    if own or verdict.does == Does.REPEATS:
        return existing
    raise RejectedError(Reason(field="tenantId", message=verdict.told(existing, record["tenantId"])))


def _new_record(settings: "Settings", envelope: Envelope, asked: TenantCreated, now: float) -> Record:
    tier = tiers.of_plan(settings, asked.tier)
    kept = record_key(asked.tenant_id) | request.asked_for(settings, asked, envelope.detail)
    started = executions.started_event(settings, kept, attempt=1)
    steps = tiers.path(tier, federated=asked.federated)
    return {
        **kept,
        "status": lifecycle.PENDING,
        "statusChangedAt": timestamp(now),
        "requestedAt": timestamp(now),
        "updatedAt": timestamp(now),
        "attempt": 1,
        "redriveCount": 0,
        fence.PLACEMENT: fence.FIRST,
        "eventId": envelope.event_id,
        "steps": {step: new_step() for step in steps},
        "resources": {},
        "outbox": {started.outbox_key: started.to_json()},
        "unpublished": "YES",
        "unpublishedSince": timestamp(now),
    }


def _may_be_used_again(existing: Record, envelope: Envelope) -> bool:
    """Tell whether an id belongs to an abandoned tenant, and the event was sent after that: an older one is late."""
    if verdicts.of(existing, Act.SAME_EVENT).does != Does.STARTS_ANEW:
        return False
    return envelope.sent_at > datetime.fromisoformat(existing["statusChangedAt"]).timestamp()


def _after(former: Record, settings: "Settings", record: Record) -> Record:
    """Return what a new record keeps of an abandoned one: its attempts go on, for their executions' names are taken."""
    attempt = int(former["attempt"]) + 1
    started = executions.started_event(settings, record, attempt)
    return {
        "attempt": attempt,
        "firstAttempt": attempt,
        fence.PLACEMENT: fence.placement_of(former),
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
