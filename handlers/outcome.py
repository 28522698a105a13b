"""Outcome: executions that ended badly are recorded, explained and published."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.metrics import entered
from handlers.runtime import clients, logged, logger, reported, settings
from orchestrator.onboarding.outcome import record_outcome


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Record the outcome that a status-change event hints at."""
    arn = event["detail"]["executionArn"]
    logger.append_keys(executionArn=arn, **_tenant(arn))
    with reported("outcome"):
        answer = record_outcome(clients(), settings(), arn, entered)
    logger.info("outcome %s", answer)


def _tenant(arn: str) -> dict[str, str]:
    """Return what an execution's name tells; of one that was started by hand that may be wrong."""
    name = arn.rpartition(":")[2]
    tenant_id, _, attempt = name.rpartition("_" if "_" in name else "-")
    return {"tenantId": tenant_id.partition("__")[0], "attempt": attempt}
