"""The status API: an HTTP API before one function, for those who sign in to a user pool of the operators' own."""

import json
from dataclasses import dataclass

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.function import OnboardingFunction
from infra.operators import Operators
from orchestrator.status.contract import OPENAPI_PATH

REQUESTS_A_SECOND = 20
REQUESTS_AT_ONCE = 40
"""Far above what dashboards ask, far below what DynamoDB or the account's functions would feel."""
ACCESS_LOG = {
    "requestId": "$context.requestId",
    "at": "$context.requestTimeEpoch",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "from": "$context.identity.sourceIp",
    "user": "$context.authorizer.claims.sub",
    "refused": "$context.authorizer.error",
    "failed": "$context.integrationErrorMessage",
    "milliseconds": "$context.responseLatency",
}
"""A user is logged as Cognito's own id and the address of the network, by which an attack is told; no mail address."""


@dataclass(frozen=True)
class Bounds:
    """How many requests for a path are let through; they are counted by themselves, apart from all others."""

    a_second: int
    at_once: int


HEADERS_ALONE = Bounds(a_second=5, at_once=10)
"""Of HEAD, which monitors ask, seldom."""
DESCRIPTION = Bounds(a_second=5, at_once=10)
"""Of `/openapi.json`, which tools read once."""


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
        integration = integrations.HttpLambdaIntegration("Function", function.invoked)
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
        access_logs = logs.LogGroup(
            self, "AccessLogs", retention=retention, removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
        )
        self._stage = self._new_stage(access_logs)
        self._bounds: dict[str, dict[str, int]] = {}
        self.open(OPENAPI_PATH, integration, DESCRIPTION)

    @property
    def page(self) -> str:
        """The address of the page at the root of the API."""
        return f"{self.api.api_endpoint}/"

    def open(
        self, path: str, integration: apigateway.HttpRouteIntegration, bounds: Bounds, *, preflight: bool = False
    ) -> None:
        """Let anybody read what is at a path, with bounds of its own, whatever the API itself is asked meanwhile.

        With `preflight` its function says too whether other origins' pages may.
        """
        of_methods = {apigateway.HttpMethod.GET: bounds, apigateway.HttpMethod.HEAD: HEADERS_ALONE}
        if preflight:
            of_methods[apigateway.HttpMethod.OPTIONS] = bounds
        routes = self.api.add_routes(
            path=path,
            methods=list(of_methods),
            integration=integration,
            authorizer=apigateway.HttpNoneAuthorizer(),
        )
        for method, each in of_methods.items():
            limits = {"ThrottlingRateLimit": each.a_second, "ThrottlingBurstLimit": each.at_once}
            self._bounds[f"{method.name} {path}"] = limits
        self._stage.route_settings = self._bounds
        self._stage.node.add_dependency(*routes)  # they must be there before they can be bounded

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
