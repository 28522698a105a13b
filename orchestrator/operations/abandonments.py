"""Abandonments: a tenant that never completed is undone, by a workflow of its own; it can be begun again until done."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.aws.dynamodb import Change
from orchestrator.onboarding import executions
from orchestrator.onboarding.outcome import record_outcome
from orchestrator.operations.retries import CHANGED_MEANWHILE
from orchestrator.tenants import lifecycle, tiers, transitions, verdicts
from orchestrator.tenants.actions import Action
from orchestrator.tenants.ledger import OF_ITS_END, Record, timestamp
from orchestrator.tenants.records import read_record, record_key
from orchestrator.tenants.verdicts import Act, Does

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

DOUBTFUL = {
    "CreateUserPool": "user pool",
    "CreateTenantGroup": "group",
    "CreateIdentityProviders": "identity providers",
    "CreateAppClient": "app client",
    "CreateTenantAdmin": "admin",
}
"""The steps that may have made what they did not write down."""

LOOKS = ("CheckNobodySignedIn", "VerifyAbandonment")
"""What every try does anew: somebody may have signed in since, or something come back."""


@dataclass(frozen=True)
class Abandonment:
    """What an abandonment came to so far: `attempt` runs, or 0 and the reason why none does.

    `over` says that there is nothing left to do, as the tenant is abandoned already.
    """

    tenant_id: str
    attempt: int
    message: str
    over: bool = False


def plan(clients: "Clients", settings: "Settings", tenant_id: str) -> dict[str, Any] | Abandonment:
    """Return what abandoning a tenant will remove, as far as its record tells; or why it cannot be abandoned.

    Only reads: a failure that is not recorded yet is seen, and left to `abandon` to record.
    """
    record = read_record(clients.dynamodb, settings.tenants_table, tenant_id) or {}
    if record and _failed_unrecorded(clients, settings, record):
        record |= {"status": lifecycle.FAILED}
    return _refusal(tenant_id, record) or _removed(record)


def abandon(clients: "Clients", settings: "Settings", tenant_id: str, by: str | None = None) -> Abandonment:
    """Begin to undo a FAILED tenant, or go on with that; what is removed already is not removed again.

    `by` is who asks for it, as `orchestrator.tenants.actions` has it.

    The record moves first, conditionally, so of two operators one abandons, and no function of an older attempt begins
    a step any more. A fault after that is finished by reconcile. Raises only errors of AWS.
    """
    record = read_record(clients.dynamodb, settings.tenants_table, tenant_id) or {}
    if record and record["status"] in lifecycle.UNDER_WAY:
        record_outcome(clients, settings, executions.arn_of(settings, record))
        record = read_record(clients.dynamodb, settings.tenants_table, tenant_id) or {}
    if refused := _refusal(tenant_id, record):
        return refused
    attempt, now = int(record["attempt"]) + 1, time.time()
    arn = executions.abandonment_arn(settings, tenant_id, attempt)
    abandonment = record.get("abandonment", {"since": timestamp(now)})
    change = Change(settings.tenants_table, record_key(tenant_id))
    change.set("attempt", attempt).set("redriveCount", 0).set("executionArn", arn).set("abandonment", abandonment)
    Action("abandon", by).note(change, record, attempt)
    change.remove("currentStep").require("attribute_not_exists([completedAt])")
    for step in _to_be_done_anew(record):
        path = f"steps.{step}"
        change.set(f"{path}.status", "PENDING").remove(*(f"{path}.{name}" for name in ("error", *OF_ITS_END)))
    if not transitions.move(clients.dynamodb, settings.tenants_table, record, lifecycle.ABANDONING, change):
        return Abandonment(tenant_id, 0, CHANGED_MEANWHILE)
    executions.start(clients, settings, record | {"attempt": attempt, "executionArn": arn, "abandonment": abandonment})
    return Abandonment(tenant_id, attempt, f"attempt {attempt} removes what there is of it")


def _failed_unrecorded(clients: "Clients", settings: "Settings", record: Record) -> bool:
    """Tell whether a record's execution ended badly, and the record has not been told yet."""
    if record["status"] not in lifecycle.UNDER_WAY:
        return False
    execution = executions.describe(clients, executions.arn_of(settings, record))
    if execution is None or execution.get("redriveCount", 0) < record["redriveCount"]:
        return False
    return execution["status"] not in (*executions.RUNNING, "SUCCEEDED")


def _refusal(tenant_id: str, record: Record) -> Abandonment | None:
    """Return why a tenant cannot be abandoned now; None if it can."""
    # One that was completed is judged as such, whatever has become of its status since.
    judged = record | {"status": lifecycle.COMPLETED} if "completedAt" in record else record
    verdict = verdicts.of(judged, Act.ABANDON)
    if not verdict.refuses:
        return None
    return Abandonment(tenant_id, 0, verdict.told(record, tenant_id), over=verdict.does == Does.IS_OVER)


def _to_be_done_anew(record: Record) -> list[str]:
    """Return what an earlier try leaves to be done: each look, the removals that failed, all if some were in vain."""
    in_vain = record.get("failure", {}).get("step") == "VerifyAbandonment"
    return [
        step
        for step, entry in record["steps"].items()
        if step in tiers.REMOVALS and (step in LOOKS or entry["status"] == "FAILED" or in_vain)
    ]


def _removed(record: Record) -> dict[str, Any]:
    made = record["resources"]
    own_client = made.get("appClientId") if record["tier"] != "pool" else None
    return {
        "tenantId": record["tenantId"],
        "tier": record["tier"],
        "userPool": made.get("userPoolId") if record["tier"] == "silo" else None,
        "group": made.get("groupName"),
        "appClient": own_client,
        "identityProviders": [provider["name"] for provider in made.get("identityProviders", [])],
        "admin": made.get("adminUsername"),
        "placeIn": made.get("sharedPoolKey"),
        "routingKeys": list(record["routeKeys"]),
        "toBeLookedFor": [what for step, what in DOUBTFUL.items() if _in_doubt(record["steps"].get(step))],
    }


def _in_doubt(entry: Record | None) -> bool:
    return entry is not None and entry["begun"] > entry["settled"]
