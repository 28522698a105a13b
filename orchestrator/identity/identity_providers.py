"""A tenant's identity providers in Amazon Cognito: named so that no two tenants' collide, found again by their owner.

All providers of a user pool share one name space. Ours are `{8 hex of tenantId}-{name}`, and an identifier, which only
one provider of a user pool can have, says in full whose each is. Social providers bear the name that Cognito demands.
"""

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import is_code
from orchestrator.aws.errors import ConfigurationError, TenantConflictError
from orchestrator.identity.presence import not_seen_yet, shown
from tenant_onboarding.contracts import saml_metadata
from tenant_onboarding.contracts.identity_providers import (
    SOCIAL_TYPES,
    AppleProvider,
    FacebookProvider,
    IdentityProvider,
    OidcProvider,
    SamlProvider,
)

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient
    from types_boto3_cognito_idp.type_defs import IdentityProviderTypeTypeDef
    from types_boto3_secretsmanager import SecretsManagerClient

COMMA_SEPARATED = ("Facebook",)
DER_SEQUENCE = b"\x30"
"""What a private key begins with, unlike a client secret that happens to be base64."""
UNREADABLE = ("ResourceNotFoundException", "InvalidRequestException")
"""AWS Secrets Manager: there is no such secret, or it has no value yet; or it is about to be deleted."""


def name_of(tenant_id: str, provider: IdentityProvider) -> str:
    """Return the name that Cognito knows a tenant's provider by."""
    if provider.type in SOCIAL_TYPES:
        return provider.type
    return f"{name_prefix(tenant_id)}{provider.name}"


def name_prefix(tenant_id: str) -> str:
    """Return what the names of a tenant's providers begin with, those of social ones excepted."""
    return f"{hashlib.sha256(tenant_id.encode()).hexdigest()[:8]}-"


def mapping_of(provider: IdentityProvider) -> dict[str, str]:
    """Return which user attribute is filled by which claim."""
    return dict(provider.attribute_mapping if provider.attribute_mapping is not None else provider.DEFAULT_MAPPING)


def made(tenant_id: str, provider: IdentityProvider) -> dict[str, Any]:
    """Return what a tenant's record keeps of a provider: its names, and what it is to send of people."""
    claims = mapping_of(provider)
    return {
        "name": name_of(tenant_id, provider),
        "label": provider.name,
        "type": provider.type,
        "mapped": sorted(claims),
        "claims": claims,
        "scopes": list(getattr(provider, "scopes", ())),
    }


def parameters(user_pool_id: str, tenant_id: str, provider: IdentityProvider, secret: str | None) -> Any:  # Any: stubs
    """Return every parameter of CreateIdentityProvider."""
    mark = {} if provider.type in SOCIAL_TYPES else {"IdpIdentifiers": [_owner_mark(tenant_id, provider)]}
    return {
        "UserPoolId": user_pool_id,
        "ProviderName": name_of(tenant_id, provider),
        "ProviderType": provider.type,
        "ProviderDetails": _details(provider, secret),
        "AttributeMapping": mapping_of(provider),
        **mark,
    }


def create(
    cognito: "CognitoIdentityProviderClient",
    user_pool_id: str,
    tenant_id: str,
    provider: IdentityProvider,
    secret: str | None,
) -> None:
    """Create a tenant's provider; an existing one is success only if it is the same tenant's. Safe to repeat.

    One that exists is brought up to what is asked, which may have been mended since; the secret is given anew, as there
    is no telling it. Raises TenantConflictError if it is another tenant's, ConfigurationError if Cognito does not take
    what is at the provider's address or in its document, ClientError with the secret taken out of its message.
    """
    asked = parameters(user_pool_id, tenant_id, provider, secret)
    try:
        _create(cognito, user_pool_id, tenant_id, provider, asked, secret)
    except ClientError as error:
        if is_code(error, "InvalidParameterException") and isinstance(provider, SamlProvider | OidcProvider):
            raise _not_taken(provider, error) from None
        raise


