"""The status API: an HTTP API before one function, for those who sign in to a user pool of the operators' own."""

from aws_cdk import Aws
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.function import OnboardingFunction
from infra.http_api import LOGGED, Bounds, Stage
from infra.operators import Operators
from orchestrator.status.contract import OPENAPI_PATH

REQUESTS_A_SECOND = 20
REQUESTS_AT_ONCE = 40
"""Far above what dashboards ask, far below what DynamoDB or the account's functions would feel."""
ACCESS_LOG = LOGGED | {"user": "$context.authorizer.claims.sub", "refused": "$context.authorizer.error"}
"""A user is logged as Cognito's own id; no mail address."""
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
        bounds = Bounds(REQUESTS_A_SECOND, REQUESTS_AT_ONCE)
        self._stage = Stage(self, self.api, bounds=bounds, retention=retention, logged=ACCESS_LOG)
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
        self._stage.bound(path, of_methods, routes)
