"""Routing: the steps that make a tenant reachable and say so."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.step import run_step

STEPS = ("RegisterRouting", "CompleteOnboarding")


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Run one of the routing steps."""
    run_step(event, context, STEPS)
