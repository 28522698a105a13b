"""ReleaseSharedPool: the tenant's place in its shared user pool is given back, once."""

from orchestrator import shared_pools
from orchestrator.errors import ResourceMissingError
from orchestrator.ledger import Made
from orchestrator.steps import StepContext


def act(context: StepContext) -> Made:
    """Count the place down in the transaction that takes it from the record, so that none is given back twice."""
    pool_key = context.resources.get("sharedPoolKey")
    if not pool_key:
        return Made()
    row = {"region": context.settings.region, "poolKey": pool_key}
    return Made(
        amend=lambda change: change.remove("resources.sharedPoolKey"),
        together_with=[shared_pools.release_place(context.settings, row, shared_pools.demand_of(context.record))],
        refusal=ResourceMissingError(f"There is no row {pool_key} in the shared pools table"),
    )
