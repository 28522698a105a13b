"""What a deployment chooses, from the CDK context, checked before anything is synthesized."""

import re
from typing import Annotated, Literal, Self

from aws_cdk import App
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from orchestrator.settings import Names, Pairs

DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
SENDER = re.compile(r"[^@\s<>]+@[^@\s<>]+")
PARAMETER_PREFIX = re.compile(r"/(?!(?i:aws|ssm))[A-Za-z0-9_.-]{1,64}(/[A-Za-z0-9_.-]{1,64}){0,11}")


def _app_domain(value: str) -> str:
    if not DOMAIN.fullmatch(value):
        message = "must be a domain in lower case, like app.example"
        raise ValueError(message)
    return value


def _sender(value: str) -> str:
    if not SENDER.fullmatch(value):
        message = "must be an email address without a name, like welcome@app.example"
        raise ValueError(message)
    return value


def _parameter_prefix(value: str) -> str:
    """SSM: at most 15 levels, of which ours are two; names must not begin with aws or ssm, in whatever capitals."""
    if not PARAMETER_PREFIX.fullmatch(value):
        message = "must be like /tenant-onboarding: 1 to 12 levels, not beginning with aws or ssm"
        raise ValueError(message)
    return value


REGION = re.compile(r"[a-z]{2,5}(-[a-z]{1,10}){1,2}-[0-9]{1,2}")
PLAN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9 ._-]{0,62}[A-Za-z0-9])?")
PATH = re.compile(r"/[A-Za-z0-9._~/-]{0,200}")
SECRET_PREFIX = re.compile(r"[A-Za-z0-9_.-]{1,64}(/[A-Za-z0-9_.-]{1,64}){0,5}")
TIERS = ("pool", "bridge", "silo")
REFRESH = "ALLOW_REFRESH_TOKEN_AUTH"
OAUTH_SCOPES = ("openid", "email", "phone", "profile", "aws.cognito.signin.user.admin")
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


def _auth_flows(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names or not set(names) <= set(AUTH_FLOWS) or len(set(names)) < len(names):
        message = f"must be different names of {', '.join(AUTH_FLOWS)}, separated by commas without spaces"
        raise ValueError(message)
    if REFRESH not in names:  # Cognito: "REFRESH_TOKEN_AUTH should always be allowed."
        message = f"must hold {REFRESH}"
        raise ValueError(message)
    return names


def _oauth_scopes(names: tuple[str, ...]) -> tuple[str, ...]:
    """Cognito: email, phone and profile are given together with openid only."""
    if not set(names) <= set(OAUTH_SCOPES) or len(set(names)) < len(names) or "openid" not in names:
        message = f"must be openid and any of {', '.join(OAUTH_SCOPES[1:])}, separated by commas without spaces"
        raise ValueError(message)
    return names


def _regions(names: tuple[str, ...]) -> tuple[str, ...]:
    if not all(REGION.fullmatch(name) for name in names) or len(set(names)) < len(names):
        message = "must be different AWS Regions, separated by commas without spaces, like eu-west-1,us-east-1"
        raise ValueError(message)
    return names


def _plans(plans: dict[str, str]) -> dict[str, str]:
    wrong = [plan for plan, tier in plans.items() if not PLAN.fullmatch(plan) or tier not in TIERS or plan in TIERS]
    if wrong:
        message = f"must be like basic=pool,premium=silo: names of plans, none of a tier, each with one of {TIERS}"
        raise ValueError(message)
    return plans


def _path(value: str) -> str:
    if not PATH.fullmatch(value):
        message = "must be the path of an address, like /auth/callback"
        raise ValueError(message)
    return value


def _secret_prefix(value: str) -> str:
    if not SECRET_PREFIX.fullmatch(value):
        message = (
            "must be like tenant-onboarding: letters, digits, hyphens, underscores, dots and slashes, none at the end"
        )
        raise ValueError(message)
    return value


class Configuration(BaseModel):
    """The choices, each a context key in camelCase: `-c appDomain=app.example`."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, extra="ignore")

    local: bool = False
    """Leaves third-party packages out of the code assets; the local stack brings its own."""
    app_domain: Annotated[str, Field(max_length=189), AfterValidator(_app_domain)] = "app.example"
    """DNS: a host name has at most 253 characters; 64 are for the subdomain and its dot."""
    sender: Annotated[str, AfterValidator(_sender)] = "welcome@app.example"
    sender_identity: str = ""
    """The SES identity that covers the sender: the address itself unless its domain is verified."""
    parameter_prefix: Annotated[str, AfterValidator(_parameter_prefix)] = "/tenant-onboarding"
    plans: Annotated[Pairs, AfterValidator(_plans)] = {"basic": "pool", "standard": "bridge", "premium": "silo"}
    """What billing calls its plans, each with the tier that it stands for; the tiers' own names always do."""
    regions: Annotated[Names, AfterValidator(_regions)] = ()
    """Where silo tenants may have their user pool, beside the stack's own Region."""
    secret_prefix: Annotated[str, AfterValidator(_secret_prefix)] = "tenant-onboarding"  # noqa: S105  # a name
    """Tenants' client secrets are in Secrets Manager below it, each tenant's in a folder with its id."""
    feature_plan: Literal["LITE", "ESSENTIALS", "PLUS"] = "ESSENTIALS"
    auth_flows: Annotated[Names, AfterValidator(_auth_flows)] = ("ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
    oauth_scopes: Annotated[Names, AfterValidator(_oauth_scopes)] = ("openid", "email", "profile")
    callback_path: Annotated[str, AfterValidator(_path)] = "/auth/callback"
    logout_path: Annotated[str, AfterValidator(_path)] = "/"
    access_token_minutes: Annotated[int, Field(ge=5, le=1_440)] = 60
    id_token_minutes: Annotated[int, Field(ge=5, le=1_440)] = 60
    refresh_token_days: Annotated[int, Field(ge=1, le=3_650)] = 30
    open_shards: Annotated[int, Field(ge=1, le=100)] = 1
    groups_per_pool: Annotated[int, Field(ge=1, le=10_000)] = 10_000
    app_clients_per_pool: Annotated[int, Field(ge=1, le=10_000)] = 1_000
    """More than 1,000 only after Cognito has raised the account's quota; the same for identity providers over 300."""
    identity_providers_per_pool: Annotated[int, Field(ge=0, le=1_000)] = 300
    in_doubt_wait_seconds: Annotated[float, Field(ge=0, le=10)] = 3.0
    rejected_retention_days: Annotated[int, Field(ge=1)] = 90

    @classmethod
    def from_context(cls, app: App) -> Self:
        """Return the configuration in an app's context; ends the program with a line for each mistake."""
        names = [to_camel(name) for name in cls.model_fields]
        given = {name: app.node.try_get_context(name) for name in names}
        try:
            return cls.model_validate({name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            raise SystemExit("\n".join(_line(mistake) for mistake in error.errors())) from None


def _line(mistake: ErrorDetails) -> str:
    key = ".".join(map(str, mistake["loc"]))
    return f"context {key}: {mistake['msg'].removeprefix('Value error, ')}, not {mistake['input']!r}"
