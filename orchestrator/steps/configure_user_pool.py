"""ConfigureUserPool: MFA, the domain and our server's own app client of a silo tenant's user pool."""

from orchestrator.identity import cognito, server_clients
from orchestrator.identity.tenant_resources import user_pool
from orchestrator.identity.user_pool_addresses import hosted_domain
from orchestrator.steps import StepContext
from orchestrator.tenants.ledger import Made


def act(context: StepContext) -> Made:
    """Set MFA and create the domain, both safe to repeat; then create the app client, or in doubt find it."""
    new, user_pool_id = user_pool(context.settings, context.record), context.resources["userPoolId"]
    prefix = cognito.configure_user_pool(context.regional.cognito, context.settings, new, user_pool_id)
    client = server_clients.wanted(new, user_pool_id)
    made = server_clients.ensure(
        context.regional, context.settings, client, in_doubt=context.in_doubt, notes=context.notes
    )
    return Made(resources={"domain": hosted_domain(new.region, prefix), **made})
