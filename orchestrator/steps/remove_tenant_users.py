"""RemoveTenantUsers: the tenant's users in a shared user pool, as nobody has signed in as one of them."""

from orchestrator.identity.tenant_inventory import check_waiting, owner_of
from orchestrator.steps import StepContext, inventory_of
from orchestrator.tenants.ledger import Made


def act(context: StepContext) -> Made:
    """Delete each user that was made for this tenant; one that is gone already is success."""
    inventory = inventory_of(context)
    users = inventory.users()
    check_waiting(users, context.tenant_id)
    for user in users:
        if owner_of(user) == context.tenant_id:
            delete = inventory.client.admin_delete_user
            inventory.remove(delete, Username=user["Username"])
    return Made(amend=lambda change: change.remove("resources.adminUsername"))
