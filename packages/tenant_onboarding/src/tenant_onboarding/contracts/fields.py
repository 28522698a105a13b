"""The kinds of values in events: each with the limit that DNS, Cognito or email imposes, in words for the emitter."""

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from tenant_onboarding.contracts import redirect_addresses, schema_keywords, visible_text
from tenant_onboarding.names import (
    EMAIL_MAX,
    LABEL,
    LOCALE,
    ascii_domain,
    canonical_locale,
    is_domain,
    is_label,
    is_tenant_code,
    is_tenant_id,
)

PROVIDER_NAME_MAX = 23
"""Cognito: 32 characters and no underscore; `{8 hex of tenantId}-` takes nine of them."""
DISCOVERY = "/.well-known/openid-configuration"
METADATA_MAX = 10
"""Keys. Each is an item in the transaction of intake, of which DynamoDB takes 100."""
METADATA_VALUE_MAX = 200
"""Characters. DynamoDB: a partition key, which a value is part of, has at most 2,048 bytes."""
OIDC_PORTS = (None, "443", "80")
"""Cognito, "Using OIDC identity providers with a user pool": only TCP ports 80 and 443 for OIDC endpoints."""

RESERVED_TENANT_ID = "summary"
"""The status API has its summary beside the tenants: /onboardings/summary."""
RESERVED_SUBDOMAINS = frozenset(
    """
    abuse account accounts admin administrator api app assets auth autoconfig autodiscover billing blog cdn cognito
    config console dashboard dev dns docs email ftp git help hostmaster id identity idp imap internal isatap
    localhost login logout mail metrics mta-sts mx ns ns1 ns2 oauth onboarding pop portal postmaster prod root saml
    security signin signup smtp ssl sso staging static status support system tenant tenants test vpn webmail
    webmaster wpad www
    """.split()  # noqa: SIM905  # as a list it would fill a page
)

_PROVIDER_NAME = re.compile(f"[A-Za-z0-9][A-Za-z0-9-]{{0,{PROVIDER_NAME_MAX - 1}}}")
_PLAN_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9 ._-]{0,62}[A-Za-z0-9])?")
_SECRET_ARN = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]{1,512}-[A-Za-z0-9]{6}"
)
_REGION = re.compile(r"[a-z]{2,5}(-[a-z]{1,10}){1,2}-[0-9]{1,2}")
_HTTPS = re.compile(
    r"https://(?P<host>[A-Za-z0-9.-]+)(:(?P<port>[1-9][0-9]{0,4}))?([/?]([A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
)
METADATA_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_MAIL_ADDRESS = re.compile(schema_keywords.MAIL_ADDRESS)
_NEW_TENANT_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,38}[a-z0-9]")


def refuse(message: str, *field: str | int) -> PydanticCustomError:
    """Return the error that refuses a value in these words; `field` leads from the validated model to it."""
    return PydanticCustomError("onboarding", "{message}", {"message": message, "field": field})


def _tenant_id(value: str) -> str:
    if not is_tenant_id(value):
        raise refuse("must be 2 to 40 characters, each a lower-case letter a-z, a digit or a hyphen")
    return value


def _new_tenant_id(value: str) -> str:
    if not _NEW_TENANT_ID.fullmatch(value):
        raise refuse("must be 2 to 40 characters of a-z, 0-9 and hyphen, with no hyphen at either end")
    return value


def _name(value: str) -> str:
    if wrong := visible_text.complaint(value):
        raise refuse(wrong)
    return value


def _metadata_key(value: str) -> str:
    if not METADATA_KEY.fullmatch(value):
        raise refuse(
            "must have a key of 1 to 40 characters of A-Z, a-z, 0-9, hyphen and underscore, with a letter first"
        )
    return value


def _metadata_value(value: str) -> str:
    if _MAIL_ADDRESS.search(value):
        raise refuse("must not be an email address: metadata goes into events and lists")
    return _name(value)


