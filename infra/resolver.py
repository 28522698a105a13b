"""The resolver: a function behind one path of the HTTP API that anybody may ask."""

from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.function import OnboardingFunction
from infra.http_api import Bounds
from infra.status_api import StatusApi

PATH = "/config"
BOUNDS = Bounds(a_second=50, at_once=100)
"""One request a sign-in, or none where the answer is kept: room for 3,000 people a minute.

So at some 10 ms a read one of Lambda's environments is at work, and while DynamoDB does not answer at all, which takes
4 s at most to notice, 200 of the 1,000 that an account has by default, and 20 of HEAD. No concurrency is reserved for
it: an account with a smaller quota could not grant it.
"""


class Resolver(Construct):
    """`GET /config`: whoever signs in asks it first."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        api: StatusApi,
        code: lambda_.Code,
        environment: dict[str, str],
        retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, construct_id)
        self.function = OnboardingFunction(
            self,
            "Resolver",
            module="resolver",
            code=code,
            environment=environment,
            retention=retention,
            snap_start=True,
        )
        integration = integrations.HttpLambdaIntegration("Config", self.function.invoked)
        api.open(PATH, integration, BOUNDS, preflight=True)
        self.address = f"{api.api.api_endpoint}{PATH}"
