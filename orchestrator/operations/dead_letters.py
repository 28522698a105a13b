"""Dead letters: what a function could not handle or a rule could not deliver, looked at, replayed or discarded.

SQS lends messages: one that was received is hidden from everybody else until it is deleted or given back. So a Loan
gives back whatever it did not delete; where a fault prevents that, SQS does so by itself after HOLD_SECONDS. A message
is deleted only after its replay was accepted: a fault can leave it there twice, but never lose it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.errors import translate
from orchestrator.emails import reports
from orchestrator.onboarding.envelope import Envelope
from orchestrator.onboarding.redaction import without_secrets
from orchestrator.tenants.ledger import timestamp

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients

HOLD_SECONDS = 60
"""How long others cannot see what is being looked at; longer than to send a message and begin to delete it, with the
SDK's own retries."""
WAIT_SECONDS = 1
"""Long polling asks every server of SQS; short polling a few, and may find nothing where there is something."""
PAGE = 10
"""SQS: at most 10 messages a call."""
TARGET_ARN = "TARGET_ARN"
"""EventBridge says in message attributes what it could not deliver where, and why."""

Document = dict[str, Any]


@dataclass(frozen=True)
class DeadLetterQueue:
    """A dead-letter queue and the queue its messages come from; without one, each message names where it was bound."""

    name: str
    url: str
    source_url: str | None = None


@dataclass(frozen=True)
class Letter:
    """A message of a dead-letter queue; `receipt` is what SQS wants to hear to delete it or take it back."""

    message_id: str
    queue: DeadLetterQueue
    body: str
    sent_at: str
    receives: int
    attributes: Mapping[str, str]
    receipt: str

    def document(self) -> Document:
        """Return what it is, without its body: null where the body is no event or does not say."""
        envelope = _json_object(self.body)
        detail = envelope.get("detail")
        return {
            "messageId": self.message_id,
            "queue": self.queue.name,
            "sentAt": self.sent_at,
            "receives": self.receives,
            "eventId": _text(envelope.get("id")),
            "detailType": _text(envelope.get("detail-type")),
            "tenantId": _tenant_id(self.body, detail),
            "targetArn": self.attributes.get(TARGET_ARN),
            "ruleArn": self.attributes.get("RULE_ARN"),
            "error": self.attributes.get("ERROR_CODE"),
            "message": self.attributes.get("ERROR_MESSAGE"),
        }

    def page(self) -> Document:
        """Return the document with the whole body, without the values of what is named like a secret."""
        return self.document() | {"body": without_secrets(self.body)}


@dataclass(frozen=True)
class Handled:
    """What became of a message; `done` only if nothing is left to do."""

    message_id: str
    done: bool
    message: str


class CannotReplayError(Exception):
    """There is nowhere to send the message to; the text says why."""


class _InterruptedError(Exception):
    """AWS does not answer, so what comes after would not fare better; the text says how the message stands."""


class Loan:
    """At most `limit` messages of a queue, received as they are asked for; those not deleted are given back."""

    def __init__(self, clients: "Clients", queue: DeadLetterQueue, limit: int) -> None:
        self.clients = clients
        self._queue = queue
        self._limit = limit
        self._seen: set[str] = set()
        self._held: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        entries: Any = [
            {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
            for number, receipt in enumerate(self._held.values())
        ]
        with suppress(ClientError, BotoCoreError):  # SQS gives them back by itself a little later
            for start in range(0, len(entries), PAGE):
                page = entries[start : start + PAGE]
                self.clients.sqs.change_message_visibility_batch(QueueUrl=self._queue.url, Entries=page)

    def __iter__(self) -> Iterator[Letter]:
        """Yield each message once, however often SQS delivers it; end where it has no other."""
        while len(self._seen) < self._limit:
            page = self._receive(min(PAGE, self._limit - len(self._seen)))
            self._held |= {letter.message_id: letter.receipt for letter in page}  # the newest receipt is the valid one
            fresh = {letter.message_id: letter for letter in page if letter.message_id not in self._seen}
            self._seen |= fresh.keys()
            if not fresh:
                return
            yield from fresh.values()

    def delete(self, letter: Letter) -> None:
        """Delete a message for good."""
        self.clients.sqs.delete_message(QueueUrl=self._queue.url, ReceiptHandle=self._held[letter.message_id])
        del self._held[letter.message_id]

    def _receive(self, most: int) -> list[Letter]:
        answer = self.clients.sqs.receive_message(
            QueueUrl=self._queue.url,
            MaxNumberOfMessages=most,
            VisibilityTimeout=HOLD_SECONDS,
            WaitTimeSeconds=WAIT_SECONDS,
            MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
            MessageAttributeNames=["All"],
        )
        return [_letter(self._queue, message) for message in answer.get("Messages", [])]


def look(clients: "Clients", queue: DeadLetterQueue, limit: int) -> Document:
    """Return about how many messages a queue holds, and up to `limit` of them, the oldest first; none is lost by it."""
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counted = clients.sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=names)["Attributes"]
    with Loan(clients, queue, limit) as loan:
        letters = sorted(loan, key=lambda letter: letter.sent_at)
    waiting, in_hand = (int(counted[name]) for name in names)
    return {
        "queue": queue.name,
        "waiting": max(waiting, len(letters)),
        "inHand": in_hand,
        "messages": [letter.document() for letter in letters],
    }


def find(
    clients: "Clients", queues: Iterable[DeadLetterQueue], message_ids: Iterable[str], limit: int
) -> dict[str, Letter]:
    """Return those of the messages that are among the `limit` that are looked at in each queue, by their ids."""
    wanted, found = set(message_ids), dict[str, Letter]()
    for queue in queues:
        with Loan(clients, queue, limit) as loan:
            letters = iter(loan)
            while wanted - found.keys() and (letter := next(letters, None)):
                if letter.message_id in wanted:
                    found[letter.message_id] = letter
    return found


