"""The outbox in a tenant's record: an event is put in with the change that makes it true, and out once it is published.

A fault in between publishes the event again, under the same `eventKey`.
"""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import CONDITION_FAILED_EXCEPTION, Change, is_code
from orchestrator.tenants.events import publish
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.records import record_key
from tenant_onboarding.contracts.outgoing import OF_A_TENANT, OutgoingEvent, TenantOnboardingStarted

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings


def post(change: Change, event: OutgoingEvent, now: float) -> Change:
    """Put an event into the record's outbox with the change that makes it true."""
    return (
        change.set(f"outbox.{event.outbox_key}", event.to_json())
        .set("unpublished", "YES")
        .set("unpublishedSince", timestamp(now))
    )


def publish_outbox(clients: "Clients", settings: "Settings", record: Record) -> None:
    """Publish all that a record's outbox still holds, in the order in which it came true."""
    for event in sorted((outgoing_event(*entry) for entry in record["outbox"].items()), key=_came_true):
        publish_from_outbox(clients, settings, event)


def publish_in_turn(clients: "Clients", settings: "Settings", record: Record, event: OutgoingEvent) -> None:
    """Publish an event that was put into a record's outbox, and before it what that held of before; take each out.

    `record` is as it was read before or after the event was put in.
    """
    held = record["outbox"] | {event.outbox_key: event.to_json()}
    publish_outbox(clients, settings, record | {"outbox": held})


def of_earlier_attempts(record: Record) -> tuple[dict[str, str], dict[str, str]]:
    """Return what a record's outbox still holds of attempts before its current one, and what of that one itself."""
    outbox = record["outbox"].items()
    earlier = {key: detail for key, detail in outbox if outgoing_event(key, detail).attempt < record["attempt"]}
    return earlier, {key: detail for key, detail in outbox if key not in earlier}


def _came_true(event: OutgoingEvent) -> tuple[int, int, bool]:
    """Return what events of one tenant sort by: no attempt or redrive ends before it started."""
    return event.attempt, event.redrive, not isinstance(event, TenantOnboardingStarted)


def publish_from_outbox(clients: "Clients", settings: "Settings", event: OutgoingEvent) -> None:
    """Publish an event that a record's outbox holds, then take it out; a fault in between publishes it again."""
    publish(clients, settings, event)
    take_out(clients.dynamodb, settings.tenants_table, event)


def outgoing_event(outbox_key: str, detail: str) -> OutgoingEvent:
    """Return the event that an outbox entry holds; raises KeyError for a key that is no event's of ours."""
    name = outbox_key.split("-", 1)[0]
    models = {model.__name__: model for model in OF_A_TENANT}
    return models[name].model_validate_json(detail)


def take_out(dynamodb: "DynamoDBClient", table: str, event: OutgoingEvent) -> None:
    """Note that EventBridge accepted an event; safe to repeat."""
    path = f"outbox.{event.outbox_key}"
    last = Change(table, record_key(event.tenant_id)).remove(path, "unpublished", "unpublishedSince")
    last.require(f"size([outbox]) = ? AND attribute_exists([{path}])", 1)
    try:
        writes.in_turn(dynamodb.update_item, **last.arguments())
    except ClientError as error:
        if not is_code(error, CONDITION_FAILED_EXCEPTION):
            raise
        one_of_several = Change(table, record_key(event.tenant_id)).remove(path).require("attribute_exists([outbox])")
        left = writes.in_turn(dynamodb.update_item, **one_of_several.arguments(), ReturnValues="ALL_NEW")["Attributes"]
        if not left["outbox"] and "unpublished" in left:  # somebody took out another one meanwhile
            _note_all_published(dynamodb, table, event.tenant_id)


def _note_all_published(dynamodb: "DynamoDBClient", table: str, tenant_id: str) -> None:
    change = Change(table, record_key(tenant_id)).remove("unpublished", "unpublishedSince")
    try:
        writes.in_turn(dynamodb.update_item, **change.require("size([outbox]) = ?", 0).arguments())
    except ClientError as error:
        if not is_code(error, CONDITION_FAILED_EXCEPTION):
            raise  # else: a new event was put in
