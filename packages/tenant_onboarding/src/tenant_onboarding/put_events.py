"""What PutEvents says of each event: it is on the bus, it may be put again, or it never will be taken.

The call itself succeeds though it took nothing, so each answer is judged. It imports nothing but the standard library.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient

MOST_ENTRIES = 10
"""EventBridge: entries of one PutEvents."""
FINAL_CODES = frozenset(
    {
        "AccessDeniedException",
        "InvalidAccountIdException",
        "InvalidArgument",
        "MalformedDetail",
        "NotAuthorizedForDetailTypeException",
        "NotAuthorizedForSourceException",
        "RedactionFailure",
    }
)
"""EventBridge's API reference, PutEventsResultEntry: the errors of an entry for which trying again is no use."""
UNKNOWN = "Unknown"
"""The code of an entry that was not taken without a word."""


@dataclass(frozen=True)
class Taken:
    """An event is on the bus, and this is its id."""

    event_id: str


@dataclass(frozen=True)
class Refused:
    """An event is not on the bus; EventBridge says why."""

    code: str
    message: str = ""

    @property
    def is_final(self) -> bool:
        """Whether it is no use to put the event again before somebody has mended the cause."""
        return self.code in FINAL_CODES


def put(
    client: "EventBridgeClient", bus: str, *, source: str, detail_type: str, details: Sequence[str]
) -> list[Taken | Refused]:
    """Put at most MOST_ENTRIES events of one kind on a bus, each detail JSON as text, and return what became of each.

    Raises what the SDK raises where the call failed altogether.
    """
    said = {"EventBusName": bus, "Source": source, "DetailType": detail_type}
    entries: Any = [{**said, "Detail": detail} for detail in details]
    return [_judged(answer) for answer in client.put_events(Entries=entries)["Entries"]]


def _judged(answer: Mapping[str, Any]) -> Taken | Refused:
    if "EventId" in answer:
        return Taken(answer["EventId"])
    return Refused(answer.get("ErrorCode", UNKNOWN), answer.get("ErrorMessage", ""))
