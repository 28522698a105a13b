"""A queue's batch of messages: those that fail come back from the queue, and no others.

Powertools' batches do the same, and import readers of every kind of batch: a sixth of a function's start.
"""

from collections.abc import Callable
from typing import Any, TypedDict


class Failed(TypedDict):
    """A message that is to come back."""

    itemIdentifier: str


class Answer(TypedDict):
    """What Lambda is told of a batch."""

    batchItemFailures: list[Failed]


def each(event: dict[str, Any], receive: Callable[[str, str], None]) -> Answer:
    """Hand every message's id and body to `receive`, and return the messages at which that raised.

    Whoever raises has logged why: nothing more becomes of it.
    """
    failed = []
    for message in event["Records"]:
        try:
            receive(message["messageId"], message["body"])
        except Exception:
            failed.append(Failed(itemIdentifier=message["messageId"]))
    return Answer(batchItemFailures=failed)
