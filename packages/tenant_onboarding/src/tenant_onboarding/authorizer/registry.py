"""The routing registry as it is read: which tenant and which user pool a host name, a code or an app client belongs to.

Whoever signs somebody in reads it before anything else, so nothing here is slow to import.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

Route = dict[str, Any]
"""A tenant and one target of an active key, side by side."""

ACTIVE = "ACTIVE"
"""The state of a key that leads to a tenant; in any other it leads nowhere, one that is not known here among them."""
INTERNAL = "internal"
"""What marks an app client that only the deployment itself signs people in at."""
UNTIL = "until"


class Reads(Protocol):
    """A client of DynamoDB's that takes and returns plain Python values: a resource's own, or `dynamodb.Reader`."""

    def get_item(
        self,
        *,
        TableName: str,  # noqa: N803  # AWS's names, here and below
        Key: Mapping[str, str],  # noqa: N803
        ConsistentRead: bool,  # noqa: N803
    ) -> Mapping[str, Any]:
        """Return the item of a key as `Item`, which is missing if there is none."""


def subdomain_key(subdomain: str) -> str:
    """Return the route key of a host name's first label."""
    return f"subdomain#{subdomain}"


def code_key(tenant_code: str) -> str:
    """Return the route key of a tenant code."""
    return f"code#{tenant_code}"


def domain_key(domain: str) -> str:
    """Return the route key of an email domain; there is one only once a tenant's claim to it is verified."""
    return f"domain#{domain}"


def client_key(user_pool_id: str, app_client_id: str) -> str:
    """Return the route key of an app client, by which a token's origin is found."""
    return f"client#{user_pool_id}#{app_client_id}"


def tenant_key(tenant_id: str) -> str:
    """Return the route key of a tenant that shares its app client, by which a token's tenant is found."""
    return f"tenant#{tenant_id}"


def invitation_key(user_pool_id: str, address: str) -> str:
    """Return the route key of an invitation to a user pool, which does not say the address; its case is all one."""
    hashed = hashlib.sha256(f"{user_pool_id}/{address.lower()}".encode()).hexdigest()
    return f"invitation#{user_pool_id}#{hashed}"


def resolve(dynamodb: Reads, table: str, key: str) -> Route | None:
    """Return an active key's tenant, first target in force and since when it leads there; None if it leads nowhere.

    It is one consistent read.
    """
    return next(iter(resolve_all(dynamodb, table, key)), None)


def resolve_all(dynamodb: Reads, table: str, key: str) -> list[Route]:
    """Return an active key's tenant with each target in force, one consistent read; none if it leads nowhere."""
    return in_force(routes(dynamodb, table, key))


def routes(dynamodb: Reads, table: str, key: str) -> list[Route]:
    """Return an active key's tenant with each target in turn, one consistent read; none if there is no such key (yet).

    A key has one `target`, or while its tenant moves `targets`, the newest first, of which each may have an end.
    """
    return led_by(key, read(dynamodb, table, key))


def led_by(key: str, item: Mapping[str, Any]) -> list[Route]:
    """Return the same of a key's item that was read; empty is of none."""
    if item.get("state") != ACTIVE:
        return []
    about = {"routeKey": key} | {name: item.get(name) for name in ("tenantId", "activatedAt")}
    if INTERNAL in item:
        about[INTERNAL] = item[INTERNAL]
    return [about | target for target in (item["targets"] if "targets" in item else [item["target"]])]


def in_force(found: Iterable[Route]) -> list[Route]:
    """Return those whose end has not come; one that cannot be read has."""
    return [route for route in found if UNTIL not in route or not _has_come(route[UNTIL])]


def leading_to(client: tuple[str, str], found: Iterable[Route]) -> Route | None:
    """Return the first route whose target is a user pool's app client, of those that a key has at a time."""
    return next((route for route in found if client_of(route) == client), None)


def client_of(route: Route) -> tuple[str, str]:
    """Return the user pool and the app client that a route leads to."""
    return route["userPoolId"], route["appClientId"]


def is_internal(route: Route) -> bool:
    """Tell whether a route is none of a product's: whatever it is marked with, but False."""
    return route.get(INTERNAL, False) is not False


def read(dynamodb: Reads, table: str, key: str) -> dict[str, Any]:
    """Return a route, in whatever state, by one consistent read; empty if there is none."""
    return dict(dynamodb.get_item(TableName=table, Key={"routeKey": key}, ConsistentRead=True).get("Item", {}))


def holder(dynamodb: Reads, table: str, key: str) -> str | None:
    """Return the tenant that holds a key, in whatever state, by one consistent read; None if nobody does."""
    return read(dynamodb, table, key).get("tenantId")


def now() -> datetime:
    """Return the time that ends are held to."""
    return datetime.now(UTC)


def _has_come(time: object) -> bool:
    try:
        return datetime.fromisoformat(str(time)) <= now()
    except (ValueError, TypeError):
        return True
