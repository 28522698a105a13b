"""What a deployment chooses, from the CDK context, checked before anything is synthesized."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import botocore.session
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from infra.emitters import EventAccounts, EventSources
from orchestrator.contracts.fields import TIERS, PlanName
from orchestrator.settings import TokenUse, token_use

if TYPE_CHECKING:  # it takes seconds, and the check before a deployment does without
    from aws_cdk import App

DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
SENDER = re.compile(rf"[^@\s<>*?\"]+@{DOMAIN.pattern}")
"""It becomes part of a grant's resource, where * and ? would stand for others."""
SENDER_IDENTITY = re.compile(rf"({SENDER.pattern}|{DOMAIN.pattern})?")
ALARM_EMAIL = re.compile(rf"({SENDER.pattern})?")
RUNBOOK = re.compile(r"[^\s#]{1,500}")
PARAMETER_PREFIX = re.compile(r"/(?!(?i:aws|ssm))[A-Za-z0-9_.-]{1,64}(/[A-Za-z0-9_.-]{1,64}){0,11}")
"""SSM: at most 15 levels, of which ours are two; names must not begin with aws or ssm, in whatever capitals."""
SECRET_PREFIX = re.compile(r"[A-Za-z0-9_.-]{1,64}(/[A-Za-z0-9_.-]{1,64}){0,5}")
"""Secrets Manager: a name has at most 512 characters; the tenant's id and at least 80 more still fit in."""
FOLDER = re.compile(r"([A-Za-z0-9_-][A-Za-z0-9._-]{0,63}(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}){0,11})?")
PATH = re.compile(r"/[A-Za-z0-9._~/-]{0,200}")
REFRESH = "ALLOW_REFRESH_TOKEN_AUTH"
AUTH_FLOWS = (
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
    "ALLOW_TOKEN_EXCHANGE_DELEGATION",
    "ALLOW_TOKEN_EXCHANGE_IMPERSONATION",
    "ALLOW_USER_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
)
"""What Cognito takes for ExplicitAuthFlows; the older names without ALLOW_ do not go together with these."""
CHOICE_BASED = "ALLOW_USER_AUTH"
"""Of these the one that Cognito has from the feature plan ESSENTIALS on."""
BRIDGE_PROVIDERS = ("SAML", "OIDC")
OAUTH_SCOPES = ("openid", "email", "phone", "profile", "aws.cognito.signin.user.admin")
BY_COMMAS = "separated by commas without spaces"
# Logs: what PutRetentionPolicy takes for retentionInDays.
RETENTIONS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180),
    *(365, 400, 545, 731, 1_096, 1_827, 2_192, 2_557, 2_922, 3_288, 3_653),
)


def matching(pattern: re.Pattern[str], message: str) -> AfterValidator:
    """Return a check that a text is like the pattern from end to end."""

    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(message)
        return value

    return AfterValidator(check)


def _fits(kind: Any, value: object) -> bool:  # Any: an annotated type
    """Tell whether a value is of a kind that events know, so that what is offered can be asked for."""
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


def _different(value: object, known: Callable[[str], bool], message: str) -> tuple[str, ...]:
    """Return names from text with commas or, as cdk.json may have it, a list: each one known, and none there twice."""
    names = (value.split(",") if value else []) if isinstance(value, str) else value
    if (
        not isinstance(names, list | tuple)
        or not all(isinstance(name, str) and known(name) for name in names)
        or len(set(names)) < len(names)
    ):
        raise ValueError(message)
    return tuple(names)


def _auth_flows(value: object) -> tuple[str, ...]:
    message = f"must be different names of {', '.join(AUTH_FLOWS)}, {BY_COMMAS}"
    names = _different(value, AUTH_FLOWS.__contains__, message)
    if REFRESH not in names:  # Cognito: "REFRESH_TOKEN_AUTH should always be allowed."
        raise ValueError(f"must hold {REFRESH}")
    return names


def _oauth_scopes(value: object) -> tuple[str, ...]:
    """Cognito: email, phone and profile are given together with openid only."""
    message = f"must be openid and any of {', '.join(OAUTH_SCOPES[1:])}, each once, {BY_COMMAS}"
    names = _different(value, OAUTH_SCOPES.__contains__, message)
    if "openid" not in names:
        raise ValueError(message)
    return names


def _regions(value: object) -> tuple[str, ...]:
    """Of the partition aws only: elsewhere issuers and domains have other names."""
    known = botocore.session.get_session().get_available_regions("cognito-idp")
    message = f"must be different AWS Regions that have Amazon Cognito, {BY_COMMAS}, like eu-west-1,us-east-1"
    return _different(value, known.__contains__, message)


