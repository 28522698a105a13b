"""A tenant's people as they are in the register and in Amazon Cognito alike, and what is done to them."""

import time
from dataclasses import replace
from typing import Any

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import Item
from orchestrator.identity.tenant_region import clients_there
from orchestrator.tenants.ledger import timestamp
from orchestrator.users import addresses, local_users, store
from orchestrator.users.ids import new_ulid
from orchestrator.users.operations import OPERATOR, By, Operations, Wanted, What
from orchestrator.users.statuses import ACTIVE, MEMBER
from orchestrator.users.store import User
from tests.unit.users.people import PASSWORD, People
from tests.unit.users.users_table import everything


def joins(people: People, email: str, role: str = MEMBER, tenant_id: str = "acme") -> Item:
    """Let somebody be a user of a tenant, as whoever confirms an address becomes one; return the row."""
    tenant, now = people.tenant(tenant_id), timestamp(time.time())
    address = addresses.hashed(people.clients, people.settings, email)
    wanted = User(new_ulid(), tenant_id, email, address, email.partition("@")[0], role, ACTIVE, now)
    cognito = clients_there(people.clients, people.settings, tenant).cognito
    user = local_users.make(cognito, tenant, wanted)
    local_users.set_password(cognito, user, PASSWORD)
    writes.transact(people.clients.dynamodb, store.entered(people.settings.users_table, replace(user, role=role)))
    return row(people, email, tenant_id)


def row(people: People, email: str, tenant_id: str = "acme") -> Item:
    """Return the row of an address in a tenant, whatever its status is."""
    found = [each for each in everything(people.clients) if each.get("email") == email]
    (one,) = [each for each in found if each["tenantId"] == tenant_id and each["item"].startswith(store.ROW)]
    return one


def change(people: People, row: Item, what: What, value: str = "", by: By = OPERATOR) -> Item:
    """Do something to somebody, in an invocation of its own."""
    tenant = people.tenant(row["tenantId"])
    return Operations(people.clients, people.settings, tenant).change(row, Wanted(what, value), by, people.claim())


def counts(people: People, tenant_id: str = "acme") -> dict[str, int]:
    """Return how many people a tenant is said to have."""
    (found,) = [
        each for each in everything(people.clients) if (each["tenantId"], each["item"]) == (tenant_id, "ADMINS")
    ]
    return {name: int(found.get(name, 0)) for name in ("active", "members", "disabled")}


def counted(people: People, tenant_id: str = "acme") -> dict[str, int]:
    """Return how many people a tenant has, counted by their rows."""
    rows = [each for each in everything(people.clients) if each["item"].startswith(store.ROW)]
    of_tenant = [(each["status"], each["role"]) for each in rows if each["tenantId"] == tenant_id]
    return {
        "active": of_tenant.count(("ACTIVE", "admin")),
        "members": sum(status == "ACTIVE" for status, _ in of_tenant),
        "disabled": sum(status == "DISABLED" for status, _ in of_tenant),
    }


def in_cognito(people: People, of: Item) -> dict[str, Any] | None:
    """Return what Cognito knows of a user: `enabled`, and its attributes; None if it knows nobody."""
    try:
        found = people.clients.cognito.admin_get_user(UserPoolId=of["userPoolId"], Username=of["username"])
    except people.clients.cognito.exceptions.UserNotFoundException:
        return None
    return {"enabled": found["Enabled"]} | {each["Name"]: each["Value"] for each in found["UserAttributes"]}


def due(people: People) -> list[dict[str, Any]]:
    """Return what is under way with people and not over."""
    scanned = people.clients.dynamodb.scan(TableName=people.settings.tenants_table)["Items"]
    return [dict(each) for each in scanned if str(each["item"]).startswith("DUE#PERSON#") and "due" in each]
