"""Sample values of the emails: what a preview shows, and what templates are tried with."""

from collections.abc import Mapping
from typing import Any

from orchestrator.emails.rendering import OF_PEOPLE, Email
from orchestrator.identity import identity_providers, user_pool_addresses
from tenant_onboarding.contracts.tenant_created import PasswordPolicy, TenantCreated

Values = Mapping[str, Any]  # Any: what templates show

TOKEN = "5vX0mJ7cQ2qk4bN1tR8wZg"  # noqa: S105  # nobody's
VALID_UNTIL = "2030-01-31 14:05 UTC"
PASSWORD = "Sample-Password-1!"  # noqa: S105  # nobody's
USER_POOL_ID = "eu-central-1_EXAMPLE01"
DOMAIN = "tenant-example.auth.eu-central-1.amazoncognito.com"
APP_DOMAIN = "app.example"
TENANT = {
    "tenantId": "acme",
    "tenantName": "Acme Inc.",
    "tier": "silo",
    "admin": {"email": "admin@acme.example", "name": "First Admin"},
    "routing": {"subdomain": "acme"},
}
PROVIDERS = [
    {"name": "AcmeSSO", "type": "SAML", "metadataUrl": "https://idp.acme.example/metadata"},
    {
        "name": "AcmeLogin",
        "type": "OIDC",
        "issuer": "https://login.acme.example",
        "clientId": "acme",
        "clientSecretArn": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:tenant-onboarding/acme/oidc-AbCdEf",
    },
]


def tenant(email: Email) -> TenantCreated:
    """Return a tenant that gets an email."""
    providers = PROVIDERS if email == "connect" else []
    return TenantCreated.model_validate(TENANT | {"identityProviders": providers})


def email_of(tenant: TenantCreated) -> Email:
    """Return which email a tenant gets."""
    return "connect" if tenant.federated else "first_sign_in"


def values(
    tenant: TenantCreated, app_domain: str = APP_DOMAIN, email: Email | None = None
) -> dict[str, Any]:  # Any: what templates show
    """Return the values of a tenant's email: its own where the event says them, samples for what is made later.

    It is the welcome email, or one of people's, which has no name unless it is an invitation.
    """
    shown: dict[str, Any] = {
        "tenant_name": tenant.tenant_name,
        "admin_name": tenant.admin.name,
        "sign_in_address": f"https://{tenant.routing.subdomain}.{app_domain}",
    }
    if email in OF_PEOPLE:
        return shown | _of_people(email, shown["sign_in_address"])
    if tenant.federated:
        return shown | {
            "providers": [identity_providers.made(tenant.tenant_id, each) for each in tenant.identity_providers],
            "entity_id": user_pool_addresses.saml_entity_id(USER_POOL_ID),
            "acs_address": user_pool_addresses.saml_reply_address(DOMAIN),
            "redirect_address": user_pool_addresses.redirect_address(DOMAIN),
        }
    policy = tenant.security.password_policy if tenant.security else PasswordPolicy()
    return shown | {
        "email": tenant.admin.email,
        "password": PASSWORD,
        "password_days": policy.temporary_password_validity_days,
    }


def _of_people(email: Email, sign_in_address: str) -> dict[str, str | None]:
    named = {"admin_name": "Invited Person" if email == "invitation" else None}
    if email == "already_registered":
        return named
    action = "reset" if email == "reset" else "confirm"
    return named | {"link": f"{sign_in_address}/#action={action}&token={TOKEN}", "valid_until": VALID_UNTIL}
