"""ConfigureUserPool: MFA and the domain of a silo tenant's user pool."""

from orchestrator.identity import cognito
from orchestrator.identity.tenant_resources import user_pool
from orchestrator.identity.user_pool_addresses import hosted_domain
from orchestrator.steps import StepContext
from orchestrator.tenants.ledger import Made


def act(context: StepContext) -> Made:
    """Set MFA and create the domain; both are safe to repeat."""
    new, user_pool_id = user_pool(context.settings, context.record), context.resources["userPoolId"]
    prefix = cognito.configure_user_pool(context.regional.cognito, context.settings, new, user_pool_id)
    return Made(resources={"domain": hosted_domain(new.region, prefix)})
