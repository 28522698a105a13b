"""Capacity: on a schedule, the next shared user pool is opened ahead of need, and events warn of those nearly full."""

from typing import Any
from uuid import uuid4

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.metrics import write
from handlers.runtime import clients, lease_until, logged, logger, reported, settings
from orchestrator.aws.errors import OnboardingError
from orchestrator.identity.shared_pool_capacity import Fill, tick
from orchestrator.tenants.ledger import Turn


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Look once and return what was found and done; what failed is logged and counted, for the next tick to mend."""
    # Lambda repeats a failed asynchronous invocation under its request id, which must not pass for the same owner.
    owner = f"{context.aws_request_id}/{uuid4()}"
    turn = Turn("", owner, attempt=1, redrive_count=0, lease_until=lease_until(context))
    with reported("capacity"):
        found = tick(clients(), settings(), turn, measure=_measure, report=_report)
    write("SharedPoolsWithRoom", MetricUnit.Count, found["withRoom"])
    write("SharedPoolsLacking", MetricUnit.Count, found["lacking"])
    write("CapacityFailures", MetricUnit.Count, found["failed"])
    logger.info("capacity looked at", extra=found)
    return found


def _measure(fill: Fill) -> None:
    of = {"PoolKey": fill.pool_key, "Counter": fill.counter}
    write("SharedPoolFillPercent", MetricUnit.Percent, fill.percent, of)


def _report(pool_key: str, failure: OnboardingError) -> None:
    account = {"poolKey": pool_key or "the next", "error": type(failure).__name__, "code": failure.code}
    logger.warning("capacity failed", extra=account)
