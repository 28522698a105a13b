"""CreateIdentityProviders: a bridge or silo tenant's own providers. Refused: no tier that is offered leads here."""

from orchestrator.ledger import Made
from orchestrator.steps import StepContext
from orchestrator.tiers import not_offered


def act(context: StepContext) -> Made:
    """Refuse with a clear reason."""
    raise not_offered(context.turn.step)
