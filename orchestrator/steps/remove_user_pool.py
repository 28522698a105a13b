"""RemoveUserPool: a silo tenant's user pool, with all that is in it."""

from typing import Any

from orchestrator.aws.errors import TransientError
from orchestrator.identity.marks import OWNER_TAG, STACK_TAG
from orchestrator.identity.tenant_inventory import TenantInventory, check_waiting
from orchestrator.steps import StepContext
from orchestrator.steps.remove_app_client import release_client
from orchestrator.tenants.ledger import Made


def act(context: StepContext) -> Made:
    """Delete each user pool that is tagged as this tenant's; one that is gone already is success.

    None is touched where somebody has signed in, and none deleted where somebody does so meanwhile.
    """
    inventory = TenantInventory(context.clients, context.settings, context.record)
    user_pools = inventory.user_pools()
    for user_pool_id in user_pools:
        check_waiting(inventory.users_in(user_pool_id), context.tenant_id)
    for user_pool_id in user_pools:
        _remove(inventory, user_pool_id)
    release_client(context)
    return Made(amend=lambda change: change.set("resources", {}))


def _remove(inventory: TenantInventory, user_pool_id: str) -> None:
    """Delete a user pool: first its domain, then its protection, as Cognito demands; last it is asked for its users."""
    client, found = inventory.client, inventory.described(user_pool_id)
    if found and found.get("Domain"):
        inventory.unless_gone(client.delete_user_pool_domain, user_pool_id, Domain=found["Domain"])
        found = inventory.described(user_pool_id)
        if found and found.get("Domain"):
            raise TransientError(f"The domain of {user_pool_id} is still there", code="DomainStillThere")
    if found and found.get("DeletionProtection") == "ACTIVE":
        inventory.unless_gone(client.update_user_pool, user_pool_id, **_unprotected(found))
    if found:
        check_waiting(inventory.users_in(user_pool_id), inventory.tenant_id, removed=True)
        inventory.unless_gone(client.delete_user_pool, user_pool_id)


def _unprotected(found: dict[str, Any]) -> Any:  # Any: the stubs' TypedDict
    """Return the parameters of UpdateUserPool that let a user pool be deleted.

    What is left out would be reset: its tags say whose it is until then, and its trigger binds every token.
    """
    return {
        "DeletionProtection": "INACTIVE",
        "UserPoolTags": {name: found["UserPoolTags"][name] for name in (OWNER_TAG, STACK_TAG)},
        "LambdaConfig": found.get("LambdaConfig", {}),
        "AutoVerifiedAttributes": found.get("AutoVerifiedAttributes", []),
        "UserAttributeUpdateSettings": found.get("UserAttributeUpdateSettings", {}),
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
    }
