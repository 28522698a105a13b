"""RemoveTenantUsers: the tenant's users in a shared user pool, as nobody has signed in as one of them."""

from typing import Any

from orchestrator.identity.tenant_inventory import check_waiting, owner_of
from orchestrator.steps import StepContext, inventory_of
from orchestrator.tenants.ledger import Made
from orchestrator.users import store


def act(context: StepContext) -> Made:
    """Delete each user that was made for this tenant, and with that all that the register has of them.

    One that is gone already is success.
    """
    inventory = inventory_of(context)
    users = inventory.users()
    check_waiting(users, context.tenant_id)
    for user in users:
        if owner_of(user) == context.tenant_id:
            delete = inventory.client.admin_delete_user
            inventory.remove(delete, Username=user["Username"])
    return Made(
        amend=lambda change: change.remove("resources.adminUsername"),
        together_with=forget_users(context),
    )


def forget_users(context: StepContext) -> list[dict[str, Any]]:
    """Return the actions that remove the tenant's users from the register: at most one, as it never completed."""
    table = context.settings.users_table
    return store.forget(table, store.of_tenant(context.clients.dynamodb, table, context.tenant_id))
