"""Reconcile: on a schedule, what events missed is finished."""

import time
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.metrics import entered, write
from handlers.runtime import clients, lease_until, logged, logger, reported, settings
from orchestrator.aws.errors import OnboardingError
from orchestrator.onboarding.parked_events import look_again
from orchestrator.onboarding.reconcile import look_after, reconcile
from orchestrator.onboarding.turns import take_turns
from orchestrator.tenants import backlog, lifecycle
from orchestrator.users import operations, seats
from orchestrator.users.works import Claim

MARGIN_SECONDS = 5.0
"""For the repair that is under way when the time is up."""
OF_WORKS = 0.2
"""The share of the time that works with items of their own have; they have what is left before them, too."""
OF_PEOPLE = 0.2
"""The share of what is under way with people."""
OF_SEATS = 0.1
"""The share of what is published about people's numbers."""
OF_PARKED_EVENTS = 0.2
"""Their share of the time; they have what the others leave, too."""
FINDS = ("started", "recorded", "published")


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Finish what was left behind and return how much of each kind; what is well is measured too, as 0."""
    deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS
    with reported("reconcile"):
        left = deadline - time.monotonic()
        parked_from = deadline - left * OF_PARKED_EVENTS
        seats_from = parked_from - left * OF_SEATS
        people_from = seats_from - left * OF_PEOPLE
        works_from = people_from - left * OF_WORKS
        found = reconcile(clients(), settings(), deadline=works_from, report=_report, observe=entered)
        works = look_after(clients(), settings(), deadline=people_from, report=_report, observe=entered)
        people = _finish_operations(context, seats_from)
        told = _tell_seats(parked_from)
        parked = look_again(clients(), settings(), deadline=deadline, report=_report, observe=entered)
        failed = sum(each["failed"] for each in (found, works, people, told, parked))
        found |= works | parked | {"people": people["over"], "seats": told["told"], "failed": failed}
        oldest = backlog.oldest(clients(), settings(), lifecycle.UNDER_WAY, time.time())
        waiting = backlog.failed(clients(), settings())
    logger.info("reconciled", extra=found)
    for kind in FINDS:
        write("ReconcileFinds", MetricUnit.Count, found[kind], {}, {"Kind": kind})
    write("ReconcileFailures", MetricUnit.Count, found["failed"])
    write("OldestInProgress", MetricUnit.Seconds, round(oldest[1]) if oldest else 0)
    write("TenantsFailed", MetricUnit.Count, waiting)
    return found


def _finish_operations(context: LambdaContext, until: float) -> dict[str, int]:
    """Finish what is under way with people and nobody has finished, until a time of time.monotonic."""
    found = {"over": 0, "failed": 0}
    claim = Claim(context.aws_request_id, lease_until(context))
    due = operations.left_behind(clients(), settings(), time.time())
    take_turns(
        due, lambda key: operations.finish(clients(), settings(), key, claim), found, until=until, report=_report
    )
    return found


def _tell_seats(until: float) -> dict[str, int]:
    """Publish how many seats tenants have whose people changed, until a time of time.monotonic."""
    found = {"told": 0, "failed": 0}
    changed = seats.changed(clients(), settings())
    take_turns(changed, lambda key: seats.tell(clients(), settings(), key), found, until=until, report=_report)
    return found


def _report(tenant_id: str, failure: OnboardingError) -> None:
    account = {"tenantId": tenant_id, "error": type(failure).__name__, "code": failure.code}
    logger.warning("not reconciled", extra=account)