def _whole(value: object) -> object:
    """JSON knows one kind of number: 14.0 is 14."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _label(value: str) -> str:
    if not is_label(value):
        raise refuse("must be a DNS label: 1 to 63 characters of a-z, 0-9 and hyphen, with no hyphen at either end")
    if value[2:4] == "--":
        raise refuse("must not have hyphens in the third and fourth place: DNS keeps those for encoded names (xn--)")
    return value


def _domain(value: str) -> str:
    domain = ascii_domain(value)
    if domain is None:
        raise refuse("must be a domain name such as acme.example, at most 253 characters")
    return domain


def _tenant_code(value: str) -> str:
    if not is_tenant_code(value):
        raise refuse("must be 1 to 32 characters of A-Z, 0-9 and hyphen, with no hyphen at either end")
    return value


def _email(value: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    local, _, domain = value.rpartition("@")
    if not domain.isascii() and (encoded := ascii_domain(domain)):
        value = f"{local}@{encoded}"
    if len(value) > EMAIL_MAX or not value.isascii():
        raise refuse(f"must be an email address of at most {EMAIL_MAX} ASCII characters")
    try:
        validate_email(value, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError as error:
        # After a colon or bracket the library quotes the address.
        raise refuse(f"must be an email address: {re.split('[:(]', str(error))[0].rstrip(' .')}") from None
    return value.lower()


def _https(value: str) -> str:
    match = _HTTPS.fullmatch(value)
    if not match or not is_domain(match["host"].lower()) or int(match["port"] or 443) > 65_535:  # noqa: PLR2004  # TCP
        raise refuse("must be an https:// address with a domain name, such as https://idp.acme.example/metadata")
    return value


def _redirect(value: str) -> str:
    if redirect_addresses.is_app(value) or redirect_addresses.is_localhost(value):
        return value
    if value.startswith("https://"):
        return _https(value)
    message = "must be an https:// address, an app's own scheme such as myapp://signed-in, or http://localhost"
    raise refuse(message)


def _issuer(value: str) -> str:
    match = _HTTPS.fullmatch(_https(value))
    if match and match["port"] not in OIDC_PORTS:
        raise refuse("must not name another port than 443 or 80: Cognito reaches no other")
    if "?" in value or value.endswith("//"):
        raise refuse("must be the issuer as the provider spells it, which has no query and no two slashes at its end")
    if value.removesuffix("/").endswith(DISCOVERY):
        raise refuse(f"must be the issuer alone: Cognito itself adds {DISCOVERY}")
    return value.removesuffix("/")


def _provider_name(value: str) -> str:
    if not _PROVIDER_NAME.fullmatch(value):
        raise refuse(f"must be 1 to {PROVIDER_NAME_MAX} characters of A-Z, a-z, 0-9 and hyphen, with no hyphen first")
    return value


def _plan_name(value: str) -> str:
    if not is_plan_name(value):
        raise refuse("must be a tier or a plan: 1 to 64 letters, digits, spaces, dots, hyphens and underscores")
    return value


def is_plan_name(value: object) -> bool:
    """Tell whether a value could be the name of a plan or tier."""
    return isinstance(value, str) and _PLAN_NAME.fullmatch(value) is not None


def _secret_arn(value: str) -> str:
    if not _SECRET_ARN.fullmatch(value):
        raise refuse("must be the full ARN of a secret in AWS Secrets Manager, its six random characters included")
    return value


def _region(value: str) -> str:
    if not _REGION.fullmatch(value):
        raise refuse("must be an AWS Region such as eu-central-1")
    return value


def _locale(value: str) -> str:
    locale = canonical_locale(value)
    if locale is None:
        raise refuse("must be a locale such as de or de-AT: a language, and if it matters its script and region")
    return locale


def _schema(**keywords: Any) -> Any:  # Any: what pydantic's Field returns
    return Field(json_schema_extra=dict(keywords))


Tier = Literal["pool", "bridge", "silo"]
TIERS: tuple[Tier, ...] = get_args(Tier)
_LABEL_PATTERN = f"^{LABEL.pattern}$"
TENANT_ID_PATTERN = "^[a-z0-9-]{2,40}$"
TenantId = Annotated[str, AfterValidator(_tenant_id), _schema(pattern=TENANT_ID_PATTERN)]
"""Of any tenant that there is, also one from before a rule of today."""
NewTenantId = Annotated[
    str,
    AfterValidator(_new_tenant_id),
    _schema(pattern=f"^{_NEW_TENANT_ID.pattern}$", **{"not": {"pattern": rf"^{RESERVED_TENANT_ID}$|\n"}}),
]
EmailAddress = Annotated[str, AfterValidator(_email), _schema(**schema_keywords.EMAIL)]
Subdomain = Annotated[
    str,
    AfterValidator(_label),
    _schema(
        pattern=_LABEL_PATTERN,
        **{"not": {"anyOf": [{"pattern": r"^..--|\n"}, {"enum": sorted(RESERVED_SUBDOMAINS)}]}},
    ),
]
DomainName = Annotated[str, AfterValidator(_domain), _schema(**schema_keywords.DOMAIN)]
TenantCode = Annotated[
    str, AfterValidator(_tenant_code), _schema(**schema_keywords.line("[A-Z0-9]([A-Z0-9-]{0,30}[A-Z0-9])?"))
]
HttpsAddress = Annotated[str, Field(max_length=2048), AfterValidator(_https), _schema(**schema_keywords.HTTPS)]
Issuer = Annotated[str, Field(max_length=2048), AfterValidator(_issuer), _schema(**schema_keywords.ISSUER)]
"""Kept without a slash at its end, though Auth0's have one: Cognito's documentation wants none, and Cognito compares
tokens with the issuer that the provider's discovery document spells."""
RedirectAddress = Annotated[str, Field(max_length=1024), AfterValidator(_redirect), _schema(**schema_keywords.REDIRECT)]
"""Cognito: an app client's addresses have at most 1,024 characters and no fragment."""
SecretArn = Annotated[
    str, Field(max_length=2048), AfterValidator(_secret_arn), _schema(**schema_keywords.line(_SECRET_ARN.pattern))
]
PlanName = Annotated[
    str, AfterValidator(_plan_name), _schema(**schema_keywords.line(_PLAN_NAME.pattern), examples=TIERS)
]
ProviderName = Annotated[str, AfterValidator(_provider_name), _schema(**schema_keywords.line(_PROVIDER_NAME.pattern))]
Region = Annotated[str, AfterValidator(_region), _schema(**schema_keywords.line(_REGION.pattern))]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_name), _schema(**schema_keywords.NAME)]
MetadataKey = Annotated[str, AfterValidator(_metadata_key)]
MetadataValue = Annotated[
    str,
    Field(min_length=1, max_length=METADATA_VALUE_MAX),
    AfterValidator(_metadata_value),
    _schema(**schema_keywords.METADATA_VALUE),
]
Metadata = Annotated[
    dict[MetadataKey, MetadataValue],
    Field(max_length=METADATA_MAX, json_schema_extra={"propertyNames": schema_keywords.line(METADATA_KEY.pattern)}),
]
"""What an emitter wants to have back, and to find tenants by: ids of its own systems, and nothing personal."""
WHOLE_NUMBER = BeforeValidator(_whole)
"""Takes one that is written with a fraction of nothing too."""
_LOCALE_PATTERN = re.sub(r"\?P<\w+>", "", LOCALE.pattern)
Locale = Annotated[
    str, AfterValidator(_locale), _schema(**schema_keywords.line(_LOCALE_PATTERN), examples=("de", "de-AT"))
]
