"""A tenant's own identity providers, one model a type, with what Cognito asks of each.

Client secrets never come in an event: `clientSecretArn` names a secret in AWS Secrets Manager. Attributes are mapped
from a short list; none of a tenant's own (`custom:tenantId` and its like) is on it.
"""

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from tenant_onboarding.contracts import saml_metadata, schema_keywords
from tenant_onboarding.contracts.addresses import canonical
from tenant_onboarding.contracts.base import Contract, first_repeat
from tenant_onboarding.contracts.fields import HttpsAddress, Issuer, ProviderName, SecretArn, refuse
from tenant_onboarding.contracts.schema_keywords import UNIQUE

MAPPABLE = (
    "email",
    "family_name",
    "given_name",
    "locale",
    "name",
    "phone_number",
    "picture",
    "preferred_username",
    "zoneinfo",
)
"""The standard attributes that a provider may fill in; a mapped attribute must also be writable by the app client."""
DOCUMENT_MAX = 100_000
"""Cognito: a detail of a provider has at most 131,072 characters."""
CLAIM = r"[!-~]([ -~]{0,254}[!-~])?"
OPAQUE = r"[!-~]{1,256}"
SCOPE = r"[!#-+\--\[\]-~]{1,128}"
_API_VERSION = re.compile(r"v[1-9][0-9]{0,2}\.[0-9]{1,2}")


def _attribute(value: str) -> str:
    if value not in MAPPABLE:
        raise refuse(f"may not be mapped; these may: {', '.join(MAPPABLE)}")
    return value


def _claim(value: str) -> str:
    if not re.fullmatch(CLAIM, value):
        raise refuse("must be the name of a claim: 1 to 256 printable ASCII characters, no space at either end")
    return value


def _opaque(value: str) -> str:
    if not re.fullmatch(OPAQUE, value):
        raise refuse("must be 1 to 256 printable ASCII characters without spaces")
    return value


def _scope(value: str) -> str:
    if not re.fullmatch(SCOPE, value):  # RFC 6749, but for the comma that Facebook separates by
        raise refuse("must be an OAuth scope: printable ASCII without spaces, commas, quotes and backslashes")
    return value


def _no_repeat(value: list[str]) -> list[str]:
    if index := first_repeat(value):
        raise refuse("is listed twice", index)
    return value


def _ten_characters(value: str) -> str:
    if not re.fullmatch(r"[A-Z0-9]{10}", value):
        raise refuse("must be Apple's 10 characters of A-Z and 0-9")
    return value


def _api_version(value: str) -> str:
    if not _API_VERSION.fullmatch(value):
        raise refuse("must be a version of Facebook's API such as v17.0")
    return value


def _metadata_document(value: str) -> str:
    document = saml_metadata.trimmed(value)
    if wrong := saml_metadata.complaint(document):
        raise refuse(wrong)
    return document


Attribute = Annotated[str, AfterValidator(_attribute), Field(json_schema_extra={"enum": list(MAPPABLE)})]
Claim = Annotated[str, AfterValidator(_claim), Field(json_schema_extra=schema_keywords.line(CLAIM))]
AttributeMapping = Annotated[dict[Attribute, Claim], Field(min_length=1)]
ClientId = Annotated[str, AfterValidator(_opaque), Field(json_schema_extra=schema_keywords.line(OPAQUE))]
Scope = Annotated[str, AfterValidator(_scope), Field(json_schema_extra=schema_keywords.line(SCOPE))]
"""Of social providers Cognito takes those that it lists only."""
AppleId = Annotated[str, AfterValidator(_ten_characters), Field(json_schema_extra=schema_keywords.line("[A-Z0-9]{10}"))]
ApiVersion = Annotated[
    str, AfterValidator(_api_version), Field(json_schema_extra=schema_keywords.line(_API_VERSION.pattern))
]
MetadataDocument = Annotated[
    str,
    Field(max_length=DOCUMENT_MAX, json_schema_extra=schema_keywords.SAML_DOCUMENT),
    AfterValidator(_metadata_document),
]


class _Provider(Contract):
    name: ProviderName
    attribute_mapping: AttributeMapping | None = None
    """User attributes, each with the claim that fills it; by default the email address and what goes with it.

    An empty mapping is refused: Cognito would take it, and nobody could tell whose account a user's is.
    """


