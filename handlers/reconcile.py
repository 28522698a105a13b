"""Reconcile: on a schedule, what events missed is finished."""

import time
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.metrics import entered, write
from handlers.runtime import clients, logged, logger, reported, settings
from orchestrator.aws.errors import OnboardingError
from orchestrator.onboarding.parked_events import look_again
from orchestrator.onboarding.reconcile import look_after, reconcile
from orchestrator.tenants import backlog, lifecycle

MARGIN_SECONDS = 5.0
"""For the repair that is under way when the time is up."""
OF_WORKS = 0.2
"""The share of the time that works with items of their own have; they have what is left before them, too."""
OF_PARKED_EVENTS = 0.2
"""Their share of the time; they have what the others leave, too."""
FINDS = ("started", "recorded", "published")


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Finish what was left behind and return how much of each kind; what is well is measured too, as 0."""
    deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS
    with reported("reconcile"):
        left = deadline - time.monotonic()
        parked_from, works_from = deadline - left * OF_PARKED_EVENTS, deadline - left * (OF_PARKED_EVENTS + OF_WORKS)
        found = reconcile(clients(), settings(), deadline=works_from, report=_report, observe=entered)
        works = look_after(clients(), settings(), deadline=parked_from, report=_report, observe=entered)
        parked = look_again(clients(), settings(), deadline=deadline, report=_report, observe=entered)
        found |= works | parked | {"failed": found["failed"] + works["failed"] + parked["failed"]}
        oldest = backlog.oldest(clients(), settings(), lifecycle.UNDER_WAY, time.time())
        waiting = backlog.failed(clients(), settings())
    logger.info("reconciled", extra=found)
    for kind in FINDS:
        write("ReconcileFinds", MetricUnit.Count, found[kind], {}, {"Kind": kind})
    write("ReconcileFailures", MetricUnit.Count, found["failed"])
    write("OldestInProgress", MetricUnit.Seconds, round(oldest[1]) if oldest else 0)
    write("TenantsFailed", MetricUnit.Count, waiting)
    return found


def _report(tenant_id: str, failure: OnboardingError) -> None:
    account = {"tenantId": tenant_id, "error": type(failure).__name__, "code": failure.code}
    logger.warning("not reconciled", extra=account)
