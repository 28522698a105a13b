"""CreateUserPool: a silo tenant's own user pool, in the Region that it asked for."""

from orchestrator import cognito
from orchestrator.contracts import Security
from orchestrator.ledger import Made
from orchestrator.steps import StepContext
from orchestrator.user_pool_addresses import issuer


def act(context: StepContext) -> Made:
    """Create the user pool, or in doubt find the one that a lost answer left behind."""
    new = user_pool(context)
    user_pool_id = cognito.ensure_user_pool(context.regional, context.settings, new, in_doubt=context.in_doubt)
    return Made(
        resources={
            "region": new.region,
            "userPoolId": user_pool_id,
            "issuer": issuer(new.region, user_pool_id),
        }
    )


def user_pool(context: StepContext) -> cognito.NewUserPool:
    """Return the tenant's user pool as it is to be; no shared user pool has such a name or owner."""
    return cognito.NewUserPool(
        name=f"{context.settings.stack_name}-silo-{context.tenant_id}",
        owner=f"{context.settings.deployment_id}/silo/{context.tenant_id}",
        region=context.region,
        security=security(context),
    )


def security(context: StepContext) -> Security:
    """Return the security settings of the tenant's user pool; those of shared ones are the default."""
    own = context.record.get("security")
    return Security.model_validate_json(own) if own else Security()
