"""How many tenants are in each status, and how many completed in each hour: counted with the status, or not at all.

The rows of the counters and of an hour's completions are each several, so that transactions do not conflict on one.
"""

import zlib
from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.aws.dynamodb import Change
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.lifecycle import COMPLETED, FAILED
from orchestrator.tenants.records import by_key

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

COUNTERS = "COUNTERS"
COUNTER_SHARDS = 8
"""A counter row takes about 1,000 writes a second; eight are far above Cognito's 15 user pools a second."""
COMPLETIONS = "COMPLETIONS"
"""The rows of completions by hour, each hour's as many as counter rows, so that transactions do not conflict on one."""
COMPLETIONS_KEPT_SECONDS = 31 * 86_400
"""For how long at least the numbers of an hour's completions are kept: a month's, and the hour that is under way."""


def counter_key(shard: int) -> dict[str, str]:
    """Return the key of one counter row; no tenant id is in capitals."""
    return {"tenantId": f"{COUNTERS}#{shard}", "item": COUNTERS}


def completions_key(hour: str, shard: int) -> dict[str, str]:
    """Return the key of one row of an hour's completions; they sort by time, and no tenant id is in capitals."""
    return {"tenantId": COMPLETIONS, "item": f"{hour}#{shard}"}


def hour_of(seconds: float) -> str:
    """Return the UTC hour that a moment, in epoch seconds, is in: its beginning, as ISO 8601."""
    return f"{timestamp(seconds)[:13]}:00:00Z"


def counters_of(status: str, tier: str, failure: Mapping[str, str] | None = None) -> list[str]:
    """Return the counters that a tenant is counted in: its status and tier, and where and how it FAILED."""
    failed = [f"failed:{failure['step']}:{failure['error']}"] if failure and status == FAILED else []
    return [f"{status}#{tier}", *failed]


def count(
    table: str, tenant_id: str, *, leaves: Collection[str] = (), enters: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return the action that counts a tenant out of some counters and into others; none where nothing changes."""
    left, entered = set(leaves) - set(enters), set(enters) - set(leaves)
    if not left and not entered:
        return []
    change = Change(table, counter_key(_shard(tenant_id)))
    for name in sorted(left):
        change.increase_named(name, -1)
    for name in sorted(entered):
        change.increase_named(name)
    return [change.action()]


def count_move(
    table: str, record: Record, status: str, now: float, *, failure: Mapping[str, str] | None = None, tier: str = ""
) -> list[dict[str, Any]]:
    """Return the actions that count a record's move to a status, and into COMPLETED among its hour's completions."""
    leaves = counters_of(record["status"], record["tier"], record.get("failure"))
    enters = counters_of(status, tier or record["tier"], failure)
    counted = count(table, record["tenantId"], leaves=leaves, enters=enters)
    if status == COMPLETED and record["status"] != COMPLETED:
        counted.append(_count_completion(table, record["tenantId"], tier or record["tier"], now))
    return counted


def counted_tenants(clients: "Clients", settings: "Settings") -> Counter[str]:
    """Return the sum of all counter rows, by consistent reads."""
    counted: Counter[str] = Counter()
    for row in by_key(clients, settings, map(counter_key, range(COUNTER_SHARDS))):
        counted.update({name: int(number) for name, number in row.items() if name not in ("tenantId", "item")})
    return counted


def _count_completion(table: str, tenant_id: str, tier: str, now: float) -> dict[str, Any]:
    """Return the action that counts a completion in its hour, among all tenants and among those of its tier."""
    change = Change(table, completions_key(hour_of(now), _shard(tenant_id))).increase("tenants").increase(tier)
    return change.set("expiresAt", int(now) + COMPLETIONS_KEPT_SECONDS).action()


def _shard(tenant_id: str) -> int:
    return zlib.crc32(tenant_id.encode()) % COUNTER_SHARDS
