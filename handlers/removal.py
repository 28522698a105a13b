"""Removal: the steps of an abandonment; the only function that may delete."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.step import run_step

STEPS = (
    "CheckNobodySignedIn",
    "RemoveTenantUsers",
    "RemoveAppClient",
    "RemoveIdentityProviders",
    "RemoveTenantGroup",
    "RemoveUserPool",
    "ReleaseSharedPool",
    "ReleaseRouting",
    "VerifyAbandonment",
    "CompleteAbandonment",
)


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Run one of the removal steps."""
    run_step(event, context, STEPS)
