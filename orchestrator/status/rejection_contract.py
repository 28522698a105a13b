"""The documents with rejected events that the status API answers with, which `onboard rejected` prints too."""

from pydantic import Field

from orchestrator.status.contract import Moment, Number, Status
from tenant_onboarding.contracts.base import Contract
from tenant_onboarding.contracts.reasons import Reason


class Rejection(Contract):
    """An event that was rejected, the tenant that it names if that could be one, and every reason."""

    event_id: str
    tenant_id: str | None
    reasons: list[Reason]
    rejected_at: Moment


class Held(Contract):
    """A key that a rejected event wants, and the tenant that holds it."""

    key: str
    """Such as `subdomain#acme` or `code#ACME-42`."""
    tenant_id: str
    status: Status | None


class RejectedEvent(Rejection):
    """A rejected event with all that is kept of it."""

    published: bool
    """Whether it was answered on the bus."""
    raw: str
    """The event as it came, its first 64 KB, without the values of fields that are named like a secret."""
    raw_is_cut: bool
    raw_length: Number
    """Bytes of the whole event."""
    raw_sha256: str = Field(alias="rawSha256")
    """Of the whole event, in hexadecimal digits."""
    kept_until: Moment
    next_action: str
    held_by: list[Held]


class RejectionPage(Contract):
    """Some rejected events, the newest first; with `nextCursor` null these are the last."""

    rejections: list[Rejection]
    next_cursor: str | None
