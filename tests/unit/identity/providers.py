"""Identity providers of every type with their secrets, and what Cognito has of them."""

from typing import Any

from pydantic import TypeAdapter

from orchestrator.aws.clients import Clients
from orchestrator.identity import identity_providers
from tenant_onboarding.contracts.identity_providers import IdentityProvider
from tests.unit.conftest import ACCOUNT, REGION
from tests.unit.tenant_onboarding.sample_providers import CERTIFICATE

ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:tenant-onboarding/acme/idp-AbCdEf"
SECRET_TEXT = "3f9c-not-for-your-eyes"
KEY = "MIGTAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBHkwdwIBAQQg"
PEM = f"-----BEGIN PRIVATE KEY-----\n{KEY[:24]}\n{KEY[24:]}\n-----END PRIVATE KEY-----\n"
OAUTH = {"clientId": "acme-client", "clientSecretArn": ARN}
DETAILS: dict[str, dict[str, Any]] = {
    "SAML": {"name": "AcmeSSO", "type": "SAML", "metadataUrl": "https://idp.acme.example/metadata"},
    "OIDC": {"name": "AcmeLogin", "type": "OIDC", "issuer": "https://login.acme.example", **OAUTH},
    "Google": {"name": "WithGoogle", "type": "Google", **OAUTH},
    "Facebook": {"name": "WithFacebook", "type": "Facebook", "apiVersion": "v21.0", **OAUTH},
    "SignInWithApple": {
        "name": "WithApple",
        "type": "SignInWithApple",
        "teamId": "ABCDE12345",
        "keyId": "FGHIJ67890",
        **OAUTH,
    },
    "LoginWithAmazon": {"name": "WithAmazon", "type": "LoginWithAmazon", **OAUTH},
}
"""One provider of each type, as an event has it."""
SECRETS = {kind: None if kind == "SAML" else PEM if kind == "SignInWithApple" else SECRET_TEXT for kind in DETAILS}
"""What is in Secrets Manager for each."""
READ = SECRETS | {"SignInWithApple": KEY}
"""What is read of it."""
ACME = "822b33ad"
"""The first 8 hexadecimal digits of the SHA-256 of `acme`."""
METADATA = f"""<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.acme.example">\
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">\
<KeyDescriptor><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>\
<X509Certificate>{CERTIFICATE}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>\
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" \
Location="https://idp.acme.example/sso"/></IDPSSODescriptor></EntityDescriptor>"""


def provider(kind: str, **changes: Any) -> IdentityProvider:
    """Return a provider of a type as the contract reads it; `changes` replace its fields."""
    adapter: TypeAdapter[IdentityProvider] = TypeAdapter(IdentityProvider)
    fields = {name: value for name, value in (DETAILS[kind] | changes).items() if value is not None}
    return adapter.validate_python(fields)


def create(clients: Clients, pool_id: str, asked: IdentityProvider, tenant_id: str = "acme") -> None:
    """Create a tenant's provider as its step does."""
    identity_providers.create(clients.cognito, pool_id, tenant_id, asked, READ[asked.type])


def names(clients: Clients, pool_id: str) -> list[str]:
    """Return the names of all providers of a user pool."""
    found = clients.cognito.list_identity_providers(UserPoolId=pool_id, MaxResults=60)["Providers"]
    return sorted(each["ProviderName"] for each in found)
