"""RegisterRouting: the tenant's keys lead to its user pool from here on. Point of no return."""

import time

from orchestrator import routes
from orchestrator.errors import TenantConflictError
from orchestrator.ledger import Made, timestamp
from orchestrator.steps import StepContext


def act(context: StepContext) -> Made:
    """Activate every key that the claim reserved, in the transaction that records the step as done."""
    table, now = context.settings.routes_table, timestamp(time.time())
    target = {key: context.resources[key] for key in ("region", "userPoolId", "appClientId", "issuer")}
    if context.record["tier"] == "pool":
        routes.register_shared_client(context.clients.dynamodb, table, target, now)
    keys = context.record["routeKeys"]
    return Made(
        together_with=routes.activations(table, context.tenant_id, keys, target, now),
        refusal=TenantConflictError(
            f"One of the routing keys {', '.join(keys)} is no longer reserved for {context.tenant_id}",
            next_action="Find in the routes table who holds the keys that the message names, settle it, then retry.",
        ),
    )
