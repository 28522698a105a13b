"""The tokens of one host's tenant: whatever Cognito answers with is verified, and no other tenant's passes.

It is the verifier of the products' APIs, over the one route that the host leads by, so nothing more is read.
"""

from typing import TYPE_CHECKING

from tenant_onboarding.authorizer import registry
from tenant_onboarding.authorizer.token_verifier import CLIENT_CLAIMS, SHARED_TIER, Reason, RefusedError, TokenVerifier

if TYPE_CHECKING:
    from tenant_onboarding.authorizer.key_sets import KeySets
    from tenant_onboarding.authorizer.registry import Route

NOBODYS_FAULT = frozenset({Reason.EXPIRED, Reason.KEYS_UNAVAILABLE, Reason.NOT_YET_VALID, Reason.UNKNOWN_KEY})
"""Why a token that was issued a moment ago cannot be verified: no keys, or a clock that is wrong."""


class OtherTenantError(Exception):
    """A token is not one of the host's tenant; the text is the verifier's reason."""


class UnverifiableError(Exception):
    """Nobody can say whose a token is, for now; the text is the verifier's reason."""


class HostTokens:
    """Says whether tokens are of the tenant of a route."""

    def __init__(self, route: "Route", keys: "KeySets", token_use: str) -> None:
        """Hold the tokens of this use to the tenant, and any other that says one.

        On the feature plan LITE that is the ID token; the access token says none, but must be the app client's too.
        """
        self._tenant_id, self._use = route["tenantId"], token_use
        self._verifier = TokenVerifier(_OneRoute(route), keys, token_uses=tuple(CLIENT_CLAIMS), app_domain=None)

    def check(self, access_token: str, id_token: str) -> None:
        """Raise OtherTenantError unless both tokens are of the route's app client and tenant, or UnverifiableError."""
        for use, token in (("access", access_token), ("id", id_token)):
            self._check(use, token)

    def _check(self, use: str, token: str) -> None:
        try:
            identity = self._verifier.verify(token, host=None)
        except RefusedError as refused:
            if refused.reason is Reason.NO_TENANT and use != self._use:
                return  # after signature, issuer, app client and time
            error = UnverifiableError if refused.reason in NOBODYS_FAULT else OtherTenantError
            raise error(str(refused)) from None
        if identity.tenant_id != self._tenant_id:
            raise OtherTenantError(str(Reason.OTHER_TENANT))


class _OneRoute:
    """The registry as far as one tenant reaches: its app client and, where that is shared, the tenant itself."""

    def __init__(self, route: "Route") -> None:
        client = registry.client_key(route["userPoolId"], route["appClientId"])
        of_client = route | {"tenantId": None} if route["tier"] == SHARED_TIER else route
        self._routes = {client: [of_client], registry.tenant_key(route["tenantId"]): [route]}

    def find(self, key: str) -> "list[Route]":
        """Return the route of a key; none for any other."""
        return self._routes.get(key, [])
