"""The dashboard: a function that serves the page at the root of the status API, and may do nothing else."""

from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.function import OnboardingFunction
from infra.http_api import Bounds
from infra.operators import Operators
from infra.status_api import StatusApi

PARTS_PATH = "/dashboard/{part+}"
BOUNDS = Bounds(a_second=25, at_once=50)
"""Who opens the dashboard for the first time asks for three files, and for the page again once they have signed in."""


class Dashboard(Construct):
    """The page and its parts, for anybody: they hold no data, which the page reads for whoever has signed in."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        api: StatusApi,
        operators: Operators,
        code: lambda_.Code,
        retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, construct_id)
        function = OnboardingFunction(
            self,
            "Dashboard",
            module="dashboard",
            code=code,
            environment={
                "DASHBOARD_ADDRESS": api.page,
                "DASHBOARD_CLIENT_ID": api.client.user_pool_client_id,
                "DASHBOARD_ISSUER": operators.issuer,
                "DASHBOARD_SIGN_IN_ADDRESS": operators.sign_in_address,
            },
            retention=retention,
        )
        integration = integrations.HttpLambdaIntegration("Page", function.invoked)
        api.open("/", integration, BOUNDS)
        api.open(PARTS_PATH, integration, BOUNDS)
