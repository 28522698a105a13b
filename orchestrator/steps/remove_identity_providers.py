"""RemoveIdentityProviders: a tenant's identity providers in a shared user pool, with the groups that Cognito made."""

from orchestrator.steps import StepContext, inventory_of
from orchestrator.tenants.ledger import Made


def act(context: StepContext) -> Made:
    """Delete each provider that bears this tenant's mark, its group first; what is gone already is success."""
    inventory = inventory_of(context)
    pool = inventory.user_pool_id
    for name in inventory.identity_providers():
        inventory.remove(inventory.client.delete_group, GroupName=f"{pool}_{name}")
        inventory.remove(inventory.client.delete_identity_provider, ProviderName=name)
    return Made(amend=lambda change: change.remove("resources.identityProviders"))