def replay(
    clients: "Clients",
    queues: Iterable[DeadLetterQueue],
    targets: Mapping[str, str],
    message_ids: Iterable[str] | None,
    limit: int,
) -> Iterator[Handled]:
    """Send messages, untouched, to where they were bound, all of them if no ids are given; yield what became of each.

    `targets` leads from the ARN of each queue and function of the stack to its URL or name: nothing else is sent to.
    Replaying again is safe: intake knows an event that it has had, and the other functions look before they act.
    """
    return _handle(clients, queues, message_ids, limit, partial(_replay, targets))


def discard(
    clients: "Clients", queues: Iterable[DeadLetterQueue], message_ids: Iterable[str], limit: int
) -> Iterator[Handled]:
    """Delete messages for good and yield what became of each; nothing brings them back."""
    return _handle(clients, queues, message_ids, limit, _discard)


def not_seen(limit: int) -> str:
    """Return why a message may not have been found, and what to do."""
    return (
        f"is not among the messages seen, at most {limit} a queue: it was dealt with, or somebody else looks at it "
        f"just now; try again in {HOLD_SECONDS} seconds, or with a higher --limit"
    )


def _handle(
    clients: "Clients",
    queues: Iterable[DeadLetterQueue],
    message_ids: Iterable[str] | None,
    limit: int,
    act: Callable[[Loan, Letter], Handled],
) -> Iterator[Handled]:
    missing = None if message_ids is None else dict.fromkeys(message_ids)
    for queue in queues:
        with Loan(clients, queue, limit) as loan:
            letters = iter(loan)
            while missing != {} and (letter := next(letters, None)):
                if missing is not None and letter.message_id not in missing:
                    continue
                try:
                    yield act(loan, letter)
                except _InterruptedError as interrupted:
                    yield Handled(letter.message_id, done=False, message=f"{interrupted}. Stopped here.")
                    return
                if missing is not None:
                    del missing[letter.message_id]
    for message_id in missing or ():
        yield Handled(message_id, done=False, message=not_seen(limit))


def _replay(targets: Mapping[str, str], loan: Loan, letter: Letter) -> Handled:
    try:
        name = _send(loan.clients, targets, letter)
    except CannotReplayError as refused:
        return Handled(letter.message_id, done=False, message=f"cannot be replayed: {refused}")
    except (ClientError, BotoCoreError) as error:
        failure = translate(error)
        if failure.settled:
            return Handled(letter.message_id, done=False, message=f"was refused and stays here: {failure.message}")
        raise _InterruptedError(
            f"may have been sent or not, and stays here; replaying it again is safe: {failure.message}"
        ) from None
    try:
        loan.delete(letter)
    except (ClientError, BotoCoreError) as error:
        raise _InterruptedError(
            f"replayed to {name}, but it may still be here; to replay it again is safe, to discard it too: "
            f"{translate(error).message}"
        ) from None
    return Handled(letter.message_id, done=True, message=f"replayed to {name}")


def _send(clients: "Clients", targets: Mapping[str, str], letter: Letter) -> str:
    """Send a message to where it was bound and return the name of that; raises CannotReplayError, and errors of AWS."""
    if letter.queue.source_url:
        clients.sqs.send_message(QueueUrl=letter.queue.source_url, MessageBody=letter.body)
        return f"the {letter.queue.name} queue"
    arn = letter.attributes.get(TARGET_ARN)
    if not arn:
        raise CannotReplayError("it does not say where it was bound, so EventBridge did not put it here")
    if arn not in targets:
        raise CannotReplayError(f"it was bound for {arn}, which is not of this stack, or no longer")
    _, _, service, _, _, *names = arn.split(":")
    if service == "sqs":
        clients.sqs.send_message(QueueUrl=targets[arn], MessageBody=letter.body)
        return names[0]
    clients.functions.invoke(FunctionName=targets[arn], InvocationType="Event", Payload=letter.body.encode())
    return names[1]


def _discard(loan: Loan, letter: Letter) -> Handled:
    try:
        loan.delete(letter)
    except (ClientError, BotoCoreError) as error:
        failure = translate(error)
        if failure.settled:
            return Handled(letter.message_id, done=False, message=f"was not discarded: {failure.message}")
        raise _InterruptedError(f"may be discarded or not; discarding it again is safe: {failure.message}") from None
    return Handled(letter.message_id, done=True, message="discarded")


def _letter(queue: DeadLetterQueue, message: Any) -> Letter:  # Any: of ReceiveMessage
    system = message["Attributes"]
    attributes = message.get("MessageAttributes", {})
    return Letter(
        message_id=message["MessageId"],
        queue=queue,
        body=message["Body"],
        sent_at=timestamp(int(system["SentTimestamp"]) / 1000),
        receives=int(system["ApproximateReceiveCount"]),
        attributes={name: value["StringValue"] for name, value in attributes.items() if "StringValue" in value},
        receipt=message["ReceiptHandle"],
    )


def _json_object(text: object) -> Document:
    try:
        value = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _tenant_id(body: str, detail: object) -> str | None:
    """Return the tenant that an event or an invitation names, a status change in its input, or an email in its tags."""
    with suppress(reports.UnreadableError):
        return reports.read(body).tenant_id
    if invited_to := _text(_json_object(body).get("tenantId")):
        return invited_to
    named = Envelope(body, "", detail).tenant_id
    status_change = detail if isinstance(detail, dict) else {}
    return named or Envelope(body, "", _json_object(status_change.get("input"))).tenant_id
