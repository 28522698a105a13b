"""Reconcile: on a schedule, what events missed is finished."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.runtime import clients, logger, settings
from orchestrator.reconcile import reconcile


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Finish what was left behind and return how much of each kind."""
    found = reconcile(clients(), settings())
    logger.info("reconciled", extra=found)
    return found