def _bridge_providers(value: object) -> tuple[str, ...]:
    message = f"must be different types of {', '.join(BRIDGE_PROVIDERS)}, {BY_COMMAS}, or nothing"
    return _different(value, BRIDGE_PROVIDERS.__contains__, message)


def _retention(value: int) -> int:
    if value not in RETENTIONS:
        raise ValueError(f"must be one of {', '.join(map(str, RETENTIONS))}")
    return value


def _plans(value: object) -> dict[str, str]:
    """Return plans from text like `basic=pool` or, as cdk.json may have it, an object."""
    if isinstance(value, str):
        parted = [pair.partition("=") for pair in value.split(",")] if value else []
        pairs: list[tuple[Any, Any]] = [(plan, tier) for plan, _, tier in parted]
    else:
        pairs = list(value.items()) if isinstance(value, dict) else [(None, None)]
    right = [_fits(PlanName, plan) and plan not in TIERS and tier in TIERS for plan, tier in pairs]
    if not all(right) or len(dict(pairs)) < len(pairs):
        example = "basic=pool,standard=bridge,premium=silo"
        raise ValueError(f"must be like {example}: different names of plans, none a tier's, each with its tier")
    return dict(pairs)


AppDomain = Annotated[str, Field(max_length=189), matching(DOMAIN, "must be a domain in lower case, like app.example")]
"""DNS: a host name has at most 253 characters; 64 are for the subdomain and its dot."""
Sender = Annotated[str, matching(SENDER, "must be an email address without a name, like welcome@app.example")]
SenderIdentity = Annotated[
    str, matching(SENDER_IDENTITY, "must be an email address or a domain in lower case, like app.example")
]
ParameterPrefix = Annotated[
    str, matching(PARAMETER_PREFIX, "must be like /tenant-onboarding: 1 to 12 levels, not beginning with aws or ssm")
]
SecretPrefix = Annotated[
    str,
    matching(
        SECRET_PREFIX,
        "must be like tenant-onboarding: 1 to 6 levels of letters, digits, hyphens, underscores and dots, with slashes"
        " between them",
    ),
]
AlarmEmail = Annotated[str, matching(ALARM_EMAIL, "must be an email address without a name, like ops@app.example")]
Runbook = Annotated[str, matching(RUNBOOK, "must be an address or a path without spaces, like docs/operations.md")]
EmailTemplates = Annotated[
    str, matching(FOLDER, "must be a folder of this repository, like examples/emails, without .. in it")
]
AppPath = Annotated[str, matching(PATH, "must be the path of an address, like /auth/callback, without a query")]
"""Below the tenant's own host name; with the longest an address stays within Cognito's 1,024 characters."""
Plans = Annotated[dict[str, str], BeforeValidator(_plans)]
Regions = Annotated[tuple[str, ...], BeforeValidator(_regions)]
BridgeProviders = Annotated[tuple[str, ...], BeforeValidator(_bridge_providers)]
AuthFlows = Annotated[tuple[str, ...], BeforeValidator(_auth_flows)]
OAuthScopes = Annotated[tuple[str, ...], BeforeValidator(_oauth_scopes)]
RetentionDays = Annotated[int, AfterValidator(_retention)]