class SamlProvider(_Provider):
    """SAML 2.0, by the address of its metadata or by the document itself."""

    model_config = ConfigDict(json_schema_extra=schema_keywords.just_one_of("metadataUrl", "metadataDocument"))

    DEFAULT_MAPPING: ClassVar = {"email": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"}

    type: Literal["SAML"]
    metadata_url: HttpsAddress | None = None
    metadata_document: MetadataDocument | None = None

    @model_validator(mode="after")
    def _one_metadata(self) -> Self:
        if (self.metadata_url is None) == (self.metadata_document is None):
            raise refuse("is required for type SAML, or metadataDocument in its place, not both", "metadataUrl")
        return self

    @property
    def spelled(self) -> str:
        """The provider's name, or where that is not known its address, as the event has it."""
        return saml_metadata.entity_id(self.metadata_document) if self.metadata_document else str(self.metadata_url)

    @property
    def identity(self) -> str:
        """What tells this provider from others of a user pool, as far as it can be known: equal for equal addresses."""
        return canonical(self.spelled)


class _WithSecret(_Provider):
    client_id: ClientId
    client_secret_arn: SecretArn
    """The secret's whole value is the client secret; for Apple it is the private key."""


class OidcProvider(_WithSecret):
    """OpenID Connect with discovery at the issuer."""

    DEFAULT_MAPPING: ClassVar = {"email": "email", "name": "name"}

    type: Literal["OIDC"]
    issuer: Issuer
    scopes: Annotated[
        list[Scope],
        Field(min_length=1, max_length=20, json_schema_extra=UNIQUE | {"contains": {"const": "openid"}}),
        AfterValidator(_no_repeat),
    ] = [
        "openid",
        "email",
        "profile",
    ]
    attributes_request_method: Literal["GET", "POST"] = "GET"

    @model_validator(mode="after")
    def _asks_for_openid(self) -> Self:
        if "openid" not in self.scopes:
            raise refuse("must hold openid", "scopes")
        return self


class GoogleProvider(_WithSecret):
    """Google, by an OAuth client of the tenant's own."""

    DEFAULT_MAPPING: ClassVar = {"email": "email", "name": "name"}

    type: Literal["Google"]
    scopes: Annotated[
        list[Literal["openid", "email", "profile"]],
        Field(min_length=1, max_length=20, json_schema_extra=UNIQUE),
        AfterValidator(_no_repeat),
    ] = ["openid", "email", "profile"]


class FacebookProvider(_WithSecret):
    """Facebook, by an app of the tenant's own."""

    DEFAULT_MAPPING: ClassVar = {"email": "email", "name": "name"}

    type: Literal["Facebook"]
    scopes: Annotated[
        list[Literal["public_profile", "email"]],
        Field(min_length=1, max_length=20, json_schema_extra=UNIQUE),
        AfterValidator(_no_repeat),
    ] = ["public_profile", "email"]
    api_version: ApiVersion | None = None


class AppleProvider(_WithSecret):
    """Sign in with Apple, by a service of the tenant's own."""

    DEFAULT_MAPPING: ClassVar = {"email": "email"}

    type: Literal["SignInWithApple"]
    team_id: AppleId
    key_id: AppleId
    scopes: Annotated[
        list[Literal["email", "name"]],
        Field(min_length=1, max_length=20, json_schema_extra=UNIQUE),
        AfterValidator(_no_repeat),
    ] = ["email", "name"]


class AmazonProvider(_WithSecret):
    """Login with Amazon, by a security profile of the tenant's own."""

    DEFAULT_MAPPING: ClassVar = {"email": "email", "name": "name"}

    type: Literal["LoginWithAmazon"]
    scopes: Annotated[
        list[Literal["profile", "postal_code"]],
        Field(min_length=1, max_length=20, json_schema_extra=UNIQUE),
        AfterValidator(_no_repeat),
    ] = ["profile"]


IdentityProvider = Annotated[
    SamlProvider | OidcProvider | GoogleProvider | FacebookProvider | AppleProvider | AmazonProvider,
    Field(discriminator="type"),
]
SOCIAL_TYPES = ("Google", "Facebook", "SignInWithApple", "LoginWithAmazon")
"""Cognito takes each under its own name only, so a user pool has at most one of each."""
PROVIDER_TYPES = ("SAML", "OIDC", *SOCIAL_TYPES)
