"""The sample product as a wiring diagram: one HTTP API, its page for anybody, its data for a tenant's own people."""

from typing import Any

from aws_cdk import CfnOutput, CfnParameter, Duration, Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from examples.product.bundling import code
from tenant_onboarding.cdk import TenantAuthorizer
from tenant_onboarding.names import STACK_NAME as ONBOARDING

STACK_NAME = "SampleProduct"
CALLBACK_PATH = "/auth/callback"
"""Where signing in at a provider leads back to: the onboarding stack's `callbackPath`."""
TIMEOUT_SECONDS = 10
THROTTLE = apigateway.ThrottleSettings(rate_limit=50, burst_limit=100)
"""Requests a second, and at once: whoever makes up tokens costs no more invocations of the authorizer than that."""
RETENTION = logs.RetentionDays.ONE_MONTH


class SampleProductStack(Stack):
    """A product as a customer would write it, beside the onboarding stack in the same account and Region."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        token_use: str,
        authorizer_code: lambda_.Code | None = None,
        **options: Any,  # Any: what Stack takes
    ) -> None:
        """Define the product, whose API takes the token that the resolver names as `tokenUse`: `access` or `id`.

        `authorizer_code` is for a local AWS only, where Lambda's own machine is this one.
        """
        super().__init__(scope, construct_id, **options)
        self._code, self._authorizer_code = code(), authorizer_code
        api = apigateway.HttpApi(self, "Api", create_default_stage=False)
        api.add_stage("DefaultStage", auto_deploy=True, throttle=THROTTLE)
        page = self._function("Page", self._told())
        for path in ("/", CALLBACK_PATH, "/parts/{part+}"):
            self._route(api, path, page)
        self._route(api, "/me", self._function("Me", {}), self._authorizer(token_use).authorizer)
        CfnOutput(self, "ApiUrl", value=api.api_endpoint)

    def _authorizer(self, token_use: str) -> TenantAuthorizer:
        onboarding = self._parameter("OnboardingStack", "Name of the onboarding stack.", ONBOARDING)
        app_domain = self._parameter("AppDomain", "The product's domain: the onboarding stack's `appDomain`.")
        jwks_address = self._parameter("JwksAddress", "Where user pools' keys are; empty: where Cognito has them.", "")
        return TenantAuthorizer(
            self,
            "TenantAuthorizer",
            app_domain=app_domain,
            onboarding_stack=onboarding,
            token_uses=(token_use,),
            jwks_address=jwks_address,
            code=self._authorizer_code,
        )

    def _told(self) -> dict[str, str]:
        """Return what the page's function is told by whoever deploys."""
        config = self._parameter("ConfigUrl", "Output ConfigUrl of the onboarding stack.")
        account = self._parameter("AccountApiUrl", "Output AccountApiUrl of the onboarding stack.")
        regions = self._parameter("Regions", "Where else tenants have user pools, with commas between.", "")
        cognito = self._parameter("CognitoAddress", "Cognito's API.", "https://cognito-idp.{region}.amazonaws.com")
        sign_in = self._parameter("SignInAddress", "The user pools' own domains.", "https://{domain}")
        return {
            "PRODUCT_CONFIG_URL": config,
            "PRODUCT_REGIONS": regions,
            "PRODUCT_COGNITO_ADDRESS": cognito,
            "PRODUCT_SIGN_IN_ADDRESS": sign_in,
            "PRODUCT_CALLBACK_PATH": CALLBACK_PATH,
            "PRODUCT_ACCOUNT_API": account,
        }

    def _parameter(self, name: str, description: str, default: str | None = None) -> str:
        return CfnParameter(self, name, description=description, default=default).value_as_string

    def _function(self, name: str, environment: dict[str, str]) -> lambda_.Function:
        return lambda_.Function(
            self,
            name,
            code=self._code,
            handler=f"functions.{name.lower()}.handler",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            timeout=Duration.seconds(TIMEOUT_SECONDS),
            environment=environment,
            log_group=logs.LogGroup(self, f"{name}Logs", retention=RETENTION),
        )

    def _route(
        self,
        api: apigateway.HttpApi,
        path: str,
        function: lambda_.Function,
        authorizer: apigateway.IHttpRouteAuthorizer | None = None,
    ) -> None:
        name = f"{function.node.id}{'Home' if path == '/' else ''}"
        integration = integrations.HttpLambdaIntegration(name, function)
        api.add_routes(path=path, methods=[apigateway.HttpMethod.GET], integration=integration, authorizer=authorizer)
