"""Counters of shared user pools that are not what is there, set right unless something moved since then."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.aws.dynamodb import Change
from orchestrator.aws.writes import if_it_holds

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings


def correct(clients: "Clients", settings: "Settings", drift: Mapping[str, Any]) -> bool:
    """Set a counter to what an audit found and awaits; return False, changing nothing, if it is not as counted then."""
    key = {"region": settings.region, "poolKey": str(drift["poolKey"])}
    change = Change(settings.shared_pools_table, key).set(drift["counter"], drift["found"] + drift["awaited"])
    change.require(f"[{drift['counter']}] = ?", drift["counted"])
    return if_it_holds(clients.dynamodb.update_item, **change.arguments())
