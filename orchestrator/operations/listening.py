"""Listens to a stack's outgoing events for a while, by a queue and a rule that go with whoever listens.

A listener holds a slot, of which there are SLOTS. A slot is a queue, whose tag says until when it is held, and a rule
on the stack's bus that feeds it. The tag comes with the queue, so a listener that is killed at any moment leaves a slot
that ends by itself; the next listener removes it. No name outside the slots is touched.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws import region_and_account
from tenant_onboarding.contracts.detail_types import Contracts
from tenant_onboarding.names import SOURCE, TENANT_CREATED

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

SLOTS = 5
HOLD_SECONDS = 300
"""A slot ends so long after its listener last said that it listens."""
RENEW_SECONDS = 60
KEPT_SECONDS = 300
"""How long the queue keeps an event that its listener has not taken."""
WAIT_SECONDS = 5
"""Of one long poll; shorter than the SDK's own patience."""
MOST_MESSAGES = 10
"""SQS: at most 10 messages a call."""
HELD_UNTIL = "onboard-listen-until"
"""The tag, in epoch seconds."""
NOT_SEEN = "not seen yet"
TARGET = "queue"
DETAIL_TYPES = sorted(Contracts.ALL.keys() - {TENANT_CREATED})
"""What is heard. TenantCreated names people, and is in the same source where it is published again."""

Document = dict[str, Any]
Clock = Callable[[], float]


class ListeningError(Exception):
    """Nobody can listen, or no longer; the message says why and what to do."""


@dataclass(frozen=True)
class Slot:
    """A slot by its names, and who holds it."""

    rule: str
    queue: str
    url: str = ""
    holder: str = ""
    until: float = 0
    """When it ends, as its holder knows; in epoch seconds."""


@contextmanager
def listening(
    clients: "Clients", settings: "Settings", tenant_id: str | None = None, clock: Clock = time.time
) -> Iterator[Iterator[Document]]:
    """Yield what yields each outgoing event, of all tenants or of one, from now on and as the bus delivers it.

    At the end the slot is gone. Delivery is at least once. Raises ListeningError, and errors of AWS.
    """
    remove_ended(clients, settings, clock)
    slot = _take(clients, settings, clock)
    try:
        _feed(clients, settings, slot, tenant_id)
        yield _events(clients, slot, clock)
    finally:
        with suppress(ClientError, BotoCoreError):  # what stays ends by itself
            if _holder(clients, slot.url) == slot.holder:
                _remove(clients, settings, slot)


def remove_ended(clients: "Clients", settings: "Settings", clock: Clock = time.time) -> list[str]:
    """Remove what listeners left behind that were killed, once it has ended; return the names of its queues."""
    removed = []
    for slot in slots(settings):
        has_rule = _has_rule(clients, settings, slot)  # before the queue, which is there first
        url = _url(clients, slot)
        if (url and _held_until(clients, url) <= clock()) or (has_rule and not url):
            _remove(clients, settings, replace(slot, url=url))
            removed.append(slot.queue)
    return removed


def held(clients: "Clients", settings: "Settings", clock: Clock = time.time) -> list[float]:
    """Return in how many seconds each slot ends that somebody holds, or that a listener left who was killed."""
    urls = filter(None, (_url(clients, slot) for slot in slots(settings)))
    return [until - clock() for until in (_held_until(clients, url) for url in urls) if until != inf]


def slots(settings: "Settings") -> list[Slot]:
    """Return the slots of a stack; the rules are on its own bus, and so need no name of it."""
    numbers = range(1, SLOTS + 1)
    return [Slot(f"listen-{number}", f"{settings.stack_name}-listen-{number}") for number in numbers]


def _take(clients: "Clients", settings: "Settings", clock: Clock) -> Slot:
    """Return a slot that this listener alone holds, by making its queue; raises ListeningError if none is free."""
    holder, until = secrets.token_hex(8), clock() + HOLD_SECONDS
    for slot in slots(settings):
        policy = json.dumps(_only_the_rule(settings, slot, holder))
        try:
            url = clients.sqs.create_queue(
                QueueName=slot.queue,
                Attributes={
                    "MessageRetentionPeriod": str(KEPT_SECONDS),
                    "SqsManagedSseEnabled": "true",
                    "Policy": policy,
                },
                tags={HELD_UNTIL: str(until)},
            )["QueueUrl"]
        except ClientError as error:
            if _ends_with(error, "QueueNameExists", "QueueAlreadyExists", "QueueDeletedRecently"):
                continue
            raise
        if _holder(clients, url) in {holder, NOT_SEEN}:
            return replace(slot, url=url, holder=holder, until=until)
    raise ListeningError(
        f"all {SLOTS} places to listen are taken; one is free a minute after its listener ends, or "
        f"{HOLD_SECONDS // 60} minutes after it was killed"
    )


