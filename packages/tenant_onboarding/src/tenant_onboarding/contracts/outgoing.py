"""The events that we publish. None carries an email address, a person's name or a password."""

from typing import Annotated, Any, ClassVar, Literal, Protocol, Self

from pydantic import ConfigDict, Field, model_validator

from tenant_onboarding.contracts.base import Contract
from tenant_onboarding.contracts.fields import TenantId, Tier
from tenant_onboarding.contracts.reasons import Reason

GivenBack = Annotated[dict[str, str], Field(exclude_if=lambda metadata: not metadata)]
"""A tenant's metadata, left out of an event where there is none."""


class Announcement(Protocol):
    """What an outbox holds: an event about a tenant, which knows its place there and when it came true."""

    @property
    def tenant_id(self) -> str:
        """The tenant that it is about."""

    @property
    def event_key(self) -> str:
        """What consumers know a repeated event by: no two events have the same."""

    @property
    def metadata(self) -> dict[str, str]:
        """The tenant's metadata."""

    @property
    def outbox_key(self) -> str:
        """The key within the outbox of the item that it is about: its type, a hyphen, and what tells it apart."""

    @property
    def came_true(self) -> tuple[int, int, bool]:
        """What the events of one outbox sort by."""

    def to_json(self) -> str:
        """Return the event's detail as it goes over the bus."""

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray) -> Self:
        """Return the event that a detail says."""


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

    @property
    def came_true(self) -> tuple[int, int, bool]:
        """What events of one tenant sort by: no attempt or redrive ends before it started."""
        return self.attempt, self.redrive, not isinstance(self, TenantOnboardingStarted)

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


class ChangeEvent(Contract):
    """An event about a change of a tenant: there is at most one of its type for each change."""

    model_config = ConfigDict(populate_by_name=True)
    is_final: ClassVar[bool] = True
    """Whether nothing more comes true of a change after it."""

    tenant_id: TenantId
    change: Literal["UPDATE", "SUSPEND", "RESUME", "CANCEL", "REPAIR"]
    change_id: Annotated[str, Field(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$")]
    """A ULID, unique over all tenants."""
    event_key: str = ""
    metadata: GivenBack = {}

    @model_validator(mode="before")
    @classmethod
    def _derive_key(cls, values: Any) -> Any:  # Any: as above
        if not isinstance(values, dict) or "eventKey" in values:
            return values
        tenant_id = values.get("tenant_id", values.get("tenantId"))
        change_id = values.get("change_id", values.get("changeId"))
        return values | {"event_key": f"{tenant_id}:{cls.__name__}:{change_id}"}

    @property
    def outbox_key(self) -> str:
        """The key within the change's own outbox."""
        return f"{type(self).__name__}-{self.change_id}"

    @property
    def came_true(self) -> tuple[int, int, bool]:
        """What events of one change sort by."""
        return 0, 0, self.is_final

    def to_json(self) -> str:
        """Return the event's detail as it goes over the bus."""
        return self.model_dump_json(by_alias=True, exclude_none=True)


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


class TenantSeatsChanged(Contract):
    """Another number of the tenant's people is ACTIVE, or was meanwhile; it says nothing of who they are."""

    model_config = ConfigDict(populate_by_name=True)

    tenant_id: TenantId
    seats: Annotated[int, Field(ge=0)]
    """As many as were ACTIVE at the last change before this was published."""
    number: Annotated[int, Field(ge=1)]
    """Of two events of a tenant the one with the greater number is the later."""
    event_key: str = ""
    metadata: GivenBack = {}

    @model_validator(mode="before")
    @classmethod
    def _derive_key(cls, values: Any) -> Any:  # Any: as above
        if not isinstance(values, dict) or "eventKey" in values:
            return values
        tenant_id = values.get("tenant_id", values.get("tenantId"))
        return values | {"event_key": f"{tenant_id}:{cls.__name__}:{values.get('number')}"}

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
