"""SendWelcomeEmail: the tenant's admin is mailed how to sign in, or how to connect its identity provider."""

from orchestrator.steps import StepContext
from orchestrator.tenants.ledger import Made
from orchestrator.welcome.sending import send


def act(context: StepContext) -> Made:
    """Mail the tenant's admin; in doubt again only while nobody has signed in with an earlier password."""
    return send(context.clients, context.settings, context.record, in_doubt=context.in_doubt)
