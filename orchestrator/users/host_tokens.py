"""The tokens of one host's tenant: whatever Cognito answers with is verified, and no other tenant's passes.

It is the verifier of the products' APIs, over the one route that the host leads by, so nothing more is read.
"""

from typing import TYPE_CHECKING

from tenant_onboarding.authorizer import registry
from tenant_onboarding.authorizer.token_verifier import SHARED_TIER, RefusedError, TokenVerifier

if TYPE_CHECKING:
    from tenant_onboarding.authorizer.key_sets import KeySets
    from tenant_onboarding.authorizer.registry import Route


class OtherTenantError(Exception):
    """A token is not one of the host's tenant; the text is the verifier's reason."""


class HostTokens:
    """Says whether tokens are of the tenant of a route."""

    def __init__(self, route: "Route", keys: "KeySets", token_use: str) -> None:
        """Hold to the tenant what can say one: where `token_use` is `id`, on the feature plan LITE, the ID token alone."""
        self._tenant_id, self._use = route["tenantId"], token_use
        self._verifier = TokenVerifier(_OneRoute(route), keys, token_uses=["access", "id"], app_domain=None)

    def check(self, access_token: str, id_token: str) -> None:
        """Raise OtherTenantError unless both tokens are of the route's user pool, app client and tenant."""
        for use, token in (("access", access_token), ("id", id_token)):
            if use == "access" != self._use:
                continue
            try:
                identity = self._verifier.verify(token, host=None)
            except RefusedError as refused:
                raise OtherTenantError(str(refused)) from None
            if identity.tenant_id != self._tenant_id:
                raise OtherTenantError("OTHER_TENANT")


class _OneRoute:
    """The registry as far as one tenant reaches: its app client and, where that is shared, the tenant itself."""

    def __init__(self, route: "Route") -> None:
        client = registry.client_key(route["userPoolId"], route["appClientId"])
        of_client = route | {"tenantId": None} if route["tier"] == SHARED_TIER else route
        self._routes = {client: [of_client], registry.tenant_key(route["tenantId"]): [route]}

    def find(self, key: str) -> "list[Route]":
        """Return the route of a key; none for any other."""
        return self._routes.get(key, [])
