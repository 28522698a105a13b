"""Our server's own app client, one in each user pool: for one-time codes alone, and of nobody's product.

It has a secret, which only Cognito keeps. It is found by its name when an answer was lost, and by its item `internal#…`
in the routes table when it is used.
"""

from typing import TYPE_CHECKING, Any

from orchestrator.aws.dynamodb import Change
from orchestrator.identity import cognito
from orchestrator.identity.user_pool_addresses import issuer
from tenant_onboarding.authorizer import registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings
    from orchestrator.tenants.notes import Notes

RESOURCE = "serverClientId"
"""What a record or a row calls its id."""


def name(user_pool: cognito.NewUserPool) -> str:
    """Return the name of the app client in a user pool; no tenant's app client has such a name."""
    return f"{user_pool.name}-server"


def wanted(user_pool: cognito.NewUserPool, user_pool_id: str) -> cognito.NewAppClient:
    """Return the app client of a user pool as it is to be."""
    return cognito.NewAppClient(user_pool_id, name(user_pool), for_server=True)


def ensure(
    clients: "Clients",
    settings: "Settings",
    new: cognito.NewAppClient,
    *,
    in_doubt: bool,
    notes: "Notes | None" = None,
) -> dict[str, str]:
    """Return the id of the one app client as a resource, created, or in doubt adopted; `clients` are of its Region.

    In a step it comes last: what fails after it would pass for a step that has made nothing. Raises what
    `find_or_create` raises.
    """
    return {RESOURCE: cognito.ensure_app_client(clients, settings, new, in_doubt=in_doubt, notes=notes)}


def internal_key(user_pool_id: str) -> str:
    """Return the route key by which our server finds its app client in a user pool."""
    return f"internal#{user_pool_id}"


def keys(resources: "Mapping[str, Any]") -> list[str]:  # Any: as records hold them
    """Return the route keys of the app client that resources name; none if they name none."""
    if not resources.get(RESOURCE):
        return []
    user_pool_id = resources["userPoolId"]
    return [registry.client_key(user_pool_id, resources[RESOURCE]), internal_key(user_pool_id)]


def routes(
    table: str, region: str, resources: "Mapping[str, Any]", now: str, tenant_id: str | None = None
) -> list[dict[str, Any]]:
    """Return the actions that register the app client that resources name: of a tenant's user pool, or a shared one.

    Safe to repeat, refused if a key is another's. None if they name none, as those of an earlier release.
    """
    if not resources.get(RESOURCE):
        return []
    user_pool_id = resources["userPoolId"]
    about = {"region": region, "userPoolId": user_pool_id, "appClientId": resources[RESOURCE]}
    target = about | {"issuer": issuer(region, user_pool_id)}
    return [_registration(table, key, target, now, tenant_id).action() for key in keys(resources)]


def _registration(table: str, key: str, target: dict[str, str], now: str, tenant_id: str | None) -> Change:
    marked = True
    whose, value = ("shared", marked) if tenant_id is None else ("tenantId", tenant_id)
    return (
        Change(table, {"routeKey": key})
        .set(whose, value)
        .set(registry.INTERNAL, marked)
        .set("state", registry.ACTIVE)
        .set("target", target)
        .set_once("activatedAt", now)
        .require(f"attribute_not_exists([routeKey]) OR ([{whose}] = ? AND [internal] = ?)", value, marked)
    )
