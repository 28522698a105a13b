"""Backlog: how long tenants have been on their way, and how many wait for somebody; one query of an index each."""

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orchestrator import lifecycle

if TYPE_CHECKING:
    from orchestrator.clients import Clients
    from orchestrator.settings import Settings


def oldest_seconds(clients: "Clients", settings: "Settings") -> float:
    """Return for how many seconds the tenant that is under way for longest has been in its status; 0 if none is."""
    since = [
        datetime.fromisoformat(str(row["statusChangedAt"])).timestamp()
        for status in lifecycle.UNDER_WAY
        for row in _query(clients, settings, status, Limit=1)["Items"]
    ]
    return max(time.time() - min(since), 0.0) if since else 0.0


def failed(clients: "Clients", settings: "Settings") -> int:
    """Return how many tenants are FAILED; of more than a megabyte of them, as many as that holds."""
    return int(_query(clients, settings, lifecycle.FAILED, Select="COUNT")["Count"])


def _query(clients: "Clients", settings: "Settings", status: str, **options: Any) -> Any:  # Any: what Query takes
    return clients.dynamodb.query(
        TableName=settings.tenants_table,
        IndexName=lifecycle.STATUS_INDEX,
        KeyConditionExpression="#status = :status",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":status": status},
        **options,
    )
