"""VerifyAbandonment: a look at everything, by which nothing of the tenant is left."""

import time

from orchestrator.aws.errors import AbandonmentError
from orchestrator.steps import StepContext, inventory_of
from orchestrator.steps.release_routing import keys
from orchestrator.tenants.ledger import Made
from orchestrator.users import store
from tenant_onboarding.authorizer import registry


def act(context: StepContext) -> Made:
    """Find nothing that is the tenant's, at the second look at the latest: lists may lag behind."""
    left = _left(context)
    if left:
        time.sleep(context.settings.in_doubt_wait_seconds)
        left = _left(context)
    if left:
        raise AbandonmentError(
            f"Still there after all was removed: {', '.join(left)}",
            code="StillThere",
            next_action="Abandon the tenant again: every removal is done anew. What stays even so, delete by hand.",
        )
    return Made()


def _left(context: StepContext) -> list[str]:
    inventory, tenant_id = inventory_of(context, everywhere=True), context.tenant_id
    dynamodb, table, users = context.clients.dynamodb, context.settings.routes_table, context.settings.users_table
    pool_key = context.resources.get("sharedPoolKey")
    return [
        *(f"user pool {pool}" for pool in inventory.user_pools()),
        *(f"user {user['Username']}" for user in inventory.users()),
        *(f"the register's {each['item']}" for each in store.of_tenant(dynamodb, users, tenant_id)),
        *(f"app client {client}" for client in inventory.app_clients()),
        *(f"identity provider {name}" for name in inventory.identity_providers()),
        *(f"group {name}" for name in inventory.groups()),
        *(f"route {key}" for key in keys(context) if registry.holder(dynamodb, table, key) == tenant_id),
        *([f"the place in {pool_key}"] if pool_key else []),
    ]
