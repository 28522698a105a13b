"""Metrics: facts about onboardings, each counted once, by whoever made it true; CloudWatch takes them from the log.

They cost no AWS call, and none names a tenant or a person. The namespace is the stack's name.
"""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from handlers.runtime import settings
from orchestrator.tenants import kinds, lifecycle
from orchestrator.tenants.work import Kind

REJECTIONS = "EventsRejected"
REGISTRATION_CLOSED = "RegistrationClosed"
"""The reason for which a registration is dropped while none is taken."""


def write(name: str, unit: MetricUnit, value: float, *sets: Mapping[str, str]) -> None:
    """Write a metric into the log at once, so that it is there whatever happens to the function afterwards.

    It is told once for each set of dimensions; without any, or for an empty one, as one of the whole stack.
    """
    first, *others = sets or ({},)
    metric = EphemeralMetrics(namespace=settings().stack_name)
    metric.add_metric(name, unit, value)
    for dimension, of in first.items():
        metric.add_dimension(dimension, of)
    for dimensions in others:
        metric.add_dimensions(**dimensions)
    metric.flush_metrics()


def entered(status: str, record: Mapping[str, Any]) -> None:
    """Count a status that this invocation, and no other, has let a work or an event enter."""
    if status == lifecycle.REJECTED:
        write(REJECTIONS, MetricUnit.Count, 1)
        return
    kind = kinds.of(dict(record))
    if name := kind.metrics.get(status):
        write(name, MetricUnit.Count, 1, *_dimensions(kind, status, record))
    if (kind, status) == (kinds.ONBOARDING, lifecycle.COMPLETED):
        _completed(record)


def throttled(step: str) -> None:
    """Count a try of a step that AWS throttled."""
    write("StepsThrottled", MetricUnit.Count, 1, {"Step": step})


def dropped(reason: str) -> None:
    """Count a request for a link that nothing is mailed for, and why; a closed registration also by itself."""
    write("LinksDropped", MetricUnit.Count, 1, {}, {"Reason": reason})
    if reason == REGISTRATION_CLOSED:
        write("RegistrationClosed", MetricUnit.Count, 1)


def _dimensions(kind: Kind, status: str, record: Mapping[str, Any]) -> list[dict[str, str]]:
    """Failures are also counted as a whole, which an alarm needs, and by step; only a tenant's record has its tier."""
    tier = [{"Tier": record["tier"]}] if "tier" in record else []
    return [{}, *tier, {"Step": record["failure"]["step"]}] if status == kind.failed else tier


def _completed(record: Mapping[str, Any]) -> None:
    """A tenant that somebody had to repair counts as such; its duration would be that of the repair."""
    tier = {"Tier": record["tier"]}
    if record["attempt"] > record.get("firstAttempt", 1) or record["redriveCount"]:
        write("OnboardingsRepaired", MetricUnit.Count, 1, tier)
        return
    took = time.time() - datetime.fromisoformat(record["requestedAt"]).timestamp()
    write("OnboardingDuration", MetricUnit.Seconds, round(took, 3), tier)