def _create(
    cognito: "CognitoIdentityProviderClient",
    user_pool_id: str,
    tenant_id: str,
    provider: IdentityProvider,
    asked: dict[str, Any],
    secret: str | None,
) -> None:
    try:
        cognito.create_identity_provider(**asked)
    except ClientError as error:
        if not is_code(error, "DuplicateProviderException"):
            raise _without(asked["ProviderDetails"], error) from None
        found = None
        if provider.type not in SOCIAL_TYPES:  # these are in the tenant's own user pool
            found = _own(cognito, user_pool_id, asked["ProviderName"], _owner_mark(tenant_id, provider))
        if found is None or secret is not None or not _is_as_asked(found, asked):
            _update(cognito, asked)


def find_own(cognito: "CognitoIdentityProviderClient", user_pool_id: str, tenant_id: str) -> list[str]:
    """Return the names of a tenant's providers in a shared user pool: those named and marked as this tenant's."""
    prefix = name_prefix(tenant_id)
    pages = cognito.get_paginator("list_identity_providers").paginate(
        UserPoolId=user_pool_id, PaginationConfig={"PageSize": 60}
    )
    named = [each["ProviderName"] for page in pages for each in page["Providers"]]
    return [
        name
        for name in named
        if name.startswith(prefix)
        and _mark_of(tenant_id, name.removeprefix(prefix)) in _identifiers(cognito, user_pool_id, name)
    ]


def _identifiers(cognito: "CognitoIdentityProviderClient", user_pool_id: str, name: str) -> list[str]:
    what = f"the identity provider {name} in {user_pool_id}"
    found = shown(cognito.describe_identity_provider, what, UserPoolId=user_pool_id, ProviderName=name)
    return list(found["IdentityProvider"].get("IdpIdentifiers", []))


def secret_of(secrets: "SecretsManagerClient", provider: IdentityProvider) -> str | None:
    """Return the client secret that a provider refers to; None for SAML, which has none.

    Raises ConfigurationError if there is no such secret, or not as text.
    """
    if isinstance(provider, SamlProvider):
        return None
    arn = provider.client_secret_arn
    try:
        value = secrets.get_secret_value(SecretId=arn).get("SecretString", "").strip()
    except ClientError as error:
        if not any(is_code(error, code) for code in UNREADABLE):
            raise
        value = ""
    if not value:
        raise _unusable(f"There is no secret text at {arn}", provider)
    if _is_json_object(value):
        raise _unusable(f"The secret at {arn} is a JSON object, not the client secret alone", provider)
    if not isinstance(provider, AppleProvider):
        return value
    key = _bare_key(value)
    if not key:
        raise _unusable(f"The secret at {arn} is not a private key in PEM form", provider)
    return key


def _unusable(what: str, provider: IdentityProvider) -> ConfigurationError:
    return ConfigurationError(
        f"{what}; identity provider {provider.name} refers to it",
        code="SecretUnusable",
        next_action="Put the provider's client secret there as plain text, for Apple the whole .p8 file, then retry.",
    )


