"""What a tenant asks for: judged before anything is made, then kept as its record, its request and its routing keys."""

import hashlib
import json
import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from orchestrator.onboarding import judgement
from orchestrator.onboarding.envelope import RejectedError
from orchestrator.routing import routes
from orchestrator.tenants import stored_requests, tiers
from orchestrator.tenants.records import request_key
from tenant_onboarding.contracts.reasons import Reason, between_fields, reasons
from tenant_onboarding.contracts.tenant_created import Security, TenantCreated

if TYPE_CHECKING:
    from orchestrator.aws.settings import Settings
    from orchestrator.tenants.ledger import Record
    from tenant_onboarding.contracts.fields import Tier


def judge(
    settings: "Settings",
    detail: Any,  # Any: as it was received
    now: float,
    before: TenantCreated | None = None,
) -> TenantCreated:
    """Return the request; raises RejectedError with all that is wrong, as far as one mistake does not hide another.

    `before` is what a tenant asked for until now: what stays as it is there is not judged again, neither its form nor
    by the clock (`now`, in epoch seconds), a list or policy.
    """
    at_sight = list(tiers.problems_at_sight(settings, detail))
    try:
        request = _well_formed(detail, before)
    except RejectedError as rejected:
        raise RejectedError(*rejected.problems, *at_sight) from None
    if wrong := [*at_sight, *judgement.problems(settings, request, now, before)]:
        raise RejectedError(*wrong)
    return request


def _well_formed(detail: Any, before: TenantCreated | None) -> TenantCreated:
    try:
        return TenantCreated.model_validate(detail)
    except RecursionError:
        raise RejectedError(Reason(field="detail", message="is nested too deeply")) from None
    except ValidationError as error:
        wrong = reasons(error)
    if before is None:
        raise RejectedError(*wrong)
    earlier = judgement.plain(before)
    if new := judgement.new_reasons(wrong, detail, _form_problems(earlier), earlier):
        raise RejectedError(*new)
    request = stored_requests.put_right(detail)
    # What is wrong in itself has hidden what is wrong between fields.
    if new := judgement.new_reasons(list(between_fields(request)), detail, list(between_fields(before)), earlier):
        raise RejectedError(*new)
    return request


def _form_problems(detail: Any) -> list[Reason]:  # Any: JSON
    try:
        TenantCreated.model_validate(detail)
    except ValidationError as error:
        return reasons(error)
    return []


def asked_for(settings: "Settings", request: TenantCreated, detail: Any) -> "Record":  # Any: as it was received
    """Return what a tenant's record holds of its request, with what it is warned of; the steps read it from there."""
    tier = tiers.of_plan(settings, request.tier)
    return {
        "tenantName": request.tenant_name,
        "plan": request.tier,
        "tier": tier,
        "federated": request.federated,
        "region": request.region or settings.region,
        **({"security": (request.security or Security()).model_dump_json(by_alias=True)} if tier == "silo" else {}),
        "signUp": request.users.signs_up,
        "identityProviderCount": len(request.identity_providers),
        "admin": request.admin.model_dump(exclude_none=True),
        "routing": request.routing.model_dump(by_alias=True, exclude_none=True),
        "routeKeys": list(routes.exclusive_keys(request.routing)),
        "requestSha256": canonical_sha256(detail),
        "metadata": request.metadata,
        "warnings": [each.model_dump() for each in judgement.warnings(request, time.time())],
    }


def canonical_sha256(detail: Any) -> str:  # Any: as it was received
    """Return the fingerprint of a received detail: equal for equal JSON, whatever its order of keys and its spacing.

    It is taken of what was received, not of the parsed model: a new default field must not turn duplicates into
    conflicts. JSON knows one kind of number, so 14.0 counts as 14.
    """
    canonical = json.dumps(_whole_numbers(detail), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _whole_numbers(value: Any) -> Any:  # Any: JSON
    if isinstance(value, dict):
        return {name: _whole_numbers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def is_known(record: "Record", sha256: str) -> bool:
    """Tell whether a tenant came from an event of that content, or had it before or after an amendment."""
    return sha256 in (record["requestSha256"], *record.get("amendedSha256s", ()))


def put(settings: "Settings", request: TenantCreated) -> dict[str, Any]:
    """Return the action that keeps a request: it is too large for the record, which every step reads and writes."""
    item = request_key(request.tenant_id) | {"request": request.model_dump_json(by_alias=True)}
    return {"Put": {"TableName": settings.tenants_table, "Item": item}}


def reservations(settings: "Settings", tier: "Tier", request: TenantCreated, now: str) -> list[routes.Reservation]:
    """Return the actions that claim every key of a tenant of that tier."""
    table, tenant_id = settings.routes_table, request.tenant_id
    claimed = list(routes.reservations(table, tenant_id, request.routing, now))
    if tier == "bridge":
        claimed += routes.saml_claims(table, tenant_id, request.identity_providers, now)
    return claimed


def taken(fields: Collection[str]) -> RejectedError:
    """Return the refusal of a request whose keys, asked for by these fields, other tenants have."""
    return RejectedError(*(Reason(field=field, message=_taken(field)) for field in fields))


def _taken(field: str) -> str:
    if field.startswith("identityProviders"):
        return "is another bridge tenant's SAML provider, and a user pool could not tell the two apart; use silo"
    return "is taken by another tenant; choose another"
