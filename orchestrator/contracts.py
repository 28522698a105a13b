"""The events in and out, and every limit that AWS or DNS would otherwise impose later.

`TenantCreated` comes from billing or signup; the other four are ours. All are camelCase JSON, strict and frozen;
`json_schema` makes their JSON Schemas from these models. Nothing that can be known at the door fails after it: where
a bound comes from AWS or DNS, the field says which.
"""

import hashlib
import json
import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from orchestrator.fields import (
    DomainName,
    EmailAddress,
    HttpsAddress,
    Name,
    ProviderName,
    Region,
    Subdomain,
    TenantCode,
    TenantId,
    Tier,
    refuse,
)

SOURCE = "tenant.onboarding"
TENANT_CREATED = "TenantCreated"

USERNAME_MAX = 128
"""Cognito: a user name has at most 128 characters; in a shared user pool ours is `{tenantId}/{email}`."""
WORDS = {
    "extra_forbidden": "is not a field of this event; remove it",
    "greater_than_equal": "must be at least {ge}",
    "int_type": "must be a whole number",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a JSON array",
    "literal_error": "must be {expected}",
    "missing": "is required",
    "model_type": "must be a JSON object",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must not be empty",
    "string_type": "must be a string",
    "string_unicode": "must be valid Unicode",
    "too_long": "must have at most {max_length} items",
}
"""What we say for pydantic's error types; in braces a limit of the model, never what was received."""
FIELD_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
REASONS_MAX = 50
TEXT_MAX = 300


def _first_repeat(values: list[str]) -> int | None:
    return next((index for index, value in enumerate(values) if value in values[:index]), None)


class Contract(BaseModel):
    """A strict, frozen piece of an event: camelCase outside, unknown fields refused by name."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)


class Admin(Contract):
    """The tenant's first user."""

    email: EmailAddress
    name: Name | None = None


class Routing(Contract):
    """The keys by which the product will find the tenant."""

    subdomain: Subdomain
    email_domains: Annotated[list[DomainName], Field(max_length=20)] = []
    tenant_code: TenantCode | None = None

    @model_validator(mode="after")
    def _no_domain_twice(self) -> Self:
        if index := _first_repeat(self.email_domains):
            raise refuse("is listed twice", "emailDomains", index)
        return self


class IdentityProvider(Contract):
    """A tenant's own identity provider."""

    name: ProviderName
    type: Literal["SAML", "OIDC", "Google", "Facebook", "SignInWithApple", "LoginWithAmazon"]
    metadata_url: HttpsAddress | None = None

    @model_validator(mode="after")
    def _saml_has_metadata(self) -> Self:
        if self.type == "SAML" and self.metadata_url is None:
            raise refuse("is required for type SAML", "metadataUrl")
        return self


class PasswordPolicy(Contract):
    """A silo tenant's own password policy."""

    minimum_length: Annotated[int, Field(ge=8, le=99)]
    """Cognito allows up to 99 characters; fewer than 8 are not offered."""


class Security(Contract):
    """A silo tenant's own security settings."""

    mfa: Literal["OFF", "OPTIONAL", "ON"] = "OPTIONAL"
    password_policy: PasswordPolicy | None = None


class TenantCreated(Contract):
    """What billing or signup says of a new tenant; emitting it again changes nothing."""

    tenant_id: TenantId
    tenant_name: Name
    tier: Tier
    admin: Admin
    routing: Routing
    identity_providers: Annotated[list[IdentityProvider], Field(max_length=20)] = []
    security: Security | None = None
    region: Region | None = None

    @model_validator(mode="after")
    def _username_fits(self) -> Self:
        if len(f"{self.tenant_id}/{self.admin.email}") > USERNAME_MAX:
            room = USERNAME_MAX - len(self.tenant_id) - 1
            message = f"must have at most {room} characters: with the tenant id it makes a user name of {USERNAME_MAX}"
            raise refuse(message, "admin", "email")
        return self

    @model_validator(mode="after")
    def _no_provider_twice(self) -> Self:
        if index := _first_repeat([provider.name.lower() for provider in self.identity_providers]):
            raise refuse(
                "is the name of two providers; capitals make no difference", "identityProviders", index, "name"
            )
        return self

    @property
    def federated(self) -> bool:
        """Whether the tenant brings its own identity providers."""
        return bool(self.identity_providers)

    def tier_problems(self) -> "list[Reason]":
        """Return what the chosen tier cannot carry."""
        problems = []
        if self.tier == "pool" and self.identity_providers:
            problems.append(
                Reason(field="identityProviders", message="are not possible on tier pool; use bridge or silo")
            )
        if self.tier != "silo" and self.security:
            problems.append(Reason(field="security", message="is possible on tier silo only"))
        if self.tier != "silo" and self.region:
            problems.append(Reason(field="region", message="is possible on tier silo only"))
        return problems


class Reason(Contract):
    """One reason why an event was rejected: the field's path, and what would be right."""

    field: str
    message: str


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


class Contracts:
    """All events by detail type."""

    INCOMING: ClassVar = (TenantCreated,)
    OUTGOING: ClassVar = (TenantOnboardingStarted, TenantOnboarded, TenantOnboardingFailed)
    ALL: ClassVar[dict[str, type[Contract]]] = {
        model.__name__: model for model in (*INCOMING, *OUTGOING, TenantOnboardingRejected)
    }


def json_schema(detail_type: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of an event's detail; raises KeyError for an unknown detail type."""
    model = Contracts.ALL[detail_type]
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def outgoing_event(outbox_key: str, detail: str) -> OutgoingEvent:
    """Return the event that an outbox entry holds; raises KeyError for a key that is no event's of ours."""
    name = outbox_key.split("-", 1)[0]
    models = {model.__name__: model for model in Contracts.OUTGOING}
    return models[name].model_validate_json(detail)


def canonical_sha256(detail: Any) -> str:
    """Return the fingerprint of a received detail: equal for equal JSON, whatever its order of keys and its spacing.

    It is taken of what was received, not of the parsed model: a new default field must not turn duplicates into
    conflicts.
    """
    canonical = json.dumps(detail, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def reasons(error: ValidationError) -> list[Reason]:
    """Return what was wrong with an event, each field by its path, in words that repeat nothing of its values."""
    return [_reason(detail) for detail in error.errors(include_url=False, include_input=False)[:REASONS_MAX]]


def _reason(detail: ErrorDetails) -> Reason:
    context = detail.get("ctx", {})
    words = WORDS.get(detail["type"])
    message = words.format_map(context) if words else detail["msg"]
    return Reason(field=_path((*detail["loc"], *context.get("field", ()))) or "detail", message=message[:TEXT_MAX])


def _path(location: tuple[str | int, ...]) -> str:
    """Return a field's path; a made-up name that looks like no field's is not repeated, for it may be anybody's."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{_field_name(part)}" for part in location)
    return path.removeprefix(".")[:TEXT_MAX]


def _field_name(name: str) -> str:
    return name if FIELD_NAME.fullmatch(name) else "(unreadable name)"
