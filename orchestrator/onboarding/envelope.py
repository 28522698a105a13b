"""What EventBridge puts around an event, read as far as it can be."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenant_onboarding.contracts.reasons import Reason
from tenant_onboarding.names import is_tenant_id


class RejectedError(Exception):
    """What is asked for cannot be accepted, now or later."""

    def __init__(self, *problems: Reason) -> None:
        super().__init__()
        self.problems = list(problems)


@dataclass(frozen=True)
class Envelope:
    """What EventBridge put around an event, as far as it could be read."""

    body: str
    event_id: str
    detail: Any = None
    detail_type: str = ""
    """What kind of event it says that it is; empty if it says nothing of that kind."""
    sent_at: float = 0.0
    """In epoch seconds, at the latest: EventBridge tells whole ones. 0 if it cannot be read."""

    @property
    def tenant_id(self) -> str | None:
        """The tenant that the event names, if that could be one."""
        named = self.detail.get("tenantId") if isinstance(self.detail, dict) else None
        return named if is_tenant_id(named) else None


def unopened(body: str) -> Envelope:
    """Return what is known of a message that nobody can read: its bytes, and an id made of them."""
    return Envelope(body, event_id=f"sha256-{hashlib.sha256(body.encode(errors='replace')).hexdigest()}")


def put_on_the_bus(taken: Iterable[str]) -> str:
    """Return what is told to whoever sent to the intake queue itself, where events of these detail types are taken."""
    return f"put {' or '.join(sorted(taken))} on the event bus, not into the intake queue"


def opened(sealed: Envelope, taken: Iterable[str]) -> Envelope:
    """Return what an EventBridge message says; raises RejectedError if it is none that can be read.

    `taken` are the detail types that may come, for the words of a rejection.
    """
    try:
        envelope = json.loads(sealed.body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise RejectedError(Reason(field="body", message="is not JSON that can be read")) from None
    if not isinstance(envelope, dict) or "detail" not in envelope:
        message = f"is not an EventBridge event: it has no detail; {put_on_the_bus(taken)}"
        raise RejectedError(Reason(field="body", message=message))
    event_id = envelope.get("id")
    usable = isinstance(event_id, str) and 0 < len(event_id) <= 128 and event_id.isascii() and event_id.isprintable()  # noqa: PLR2004  # EventBridge's ids have 36
    event_id = event_id if usable else sealed.event_id
    said = envelope.get("detail-type")
    return Envelope(
        sealed.body,
        str(event_id),
        envelope["detail"],
        detail_type=said if isinstance(said, str) else "",
        sent_at=_sent_at(envelope.get("time")),
    )


def _sent_at(moment: object) -> float:
    try:
        return datetime.fromisoformat(str(moment)).timestamp() + 1
    except (OverflowError, ValueError):
        return 0.0


def _no_constant(name: str) -> None:
    raise ValueError(name)
