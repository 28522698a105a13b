"""Our server's own app client of a user pool, as it is used: the routes table has its id, and Cognito its secret.

A process reads both once for each user pool, and anew after some minutes: the user pool may be another by then.
"""

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from orchestrator.aws.errors import ConfigurationError
from orchestrator.identity.server_clients import internal_key
from orchestrator.tenants.commands import command
from tenant_onboarding.authorizer import registry

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings
    from tenant_onboarding.authorizer.registry import Route

KEPT_SECONDS = 15 * 60
KEPT_USER_POOLS = 512
"""So many a process keeps; the one that was used longest ago gives way."""


@dataclass(frozen=True)
class ServerClient:
    """The app client; its secret is in no text that is made of it."""

    region: str
    user_pool_id: str
    client_id: str
    secret: str = field(repr=False)

    def secret_hash(self, username: str) -> str:
        """Return what Cognito asks for beside a user's name, `SECRET_HASH`: who knows it for one name knows no other's.

        The name is the one that the call itself gives, to the letter.
        """
        digest = hmac.new(self.secret.encode(), f"{username}{self.client_id}".encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()


def find(clients: "Clients", settings: "Settings", route: "Route") -> ServerClient:
    """Return the app client in the user pool that a tenant's route leads to, on every tier alike.

    Raises ConfigurationError while the user pool has none, as one of an earlier release before `onboard converge`, and
    what AWS answers.
    """
    period = int(time.time() // KEPT_SECONDS)
    return _of_period(clients, settings.routes_table, route["region"], route["userPoolId"], period)


@lru_cache(maxsize=KEPT_USER_POOLS)
def _of_period(clients: "Clients", table: str, region: str, user_pool_id: str, period: int) -> ServerClient:  # noqa: ARG001  # what it is kept by
    found = registry.resolve(clients.registry, table, internal_key(user_pool_id))
    if found is None or not registry.is_internal(found) or found["userPoolId"] != user_pool_id:
        raise ConfigurationError(
            f"{user_pool_id} has no app client for our server",
            code="NoServerClient",
            next_action=f"Run: {command('converge')}",
        )
    described = clients.in_region(region).cognito.describe_user_pool_client(
        UserPoolId=user_pool_id, ClientId=found["appClientId"]
    )["UserPoolClient"]
    return ServerClient(region, user_pool_id, found["appClientId"], described["ClientSecret"])
