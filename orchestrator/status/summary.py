"""The summary: how all tenants stand, from the counters that every change of status keeps; it costs the same always."""

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from orchestrator.identity import shared_pool_capacity, shared_pools
from orchestrator.status.rejected import count_rejected
from orchestrator.status.tenant import Document
from orchestrator.tenants import backlog, counters, lifecycle
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.records import in_status
from tenant_onboarding.contracts.fields import TIERS

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

RECENT = 20
"""Tenants completed last, whose durations are told."""
HOURS = 24
"""Of late: so many hours of completions, and of rejected events."""
SECONDS_AN_HOUR = 3_600


def summary(clients: "Clients", settings: "Settings", clock: Callable[[], float] = time.time) -> Document:
    """Return counts by status and tier, failures, the oldest in progress, what happened of late, and capacity.

    Eight calls, however many tenants there are; raises ThrottledError if DynamoDB leaves counters unread. The counts
    of tenants are exact, the rest may lag behind by the moment that an index takes.
    """
    now = clock()
    counted = counters.counted_tenants(clients, settings)
    tenants = {status: {tier: counted[f"{status}#{tier}"] for tier in TIERS} for status in lifecycle.STATUSES}
    return {
        "countedAt": timestamp(now),
        "total": sum(sum(by_tier.values()) for by_tier in tenants.values()),
        "tenants": tenants,
        "failures": _failures(counted),
        "oldestInProgress": _oldest(clients, settings, now),
        "durations": _durations(_last_completed(clients, settings)),
        "completions": _completions(clients, settings, now),
        "rejections": count_rejected(clients, settings, now - HOURS * SECONDS_AN_HOUR),
        "sharedPools": [_shared_pool(settings, row) for row in shared_pools.list_rows(clients, settings)],
    }


def _failures(counted: Mapping[str, int]) -> list[Document]:
    """Return how many tenants are FAILED with each error at each step, the most frequent first."""
    found = [(name.split(":", 2), number) for name, number in counted.items() if name.startswith("failed:") and number]
    found.sort(key=lambda each: (-each[1], each[0]))
    return [{"step": step, "error": error, "tenants": number} for (_, step, error), number in found]


def _oldest(clients: "Clients", settings: "Settings", now: float) -> Document | None:
    """Return the tenant on its way that has been in its status the longest, and how many seconds."""
    found = backlog.oldest(clients, settings, lifecycle.UNDER_WAY, now)
    if found is None:
        return None
    row, seconds = found
    return {
        "tenantId": row["tenantId"],
        "status": row["status"],
        "since": row["statusChangedAt"],
        "ageSeconds": round(seconds),
    }


def _durations(completed: list[Record]) -> Document:
    """Return how long onboardings took, from the event to completion, time spent waiting for a retry included."""
    seconds = sorted(_seconds(row["statusChangedAt"]) - _seconds(row["requestedAt"]) for row in completed)
    return {
        "tenants": len(seconds),
        "p50Seconds": _percentile(seconds, 50),
        "p95Seconds": _percentile(seconds, 95),
        "maxSeconds": _percentile(seconds, 100),
    }


def _percentile(ascending: list[float], percent: int) -> float | None:
    """Return the smallest value that so many percent do not exceed; None of nothing."""
    return round(ascending[math.ceil(len(ascending) * percent / 100) - 1], 3) if ascending else None


def _completions(clients: "Clients", settings: "Settings", now: float) -> list[Document]:
    """Return how many tenants were completed in each of the last hours, the present one last, by a consistent read."""
    hours = [counters.hour_of(now - ago * SECONDS_AN_HOUR) for ago in reversed(range(HOURS))]
    answer = clients.dynamodb.query(
        TableName=settings.tenants_table,
        KeyConditionExpression="tenantId = :completions AND #item >= :first",
        ExpressionAttributeNames={"#item": "item"},
        ExpressionAttributeValues={":completions": counters.COMPLETIONS, ":first": hours[0]},
        ConsistentRead=True,
    )
    completed: Counter[str] = Counter()
    for row in answer["Items"]:
        completed[str(row["item"]).partition("#")[0]] += int(str(row["tenants"]))
    return [{"hour": hour, "tenants": completed[hour]} for hour in hours]


def _shared_pool(settings: "Settings", row: Record) -> Document:
    """Return a shared user pool's counters beside the limits in force."""
    fills = shared_pool_capacity.fills(settings, row)
    counters = {fill.counter: {"count": fill.count, "limit": fill.limit, "percent": fill.percent} for fill in fills}
    described = shared_pools.describe(row)
    facts = ("region", "poolKey", "status", "userPoolId")
    return {
        **{fact: described[fact] for fact in facts},
        "percent": max(fill.percent for fill in fills),
        "counters": counters,
    }


def _last_completed(clients: "Clients", settings: "Settings") -> list[Record]:
    """Return the tenants that were completed last."""
    table, completed = settings.tenants_table, lifecycle.COMPLETED
    return next(in_status(clients.dynamodb, table, completed, ScanIndexForward=False, Limit=RECENT)).items


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
