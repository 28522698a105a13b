"""Identity providers of every type, as events bring them."""

from typing import Any

from tenant_onboarding.contracts.tenant_created import TenantCreated
from tests.unit.tenant_onboarding.judgement import judge
from tests.unit.tenant_onboarding.sample_events import POOL, Json

CERTIFICATE = (
    "MIIBFzCBv6ADAgECAgEBMAoGCCqGSM49BAMCMBYxFDASBgNVBAMMC2lkcC5leGFtcGxlMB4XDTI2MDEwMTAwMDAwMFoXDTQ2MDEw"
    "MTAwMDAwMFowFjEUMBIGA1UEAwwLaWRwLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ13IMlsqtgq7k/Ug4JvZga"
    "zDkaoQ3vZ+YHeiATIjMTO1ETkmayU8ypuyc1uk3AYnAUs9gTf/9tNMSgZ/xurgoZMAoGCCqGSM49BAMCA0cAMEQCIHxrX1kssFAa"
    "t5no+ssvAKzUl30vwDs8LU5py0Is5gZcAiBhYxtb/Q/mZSbfoLJs8YP7xU2DFS7QyBnAg4XHPgc6Zw=="
)
"""Self-signed, of nobody; its key was thrown away."""
METADATA = f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- of the acme identity provider -->
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.acme.example/saml">
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
      <ds:X509Certificate>{CERTIFICATE}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
                            Location="https://idp.acme.example/post"/>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
                            Location="https://idp.acme.example/redirect"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
"""


def secret_arn(tenant_id: str) -> str:
    """Return the ARN of a secret under a tenant's name."""
    return f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:tenant-onboarding/{tenant_id}/sso-AbC123"


ARN = secret_arn("acme")

SAML: Json = {"name": "sso", "type": "SAML", "metadataUrl": "https://idp.acme.example/metadata"}
SAML_DOCUMENT: Json = {"name": "sso", "type": "SAML", "metadataDocument": METADATA}
OIDC: Json = {
    "name": "sso",
    "type": "OIDC",
    "clientId": "client-1",
    "clientSecretArn": ARN,
    "issuer": "https://idp.acme.example/realm",
}
GOOGLE: Json = {"name": "sso", "type": "Google", "clientId": "client-1", "clientSecretArn": ARN}
FACEBOOK: Json = GOOGLE | {"type": "Facebook"}
APPLE: Json = GOOGLE | {"type": "SignInWithApple", "teamId": "TEAM123456", "keyId": "KEY1234567"}
AMAZON: Json = GOOGLE | {"type": "LoginWithAmazon"}
LEAST: dict[str, Json] = {each["type"]: each for each in (SAML, OIDC, GOOGLE, FACEBOOK, APPLE, AMAZON)}
"""Of each type what must be there."""
OPTIONAL: dict[str, Json] = {
    "SAML": {},
    "OIDC": {"scopes": ["openid"], "attributesRequestMethod": "POST"},
    "Google": {"scopes": ["openid"]},
    "Facebook": {"scopes": ["email"], "apiVersion": "v17.0"},
    "SignInWithApple": {"scopes": ["email"]},
    "LoginWithAmazon": {"scopes": ["profile"]},
}
PATH = "identityProviders[0]"


def event(*providers: Json) -> Json:
    """Return a silo tenant's event with these providers."""
    return POOL | {"tier": "silo", "identityProviders": list(providers)}


def full(kind: str) -> Json:
    """Return a provider with every field that its type has."""
    return LEAST[kind] | OPTIONAL[kind] | {"attributeMapping": {"email": "mail", "name": "displayName"}}


def parsed(provider: Json) -> Any:
    """Return a provider as it is kept."""
    [kept] = TenantCreated.model_validate(event(provider)).identity_providers
    return kept


def saml(number: int) -> Json:
    """Return one of several providers, each with its own metadata."""
    return SAML | {"name": f"sso-{number}", "metadataUrl": f"https://idp.acme.example/metadata/{number}"}


def named(entity_id: str) -> str:
    """Return the metadata of a provider of another name."""
    return METADATA.replace("https://idp.acme.example/saml", entity_id)


def refusal(provider: Json) -> tuple[str, str]:
    """Return the one path that is refused, below the provider, and why."""
    [reason] = judge(event(provider))
    assert reason.field.startswith(PATH)
    return reason.field.removeprefix(PATH).removeprefix("."), reason.message


def missing(provider: Json, field: str) -> Json:
    return {name: value for name, value in provider.items() if name != field}


SECRETS = ["clientSecret", "client_secret", "ClientSecret", "secret", "password", "privateKey", "private_key"]


def documents(number: int, size: int, unit: str = '"') -> list[Json]:
    """Return providers whose documents have that many characters, of the kind that JSON has to escape."""
    head, tail = named("https://idp.acme.example/{:04}").rsplit("</md:Entity", 1)
    room = size - len(METADATA) - len("<x></x>")
    document = f"{head}<x>{unit * (room // len(unit))}</x></md:Entity{tail}"
    return [
        SAML_DOCUMENT | {"name": f"sso-{index}", "metadataDocument": document.replace("{:04}", f"{index:04}")}
        for index in range(number)
    ]
