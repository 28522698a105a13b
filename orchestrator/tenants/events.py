"""Publishing on the bus: every entry's answer is checked, and what the bus accepted is noted."""

from typing import TYPE_CHECKING

from orchestrator.aws.errors import THROTTLING_CODES, ThrottledError, TransientError
from tenant_onboarding.contracts.detail_types import SOURCE
from tenant_onboarding.contracts.outgoing import OutgoingEvent, TenantOnboardingRejected

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings


def put(client: "EventBridgeClient", bus: str, *, source: str, detail_type: str, detail: str) -> str:
    """Put one event on the bus and return the id it got; raises TransientError or ThrottledError if it was refused.

    PutEvents answers 200 even when an entry failed, so `FailedEntryCount` is what counts.
    """
    answer = client.put_events(
        Entries=[{"EventBusName": bus, "Source": source, "DetailType": detail_type, "Detail": detail}]
    )
    entry = answer["Entries"][0]
    if answer["FailedEntryCount"]:
        code = entry.get("ErrorCode", "Unknown")
        kind = ThrottledError if code in THROTTLING_CODES else TransientError
        raise kind(f"PutEvents {detail_type}: {entry.get('ErrorMessage', code)}", code=code)
    return entry["EventId"]


def publish(clients: "Clients", settings: "Settings", event: OutgoingEvent | TenantOnboardingRejected) -> None:
    """Publish an event of ours; raises what `put` and the SDK raise."""
    put(
        clients.events,
        settings.event_bus,
        source=SOURCE,
        detail_type=type(event).__name__,
        detail=event.to_json(),
    )
