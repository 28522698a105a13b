"""The events that we publish. None carries an email address, a person's name or a password."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from tenant_onboarding.contracts.base import Contract
from tenant_onboarding.contracts.fields import TenantId, Tier
from tenant_onboarding.contracts.reasons import Reason

GivenBack = Annotated[dict[str, str], Field(exclude_if=lambda metadata: not metadata)]
"""A tenant's metadata, left out of an event where there is none."""


class OutgoingEvent(Contract):
    """An event of ours. Delivery is at least once: consumers drop an `eventKey` they have seen."""

    model_config = ConfigDict(populate_by_name=True)

    tenant_id: TenantId
    attempt: Annotated[int, Field(ge=1)]
    redrive: Annotated[int, Field(ge=0)] = 0
    event_key: str = ""
    metadata: GivenBack = {}
    """As the tenant's own event brought it."""

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
    """The tenant's people can sign in, a federated tenant's once it has connected its provider; here is where."""

    tier: Tier
    region: str
    user_pool_id: str
    app_client_id: str
    issuer: str
    domain: str | None = None
    """The host name of the user pool's sign-in, token and SAML endpoints."""
    identity_providers: list[str] = []
    """The tenant's own, by their names in Cognito."""
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


class TenantAbandoned(OutgoingEvent):
    """An operator gave the tenant up, and nothing of it is left; its id and routing keys may be used again."""

    tier: Tier


OF_A_TENANT: tuple[type[OutgoingEvent], ...] = (
    TenantOnboardingStarted,
    TenantOnboarded,
    TenantOnboardingFailed,
    TenantAbandoned,
)
"""What a tenant's record may have in its outbox."""


class TenantOnboardingRejected(Contract):
    """The event was not accepted, and will not be however often it is sent."""

    model_config = ConfigDict(populate_by_name=True)

    event_id: str
    tenant_id: str | None
    reasons: list[Reason]
    event_key: str
    metadata: GivenBack = {}
    """As the rejected event has it; empty if that is not well-formed, or a part of it is refused."""

    def to_json(self) -> str:
        """Return the event's detail as it goes over the bus."""
        return self.model_dump_json(by_alias=True)


class SharedPoolNearlyFull(Contract):
    """A shared user pool has passed a threshold of one of its limits; it concerns no single tenant.

    At 80 percent the next one is due, and opens by itself. At 95 that has failed so far, so somebody should look why.
    """

    model_config = ConfigDict(populate_by_name=True)

    region: str
    pool_key: str
    user_pool_id: str
    counter: Literal["groups", "appClients", "identityProviders"]
    count: int
    limit: int
    percent: int
    threshold: Literal[80, 95]
    event_key: str

    def to_json(self) -> str:
        """Return the event's detail as it goes over the bus."""
        return self.model_dump_json(by_alias=True)
