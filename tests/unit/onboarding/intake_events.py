"""What goes into intake, and what it tells on the bus."""

from typing import Any

from tests.unit.simulated_aws import Stack

STARTED, REJECTED = "TenantOnboardingStarted", "TenantOnboardingRejected"


def reasons_of(stack: Stack, event_id: str = "event-1", told_by: str = REJECTED) -> dict[str, str]:
    """Return why an event was rejected, as events of a detail type tell: the message for each field."""
    [rejection] = [event for event in stack.published(told_by) if event["eventId"] == event_id]
    return {reason["field"]: reason["message"] for reason in rejection["reasons"]}


def routing(subdomain: str, code: str | None = None) -> dict[str, Any]:
    return {"routing": {"subdomain": subdomain} | ({"tenantCode": code} if code else {})}
