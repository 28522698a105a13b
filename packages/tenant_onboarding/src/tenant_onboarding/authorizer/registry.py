"""The routing registry as it is read: which tenant and which user pool a host name, a code or an app client belongs to.

Whoever signs somebody in reads it before anything else, so nothing here is slow to import.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ACTIVE = "ACTIVE"
"""The state of a key that leads to a tenant; in any other it leads nowhere yet."""


def subdomain_key(subdomain: str) -> str:
    """Return the route key of a host name's first label."""
    return f"subdomain#{subdomain}"


def code_key(tenant_code: str) -> str:
    """Return the route key of a tenant code."""
    return f"code#{tenant_code}"


def domain_key(domain: str) -> str:
    """Return the route key of a mail domain; there is one only once a tenant's claim to it is verified."""
    return f"domain#{domain}"


def client_key(user_pool_id: str, app_client_id: str) -> str:
    """Return the route key of an app client, by which a token's origin is found."""
    return f"client#{user_pool_id}#{app_client_id}"


def tenant_key(tenant_id: str) -> str:
    """Return the route key of a tenant that shares its app client, by which a token's tenant is found."""
    return f"tenant#{tenant_id}"


def resolve(dynamodb: "DynamoDBClient", table: str, key: str) -> dict[str, Any] | None:
    """Return an active key's tenant, target and since when it leads there; None if there is no such key (yet).

    It is one consistent read.
    """
    item = read(dynamodb, table, key)
    if item.get("state") != ACTIVE:
        return None
    about = {name: item.get(name) for name in ("tenantId", "activatedAt")}
    return {"routeKey": key, **about, **item["target"]}


def read(dynamodb: "DynamoDBClient", table: str, key: str) -> dict[str, Any]:
    """Return a route, in whatever state, by one consistent read; empty if there is none."""
    return dict(dynamodb.get_item(TableName=table, Key={"routeKey": key}, ConsistentRead=True).get("Item", {}))


def holder(dynamodb: "DynamoDBClient", table: str, key: str) -> str | None:
    """Return the tenant that holds a key, in whatever state, by one consistent read; None if nobody does."""
    return read(dynamodb, table, key).get("tenantId")
