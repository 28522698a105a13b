"""From a host name, an email address or a tenant code to what signing in needs, by one read.

Whatever leads nowhere gets one answer: nobody learns whether a key is unknown, malformed, or a tenant's that is not
ready yet.
"""

from typing import Any, Literal, Protocol, get_args

from tenant_onboarding.authorizer import registry
from tenant_onboarding.names import EMAIL_MAX, ascii_domain, is_label, is_tenant_code

By = Literal["host", "email", "code"]
WAYS: tuple[By, ...] = get_args(By)
TOLD = (
    "tenantId",
    "region",
    "userPoolId",
    "appClientId",
    "issuer",
    "domain",
    "signInAddress",
    "userNameTemplate",
    "identityProviders",
)
"""What is told of a route; who verified an email domain, and why, is not."""


class Deployment(Protocol):
    """What of a deployment's settings is needed to find a tenant in it, and to use its tokens."""

    @property
    def routes_table(self) -> str:
        """Where routes are."""

    @property
    def app_domain(self) -> str:
        """The domain below which every tenant has its host name."""

    @property
    def token_use(self) -> str:
        """The `token_use` of the tokens that say a tenant to the product's APIs."""


def find(dynamodb: registry.Reads, deployment: Deployment, by: By, value: str) -> dict[str, Any] | None:
    """Return what signing in needs; None for what leads to no tenant, without a read if it cannot.

    `identityProvider` is the one that people are sent to at once: there is one if the tenant has exactly one.
    """
    key = route_key(deployment.app_domain, by, value)
    found = registry.resolve(dynamodb, deployment.routes_table, key) if key else None
    if found is None or registry.is_internal(found):
        return None
    providers = found.get("identityProviders") or []
    only = providers[0] if len(providers) == 1 else None
    return {name: found.get(name) for name in TOLD} | {"identityProvider": only, "tokenUse": deployment.token_use}


def route_key(app_domain: str, by: By, value: str) -> str | None:
    """Return the key that a value leads by, whatever its case; None if it is malformed, so that no tenant has it."""
    if not value.isascii() and by != "email":  # beyond ASCII a change of case turns some letters into ASCII ones
        return None
    return {"host": _by_host, "email": _by_email, "code": _by_code}[by](app_domain, value)


def _by_host(app_domain: str, value: str) -> str | None:
    label, _, domain = value.lower().removesuffix(".").partition(".")
    return registry.subdomain_key(label) if domain == app_domain and is_label(label) else None


def _by_email(_app_domain: str, value: str) -> str | None:
    local, _, typed = value.rpartition("@")
    if not local or not local.isascii() or len(value) > EMAIL_MAX:
        return None
    domain = ascii_domain(typed)
    return registry.domain_key(domain) if domain else None


def _by_code(_app_domain: str, value: str) -> str | None:
    code = value.upper()
    return registry.code_key(code) if is_tenant_code(code) else None
