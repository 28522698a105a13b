"""Placement: the steps that work in Amazon Cognito."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.step import run_step

STEPS = (
    "AssignSharedPool",
    "CreateUserPool",
    "ConfigureUserPool",
    "CreateTenantGroup",
    "CreateIdentityProviders",
    "CreateAppClient",
    "CreateTenantAdmin",
)


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Run one of the placement steps."""
    run_step(event, context, STEPS, slows_intake=True)
