"""The types of the values that a deployment may choose, each with the one line that says what is allowed."""

import re
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

from botocore.loaders import create_loader
from botocore.regions import EndpointResolver
from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, ValidationError

from orchestrator.users.statuses import ADMIN, MEMBER, ROLE
from tenant_onboarding.contracts.fields import TIERS, PlanName
from tenant_onboarding.contracts.redirect_addresses import LOCALHOST, PORT
from tenant_onboarding.names import SOURCE

DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
API_DOMAIN = re.compile(rf"({DOMAIN.pattern})?")
CERTIFICATE = re.compile(r"(arn:aws:acm:[a-z]{2}(-[a-z]+)+-[0-9]:[0-9]{12}:certificate/[A-Za-z0-9-]{1,64})?")
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
EVENT_SOURCE = re.compile(r"(?!aws\.)[A-Za-z0-9._/-]{1,100}")
"""EventBridge: a source that begins with aws. is AWS's or a partner's."""
WITHOUT_SNAPSTART = frozenset({"ap-east-2", "ap-southeast-6"})
"""Lambda's guide, "Improving startup performance with Lambda SnapStart": all commercial Regions have it but these two.

They are Asia Pacific (Taipei) and Asia Pacific (New Zealand). The trigger of user pools starts from a snapshot.
"""
ORIGIN = re.compile(rf"https://{DOMAIN.pattern}(:(?!443$){PORT})?|{LOCALHOST}(:(?!80$){PORT})?")
"""As browsers write it: in lower case, without a path, and without the port that the scheme has anyway."""
MOST_ROLES = 50
MOST_ORIGINS = 20
ACCOUNT = re.compile(r"[0-9]{12}")
ONE_ACCOUNT = re.compile(rf"({ACCOUNT.pattern})?")
MOST_EMITTERS = 20
"""Sources, and accounts: the policy of a bus may have 10 KB, an event pattern 4,096 characters."""
BY_COMMAS = "separated by commas without spaces"
RETENTIONS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180),
    *(365, 400, 545, 731, 1_096, 1_827, 2_192, 2_557, 2_922, 3_288, 3_653),
)
"""CloudWatch Logs: what PutRetentionPolicy takes for retentionInDays."""


def _matching(pattern: re.Pattern[str], message: str) -> AfterValidator:
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


def _several(
    value: object, known: Callable[[str], object], message: str, *, most: int | None = None
) -> tuple[str, ...]:
    """Return names from text with commas or a list: each one known, none there twice, and not too many."""
    names = (value.split(",") if value else []) if isinstance(value, str) else value
    if (
        not isinstance(names, list | tuple)
        or not all(isinstance(name, str) and known(name) for name in names)
        or len(set(names)) < len(names)
        or (most is not None and len(names) > most)
    ):
        raise ValueError(message)
    return tuple(names)


def _auth_flows(value: object) -> tuple[str, ...]:
    message = f"must be different names of {', '.join(AUTH_FLOWS)}, {BY_COMMAS}"
    names = _several(value, AUTH_FLOWS.__contains__, message)
    if REFRESH not in names:  # Cognito: "REFRESH_TOKEN_AUTH should always be allowed."
        raise ValueError(f"must hold {REFRESH}")
    return names


def _oauth_scopes(value: object) -> tuple[str, ...]:
    """Cognito: email, phone and profile are given together with openid only."""
    message = f"must be openid and any of {', '.join(OAUTH_SCOPES[1:])}, each once, {BY_COMMAS}"
    names = _several(value, OAUTH_SCOPES.__contains__, message)
    if "openid" not in names:
        raise ValueError(message)
    return names


@cache
def _possible_regions() -> frozenset[str]:
    """Of the partition aws only: elsewhere issuers and domains have other names. No profile is read for it."""
    known = EndpointResolver(create_loader().load_data("endpoints"))
    return frozenset(known.get_available_endpoints("cognito-idp")) - WITHOUT_SNAPSTART


def _region(value: str) -> str:
    if value and value not in _possible_regions():
        raise ValueError("must be an AWS Region that has Amazon Cognito and Lambda SnapStart, like eu-central-1")
    return value


def _regions(value: object) -> tuple[str, ...]:
    having = "AWS Regions that have Amazon Cognito and Lambda SnapStart"
    message = f"must be different {having}, {BY_COMMAS}, like eu-west-1,us-east-1"
    return _several(value, _possible_regions().__contains__, message)


def _bridge_providers(value: object) -> tuple[str, ...]:
    message = f"must be different types of {', '.join(BRIDGE_PROVIDERS)}, {BY_COMMAS}, or nothing"
    return _several(value, BRIDGE_PROVIDERS.__contains__, message)


