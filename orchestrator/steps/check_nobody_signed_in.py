"""CheckNobodySignedIn: a tenant that somebody uses is not removed, nor one whose onboarding may still be at work."""

import time

from orchestrator.aws.errors import TransientError
from orchestrator.identity.tenant_inventory import check_waiting
from orchestrator.steps import StepContext, inventory_of
from orchestrator.steps.release_routing import keys
from orchestrator.tenants import tiers
from orchestrator.tenants.ledger import Made


def act(context: StepContext) -> Made:
    """Let the tenant's removal begin, once no function of its onboarding can be inside Cognito any more.

    The keys to be released are written down, so that a request which cannot be read stops it here, with nothing lost.
    """
    _check_leases(context)
    inventory = inventory_of(context)
    for user_pool_id in inventory.user_pools():
        check_waiting(inventory.users_in(user_pool_id), context.tenant_id)
    if context.record["tier"] != "silo":
        check_waiting(inventory.users(), context.tenant_id)
    route_keys = keys(context)
    return Made(amend=lambda change: change.set("abandonment.routeKeys", route_keys))


def _check_leases(context: StepContext) -> None:
    """Raise TransientError while an older attempt holds a lease; it begins no step any more."""
    now = time.time() * 1000
    for step, entry in context.record["steps"].items():
        if step not in tiers.REMOVALS and entry.get("leaseUntil", 0) > now:
            raise TransientError(f"An invocation of the onboarding is still at work on {step}", code="LeaseHeld")
