"""Third-party identity providers.

ProviderDetails with keys that Cognito does not know are let through: whether it refuses them is NC. So is an
attribute that is mapped though it is immutable: Cognito takes the mapping and fails the user's second sign-in
[I: aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws#835].
"""

from typing import Any

from tests.unit.strict_cognito.call import LIMIT_EXCEEDED, Call, RefusalError

DUPLICATE = "DuplicateProviderException"
SOCIAL = ("Facebook", "Google", "LoginWithAmazon", "SignInWithApple")
_OAUTH = ("client_id", "client_secret", "authorize_scopes")
REQUIRED_DETAILS = {
    "Facebook": _OAUTH,
    "Google": _OAUTH,
    "LoginWithAmazon": _OAUTH,
    "OIDC": ("client_id", "authorize_scopes", "oidc_issuer", "attributes_request_method"),
    "SAML": (),
    "SignInWithApple": ("client_id", "private_key", "team_id", "key_id"),
}


def a_name_is_free(call: Call) -> None:
    """A provider's name is unique in its user pool [M; I: aws-cloudformation/cloudformation-coverage-roadmap#1287]."""
    name = call.body["ProviderName"]
    if name in call.pool.identity_providers:
        raise RefusalError(f"{name} already exists in user pool {call.pool.id}", DUPLICATE)


def a_social_provider_is_named_after_its_type(call: Call) -> None:
    """A social provider has the name of its type, so there is one of each [I: aws/aws-cli#3179]."""
    name, kind = call.body["ProviderName"], call.body["ProviderType"]
    if kind in SOCIAL and name != kind:
        raise RefusalError(f"Provider {name} cannot be of type {kind}.")


def identifiers_are_free(call: Call) -> None:
    """An identifier leads to one provider [M: GetIdentityProviderByIdentifier]; the code of the refusal is NC."""
    taken = {
        identifier
        for provider in call.pool.identity_providers.values()
        for identifier in provider.extended_config.get("IdpIdentifiers", [])
    }
    if found := taken.intersection(call.body.get("IdpIdentifiers", [])):
        raise RefusalError(f"The identifiers {sorted(found)} belong to another provider", DUPLICATE)


def details_are_complete(call: Call) -> None:
    """ProviderDetails has what its type needs [P]; a client secret of OIDC is optional."""
    required = REQUIRED_DETAILS[call.body["ProviderType"]]
    if not set(required) <= call.body["ProviderDetails"].keys():
        raise RefusalError(f"{', '.join(required)} are all required idp details.")


def saml_has_one_source_of_metadata(call: Call) -> None:
    """SAML metadata is at an address or in the request, not both [P]."""
    sources = {"MetadataURL", "MetadataFile"} & call.body["ProviderDetails"].keys()
    if call.body["ProviderType"] == "SAML" and len(sources) != 1:
        quantity = "Only" if sources else "At least"
        raise RefusalError(f"{quantity} one of the MetadataURL or MetadataFile should be provided.")


def an_oidc_issuer_is_https(call: Call) -> None:
    """An OIDC issuer is reached by https [P]."""
    issuer = call.body["ProviderDetails"].get("oidc_issuer", "https://")
    if call.body["ProviderType"] == "OIDC" and not issuer.startswith("https://"):
        raise RefusalError("OIDC endpoint must start with https://")


def mapped_attributes_are_in_the_schema(call: Call) -> None:
    """What is mapped is `username`, a standard attribute or in the user pool's schema [I: aws/aws-cli#9729]."""
    mapping: dict[str, Any] = call.body.get("AttributeMapping", {})
    strange = [name for name in mapping if name != "username" and call.attribute(name) is None]
    if strange:
        raise RefusalError(f"AttributeMapping contains invalid mapping: [{', '.join(strange)}]")


def the_user_pool_has_room_for_a_provider(call: Call) -> None:
    """Identity providers are limited by user pool [D: quotas; code M]."""
    if len(call.pool.identity_providers) >= call.limits.identity_providers:
        raise RefusalError("The maximum number of identity providers in the user pool is reached", LIMIT_EXCEEDED)
