"""Welcome: the only function that sets passwords and sends mail."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.step import run_step

STEPS = ("SendWelcomeEmail",)


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Set the temporary password and mail it."""
    run_step(event, context, STEPS)
