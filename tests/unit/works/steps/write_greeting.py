"""WriteGreeting: the tenant's people are greeted, each of them once, and one in each portion."""

from orchestrator.steps import StepContext
from orchestrator.tenants.ledger import Made
from orchestrator.tenants.portions import Portion
from tests.unit.works.greeting import PEOPLE


def act(context: StepContext) -> Made:
    """Greet the next one."""
    number = context.portion.count
    greeted = {f"greeting{number}": f"Hello, {PEOPLE[number]}"}
    if number + 1 < len(PEOPLE):
        return Made(greeted, portion=Portion(PEOPLE[number + 1], 1))
    return Made(greeted)
