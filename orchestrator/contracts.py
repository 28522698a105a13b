"""The events in and out, and every limit that AWS or DNS would otherwise impose later.

`TenantCreated` comes from billing or signup; the other four are ours. All are camelCase JSON, strict and frozen;
`json_schema` makes their JSON Schemas from these models. Nothing that can be known at the door fails after it: where
a bound comes from AWS or DNS, the field says which.
"""

import hashlib
import json
import re
import unicodedata
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError

SOURCE = "tenant.onboarding"
TENANT_CREATED = "TenantCreated"

USERNAME_MAX = 128
"""Cognito: a user name has at most 128 characters; in a shared user pool ours is `{tenantId}/{email}`."""
EMAIL_MAX = 254
"""RFC 5321: a path has at most 256 octets, two of them angle brackets."""
PROVIDER_NAME_MAX = 23
"""Cognito: 32 characters, of which `{8 hex of tenantId}-` takes nine."""
WORDS = {
    "extra_forbidden": "is not a field of this event; remove it",
    "missing": "is required",
    "model_type": "must be a JSON object",
    "string_type": "must be a string",
    "string_unicode": "must be valid Unicode",
}
REASONS_MAX = 50
TEXT_MAX = 300

RESERVED_SUBDOMAINS = frozenset(
    """
    abuse account accounts admin administrator api app assets auth autoconfig autodiscover billing blog cdn cognito
    config console dashboard dev dns docs email ftp git help hostmaster id identity idp imap internal isatap
    localhost login logout mail metrics mta-sts mx ns ns1 ns2 oauth onboarding pop portal postmaster prod root saml
    security signin signup smtp ssl sso staging static status support system tenant tenants test vpn webmail
    webmaster wpad www
    """.split()
)

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def _refuse(message: str) -> PydanticCustomError:
    return PydanticCustomError("onboarding", "{message}", {"message": message})


def _tenant_id(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]{3,40}", value):
        raise _refuse("must be 3 to 40 characters, each a lower-case letter a-z, a digit or a hyphen")
    return value


def _printable(value: str) -> str:
    if value != value.strip():
        raise _refuse("must not begin or end with white space")
    if any(unicodedata.category(character)[0] == "C" or character in "\u2028\u2029" for character in value):
        raise _refuse("must not contain line breaks, control or invisible characters")
    return value


def _label(value: str) -> str:
    if not _LABEL.fullmatch(value):
        raise _refuse(
            "must be a DNS label: 1 to 63 characters of a-z, 0-9 and hyphen, with no hyphen at either end"
        )
    if value[2:4] == "--":
        raise _refuse("must not have hyphens in the third and fourth place: DNS keeps those for encoded names (xn--)")
    return value


def _subdomain(value: str) -> str:
    if _label(value) in RESERVED_SUBDOMAINS:
        raise _refuse("is reserved for the product's own hosts; choose another")
    return value


def _domain(value: str) -> str:
    labels = value.split(".")
    if len(value) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):  # noqa: PLR2004  # DNS
        raise _refuse("must be a domain name in lower case such as acme.example, at most 253 characters")
    return value


def _tenant_code(value: str) -> str:
    if not re.fullmatch(r"[A-Z0-9](?:[A-Z0-9-]{0,30}[A-Z0-9])?", value):
        raise _refuse("must be 1 to 32 characters of A-Z, 0-9 and hyphen, with no hyphen at either end")
    return value


def _email(value: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    if len(value) > EMAIL_MAX or not value.isascii():
        raise _refuse(f"must be an email address of at most {EMAIL_MAX} ASCII characters")
    try:
        normalized = validate_email(value, check_deliverability=False, allow_smtputf8=False).normalized
    except EmailNotValidError as error:
        raise _refuse(f"must be an email address: {error}") from None
    return normalized.lower()


def _https(value: str) -> str:
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d{1,5})?(/[!-~]*)?", value):
        raise _refuse("must be an https:// address")
    return value


def _schema(**keywords: str | int) -> Any:  # Any: what pydantic's Field returns
    return Field(json_schema_extra=dict(keywords))


_LABEL_PATTERN = f"^{_LABEL.pattern}$"
TenantId = Annotated[str, AfterValidator(_tenant_id), _schema(pattern="^[a-z0-9-]{3,40}$")]
EmailAddress = Annotated[str, AfterValidator(_email), _schema(format="email", maxLength=EMAIL_MAX)]
Subdomain = Annotated[str, AfterValidator(_subdomain), _schema(pattern=_LABEL_PATTERN)]
DomainName = Annotated[str, AfterValidator(_domain), _schema(format="hostname", maxLength=253)]
TenantCode = Annotated[str, AfterValidator(_tenant_code), _schema(pattern="^[A-Z0-9]([A-Z0-9-]{0,30}[A-Z0-9])?$")]
HttpsAddress = Annotated[str, Field(max_length=2048), AfterValidator(_https), _schema(format="uri")]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
Tier = Literal["pool", "bridge", "silo"]


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
        if len(set(self.email_domains)) < len(self.email_domains):
            raise PydanticCustomError("onboarding", "{message}", {"message": "names a domain twice", "field": "emailDomains"})
        return self


class IdentityProvider(Contract):
    """A tenant's own identity provider."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=PROVIDER_NAME_MAX)]
    type: Literal["SAML", "OIDC", "Google", "Facebook", "SignInWithApple", "LoginWithAmazon"]
    metadata_url: HttpsAddress | None = None


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
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$", max_length=25)] | None = None

    @model_validator(mode="after")
    def _username_fits(self) -> Self:
        if len(f"{self.tenant_id}/{self.admin.email}") > USERNAME_MAX:
            room = USERNAME_MAX - len(self.tenant_id) - 1
            message = f"must have at most {room} characters: with the tenant id it makes a user name of {USERNAME_MAX}"
            raise PydanticCustomError("onboarding", "{message}", {"message": message, "field": "admin.email"})
        return self

    @property
    def federated(self) -> bool:
        """Whether the tenant brings its own identity providers."""
        return bool(self.identity_providers)

    def tier_problems(self) -> "list[Reason]":
        """Return what the chosen tier cannot carry."""
        problems = []
        if self.tier == "pool" and self.identity_providers:
            problems.append(Reason(field="identityProviders", message="are not possible on tier pool; use bridge or silo"))
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
        if isinstance(values, dict) and "tenant_id" in values:
            key = (values["tenant_id"], cls.__name__, values["attempt"], values.get("redrive", 0))
            return values | {"event_key": ":".join(str(part) for part in key)}
        return values

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
    """The workflow stopped; an operator acts on `nextAction`. Addresses in the message are masked."""

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
    """Return the event that an outbox entry holds."""
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
    path = _path((*detail["loc"], *([context["field"]] if "field" in context else [])))
    return Reason(field=path or "detail", message=WORDS.get(detail["type"], detail["msg"])[:TEXT_MAX])


def _path(location: tuple[str | int, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.lstrip(".").encode(errors="replace").decode()[:TEXT_MAX]
