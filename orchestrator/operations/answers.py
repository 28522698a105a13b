"""What became of an event that somebody emitted: the tenant it made, or every reason why it was rejected."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orchestrator import status
from orchestrator.onboarding import request
from orchestrator.operations import rejections
from orchestrator.tenants import lifecycle
from orchestrator.tenants.records import UNKNOWN_TENANT, read_record
from tenant_onboarding.names import is_tenant_id

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

Document = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """How an event ended: COMPLETED, FAILED, ABANDONED or REJECTED, and why."""

    status: str
    reasons: list[Document] = field(default_factory=list)
    failure: Document | None = None


def tenant_of(detail: Any) -> str | None:  # Any: JSON
    """Return the tenant that an event names, if that could be one."""
    named = detail.get("tenantId") if isinstance(detail, dict) else None
    return str(named) if is_tenant_id(named) else None


def look(clients: "Clients", settings: "Settings", event_id: str, detail: Any) -> Answer | None:  # Any: JSON
    """Return how an event ended, by two consistent reads; None while it has not.

    A tenant's record answers for this event only if it came from this content: another content is rejected, a little
    later. What was emitted a second time has the answer of the first.
    """
    tenant_id = tenant_of(detail)
    if rejected := rejections.reasons_of(clients, settings, event_id, tenant_id or UNKNOWN_TENANT):
        return Answer(lifecycle.REJECTED, rejected)
    record = read_record(clients.dynamodb, settings.tenants_table, tenant_id) if tenant_id else None
    if record is None or not request.is_known(record, request.canonical_sha256(detail)):
        return None
    if record["status"] in lifecycle.UNDER_WAY or (
        record["status"] == lifecycle.ABANDONED and record["eventId"] != event_id
    ):
        return None
    return Answer(record["status"], failure=status.document(settings, record)["failure"])
