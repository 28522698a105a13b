"""Capacity: on a schedule, the next shared user pool is opened ahead of need, and events warn of those nearly full."""

from typing import Any
from uuid import uuid4

from aws_lambda_powertools import single_metric
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.runtime import clients, lease_until, logger, reported, settings
from orchestrator.capacity import Fill, tick
from orchestrator.errors import OnboardingError
from orchestrator.ledger import Turn

NAMESPACE = "TenantOnboarding"


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Look once and return what was found and done; what failed is logged and counted, for the next tick to mend."""
    # Lambda repeats a failed asynchronous invocation under its request id, which must not pass for the same owner.
    owner = f"{context.aws_request_id}/{uuid4()}"
    turn = Turn("", owner, attempt=1, redrive_count=0, lease_until=lease_until(context))
    with reported("capacity"):
        found = tick(clients(), settings(), turn, measure=_measure, report=_report)
    _metric("SharedPoolsWithRoom", MetricUnit.Count, found["withRoom"])
    _metric("CapacityFailures", MetricUnit.Count, found["failed"])
    logger.info("capacity looked at", extra=found)
    return found


def _measure(fill: Fill) -> None:
    _metric("SharedPoolFillPercent", MetricUnit.Percent, fill.percent, PoolKey=fill.pool_key, Counter=fill.counter)


def _report(pool_key: str, failure: OnboardingError) -> None:
    account = {"poolKey": pool_key or "the next", "error": type(failure).__name__, "code": failure.code}
    logger.warning("capacity failed", extra=account)


def _metric(name: str, unit: MetricUnit, value: int, **dimensions: str) -> None:
    """Write a metric into the log at once, so that it is there whatever happens to the function afterwards."""
    with single_metric(name=name, unit=unit, value=value, namespace=NAMESPACE, default_dimensions=dimensions):
        pass
