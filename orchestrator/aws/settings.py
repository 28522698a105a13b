"""The settings that functions run by, read from their environment once and trusted after."""

import os
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from tenant_onboarding.contracts.fields import Tier
from tenant_onboarding.names import PREFIX, STACK_NAME

REGIONAL_STACK_NAME = f"{STACK_NAME}Regional"
"""In each Region of `regions` but the home one."""
STARTERS = 2
"""Intake functions that may run at a time; each keeps to its part of Cognito's rate quotas."""


def _names(value: Any) -> Any:  # Any: before validation
    return tuple(filter(None, value.split(","))) if isinstance(value, str) else value


def _pairs(value: Any) -> Any:  # Any: before validation
    if not isinstance(value, str):
        return value
    return {name: chosen for name, _, chosen in (pair.partition("=") for pair in _names(value))}


JUDGED_BY = (
    "plans",
    "regions",
    "secret_prefix",
    "bridge_providers",
    "feature_plan",
    "local_callbacks",
    "identity_providers_per_pool",
)
"""What intake judges an event by, of what a deployment chooses: an output of the stack tells it to the command line."""
LIMITED_BY = (
    "sender_identity_arn",
    "open_shards",
    "groups_per_pool",
    "app_clients_per_pool",
    "quota_share",
    "people_mail_share",
    "open_sign_up",
)
"""What the preflight holds against quotas and usage beside that, by an output of its own."""
MADE_WITH = (
    "pre_sign_up_arn",
    "auth_flows",
    "oauth_scopes",
    "callback_path",
    "logout_path",
    "access_token_minutes",
    "id_token_minutes",
    "refresh_token_days",
)
"""What user pools and app clients are made with beside that: an output tells it to whoever converges them."""
GIVEN = ("member_roles", "mails_per_tenant_day")
"""What people can be given, and how many links: an output tells it to who looks after them on the command line."""

Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
"""Separated by commas: `openid,email`."""
Plans = Annotated[dict[str, Tier], BeforeValidator(_pairs)]
"""Billing's plan names, each with its tier: `basic=pool,premium=silo`."""

OpenSignUp = Literal["", "captcha", "firewall"]
"""What a deployment declares to stand before the registration of tenants that are OPEN."""
TokenUse = Literal["access", "id"]
"""What Cognito calls a kind of token in its claim `token_use`."""


def token_use(feature_plan: str) -> TokenUse:
    """Return which tokens can say a tenant: Cognito lets nobody add claims to the access tokens of the plan LITE."""
    return "id" if feature_plan == "LITE" else "access"


