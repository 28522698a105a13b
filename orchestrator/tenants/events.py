"""Publishing on the bus: an event gets its id there, or an error of ours says whether it can be published again."""

from typing import TYPE_CHECKING

from orchestrator.aws.error_codes import THROTTLING_CODES
from orchestrator.aws.errors import (
    ConfigurationError,
    OnboardingError,
    ThrottledError,
    TransientError,
)
from tenant_onboarding import put_events
from tenant_onboarding.names import SOURCE
from tenant_onboarding.put_events import Refused, Taken

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings
    from tenant_onboarding.contracts.outgoing import Announcement


def put(client: "EventBridgeClient", bus: str, *, source: str, detail_type: str, detail: str) -> str:
    """Put one event on the bus and return the id it got.

    Raises ThrottledError or TransientError if it may be put again, ConfigurationError if the bus will not take it
    before somebody has mended the cause.
    """
    (said,) = put_events.put(client, bus, source=source, detail_type=detail_type, details=[detail])
    if isinstance(said, Taken):
        return said.event_id
    raise _error(said)(f"PutEvents {detail_type}: {said.message or said.code}", code=said.code)


def _error(said: Refused) -> type[OnboardingError]:
    if said.is_final:
        return ConfigurationError
    return ThrottledError if said.code in THROTTLING_CODES else TransientError


def publish(clients: "Clients", settings: "Settings", event: "Announcement") -> None:
    """Publish an event of ours; raises what `put` and the SDK raise."""
    put(
        clients.events,
        settings.event_bus,
        source=SOURCE,
        detail_type=type(event).__name__,
        detail=event.to_json(),
    )
