"""RegisterRouting: the tenant's keys lead to its user pool from here on. Point of no return."""

import time

from orchestrator import routes
from orchestrator.errors import TenantConflictError
from orchestrator.ledger import Made, timestamp
from orchestrator.steps import StepContext


def act(context: StepContext) -> Made:
    """Activate every key that the claim reserved, in the transaction that records the step as done."""
    table, now = context.settings.routes_table, timestamp(time.time())
    target = routes.target(context.settings, context.record)
    keys = context.record["routeKeys"]
    activations = routes.activations(table, context.tenant_id, keys, target, now)
    if context.record["tier"] == "pool":
        routes.register_shared_client(context.clients.dynamodb, table, target, now)
    else:
        activations.append(routes.own_client(table, context.tenant_id, target, now))
    return Made(
        together_with=activations,
        refusal=TenantConflictError(
            f"One of the routing keys {', '.join(keys)} or the app client is not {context.tenant_id}'s",
            next_action="Find in the routes table who holds the keys that the message names, settle it, then retry.",
        ),
    )