class Settings(BaseModel):
    """The settings of one deployed stack; `infra` writes them, each as `ONBOARDING_<NAME>`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stack_name: str
    deployment_id: str
    """Unique to this stack: another of its name, made anew, must not take the old one's user pools for its own."""
    account_id: str
    region: str
    tenants_table: str
    routes_table: str
    shared_pools_table: str
    users_table: str
    event_bus: str
    app_domain: str
    sender: str
    sender_identity_arn: str = ""
    """Only placement, which opens user pools, has it."""
    configuration_set: str = ""
    """Only what sends mail has one: welcome that of welcome emails, what mails links that of people's mail."""
    user_keys: str = ""
    """The secret with which addresses are hashed; only placement, which registers users, and operators have it."""
    session_keys: str = ""
    """The secret with which challenge sessions are sealed; only who signs people in has it."""
    keys_address: str = "{issuer}/.well-known/jwks.json"
    """Where a user pool's keys are, by which tokens are verified; only who signs people in is told another."""
    proof_requests_queue: str = ""
    """The address of the queue of requests for links; only who puts some on it has it."""
    parameter_prefix: str = "/tenant-onboarding"
    plans: Plans = {"basic": "pool", "standard": "bridge", "premium": "silo"}
    regions: Names = ()
    """Where silo tenants may have their user pool, beside the home Region."""
    secret_prefix: str = "tenant-onboarding"  # noqa: S105  # a name
    """Tenants' client secrets are read below `{secret_prefix}/{tenantId}/` only, so none can name another's."""
    bridge_providers: Names = ("SAML", "OIDC")
    """The types that bridge tenants may bring; they share a user pool, and with it the SAML entity id."""
    feature_plan: Literal["LITE", "ESSENTIALS", "PLUS"] = "ESSENTIALS"
    token_claims_arn: str = ""
    """The trigger of user pools in the home Region; another Region has one of the same name."""
    pre_sign_up_arn: str = ""
    """That which says who may become a user; as above."""
    auth_flows: Names = ("ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
    oauth_scopes: Names = ("openid", "email", "profile")
    callback_path: str = "/auth/callback"
    logout_path: str = "/"
    local_callbacks: bool = False
    """Whether tenants' app clients may send people to http://localhost, as whoever develops for them wants."""
    product_origins: Names = ()
    """Whose pages may call the account API from a browser, beside those at the tenants' own hosts."""
    member_roles: Names = ()
    """Which roles a tenant's admins can give to its people, beside `admin` and `member`."""
    access_token_minutes: int = Field(default=60, ge=5, le=1_440)
    id_token_minutes: int = Field(default=60, ge=5, le=1_440)
    refresh_token_days: int = Field(default=30, ge=1, le=3_650)
    """Cognito: access and ID tokens last 5 minutes to a day, refresh tokens an hour to ten years."""
    open_shards: int = Field(default=1, ge=1, le=100)
    groups_per_pool: int = Field(default=10_000, ge=1, le=10_000)
    """Cognito: 10,000 groups a user pool, not adjustable."""
    app_clients_per_pool: int = Field(default=1_000, ge=1, le=10_000)
    """Cognito: 1,000 app clients a user pool by default, 10,000 at most."""
    identity_providers_per_pool: int = Field(default=300, ge=0, le=1_000)
    """Cognito: 300 identity providers a user pool by default, 1,000 at most."""
    quota_share: float = Field(default=0.9, ge=0.05, le=1)
    """How much of Cognito's rate quotas onboarding uses as a burst begins; it goes up by a ninth at most, and down."""
    in_doubt_wait_seconds: float = Field(default=3.0, ge=0, le=10)
    mails_per_address_hour: int = Field(default=3, ge=1, le=100)
    mails_per_tenant_day: int = Field(default=500, ge=1, le=1_000_000)
    people_mail_share: float = Field(default=0.5, ge=0.01, le=1)
    """How much of what SES sends in 24 hours people's mail may take that anybody may ask for."""
    rejected_retention_days: int = Field(default=90, ge=1, le=3_650)
    open_sign_up: OpenSignUp = ""
    log_level: Literal["INFO", "WARNING", "ERROR"] = "INFO"
    state_machine_arn: str = ""
    """Only the functions that start or look at executions have it: the workflow itself refers to the others."""
    welcome_function_name: str = ""
    """Only what asks for a welcome email to be sent again has it."""
    abandonment_state_machine_arn: str = ""
    """Only who begins an abandonment has it; the record names its execution to all others."""

    alarm_topic_arn: str = ""
    """Only the preflight, which asks who hears of alarms, has it; empty where there are none."""

    @property
    def trigger_version(self) -> str:
        """The version of the trigger's event: the only one of LITE reaches ID tokens, the other access tokens too."""
        return "V1_0" if self.feature_plan == "LITE" else "V2_0"

    @property
    def partition(self) -> str:
        """The AWS partition of the stack, where it can be known."""
        return self.state_machine_arn.split(":")[1] if self.state_machine_arn else "aws"

    @property
    def token_use(self) -> TokenUse:
        """Which tokens say a tenant to the product's APIs."""
        return token_use(self.feature_plan)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Return the settings in `environment`; raises pydantic's ValidationError naming what is missing or wrong."""
        named = {k.removeprefix(PREFIX).lower(): v for k, v in environment.items() if k.startswith(PREFIX)}
        return cls.model_validate({"region": environment.get("AWS_REGION"), **named})
