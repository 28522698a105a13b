"""CreateTenantGroup: the group that bears the tenant's id and marks its users in every token."""

from orchestrator.identity import natural_keys
from orchestrator.steps import StepContext
from orchestrator.tenants.ledger import Made


def act(context: StepContext) -> Made:
    """Create the group, or find that this tenant's group exists."""
    name = context.tenant_id
    natural_keys.create_group(context.regional.cognito, context.resources["userPoolId"], name, owner=context.tenant_id)
    return Made(resources={"groupName": name})
