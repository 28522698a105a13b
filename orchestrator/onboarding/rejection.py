"""An event that is refused is recorded and published, each once, with every reason; a repeated one gets that answer."""

import hashlib
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pydantic import ConfigDict, TypeAdapter, ValidationError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import (
    CONDITION_FAILED,
    CONDITION_FAILED_EXCEPTION,
    Change,
    is_code,
    refused_item,
)
from orchestrator.aws.errors import cancellation_codes
from orchestrator.onboarding.redaction import names_a_secret, without_secrets
from orchestrator.tenants import lifecycle
from orchestrator.tenants.events import put
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.lifecycle import REJECTED
from orchestrator.tenants.records import UNKNOWN_TENANT, read_item
from tenant_onboarding.contracts.fields import Metadata
from tenant_onboarding.contracts.outgoing import TenantOnboardingRejected
from tenant_onboarding.contracts.reasons import Reason
from tenant_onboarding.names import SOURCE

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings
    from orchestrator.onboarding.envelope import Envelope

RAW_KEPT_BYTES = 64 * 1024
"""DynamoDB: an item has at most 400 KB, an event up to 1 MB; its hash and length are kept in full."""
SECONDS_A_DAY = 86_400
ANNOUNCES = "announces"
"""The attribute of a rejection with the detail type that says so; none has it that TenantOnboardingRejected says."""


def reject(
    clients: "Clients", settings: "Settings", envelope: "Envelope", problems: list[Reason], observe: lifecycle.Observe
) -> None:
    """Record the rejection and publish it, each once; a repeated event gets the answer of the first."""
    item = _rejection(settings, envelope, problems)
    try:
        writes.in_turn(
            clients.dynamodb.put_item,
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


def reject_with(
    clients: "Clients",
    settings: "Settings",
    envelope: "Envelope",
    problems: list[Reason],
    observe: lifecycle.Observe,
    *together_with: dict[str, Any],
    announces: str = TenantOnboardingRejected.__name__,
) -> bool:
    """Reject as `reject` does, in one transaction with other writes; return False if one of those is refused.

    An event that was rejected before gets the answer of then, and the other writes are made by themselves. `announces`
    is the detail type of the event that says so; its fields are those of TenantOnboardingRejected, whatever it is.
    """
    item, done = _rejection(settings, envelope, problems, announces), True
    try:
        writes.transact(clients.dynamodb, [_written_once(settings, item), *together_with])
    except ClientError as error:
        codes = cancellation_codes(error)
        if not {CONDITION_FAILED} <= set(codes) <= {CONDITION_FAILED, "None"}:
            raise
        if codes[0] != CONDITION_FAILED:
            return False
        item = refused_item(error.response["CancellationReasons"][0])
        done = not (together_with and refused(clients, list(together_with)))
    else:
        observe(REJECTED, item)
    publish_rejection(clients, settings, item)
    return done


def refused(clients: "Clients", actions: list[dict[str, Any]]) -> set[int]:
    """Write all or nothing; return which actions were refused by their conditions, none if all is written."""
    try:
        writes.transact(clients.dynamodb, actions)
    except ClientError as error:
        codes = cancellation_codes(error)
        if not {CONDITION_FAILED} <= set(codes) <= {CONDITION_FAILED, "None"}:
            raise
        return {index for index, code in enumerate(codes) if code == CONDITION_FAILED}
    return set()


def publish_rejection(clients: "Clients", settings: "Settings", item: Record) -> None:
    """Publish a recorded rejection unless that was done; safe to repeat."""
    if "unpublished" not in item:
        return
    put(
        clients.events,
        settings.event_bus,
        source=SOURCE,
        detail_type=item.get(ANNOUNCES, TenantOnboardingRejected.__name__),
        detail=item["rejection"],
    )
    key = {"tenantId": item["tenantId"], "item": item["item"]}
    change = Change(settings.tenants_table, key).remove("unpublished", "unpublishedSince")
    writes.in_turn(clients.dynamodb.update_item, **change.arguments())


def never_rejected(settings: "Settings", envelope: "Envelope") -> dict[str, Any]:
    """Return the action that refuses an event which was rejected before: it starts no tenant when it comes again."""
    return {
        "ConditionCheck": {
            "TableName": settings.tenants_table,
            "Key": _rejection_key(envelope),
            "ConditionExpression": "attribute_not_exists(tenantId)",
        }
    }


def was_rejected(clients: "Clients", settings: "Settings", envelope: "Envelope") -> bool:
    """Tell whether an event was rejected before, by one consistent read: for reconcile, which may check no condition.

    Whoever rejects one that waits ends its waiting in the same transaction, but for a version that takes none such.
    """
    return read_item(clients.dynamodb, settings.tenants_table, _rejection_key(envelope)) is not None


def _written_once(settings: "Settings", item: Record) -> dict[str, Any]:
    """Return the action that makes an item as an update does, which reconcile may do."""
    key = {"tenantId": item["tenantId"], "item": item["item"]}
    change = Change(settings.tenants_table, key).require("attribute_not_exists([tenantId])")
    for name in item.keys() - key:
        change.set(name, item[name])
    return change.action()


def _rejection_key(envelope: "Envelope") -> dict[str, str]:
    return {"tenantId": envelope.tenant_id or UNKNOWN_TENANT, "item": f"{REJECTED}#{envelope.event_id}"}


def _rejection(
    settings: "Settings",
    envelope: "Envelope",
    problems: list[Reason],
    announces: str = TenantOnboardingRejected.__name__,
) -> Record:
    now = time.time()
    raw = envelope.body.encode(errors="replace")
    kept = without_secrets(envelope.body).encode(errors="replace")
    rejection = TenantOnboardingRejected(
        event_id=envelope.event_id,
        tenant_id=envelope.tenant_id,
        reasons=problems,
        metadata=_metadata(envelope.detail),
        event_key=f"{envelope.event_id}:{announces}",
    )
    other = {} if announces == TenantOnboardingRejected.__name__ else {ANNOUNCES: announces}
    return {
        **_rejection_key(envelope),
        **other,
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


def _metadata(detail: Any) -> dict[str, str]:  # Any: as it was received
    """Return a rejected event's metadata, so that its emitter knows whose it is; nothing where any of it is wrong."""
    if not isinstance(detail, dict):
        return {}
    try:
        found = TypeAdapter(Metadata, config=ConfigDict(strict=True)).validate_python(detail.get("metadata", {}))
    except ValidationError:
        return {}
    return {} if any(map(names_a_secret, found)) else found
