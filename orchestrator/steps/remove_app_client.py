"""RemoveAppClient: a bridge tenant's own app client; the shared one is everybody's."""

from orchestrator.routing import routes
from orchestrator.steps import StepContext, inventory_of
from orchestrator.tenants.ledger import Made
from tenant_onboarding.authorizer import registry


def act(context: StepContext) -> Made:
    """Delete the app client and its route; either gone already is success."""
    inventory = inventory_of(context)
    for client_id in inventory.app_clients():
        inventory.remove(inventory.client.delete_user_pool_client, ClientId=client_id)
    release_client(context)
    return Made(amend=lambda change: change.remove("resources.appClientId"))


def release_client(context: StepContext) -> None:
    """Give up the route of the recorded app client, if that is the tenant's own."""
    user_pool_id, client_id = (context.resources.get(name) for name in ("userPoolId", "appClientId"))
    if user_pool_id and client_id:
        key = registry.client_key(user_pool_id, client_id)
        routes.release(context.clients.dynamodb, context.settings.routes_table, context.tenant_id, [key])
