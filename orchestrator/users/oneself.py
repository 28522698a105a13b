"""Oneself: somebody with a token who changes how they sign in, and so proves the password once more.

Whoever has the token alone, of a page that was left open or by theft, changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.identity.tenant_region import clients_there
from orchestrator.routing import routes
from orchestrator.users import app_client, callers, local_users, store
from orchestrator.users.app_client import AppClient, RefusedError
from orchestrator.users.hosts import FederatedError
from orchestrator.users.sessions import ANSWERS

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

RESULT = "AuthenticationResult"


@dataclass(frozen=True)
class Oneself:
    """Who asks, by the register, and where the request comes from."""

    clients: "Clients"
    settings: "Settings"
    asks: callers.Caller
    origin: app_client.Caller

    def check_local(self) -> None:
        """Raise FederatedError of `hosts` for somebody who has no password here."""
        if not local_users.is_local(self.asks.tenant, self.asks.row):
            raise FederatedError(routes.address(self.settings, self.asks.tenant))

    @property
    def user(self) -> store.User:
        """Who asks, as the register has it."""
        return store.of(self.asks.row)

    @property
    def cognito(self) -> "CognitoIdentityProviderClient":
        """Amazon Cognito, where the user is."""
        return clients_there(self.clients, self.settings, self.asks.tenant).cognito

    @property
    def at_tenants(self) -> AppClient:
        """The app client at which the tenant's people sign in."""
        route: Any = routes.target(self.settings, self.asks.tenant)
        return AppClient(self.clients, self.settings, route)

    def proved(self, at: AppClient, password: str) -> Mapping[str, Any]:
        """Return what Cognito answers to whoever has the password: tokens, or what it asks for next.

        Raises RefusedError for a wrong one, a lock, and whatever else lets nobody in; TransientError, and what AWS
        answers. It is asked for a second factor only after the password was right.
        """
        asked = {"USERNAME": self.user.username, "PASSWORD": password}
        answered = at.initiate("ADMIN_USER_PASSWORD_AUTH", asked, self.origin)
        if RESULT not in answered and answered["ChallengeName"] not in ANSWERS:
            raise RefusedError(f"Challenge:{answered['ChallengeName']}")
        return answered


def end(at: AppClient, answered: Mapping[str, Any]) -> None:
    """End the session of an answer, if it has tokens; raises what AWS answers."""
    if RESULT in answered:
        at.revoke(answered[RESULT]["RefreshToken"])
