"""RemoveUserPool: a silo tenant's user pool, with all that is in it."""

from orchestrator.aws.errors import TransientError
from orchestrator.identity.tenant_inventory import TenantInventory, check_waiting
from orchestrator.identity.user_pool_updates import whole
from orchestrator.steps import StepContext, inventory_of
from orchestrator.steps.remove_app_client import release_client
from orchestrator.steps.remove_tenant_users import forget_users
from orchestrator.tenants.ledger import Made


def act(context: StepContext) -> Made:
    """Delete each user pool that is tagged as this tenant's, and what the register has; one that is gone is success.

    None is touched where somebody has signed in, and none deleted where somebody does so meanwhile.
    """
    inventory = inventory_of(context)
    user_pools = inventory.user_pools()
    for user_pool_id in user_pools:
        check_waiting(inventory.users_in(user_pool_id), context.tenant_id)
    for user_pool_id in user_pools:
        _remove(inventory, user_pool_id)
    release_client(context)
    return Made(amend=lambda change: change.set("resources", {}), together_with=forget_users(context))


def _remove(inventory: TenantInventory, user_pool_id: str) -> None:
    """Delete a user pool: first its domain, then its protection, as Cognito demands; last it is asked for its users.

    Until it is gone it stays as it was made, with its trigger and nobody let in, and its tags say whose it is.
    """
    client, found = inventory.client, inventory.described(user_pool_id)
    if found and found.get("Domain"):
        inventory.unless_gone(client.delete_user_pool_domain, user_pool_id, Domain=found["Domain"])
        found = inventory.described(user_pool_id)
        if found and found.get("Domain"):
            raise TransientError(f"The domain of {user_pool_id} is still there", code="DomainStillThere")
    if found and found.get("DeletionProtection") == "ACTIVE":
        inventory.unless_gone(client.update_user_pool, user_pool_id, **whole(found, DeletionProtection="INACTIVE"))
    if found:
        check_waiting(inventory.users_in(user_pool_id), inventory.tenant_id, removed=True)
        inventory.unless_gone(client.delete_user_pool, user_pool_id)
