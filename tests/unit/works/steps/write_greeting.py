"""WriteGreeting: the tenant's people are greeted, each of them once."""

from orchestrator.steps import StepContext
from orchestrator.tenants.ledger import Made


def act(context: StepContext) -> Made:
    """Write the greeting."""
    return Made({"greeting": f"Hello, {context.tenant_id}"})
