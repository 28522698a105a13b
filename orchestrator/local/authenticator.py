"""Adding an authenticator app to a user who has none, from outside: no token that the user has can do it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyotp

from orchestrator.aws import writes
from orchestrator.local.first_sign_in import OWN_PASSWORD
from tenant_onboarding.authorizer import registry

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients

FLOW: Any = "ADMIN_USER_PASSWORD_AUTH"
FLOWS: Any = [f"ALLOW_{FLOW}", "ALLOW_REFRESH_TOKEN_AUTH"]


def enrol(clients: "Clients", routes_table: str, resources: dict[str, str], password: str = OWN_PASSWORD) -> pyotp.TOTP:
    """Add an authenticator app to a tenant's admin, whose password this is; return what the app then knows.

    The user signs in for it at an internal app client, whose tokens are keys to Cognito. There is one as long as that
    takes. Raises the SDK's errors.
    """
    cognito = clients.in_region(resources["region"]).cognito
    with _internal_app_client(clients, routes_table, resources) as client_id:
        access_token = cognito.admin_initiate_auth(
            UserPoolId=resources["userPoolId"],
            ClientId=client_id,
            AuthFlow=FLOW,
            AuthParameters={"USERNAME": resources["adminUsername"], "PASSWORD": password},
        )["AuthenticationResult"]["AccessToken"]
        totp = pyotp.TOTP(cognito.associate_software_token(AccessToken=access_token)["SecretCode"])
        cognito.verify_software_token(AccessToken=access_token, UserCode=totp.now())
        chosen: Any = {"Enabled": True, "PreferredMfa": True}
        cognito.set_user_mfa_preference(AccessToken=access_token, SoftwareTokenMfaSettings=chosen)
    return totp


@contextmanager
def _internal_app_client(clients: "Clients", routes_table: str, resources: dict[str, str]) -> Iterator[str]:
    """Make an app client that no product knows, and take it away again."""
    cognito, pool_id = clients.in_region(resources["region"]).cognito, resources["userPoolId"]
    made = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="authenticator", ExplicitAuthFlows=FLOWS)
    client_id = made["UserPoolClient"]["ClientId"]
    key = registry.client_key(pool_id, client_id)
    target = {"region": resources["region"], "userPoolId": pool_id, "appClientId": client_id}
    item: Any = {"routeKey": key, "state": registry.ACTIVE, registry.INTERNAL: True, "target": target}
    writes.in_turn(clients.dynamodb.put_item, TableName=routes_table, Item=item)
    try:
        yield client_id
    finally:
        writes.in_turn(clients.dynamodb.delete_item, TableName=routes_table, Key={"routeKey": key})
        cognito.delete_user_pool_client(UserPoolId=pool_id, ClientId=client_id)
