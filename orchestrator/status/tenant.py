"""One tenant: status, steps, resources, and what failed and what to do next."""

import json
from typing import TYPE_CHECKING, Any

from orchestrator.onboarding.redaction import without_secrets
from orchestrator.tenants import actions, kinds, lifecycle, metadata, open_sign_up, tiers, verdicts
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import read_record, request_key
from orchestrator.welcome import mail_feedback

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

RESOURCES = ("region", "userPoolId", "appClientId", "groupName", "issuer", "adminUsername", "domain")
LONGEST_TEXT = 200
"""Characters of a text of a request, which may be a metadata document."""
FACTS = (
    "tenantId",
    "tenantName",
    "tier",
    "status",
    "executionArn",
    "requestedAt",
    "statusChangedAt",
    "updatedAt",
    "completedAt",
)

Document = dict[str, Any]


def show(clients: "Clients", settings: "Settings", tenant_id: str) -> Document | None:
    """Return all there is to know of a tenant by two consistent reads; None if there is no such tenant."""
    record = read_record(clients.dynamodb, settings.tenants_table, tenant_id)
    if record is None:
        return None
    key = request_key(tenant_id)
    kept = clients.dynamodb.get_item(TableName=settings.tenants_table, Key=key, ConsistentRead=True).get("Item")
    return {**document(settings, record), "request": kept and _request(str(kept["request"]))}


def document(settings: "Settings", record: Record) -> Document:
    """Return a record as a document: the same keys for every tenant, null where there is nothing yet; no request.

    The steps are those of its onboarding, and once that was begun of its abandonment.
    """
    path = tiers.path(record["tier"], federated=record["federated"])
    if "abandonment" in record:
        path += tiers.removal_path(record["tier"])
    return {
        **{fact: record.get(fact) for fact in FACTS},
        "attempt": int(record["attempt"]),
        "steps": [_step(record, name) for name in path],
        "resources": {
            **{name: record["resources"].get(name) for name in RESOURCES},
            "identityProviders": [provider["name"] for provider in record["resources"].get("identityProviders", [])],
        },
        "routing": {
            "host": f"{record['routing']['subdomain']}.{settings.app_domain}",
            "tenantCode": record["routing"].get("tenantCode"),
            "emailDomains": record["routing"].get("emailDomains", []),
        },
        "welcomeEmail": mail_feedback.of(record),
        "signUp": open_sign_up.policy(record),
        "metadata": metadata.of(record),
        "actions": actions.document(record),
        "warnings": record.get("warnings", []),
        "commands": verdicts.offered(record),
        "failure": failure(record),
    }


def _request(kept: str) -> Document:
    """Return what the tenant's event asked for, without people and secrets, and of long texts the beginning."""
    asked: Document = json.loads(without_secrets(kept))
    asked.pop("admin", None)
    found: Document = _shortened(asked)
    return found


def _shortened(value: Any) -> Any:  # Any: JSON; what was not given is left out
    if isinstance(value, dict):
        return {name: _shortened(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_shortened(each) for each in value]
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"{value[:LONGEST_TEXT]}... ({len(value)} characters)"
    return value


def failure(record: Record) -> Document | None:
    """Return where and why a tenant FAILED and what mends it; None if it did not.

    What was recorded before there were commands by name says by its step whether it is to be retried or abandoned.
    """
    told = record.get("failure")
    if told is None:
        return None
    return {"command": "abandon" if told["step"] in tiers.REMOVALS else "retry", "redo": None, **told}


def _step(record: Record, name: str) -> Document:
    entry = record["steps"].get(name, {"status": "PENDING", "begun": 0})
    error = entry.get("error")
    runs = record["status"] in lifecycle.UNDER_WAY and name in kinds.of(record).path(record)
    will_be_retried = bool(error) and error["retryable"] and runs
    return {
        "name": name,
        "status": "RUNNING" if will_be_retried else entry["status"],
        "attempts": int(entry["begun"] - entry.get("undone", 0)),
        "startedAt": entry.get("startedAt"),
        "finishedAt": entry.get("finishedAt"),
        "durationSeconds": float(entry["durationMs"]) / 1000 if "durationMs" in entry else None,
        "error": error and {"error": error["type"], "message": error["message"]},
    }