def _feed(clients: "Clients", settings: "Settings", slot: Slot, tenant_id: str | None) -> None:
    """Let the slot's rule put events into its queue."""
    pattern: Document = {"source": [SOURCE], "detail-type": DETAIL_TYPES}
    if tenant_id:
        pattern["detail"] = {"tenantId": [tenant_id]}
    bus = settings.event_bus
    clients.events.put_rule(
        Name=slot.rule,
        EventBusName=bus,
        EventPattern=json.dumps(pattern),
        Description="Somebody listens; removed when that ends",
    )
    targets: Any = [{"Id": TARGET, "Arn": _arn(settings, "sqs", slot.queue)}]
    failed = clients.events.put_targets(Rule=slot.rule, EventBusName=bus, Targets=targets)["FailedEntries"]
    if failed:
        raise ListeningError(f"EventBridge does not feed the queue: {failed[0].get('ErrorMessage')}")


def _events(clients: "Clients", slot: Slot, clock: Clock) -> Iterator[Document]:
    """Yield each event and forget it once the next is asked for; renew the slot meanwhile."""
    while True:
        now = clock()
        if now >= slot.until:
            raise ListeningError("this listener slept for too long, so that others may have removed its queue")
        if now >= slot.until - HOLD_SECONDS + RENEW_SECONDS:
            slot = replace(slot, until=now + HOLD_SECONDS)
            clients.sqs.tag_queue(QueueUrl=slot.url, Tags={HELD_UNTIL: str(slot.until)})
        answer = clients.sqs.receive_message(
            QueueUrl=slot.url, MaxNumberOfMessages=MOST_MESSAGES, WaitTimeSeconds=WAIT_SECONDS
        )
        messages = answer.get("Messages", [])
        for message in messages:
            yield json.loads(message["Body"])
        if messages:
            handles: Any = [
                {"Id": str(number), "ReceiptHandle": each["ReceiptHandle"]} for number, each in enumerate(messages)
            ]
            clients.sqs.delete_message_batch(QueueUrl=slot.url, Entries=handles)


def _remove(clients: "Clients", settings: "Settings", slot: Slot) -> None:
    """Remove a slot, its queue last: while the queue is there, others see that the slot is not free."""
    bus = settings.event_bus
    with _may_be_gone():
        clients.events.remove_targets(Rule=slot.rule, EventBusName=bus, Ids=[TARGET])
    with _may_be_gone():
        clients.events.delete_rule(Name=slot.rule, EventBusName=bus)
    if slot.url:
        with _may_be_gone():
            clients.sqs.delete_queue(QueueUrl=slot.url)


def _only_the_rule(settings: "Settings", slot: Slot, holder: str) -> Document:
    """Return the policy of a queue into which nobody but the slot's rule puts anything, whatever IAM allows."""
    rule = _arn(settings, "events", f"rule/{settings.event_bus}/{slot.rule}")
    sending = {"Action": "sqs:SendMessage", "Resource": _arn(settings, "sqs", slot.queue)}
    return {
        "Version": "2012-10-17",
        "Id": holder,
        "Statement": [
            sending
            | {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
            },
            sending | {"Effect": "Deny", "Principal": "*", "Condition": {"ArnNotEquals": {"aws:SourceArn": rule}}},
        ],
    }


def _arn(settings: "Settings", service: str, resource: str) -> str:
    partition, region, account = region_and_account.of_arn(settings.state_machine_arn)
    return f"arn:{partition}:{service}:{region}:{account}:{resource}"


def _held_until(clients: "Clients", url: str) -> float:
    """Return until when a queue is held; for ever where it does not say so, which is none of ours."""
    with _may_be_gone(), suppress(KeyError, ValueError):
        return float(clients.sqs.list_queue_tags(QueueUrl=url).get("Tags", {})[HELD_UNTIL])
    return inf


def _holder(clients: "Clients", url: str) -> str:
    """Return who made a queue, as its policy says; NOT_SEEN while SQS does not show it."""
    with _may_be_gone():
        asked = clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        return str(json.loads(asked.get("Attributes", {}).get("Policy", "{}")).get("Id", ""))
    return NOT_SEEN


def _has_rule(clients: "Clients", settings: "Settings", slot: Slot) -> bool:
    with _may_be_gone():
        clients.events.describe_rule(Name=slot.rule, EventBusName=settings.event_bus)
        return True
    return False


def _url(clients: "Clients", slot: Slot) -> str:
    with _may_be_gone():
        return clients.sqs.get_queue_url(QueueName=slot.queue)["QueueUrl"]
    return ""


@contextmanager
def _may_be_gone() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if not _ends_with(error, "NonExistentQueue", "QueueDoesNotExist", "ResourceNotFoundException"):
            raise


def _ends_with(error: ClientError, *names: str) -> bool:
    """Tell whether AWS answered with one of these codes; SQS puts words before some of its own."""
    return error.response.get("Error", {}).get("Code", "").rpartition(".")[2] in names
