"""The status API: an HTTP API before one function, for those who sign in to a user pool of the operators' own."""

import json

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.function import OnboardingFunction
from infra.operators import Operators
from orchestrator.contracts.status import OPENAPI_PATH

REQUESTS_A_SECOND = 20
REQUESTS_AT_ONCE = 40
"""Far above what dashboards ask, far below what DynamoDB or the account's functions would feel."""
PARTS_A_SECOND = 100
PARTS_AT_ONCE = 200
"""Who opens the dashboard for the first time asks for some 25 files at once."""
ACCESS_LOG = {
    "requestId": "$context.requestId",
    "at": "$context.requestTimeEpoch",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "user": "$context.authorizer.claims.sub",
    "refused": "$context.authorizer.error",
    "failed": "$context.integrationErrorMessage",
    "milliseconds": "$context.responseLatency",
}
"""A user is logged as Cognito's own id; no address, neither of mail nor of network."""


class StatusApi(Construct):
    """The HTTP API: whatever path is asked for needs an operators' token, but for those that are opened by name."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: OnboardingFunction,
        operators: Operators,
        retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, construct_id)
        self.api = apigateway.HttpApi(self, "Api", api_name=f"{Aws.STACK_NAME}-status", create_default_stage=False)
        self.client = operators.add_client(self.page)
        integration = integrations.HttpLambdaIntegration("Function", function.function)
        apigateway.HttpRoute(
            self,
            "Guarded",
            http_api=self.api,
            route_key=apigateway.HttpRouteKey.DEFAULT,
            integration=integration,
            authorizer=authorizers.HttpUserPoolAuthorizer(
                "Operators", operators.user_pool, user_pool_clients=[self.client]
            ),
        )
        access_logs = logs.LogGroup(self, "AccessLogs", retention=retention, removal_policy=RemovalPolicy.DESTROY)
        self._stage = self._new_stage(access_logs)
        self._bounds: dict[str, dict[str, int]] = {}
        self.open(OPENAPI_PATH, integration)

    @property
    def page(self) -> str:
        """The address of the page at the root of the API."""
        return f"{self.api.api_endpoint}/"

    def open(self, path: str, integration: apigateway.HttpRouteIntegration) -> None:
        """Let anybody read what is at a path."""
        self._open(path, integration)

    def open_files(self, path: str, integration: apigateway.HttpRouteIntegration) -> None:
        """Let anybody read the files at a path, many at once, and whatever the API itself is asked meanwhile."""
        bounds = {"ThrottlingRateLimit": PARTS_A_SECOND, "ThrottlingBurstLimit": PARTS_AT_ONCE}
        self._bounds[f"GET {path}"] = bounds
        self._stage.route_settings = self._bounds
        for route in self._open(path, integration):
            self._stage.node.add_dependency(route)  # it must be there before it can be bounded

    def _open(self, path: str, integration: apigateway.HttpRouteIntegration) -> list[apigateway.HttpRoute]:
        return self.api.add_routes(
            path=path,
            methods=[apigateway.HttpMethod.GET],
            integration=integration,
            authorizer=apigateway.HttpNoneAuthorizer(),
        )

    def _new_stage(self, access_logs: logs.LogGroup) -> apigateway.CfnStage:
        stage = apigateway.CfnStage(
            self,
            "Stage",
            api_id=self.api.api_id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=access_logs.log_group_arn, format=json.dumps(ACCESS_LOG)
            ),
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=REQUESTS_A_SECOND, throttling_burst_limit=REQUESTS_AT_ONCE
            ),
        )
        stage.node.add_dependency(self.api)
        return stage
