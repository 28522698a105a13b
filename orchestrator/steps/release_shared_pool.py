"""ReleaseSharedPool: the tenant's place in its shared user pool is given back, once."""

from dataclasses import replace

from orchestrator.aws.errors import TransientError
from orchestrator.identity import shared_pools
from orchestrator.steps import StepContext
from orchestrator.tenants.ledger import Made


def act(context: StepContext) -> Made:
    """Count the place down in the transaction that takes it from the record, so that none is given back twice.

    Where the shared user pool has no row any more, nothing is counted.
    """
    pool_key = context.resources.get("sharedPoolKey")
    if not pool_key:
        return Made()
    row = {"region": context.settings.region, "poolKey": pool_key}
    made = Made(amend=lambda change: change.remove("resources.sharedPoolKey"))
    table, key = context.settings.shared_pools_table, shared_pools.row_key(row)
    if "Item" not in context.clients.dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True):
        return made
    return replace(
        made,
        together_with=[shared_pools.release_place(context.settings, row, shared_pools.demand_of(context.record))],
        refusal=TransientError(f"The row {pool_key} was removed meanwhile", code="RecordChanged"),
    )
