"""The read model: what operators and dashboards see of a tenant. It is never ahead of the record."""

import json
from typing import TYPE_CHECKING, Any

from orchestrator import lifecycle, tiers
from orchestrator.intake import REJECTED
from orchestrator.ledger import Record

if TYPE_CHECKING:
    from orchestrator.clients import Clients
    from orchestrator.settings import Settings

RESOURCES = ("region", "userPoolId", "appClientId", "groupName", "issuer", "adminUsername", "domain")
FACTS = ("tenantId", "tenantName", "tier", "status", "executionArn", "requestedAt", "updatedAt", "completedAt")

Document = dict[str, Any]


def show(clients: "Clients", settings: "Settings", tenant_id: str) -> Document | None:
    """Return all there is to know of a tenant by one consistent read; None if there is no such tenant."""
    record = lifecycle.read(clients.dynamodb, settings.tenants_table, tenant_id)
    return None if record is None else document(record)


def document(record: Record) -> Document:
    """Return a record as a document: the same keys for every tenant, null where there is nothing yet."""
    path = tiers.path(record["tier"], federated=record["federated"])
    return {
        **{fact: record.get(fact) for fact in FACTS},
        "attempt": int(record["attempt"]),
        "steps": [_step(record, name) for name in path],
        "resources": {
            **{name: record["resources"].get(name) for name in RESOURCES},
            "identityProviders": [provider["name"] for provider in record["resources"].get("identityProviders", [])],
        },
        "failure": record.get("failure"),
    }


def list_tenants(
    clients: "Clients", settings: "Settings", status: str | None = None, limit: int = 100
) -> list[Document]:
    """Return the tenants whose status changed last, newest first; the queries do not grow with their number."""
    statuses = [status] if status else lifecycle.STATUSES
    rows = [row for each in statuses for row in _newest(clients, settings, each, limit)]
    rows.sort(key=lambda row: str(row["statusChangedAt"]), reverse=True)
    return [_row(row) for row in rows[:limit]]


def list_rejected(clients: "Clients", settings: "Settings", limit: int = 100) -> list[Document]:
    """Return the rejected events, newest first: which event, for which tenant, when, and every reason."""
    return [
        {**_rejection(row), "rejectedAt": row["statusChangedAt"]} for row in _newest(clients, settings, REJECTED, limit)
    ]


def _rejection(row: Record) -> Document:
    rejection = json.loads(row["rejection"])
    return {key: rejection[key] for key in ("eventId", "tenantId", "reasons")}


def _newest(clients: "Clients", settings: "Settings", status: str, limit: int) -> list[Record]:
    """Return the `limit` last changed; DynamoDB ends a page at 1 MB, so there may be several."""
    found: list[Record] = []
    onward: Any = {}
    while True:
        answer = clients.dynamodb.query(
            TableName=settings.tenants_table,
            IndexName=lifecycle.STATUS_INDEX,
            KeyConditionExpression="#status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": status},
            ScanIndexForward=False,
            Limit=limit - len(found),
            **onward,
        )
        found += [dict(item) for item in answer["Items"]]
        if len(found) >= limit or "LastEvaluatedKey" not in answer:
            return found
        onward = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _row(row: Record) -> Document:
    facts = ("tenantId", "tenantName", "tier", "status", "currentStep", "requestedAt", "updatedAt", "completedAt")
    return {
        **{fact: row.get(fact) for fact in facts},
        "attempt": int(row["attempt"]),
        "failure": row.get("failure"),
    }


def _step(record: Record, name: str) -> Document:
    entry = record["steps"].get(name, {"status": "PENDING", "begun": 0})
    error = entry.get("error")
    will_be_retried = bool(error) and error["retryable"] and record["status"] in lifecycle.ACTIVE
    return {
        "name": name,
        "status": "RUNNING" if will_be_retried else entry["status"],
        "attempts": int(entry["begun"]),
        "startedAt": entry.get("startedAt"),
        "finishedAt": entry.get("finishedAt"),
        "error": error and {"error": error["type"], "message": error["message"]},
    }