class Configuration(BaseModel):
    """The choices, each a context key in camelCase: `-c appDomain=app.example`."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, extra="ignore")

    local: bool = False
    """Leaves third-party packages out of the code assets; the local stack brings its own."""
    app_domain: AppDomain = "app.example"
    sender: Sender = "welcome@app.example"
    sender_identity: SenderIdentity = ""
    """The SES identity that covers the sender: the address itself unless its domain is verified."""
    parameter_prefix: ParameterPrefix = "/tenant-onboarding"
    plans: Plans = {"basic": "pool", "standard": "bridge", "premium": "silo"}
    """What billing calls its plans, each with the tier that it stands for; the tiers' own names always do."""
    regions: Regions = ()
    """Where silo tenants may have their user pool, beside the stack's own Region."""
    secret_prefix: SecretPrefix = "tenant-onboarding"  # noqa: S105  # a name
    """Tenants' client secrets are in Secrets Manager below it, each tenant's in a folder with its id."""
    bridge_providers: BridgeProviders = BRIDGE_PROVIDERS
    """The types of identity providers that bridge tenants may bring into a user pool that they share."""
    create_sender_identity: bool = False
    """Whether the stack makes the SES identity of the sender's domain; it must not be there yet."""
    email_templates: EmailTemplates = ""
    """A folder of the repository with templates of welcome emails, each put over or beside ours."""
    feature_plan: Literal["LITE", "ESSENTIALS", "PLUS"] = "ESSENTIALS"
    auth_flows: AuthFlows = ("ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
    oauth_scopes: OAuthScopes = ("openid", "email", "profile")
    callback_path: AppPath = "/auth/callback"
    logout_path: AppPath = "/"
    access_token_minutes: Annotated[int, Field(ge=5, le=1_440)] = 60
    id_token_minutes: Annotated[int, Field(ge=5, le=1_440)] = 60
    refresh_token_days: Annotated[int, Field(ge=1, le=3_650)] = 30
    open_shards: Annotated[int, Field(ge=1, le=100)] = 1
    groups_per_pool: Annotated[int, Field(ge=1, le=10_000)] = 10_000
    app_clients_per_pool: Annotated[int, Field(ge=1, le=10_000)] = 1_000
    """More than 1,000 only after Cognito has raised the account's quota; the same for identity providers over 300."""
    identity_providers_per_pool: Annotated[int, Field(ge=0, le=1_000)] = 300
    quota_share: Annotated[float, Field(ge=0.05, le=1)] = 0.9
    """How much of Cognito's rate quotas onboarding may use up, which paces intake."""
    in_doubt_wait_seconds: Annotated[float, Field(ge=0, le=10)] = 3.0
    rejected_retention_days: Annotated[int, Field(ge=1, le=3_650)] = 90
    log_level: Literal["INFO", "WARNING", "ERROR"] = "INFO"
    alarms: bool = True
    alarm_email: AlarmEmail = ""
    """Whoever has it is asked by SNS to confirm; others subscribe to the topic themselves."""
    alarm_failures: Annotated[int, Field(ge=1, le=1_000)] = 1
    alarm_oldest_minutes: Annotated[int, Field(ge=5, le=1_440)] = 30
    """The workflow's own retries of one step can take a quarter of an hour."""
    runbook: Runbook = "docs/operations.md"
    """Where the alarms' descriptions send those who read them; a section's name follows."""
    operators_mfa: Literal["ON", "OPTIONAL"] = "ON"
    """Whether whoever signs in to the operators' user pool must have an authenticator app."""
    keep_data: bool = True
    """Whether what holds data stays when the stack is deleted; a stack that may go without a trace says no."""
    log_retention_days: RetentionDays = 90
    event_sources: EventSources = ()
    """The sources whose TenantCreated is taken, and who may put events at all; without any, IAM alone decides."""
    event_accounts: EventAccounts = ()
    """Other accounts that may put TenantCreated of these sources on the bus."""
    archive_days: Annotated[int, Field(ge=0, le=3_650)] = 90
    """How long TenantCreated, which names the admin, is kept for a replay; with 0 there is no archive."""

    @property
    def identity(self) -> str:
        """The SES identity that covers the sender: its domain if the stack makes that, or else the one named."""
        made = self.sender.split("@")[1] if self.create_sender_identity else ""
        return made or self.sender_identity or self.sender

    @field_validator("create_sender_identity")
    @classmethod
    def _names_no_other(cls, made: bool, info: ValidationInfo) -> bool:  # noqa: FBT001  # pydantic's
        if made and info.data.get("sender_identity"):
            raise ValueError("must be left out where senderIdentity names an identity that there is")
        return made

    @field_validator("auth_flows")
    @classmethod
    def _fits_the_feature_plan(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if CHOICE_BASED in names and info.data.get("feature_plan") == "LITE":
            raise ValueError(f"must not hold {CHOICE_BASED}, which the feature plan LITE does not have")
        return names

    @field_validator("event_accounts")
    @classmethod
    def _bound_to_sources(cls, accounts: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if accounts and not info.data.get("event_sources"):
            raise ValueError("needs eventSources: other accounts may put events of named sources only")
        return accounts

    @property
    def token_use(self) -> TokenUse:
        """Which tokens say whose user they are for."""
        return token_use(self.feature_plan)

    @classmethod
    def from_context(cls, app: "App", stage: Mapping[str, Any] = MappingProxyType({})) -> Self:  # Any: of TOML
        """Return the choices in an app's context, over a stage's; ends the program with a line for each mistake."""
        names = [to_camel(name) for name in cls.model_fields]
        given = {name: app.node.try_get_context(name) for name in names}
        try:
            return cls.model_validate({**stage, **{name: value for name, value in given.items() if value is not None}})
        except ValidationError as error:
            raise SystemExit("\n".join(f"context {line(mistake)}" for mistake in error.errors())) from None


def line(mistake: ErrorDetails) -> str:
    """Return a mistake as one line that begins with its key."""
    key = ".".join(map(str, mistake["loc"]))
    message = mistake["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{key}: {message}, not {mistake['input']!r}"
