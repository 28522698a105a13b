"""RemoveTenantUsers: the tenant's users in a shared user pool, as nobody has signed in as one of them."""

from orchestrator.identity.remains import Remains, check_waiting, owner_of, unless_gone
from orchestrator.steps import StepContext
from orchestrator.tenants.ledger import Made


def act(context: StepContext) -> Made:
    """Delete each user that was made for this tenant; one that is gone already is success."""
    remains = Remains(context)
    users = remains.users()
    check_waiting(users, context.tenant_id)
    for user in users:
        if owner_of(user) == context.tenant_id:
            delete = remains.client.admin_delete_user
            unless_gone(delete, UserPoolId=remains.user_pool_id, Username=user["Username"])
    return Made(amend=lambda change: change.remove("resources.adminUsername"))
