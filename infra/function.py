"""A function of the orchestrator: one module of `handlers`, grants of its own."""

from typing import Any

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from tenant_onboarding.cdk_function import PublishedFunction


class OnboardingFunction(PublishedFunction):
    """One Lambda function whose code is the module `handlers.<name>`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        module: str,
        code: lambda_.Code,
        **options: Any,  # Any: what a published function takes
    ) -> None:
        super().__init__(scope, construct_id, handler=f"handlers.{module}.handler", code=code, **options)
