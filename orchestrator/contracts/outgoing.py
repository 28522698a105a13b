"""The events that we publish. None carries an email address, a person's name or a password."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator

from orchestrator.contracts.base import Contract
from orchestrator.contracts.fields import TenantId, Tier
from orchestrator.contracts.reasons import Reason


class OutgoingEvent(Contract):
    """An event of ours. Delivery is at least once: consumers drop an `eventKey` they have seen."""

    model_config = ConfigDict(populate_by_name=True)

    tenant_id: TenantId
    attempt: Annotated[int, Field(ge=1)]
    redrive: Annotated[int, Field(ge=0)] = 0
    event_key: str = ""

    @model_validator(mode="before")
    @classmethod
    def _derive_key(cls, values: Any) -> Any:  # Any: pydantic hands over whatever it was given
        if not isinstance(values, dict) or "eventKey" in values:
            return values
        tenant_id = values.get("tenant_id", values.get("tenantId"))
        key = f"{tenant_id}:{cls.__name__}:{values.get('attempt')}:{values.get('redrive', 0)}"
        return values | {"event_key": key}

    @property
    def outbox_key(self) -> str:
        """The key within the tenant's own outbox."""
        return f"{type(self).__name__}-{self.attempt}-{self.redrive}"

    def to_json(self) -> str:
        """Return the event's detail as it goes over the bus."""
        return self.model_dump_json(by_alias=True, exclude_none=True)


class TenantOnboardingStarted(OutgoingEvent):
    """The tenant is claimed and its workflow runs."""

    tier: Tier
    execution_arn: str


class TenantOnboarded(OutgoingEvent):
    """The tenant can sign in; here is where."""

    tier: Tier
    region: str
    user_pool_id: str
    app_client_id: str
    issuer: str
    group_name: str
    subdomain: str
    tenant_code: str | None = None


class TenantOnboardingFailed(OutgoingEvent):
    """The workflow stopped; an operator acts on `nextAction`. The readable message stays in the tenant's record."""

    tier: Tier
    step: str
    error: str
    message: str
    next_action: str


class TenantOnboardingRejected(Contract):
    """The event was not accepted, and will not be however often it is sent."""

    model_config = ConfigDict(populate_by_name=True)

    event_id: str
    tenant_id: str | None
    reasons: list[Reason]
    event_key: str

    def to_json(self) -> str:
        """Return the event's detail as it goes over the bus."""
        return self.model_dump_json(by_alias=True)