def _member_roles(value: object) -> tuple[str, ...]:
    example = "like editor,viewer, each a letter, then at most 63 letters, digits, hyphens and underscores"
    message = f"must be at most {MOST_ROLES} different roles but admin and member, {BY_COMMAS}, {example}"
    names = _several(value, ROLE.fullmatch, message, most=MOST_ROLES)
    if {ADMIN, MEMBER} & set(names):
        raise ValueError(message)
    return names


def _event_sources(value: object) -> tuple[str, ...]:
    examples = f"like billing.app.example, neither AWS's nor {SOURCE}"
    message = f"must be at most {MOST_EMITTERS} different sources, {BY_COMMAS}, {examples}"
    names = _several(value, EVENT_SOURCE.fullmatch, message, most=MOST_EMITTERS)
    if SOURCE in names:
        raise ValueError(f"must not hold {SOURCE}, in which the orchestrator speaks")
    return names


def _product_origins(value: object) -> tuple[str, ...]:
    example = "like https://product.example, without a path or a slash at the end"
    message = f"must be at most {MOST_ORIGINS} different origins, {BY_COMMAS}, {example}"
    return _several(value, ORIGIN.fullmatch, message, most=MOST_ORIGINS)


def _event_accounts(value: object) -> tuple[str, ...]:
    message = f"must be at most {MOST_EMITTERS} different AWS accounts of 12 digits, {BY_COMMAS}"
    return _several(value, ACCOUNT.fullmatch, message, most=MOST_EMITTERS)


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


AppDomain = Annotated[str, Field(max_length=189), _matching(DOMAIN, "must be a domain in lower case, like app.example")]
"""DNS: a host name has at most 253 characters; 64 are for the subdomain and its dot."""
ApiDomain = Annotated[
    str,
    Field(max_length=253, validate_default=True),
    _matching(API_DOMAIN, "must be a domain in lower case, like accounts.product.example"),
]
Certificate = Annotated[
    str,
    _matching(
        CERTIFICATE,
        "must be the ARN of a certificate in AWS Certificate Manager, like"
        " arn:aws:acm:eu-central-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef",
    ),
]
Sender = Annotated[str, _matching(SENDER, "must be an email address without a name, like welcome@app.example")]
SenderIdentity = Annotated[
    str, _matching(SENDER_IDENTITY, "must be an email address or a domain in lower case, like app.example")
]
ParameterPrefix = Annotated[
    str, _matching(PARAMETER_PREFIX, "must be like /tenant-onboarding: 1 to 12 levels, not beginning with aws or ssm")
]
SecretPrefix = Annotated[
    str,
    _matching(
        SECRET_PREFIX,
        "must be like tenant-onboarding: 1 to 6 levels of letters, digits, hyphens, underscores and dots, with slashes"
        " between them",
    ),
]
AlarmEmail = Annotated[str, _matching(ALARM_EMAIL, "must be an email address without a name, like ops@app.example")]
Runbook = Annotated[str, _matching(RUNBOOK, "must be an address or a path without spaces, like docs/operations.md")]
EmailTemplates = Annotated[
    str, _matching(FOLDER, "must be a folder of this repository, like examples/emails, without .. in it")
]
AppPath = Annotated[str, _matching(PATH, "must be the path of an address, like /auth/callback, without a query")]
"""Below the tenant's own host name; with the longest an address stays within Cognito's 1,024 characters."""
Plans = Annotated[dict[str, str], BeforeValidator(_plans)]
Regions = Annotated[tuple[str, ...], BeforeValidator(_regions)]
BridgeProviders = Annotated[tuple[str, ...], BeforeValidator(_bridge_providers)]
AuthFlows = Annotated[tuple[str, ...], BeforeValidator(_auth_flows)]
OAuthScopes = Annotated[tuple[str, ...], BeforeValidator(_oauth_scopes)]
RetentionDays = Annotated[int, AfterValidator(_retention)]
MemberRoles = Annotated[tuple[str, ...], BeforeValidator(_member_roles)]
ProductOrigins = Annotated[tuple[str, ...], BeforeValidator(_product_origins)]
EventSources = Annotated[tuple[str, ...], BeforeValidator(_event_sources)]
EventAccounts = Annotated[tuple[str, ...], BeforeValidator(_event_accounts)]
Account = Annotated[str, _matching(ONE_ACCOUNT, "must be the 12 digits of an AWS account, as text")]
Region = Annotated[str, AfterValidator(_region)]
