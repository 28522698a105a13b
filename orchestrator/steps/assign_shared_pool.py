"""AssignSharedPool: a place in a shared user pool, which the first tenant opens."""

import time

from orchestrator.aws.errors import TransientError
from orchestrator.identity import shared_pools
from orchestrator.identity.user_pool_addresses import hosted_domain, issuer
from orchestrator.steps import StepContext
from orchestrator.tenants.ledger import Made, timestamp


def act(context: StepContext) -> Made:
    """Take the tenant's place and record it in one transaction, so that no place is counted twice or not at all."""
    clients, settings = context.clients, context.settings
    demand = shared_pools.demand_of(context.record)
    row = shared_pools.choose(clients, settings, context.turn, demand)
    opened = row["resources"]
    user_pool_id = opened["userPoolId"]
    shared_client = {"appClientId": opened["appClientId"]} if context.record["tier"] == "pool" else {}
    opened_at = row["steps"][shared_pools.OPENING_STEPS[-1]].get("finishedAt") or timestamp(time.time())
    return Made(
        amend=lambda change: change.set("steps.AssignSharedPool.openedAt", opened_at),
        resources={
            "region": settings.region,
            "userPoolId": user_pool_id,
            "issuer": issuer(settings.region, user_pool_id),
            "sharedPoolKey": row["poolKey"],
            "domain": hosted_domain(settings.region, opened["domainPrefix"]),
            **shared_client,
        },
        together_with=[shared_pools.take_place(settings, row, demand)],
        refusal=TransientError(f"The shared user pool {row['poolKey']} filled up meanwhile", code="PoolFull"),
    )
