"""The tenant of a host name, as public requests name it."""

from typing import TYPE_CHECKING

from tenant_onboarding.authorizer import registry, resolver

if TYPE_CHECKING:
    from orchestrator.aws.settings import Settings
    from tenant_onboarding.authorizer.registry import Reads, Route

SUSPENDED = "SUSPENDED"
"""The state of the routes of a tenant that is suspended: known, but leading nowhere."""


class SuspendedError(Exception):
    """The host's tenant is suspended."""


class FederatedError(Exception):
    """The tenant's people sign in at its identity provider; `address` is where they begin."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address


def route_of(dynamodb: "Reads", settings: "Settings", host: str) -> "Route | None":
    """Return the route of a host name, by one read; None if it leads nowhere, without a read if it cannot.

    Raises SuspendedError for a host whose tenant is suspended.
    """
    key = resolver.route_key(settings.app_domain, "host", host)
    if key is None:
        return None
    item = registry.read(dynamodb, settings.routes_table, key)
    if item.get("state") == SUSPENDED:
        raise SuspendedError
    return next(iter(registry.in_force(registry.led_by(key, item))), None)


def user_name(route: "Route", email: str) -> str:
    """Return what the user of an address is called in Cognito, in the tenant of a route."""
    return str(route["userNameTemplate"]).format(tenantId=route["tenantId"], email=email)


def is_federated(route: "Route") -> bool:
    """Tell whether the tenant's people sign in at identity providers, so that there are no passwords."""
    return bool(route.get("identityProviders"))
