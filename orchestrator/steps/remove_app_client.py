"""RemoveAppClient: a bridge tenant's own app client; the shared one is everybody's."""

from orchestrator.identity import server_clients
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
    """Give up the routes of the recorded app clients, as far as they are the tenant's own, our server's among them."""
    user_pool_id, client_id = (context.resources.get(name) for name in ("userPoolId", "appClientId"))
    keys = [registry.client_key(user_pool_id, client_id)] if user_pool_id and client_id else []
    keys += server_clients.keys(context.resources)
    routes.release(context.clients.dynamodb, context.settings.routes_table, context.tenant_id, keys)
