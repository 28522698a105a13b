"""RemoveIdentityProviders: a tenant's identity providers in a shared user pool, with the groups that Cognito made."""

from orchestrator.identity.remains import Remains, unless_gone
from orchestrator.steps import StepContext
from orchestrator.tenants.ledger import Made


def act(context: StepContext) -> Made:
    """Delete each provider that bears this tenant's mark, its group first; what is gone already is success."""
    remains = Remains(context)
    pool = remains.user_pool_id
    for name in remains.identity_providers():
        unless_gone(remains.client.delete_group, UserPoolId=pool, GroupName=f"{pool}_{name}")
        unless_gone(remains.client.delete_identity_provider, UserPoolId=pool, ProviderName=name)
    return Made(amend=lambda change: change.remove("resources.identityProviders"))
