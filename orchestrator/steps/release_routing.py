"""ReleaseRouting: the tenant's keys lead nowhere, and anybody may claim them."""

from orchestrator.routing import routes
from orchestrator.steps import StepContext
from orchestrator.tenants.ledger import Made
from tenant_onboarding.authorizer import registry


def act(context: StepContext) -> Made:
    """Give up every key that is this tenant's, whatever state it is in; one that is gone already is success."""
    routes.release(context.clients.dynamodb, context.settings.routes_table, context.tenant_id, keys(context))
    return Made()


def keys(context: StepContext) -> list[str]:
    """Return the keys that are the tenant's or may be, its app client's apart, as the abandonment's first step saw."""
    written_down = context.record.get("abandonment", {}).get("routeKeys")
    if written_down is not None:
        return list(written_down)
    request = context.request
    claimed = routes.keys_of(context.tenant_id, request.routing, request.identity_providers)
    own = [registry.tenant_key(context.tenant_id)] if context.record["tier"] == "pool" else []
    return list(dict.fromkeys((*context.record["routeKeys"], *claimed, *own)))
