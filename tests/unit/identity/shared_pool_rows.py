"""Rows of shared user pools: put there, read, and taken a place in."""

import time
from typing import Any

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.aws.writes import transact
from orchestrator.identity import shared_pools
from orchestrator.identity.shared_pools import OPEN, OPENING, OPENING_STEPS, Demand
from orchestrator.tenants.ledger import Record
from tests.unit.conftest import REGION, turn

STEP = "AssignSharedPool"


def with_limits(settings: Settings, **changes: Any) -> Settings:
    """Return settings with some changed."""
    return settings.model_copy(update=changes)


def small(settings: Settings, limit: int = 10) -> Settings:
    """Return settings that allow so many of everything in a shared user pool."""
    return with_limits(settings, groups_per_pool=limit, app_clients_per_pool=limit, identity_providers_per_pool=limit)


def assign(
    clients: Clients, settings: Settings, tenant_id: str, demand: Demand | None = None, lease: float = 60.0
) -> str:
    """Let a tenant take its place as AssignSharedPool does; return the pool's key."""
    demand = demand or Demand()
    claim = turn(STEP, f"request-of-{tenant_id}", lease=lease)
    row = shared_pools.choose(clients, settings, claim, demand)
    transact(clients.dynamodb, [shared_pools.take_place(settings, row, demand)])
    return str(row["poolKey"])


def rows(clients: Clients, settings: Settings) -> dict[str, Record]:
    """Return the rows by their keys."""
    return {row["poolKey"]: row for row in shared_pools.list_rows(clients, settings)}


def put_row(clients: Clients, settings: Settings, number: int, **changes: Any) -> None:
    """Put an open row with a user pool of that number; `changes` replace its attributes."""
    row: dict[str, Any] = {
        "region": REGION,
        "poolKey": f"shared-{number:03d}",
        "status": OPEN,
        "attempt": 1,
        "redriveCount": 0,
        "steps": {step: {"status": "DONE", "begun": 1, "settled": 1} for step in OPENING_STEPS},
        "resources": {"userPoolId": f"{REGION}_{number}", "appClientId": f"client-{number}"},
        "groups": 0,
        "appClients": 1,
        "identityProviders": 0,
        "limits": {"groups": 10, "appClients": 10, "identityProviders": 10},
    }
    clients.dynamodb.put_item(TableName=settings.shared_pools_table, Item=row | changes)


def being_opened(clients: Clients, settings: Settings, number: int, lease: float) -> None:
    """Put a row whose opener is creating the user pool right now; its lease ends in `lease` seconds."""
    running = {
        "status": "RUNNING",
        "begun": 1,
        "settled": 0,
        "leaseOwner": "the opener",
        "leaseUntil": round((time.time() + lease) * 1000),
    }
    fresh = {"status": "PENDING", "begun": 0, "settled": 0}
    steps = dict.fromkeys(OPENING_STEPS, fresh) | {"CreateUserPool": running}
    put_row(clients, settings, number, status=OPENING, steps=steps, resources={})
