"""CreateUserPool: a silo tenant's own user pool. Refused: no tier that is offered leads here."""

from orchestrator.ledger import Made
from orchestrator.steps import StepContext
from orchestrator.tiers import not_offered


def act(context: StepContext) -> Made:
    """Refuse with a clear reason."""
    raise not_offered(context.turn.step)
