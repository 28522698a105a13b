"""RegisterRouting: the tenant's keys lead to its user pool from here on. Point of no return."""

import time

from orchestrator.aws.errors import TenantConflictError
from orchestrator.identity import server_clients
from orchestrator.routing import routes
from orchestrator.steps import StepContext
from orchestrator.tenants import open_sign_up
from orchestrator.tenants.ledger import Made, timestamp


def act(context: StepContext) -> Made:
    """Activate every key that the claim reserved, in the transaction that records the step as done.

    With them comes the key by which tokens are bound to the tenant: that of its own app client, or of itself where the
    app client is shared. What the tenant says of registering comes with the key of its own app client, where whoever
    lets people of its social providers in looks for it.
    """
    table, now = context.settings.routes_table, timestamp(time.time())
    target = routes.target(context.settings, context.record)
    reserved = context.record["routeKeys"]
    if context.record["tier"] == "pool":
        routes.register_shared_client(context.clients.dynamodb, table, target, now)
        own = routes.own_tenant(table, context.tenant_id, target, now)
    else:
        said = {"signUp": open_sign_up.policy(context.record)}
        own = routes.own_client(table, context.tenant_id, target | said, now)
    actions = [*routes.activations(table, context.tenant_id, reserved, target, now), own]
    actions += server_clients.routes(table, context.region, context.resources, now, context.tenant_id)
    keys = [action["Update"]["Key"]["routeKey"] for action in actions]
    return Made(
        together_with=actions,
        refusal=TenantConflictError(
            f"One of the routing keys {', '.join(keys)} is not {context.tenant_id}'s",
            next_action="Find in the routes table who holds the keys that the message names, settle it, then retry.",
        ),
    )
