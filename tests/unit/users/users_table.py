"""What is in the users table of the simulated AWS."""

from typing import Any

from orchestrator.aws.clients import Clients
from orchestrator.users import store
from tests.unit.item_kinds import kind_of_users


def everything(clients: Clients) -> list[dict[str, Any]]:
    """Return all items of all tenants, each of which is of a kind that is known."""
    items = [dict(item) for item in clients.dynamodb.scan(TableName="users")["Items"]]
    assert all(map(kind_of_users, items))
    return items


def rows(clients: Clients) -> list[dict[str, Any]]:
    """Return the rows of all users."""
    return [item for item in everything(clients) if item["item"].startswith(store.ROW)]


def kinds(clients: Clients, tenant_id: str = "acme") -> list[str]:
    """Return what kinds of items a tenant has."""
    of_tenant = [item["item"] for item in everything(clients) if item["tenantId"] == tenant_id]
    return sorted(item.partition("#")[0] for item in of_tenant)
