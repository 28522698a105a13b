"""The status API: an HTTP API before one function, for those who sign in to a user pool of the operators' own."""

import json

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.function import OnboardingFunction
from orchestrator.contracts.status import OPENAPI_PATH, OPERATORS, VIEWERS

GROUPS = {VIEWERS: "May read the status API.", OPERATORS: "May read the status API, and act through it."}
REQUESTS_A_SECOND = 20
REQUESTS_AT_ONCE = 40
"""Far above a dashboard's need, far below what DynamoDB or the account's functions would feel."""
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


class Operators(Construct):
    """The operators' user pool: filled by administrators only, kept when the stack goes, and no tenant's."""

    def __init__(self, scope: Construct, construct_id: str, *, mfa: str) -> None:
        super().__init__(scope, construct_id)
        self.user_pool = cognito.UserPool(
            self,
            "UserPool",
            user_pool_name=f"{Aws.STACK_NAME}.operators",
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(email=True),
            sign_in_case_sensitive=False,
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            password_policy=cognito.PasswordPolicy(
                min_length=14,
                require_digits=True,
                require_lowercase=True,
                require_symbols=True,
                require_uppercase=True,
                temp_password_validity=Duration.days(3),
            ),
            mfa=cognito.Mfa.REQUIRED if mfa == "ON" else cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            feature_plan=cognito.FeaturePlan.ESSENTIALS,
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        for name, description in GROUPS.items():
            self.user_pool.add_group(name.capitalize(), group_name=name, description=description)
        self.client = self.user_pool.add_client(
            "Client",
            user_pool_client_name="status-api",
            generate_secret=False,
            auth_flows=cognito.AuthFlow(user_srp=True),
            disable_o_auth=True,
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            access_token_validity=Duration.hours(1),
            id_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.hours(12),
            read_attributes=cognito.ClientAttributes().with_standard_attributes(email=True, fullname=True),
            write_attributes=cognito.ClientAttributes().with_standard_attributes(fullname=True),
        )


class StatusApi(Construct):
    """The HTTP API: whatever path is asked for needs an operators' token, but for the API's own description."""

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
        integration = integrations.HttpLambdaIntegration("Function", function.function)
        authorizer = authorizers.HttpUserPoolAuthorizer(
            "Operators", operators.user_pool, user_pool_clients=[operators.client]
        )
        self.api = apigateway.HttpApi(
            self,
            "Api",
            api_name=f"{Aws.STACK_NAME}-status",
            create_default_stage=False,
            default_integration=integration,
            default_authorizer=authorizer,
        )
        self.api.add_routes(
            path=OPENAPI_PATH,
            methods=[apigateway.HttpMethod.GET],
            integration=integration,
            authorizer=apigateway.HttpNoneAuthorizer(),
        )
        self._stage(logs.LogGroup(self, "AccessLogs", retention=retention, removal_policy=RemovalPolicy.DESTROY))

    def _stage(self, access_logs: logs.LogGroup) -> None:
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
