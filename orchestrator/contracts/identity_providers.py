"""A tenant's own identity providers, one model a type, with what Cognito asks of each.

Client secrets never come in an event: `clientSecretArn` names a secret in AWS Secrets Manager. Attributes are mapped
from a short list; none of a tenant's own (`custom:tenantId` and its like) is on it.
"""

import re
from typing import Annotated, ClassVar, Literal, Self
from xml.etree import ElementTree

from pydantic import AfterValidator, Field, model_validator

from orchestrator.contracts.base import Contract, first_repeat
from orchestrator.contracts.fields import HttpsAddress, ProviderName, SecretArn, refuse

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
HTTP_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
SAML_METADATA = "{urn:oasis:names:tc:SAML:2.0:metadata}"


def _attribute(value: str) -> str:
    if value not in MAPPABLE:
        raise refuse(f"may not be mapped; these may: {', '.join(MAPPABLE)}")
    return value


def _claim(value: str) -> str:
    if not re.fullmatch(r"[!-~]([ -~]{0,254}[!-~])?", value):
        raise refuse("must be the name of a claim: 1 to 256 printable ASCII characters, no space at either end")
    return value


def _opaque(value: str) -> str:
    if not re.fullmatch(r"[!-~]{1,256}", value):
        raise refuse("must be 1 to 256 printable ASCII characters without spaces")
    return value


def _scope(value: str) -> str:
    if not re.fullmatch(r"[!#-+\--\[\]-~]{1,128}", value):  # RFC 6749, but for the comma that Facebook separates by
        raise refuse("must be an OAuth scope: printable ASCII without spaces, commas, quotes and backslashes")
    return value


def _ten_characters(value: str) -> str:
    if not re.fullmatch(r"[A-Z0-9]{10}", value):
        raise refuse("must be Apple's 10 characters of A-Z and 0-9")
    return value


def _metadata_document(value: str) -> str:
    if "<!" in re.sub(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>", "", value, flags=re.DOTALL):
        raise refuse("must not hold a document type or entities")
    try:
        root = ElementTree.fromstring(value)  # noqa: S314  # without a document type nothing can be expanded
    except (ElementTree.ParseError, ValueError):
        raise refuse("must be the XML of a SAML metadata document") from None
    descriptor = (
        root.find(f"{SAML_METADATA}IDPSSODescriptor") if root.tag == f"{SAML_METADATA}EntityDescriptor" else None
    )
    if descriptor is None or not root.get("entityID"):
        raise refuse("must be an EntityDescriptor with an entityID and an IDPSSODescriptor")
    services = descriptor.findall(f"{SAML_METADATA}SingleSignOnService")
    if not any(service.get("Binding") == HTTP_REDIRECT for service in services):  # Cognito demands it
        raise refuse("must name a SingleSignOnService with the binding HTTP-Redirect")
    return value


Attribute = Annotated[str, AfterValidator(_attribute), Field(json_schema_extra={"enum": list(MAPPABLE)})]
Claim = Annotated[str, AfterValidator(_claim)]
AttributeMapping = dict[Attribute, Claim]
ClientId = Annotated[str, AfterValidator(_opaque)]
Scopes = Annotated[list[Annotated[str, AfterValidator(_scope)]], Field(min_length=1, max_length=20)]
AppleId = Annotated[str, AfterValidator(_ten_characters), Field(json_schema_extra={"pattern": "^[A-Z0-9]{10}$"})]
MetadataDocument = Annotated[str, Field(max_length=DOCUMENT_MAX), AfterValidator(_metadata_document)]


class _Provider(Contract):
    name: ProviderName
    attribute_mapping: AttributeMapping | None = None
    """User attributes, each with the claim that fills it; by default the email address and what goes with it."""


class SamlProvider(_Provider):
    """SAML 2.0, by the address of its metadata or by the document itself."""

    DEFAULT_MAPPING: ClassVar = {"email": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"}

    type: Literal["SAML"]
    metadata_url: HttpsAddress | None = None
    metadata_document: MetadataDocument | None = None
    sign_out: bool = False
    """Whether signing out of the product signs out at the provider too."""

    @model_validator(mode="after")
    def _one_metadata(self) -> Self:
        if (self.metadata_url is None) == (self.metadata_document is None):
            raise refuse("is required for type SAML, or metadataDocument in its place, not both", "metadataUrl")
        return self


class _WithSecret(_Provider):
    client_id: ClientId
    client_secret_arn: SecretArn
    """The secret's whole value is the client secret; for Apple it is the private key."""
    scopes: Scopes = ["openid", "email"]

    @model_validator(mode="after")
    def _no_scope_twice(self) -> Self:
        if index := first_repeat(self.scopes):
            raise refuse("is listed twice", "scopes", index)
        return self


class OidcProvider(_WithSecret):
    """OpenID Connect with discovery at the issuer."""

    DEFAULT_MAPPING: ClassVar = {"email": "email", "name": "name"}

    type: Literal["OIDC"]
    issuer: HttpsAddress
    scopes: Scopes = ["openid", "email", "profile"]
    attributes_request_method: Literal["GET", "POST"] = "GET"

    @model_validator(mode="after")
    def _asks_for_openid(self) -> Self:
        if "openid" not in self.scopes:
            raise refuse("must hold openid", "scopes")
        if self.issuer.endswith("/"):
            raise refuse("must not end with a slash", "issuer")
        return self


class GoogleProvider(_WithSecret):
    """Google, by an OAuth client of the tenant's own."""

    DEFAULT_MAPPING: ClassVar = {"email": "email", "name": "name"}

    type: Literal["Google"]
    scopes: Scopes = ["openid", "email", "profile"]


class FacebookProvider(_WithSecret):
    """Facebook, by an app of the tenant's own."""

    DEFAULT_MAPPING: ClassVar = {"email": "email", "name": "name"}

    type: Literal["Facebook"]
    scopes: Scopes = ["public_profile", "email"]
    api_version: Annotated[str, AfterValidator(_opaque)] | None = None


class AppleProvider(_WithSecret):
    """Sign in with Apple, by a service of the tenant's own."""

    DEFAULT_MAPPING: ClassVar = {"email": "email"}

    type: Literal["SignInWithApple"]
    team_id: AppleId
    key_id: AppleId
    scopes: Scopes = ["email", "name"]


class AmazonProvider(_WithSecret):
    """Login with Amazon, by a security profile of the tenant's own."""

    DEFAULT_MAPPING: ClassVar = {"email": "email", "name": "name"}

    type: Literal["LoginWithAmazon"]
    scopes: Scopes = ["profile"]


IdentityProvider = Annotated[
    SamlProvider | OidcProvider | GoogleProvider | FacebookProvider | AppleProvider | AmazonProvider,
    Field(discriminator="type"),
]
SOCIAL_TYPES = ("Google", "Facebook", "SignInWithApple", "LoginWithAmazon")
"""Cognito takes each under its own name only, so a user pool has at most one of each."""
PROVIDER_TYPES = ("SAML", "OIDC", *SOCIAL_TYPES)
