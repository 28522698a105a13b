"""The outbox of a work's item: an event is put in with the change that makes it true, and out once it is published.

A fault in between publishes the event again, under the same `eventKey`.
"""

from typing import TYPE_CHECKING

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import Change
from orchestrator.tenants import kinds
from orchestrator.tenants.events import publish
from orchestrator.tenants.ledger import Record, timestamp

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings
    from orchestrator.tenants.work import Kind, Work
    from tenant_onboarding.contracts.outgoing import Announcement


def post(change: Change, event: "Announcement", now: float, kind: "Kind") -> Change:
    """Put an event into the outbox of an item of a kind, with the change that makes it true.

    The index of unpublished events is for tenants and rejections, so items of other kinds do not enter it.
    """
    change.set(f"outbox.{event.outbox_key}", event.to_json())
    return change.set("unpublished", "YES").set("unpublishedSince", timestamp(now)) if kind.is_listed else change


def publish_outbox(clients: "Clients", settings: "Settings", record: Record) -> None:
    """Publish all that a record's outbox still holds, in the order in which it came true."""
    work = kinds.work_of(settings, record)
    held = (outgoing_event(work.kind, *entry) for entry in record["outbox"].items())
    for event in sorted(held, key=lambda event: event.came_true):
        publish_from_outbox(clients, settings, work, event)


def publish_in_turn(clients: "Clients", settings: "Settings", record: Record, event: "Announcement") -> None:
    """Publish an event that was put into a record's outbox, and before it what that held of before; take each out.

    `record` is as it was read before or after the event was put in.
    """
    held = record["outbox"] | {event.outbox_key: event.to_json()}
    publish_outbox(clients, settings, record | {"outbox": held})


def of_earlier_attempts(record: Record) -> tuple[dict[str, str], dict[str, str]]:
    """Return what a record's outbox still holds of attempts before its current one, and what of that one itself."""
    kind, outbox = kinds.of(record), record["outbox"].items()
    earlier = {
        key: detail for key, detail in outbox if outgoing_event(kind, key, detail).came_true[0] < record["attempt"]
    }
    return earlier, {key: detail for key, detail in outbox if key not in earlier}


def publish_from_outbox(clients: "Clients", settings: "Settings", work: "Work", event: "Announcement") -> None:
    """Publish an event that a work's outbox holds, then take it out; a fault in between publishes it again."""
    publish(clients, settings, event)
    take_out(clients.dynamodb, work, event)


def outgoing_event(kind: "Kind", outbox_key: str, detail: str) -> "Announcement":
    """Return the event that an outbox entry holds; raises KeyError for a key that is no event's of that kind."""
    name = outbox_key.split("-", 1)[0]
    models = {model.__name__: model for model in kind.announces()}
    return models[name].model_validate_json(detail)


def take_out(dynamodb: "DynamoDBClient", work: "Work", event: "Announcement") -> None:
    """Note that EventBridge accepted an event; safe to repeat."""
    path = f"outbox.{event.outbox_key}"
    last = Change(work.table, dict(work.key)).remove(path, "unpublished", "unpublishedSince")
    last.require(f"size([outbox]) = ? AND attribute_exists([{path}])", 1)
    if writes.if_it_holds(dynamodb.update_item, **last.arguments()):
        return
    one_of_several = Change(work.table, dict(work.key)).remove(path).require("attribute_exists([outbox])")
    left = writes.in_turn(dynamodb.update_item, **one_of_several.arguments(), ReturnValues="ALL_NEW")["Attributes"]
    if not left["outbox"] and "unpublished" in left:  # somebody took out another one meanwhile
        _note_all_published(dynamodb, work)


def _note_all_published(dynamodb: "DynamoDBClient", work: "Work") -> None:
    change = Change(work.table, dict(work.key)).remove("unpublished", "unpublishedSince")
    change.require("size([outbox]) = ?", 0)  # else: a new event was put in
    writes.if_it_holds(dynamodb.update_item, **change.arguments())
