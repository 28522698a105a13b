"""The keys that a deployment may choose, with their defaults, checked before anything is synthesized."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from infra.configuration.value_types import (
    BRIDGE_PROVIDERS,
    CHOICE_BASED,
    AlarmEmail,
    ApiDomain,
    AppDomain,
    AppPath,
    AuthFlows,
    BridgeProviders,
    Certificate,
    EmailTemplates,
    EventAccounts,
    EventSources,
    MemberRoles,
    OAuthScopes,
    ParameterPrefix,
    Plans,
    ProductOrigins,
    Regions,
    RetentionDays,
    Runbook,
    SecretPrefix,
    Sender,
    SenderIdentity,
)
from orchestrator.aws import digits
from orchestrator.aws.settings import OpenSignUp, TokenUse, token_use
from tenant_onboarding.contracts.redirect_addresses import is_localhost

if TYPE_CHECKING:  # it takes seconds, and the check before a deployment does without
    from aws_cdk import App


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
    local_callbacks: bool = False
    """Whether tenants' app clients may send people to http://localhost: for stages where people develop."""
    product_origins: ProductOrigins = ()
    """The origins of the product's pages that may call the account API, beside the tenants' own hosts."""
    api_certificate: Certificate = ""
    """In the home Region, for `api_domain`."""
    api_domain: ApiDomain = ""
    """Where the account API is, beside API Gateway's own address; that of tenants' hosts is the product's to map."""
    api_domain_only: bool = False
    """Whether API Gateway's own address of the account API is closed."""
    member_roles: MemberRoles = ()
    """The roles of the product that a tenant's admins can give to its people, beside admin and member."""
    access_token_minutes: Annotated[int, Field(ge=5, le=1_440)] = 60
    id_token_minutes: Annotated[int, Field(ge=5, le=1_440)] = 60
    refresh_token_days: Annotated[int, Field(ge=1, le=3_650)] = 30
    open_shards: Annotated[int, Field(ge=1, le=100)] = 1
    groups_per_pool: Annotated[int, Field(ge=1, le=10_000)] = 10_000
    app_clients_per_pool: Annotated[int, Field(ge=1, le=10_000)] = 1_000
    """More than 1,000 only after Cognito has raised the account's quota; the same for identity providers over 300."""
    identity_providers_per_pool: Annotated[int, Field(ge=0, le=1_000)] = 300
    quota_share: Annotated[float, Field(ge=0.05, le=1)] = 0.9
    """How much of Cognito's rate quotas onboarding uses as a burst begins, which paces intake."""
    in_doubt_wait_seconds: Annotated[float, Field(ge=0, le=10)] = 3.0
    mails_per_address_hour: Annotated[int, Field(ge=1, le=100)] = 3
    """Links that may be mailed to one address in an hour, over all tenants; invitations are held against it apart."""
    mails_per_tenant_day: Annotated[int, Field(ge=1, le=1_000_000)] = 500
    people_mail_share: Annotated[float, Field(ge=0.01, le=1)] = 0.5
    """How much of SES's 24 hours registrations and forgotten passwords may take, of the whole deployment."""
    rejected_retention_days: Annotated[int, Field(ge=1, le=3_650)] = 90
    reserved_for_tokens: Annotated[int, Field(ge=0, le=10_000)] = 0
    """So many of the account's concurrent functions in each Region are kept for sign-ins; 0: none."""
    open_sign_up: OpenSignUp = ""
    """What keeps robots from registering with tenants that are OPEN: a declaration, of which nothing is made."""
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

    @field_validator("*", mode="before")
    @classmethod
    def _in_digits(cls, value: object, info: ValidationInfo) -> object:
        kind = cls.model_fields[str(info.field_name)].annotation
        read = {int: digits.whole, float: digits.fraction}.get(kind) if isinstance(kind, type) else None
        return read(value) if read else value

    @field_validator("api_domain")
    @classmethod
    def _is_no_tenants_host(cls, domain: str, info: ValidationInfo) -> str:
        if bool(domain) != bool(info.data.get("api_certificate")):
            raise ValueError("must be given together with apiCertificate")
        if f".{domain}".endswith(f".{info.data.get('app_domain')}"):
            raise ValueError("must be neither appDomain nor below it, where the tenants' hosts are")
        return domain

    @field_validator("api_domain_only")
    @classmethod
    def _leaves_an_address(cls, only: bool, info: ValidationInfo) -> bool:  # noqa: FBT001  # pydantic's
        if only and not info.data.get("api_domain"):
            raise ValueError("needs apiDomain: without it nobody would reach the account API")
        return only

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

    @field_validator("product_origins")
    @classmethod
    def _fits_local_callbacks(cls, origins: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if any(map(is_localhost, origins)) and not info.data.get("local_callbacks"):
            raise ValueError("must not hold http://localhost unless localCallbacks is true")
        return origins

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
    key = ".".join(to_camel(str(part)) for part in mistake["loc"])  # a default is named by its field
    message = mistake["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{key}: {message}, not {mistake['input']!r}"
