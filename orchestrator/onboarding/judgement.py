"""What no contract can say of a request: what the clock, a list or this deployment's policy has against it.

A contract judges form alone. Whoever has a new reason to refuse a well-formed request adds a judge to JUDGES. Each
request is judged once, at the door. An amendment is judged for what it changes: what a tenant has already, it keeps.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from orchestrator.onboarding import provider_judgement, redaction
from orchestrator.routing import email_domains
from orchestrator.tenants import tiers
from tenant_onboarding.contracts.fields import RESERVED_SUBDOMAINS, RESERVED_TENANT_ID, TIERS
from tenant_onboarding.contracts.reasons import Reason
from tenant_onboarding.contracts.tenant_created import TenantCreated

if TYPE_CHECKING:
    from orchestrator.aws.settings import Settings

Judge = Callable[["Settings", TenantCreated, float], Iterable[Reason]]
"""Takes the deployment's settings, a request whose form is right, and the time in epoch seconds."""


def problems(
    settings: "Settings", request: TenantCreated, now: float, before: TenantCreated | None = None
) -> list[Reason]:
    """Return what stands against a well-formed request.

    With `before`, what the tenant asked for until now, a reason is left out that stood against the same value there.
    """
    found = [reason for judge in JUDGES for reason in judge(settings, request, now)]
    if before is None or not found:
        return found
    known = [reason for judge in JUDGES for reason in judge(settings, before, now)]
    return new_reasons(found, plain(request), known, plain(before))


def warnings(request: TenantCreated, now: float) -> Iterator[Reason]:
    """Yield what an accepted request is warned of, `now` in epoch seconds: it is carried out, perhaps not as meant."""
    yield from email_domains.warnings(request)
    yield from provider_judgement.warnings(request, now)


def new_reasons(found: list[Reason], detail: Any, known: list[Reason], earlier: Any) -> list[Reason]:
    """Return those found against a detail that were not known against an equal value of the earlier one.

    Places in a list make no difference. Both details are JSON.
    """
    held = {_about(reason, earlier) for reason in known}
    return [reason for reason in found if _about(reason, detail) not in held]


def plain(request: TenantCreated) -> Any:  # Any: JSON
    """Return a request as JSON, as far as it says something."""
    return request.model_dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)


def _about(reason: Reason, detail: Any) -> tuple[str, str, str]:
    """Return a reason's field without places in lists, its message, and the value that it is about."""
    value = detail
    for step in re.findall(r"[^.\[\]]+", reason.field):
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return re.sub(r"\[\d+\]", "[]", reason.field), reason.message, json.dumps(value, sort_keys=True)


def _reserved_words(_settings: "Settings", request: TenantCreated, _now: float) -> Iterator[Reason]:
    if request.tenant_id == RESERVED_TENANT_ID:
        message = f"must not be {RESERVED_TENANT_ID}, a path that the status API has for itself"
        yield Reason(field="tenantId", message=message)
    if request.routing.subdomain in RESERVED_SUBDOMAINS:
        yield Reason(field="routing.subdomain", message="is reserved for the product's own hosts; choose another")


def _tier(settings: "Settings", request: TenantCreated, _now: float) -> Iterator[Reason]:
    if request.tier in (*TIERS, *settings.plans):
        yield from tiers.problems(settings, tiers.of_plan(settings, request.tier), request)


def _metadata(_settings: "Settings", request: TenantCreated, _now: float) -> Iterator[Reason]:
    for key in request.metadata:
        if redaction.names_a_secret(key):
            yield Reason(field=f"metadata.{key}", message="must not be a secret: metadata goes into events and lists")


JUDGES: tuple[Judge, ...] = (_reserved_words, _tier, provider_judgement.problems, _metadata)