def _is_json_object(text: str) -> bool:
    """The Secrets Manager console stores names and values so, unless asked for plain text."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _not_taken(provider: IdentityProvider, error: ClientError) -> ConfigurationError:
    said = error.response.get("Error", {}).get("Message", "")
    refused = ConfigurationError(
        f"{error.operation_name}: {said} (identity provider {provider.name})",
        code="ProviderRefused",
        next_action=(
            "Cognito does not take what is in the provider's document or at its address, and a retry alone changes"
            " nothing. Amend the event; if what is at the address was mended meanwhile, retry instead."
        ),
    )
    refused.command = "amend"
    return refused


def _update(cognito: "CognitoIdentityProviderClient", asked: dict[str, Any]) -> None:
    try:
        cognito.update_identity_provider(**{name: value for name, value in asked.items() if name != "ProviderType"})
    except ClientError as error:
        if is_code(error, "ResourceNotFoundException"):
            raise not_seen_yet(f"the identity provider {asked['ProviderName']} in {asked['UserPoolId']}") from None
        raise _without(asked["ProviderDetails"], error) from None


def _own(
    cognito: "CognitoIdentityProviderClient", user_pool_id: str, name: str, mark: str
) -> "IdentityProviderTypeTypeDef":
    """Return the provider of that name; raises TenantConflictError unless it bears the mark, or TransientError."""
    # It may be new. If the name stays free, what was refused as a duplicate is the mark.
    what = f"the identity provider {name} in {user_pool_id}, or another with {mark},"
    answer = shown(cognito.describe_identity_provider, what, UserPoolId=user_pool_id, ProviderName=name)
    found: IdentityProviderTypeTypeDef = answer["IdentityProvider"]
    if mark not in found.get("IdpIdentifiers", []):
        raise TenantConflictError(f"The identity provider {name} in {user_pool_id} lacks the identifier {mark}")
    return found


def _is_as_asked(found: "IdentityProviderTypeTypeDef", asked: dict[str, Any]) -> bool:
    """Tell whether a SAML provider has the metadata and the mapping that are asked; if not, Cognito fetches it anew."""
    metadata = asked["ProviderDetails"].items() - {("IDPSignout", "false")}
    # Cognito may add a mapping of the user name, which nobody can ask for here.
    mapping = {name: claim for name, claim in found.get("AttributeMapping", {}).items() if name != "username"}
    return bool(metadata <= found.get("ProviderDetails", {}).items() and mapping == asked["AttributeMapping"])


def _details(provider: IdentityProvider, secret: str | None) -> dict[str, str]:
    if isinstance(provider, SamlProvider):
        metadata = (
            {"MetadataURL": provider.metadata_url}
            if provider.metadata_url
            else {"MetadataFile": saml_metadata.alone(provider.metadata_document or "")}
        )
        return {**metadata, "IDPSignout": "false"}
    separator = "," if provider.type in COMMA_SEPARATED else " "
    details = {"client_id": provider.client_id, "authorize_scopes": separator.join(provider.scopes)}
    if isinstance(provider, AppleProvider):
        return details | {"team_id": provider.team_id, "key_id": provider.key_id, "private_key": secret or ""}
    details["client_secret"] = secret or ""
    if isinstance(provider, OidcProvider):
        details["oidc_issuer"] = provider.issuer
        details["attributes_request_method"] = provider.attributes_request_method
    if isinstance(provider, FacebookProvider) and provider.api_version:
        details["api_version"] = provider.api_version
    return details


def _bare_key(text: str) -> str:
    """Return a key without its header, footer and line breaks: Cognito takes no more of it; empty if it is none."""
    key = "".join(re.sub(r"-----(BEGIN|END) PRIVATE KEY-----|\\n", "", text).split())
    try:
        return key if base64.b64decode(key, validate=True).startswith(DER_SEQUENCE) else ""
    except ValueError:
        return ""


def _owner_mark(tenant_id: str, provider: IdentityProvider) -> str:
    """Return an identifier (Cognito: at most 40 characters) that the provider of no other tenant has."""
    return _mark_of(tenant_id, provider.name)


def _mark_of(tenant_id: str, name: str) -> str:
    return "owner-" + hashlib.sha256(f"{tenant_id}/{name.lower()}".encode()).hexdigest()[:32]


def _without(details: dict[str, str], error: ClientError) -> ClientError:
    """Take the secret out of what Cognito says: it may repeat what it refuses, and the record keeps the message."""
    said = error.response.get("Error", {})
    for name in ("client_secret", "private_key"):
        if details.get(name):
            said["Message"] = said.get("Message", "").replace(details[name], "(secret)")
    return ClientError(error.response, error.operation_name)
