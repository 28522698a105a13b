"""The trigger that binds tokens to tenants: Amazon Cognito calls it before it issues any, in the user pool's Region."""

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.function import OnboardingFunction
from infra.grants import USER_POOLS
from tenant_onboarding.cdk import read_routes
from tenant_onboarding.names import PREFIX, routes_table


def trigger_name(stack_name: str) -> str:
    """Return the name of the trigger's function, the same in every Region."""
    return f"{stack_name}-token-claims"


class TokenClaims(Construct):
    """One function for all user pools of the account in its Region, by a name that another Region's has too.

    `stack_name` is the home Region's stack's, wherever this is: registry and function are named after it.
    """

    def __init__(  # noqa: PLR0913  # all but two by keyword
        self,
        scope: Construct,
        construct_id: str,
        *,
        stack_name: str,
        code: lambda_.Code,
        log_level: str,
        retention: logs.RetentionDays,
        reserved: int,
    ) -> None:
        super().__init__(scope, construct_id)
        stack, table = Stack.of(self), routes_table(stack_name)
        self.function = OnboardingFunction(
            self,
            "Trigger",
            module="token_claims",
            code=code,
            environment={f"{PREFIX}ROUTES_TABLE": table, f"{PREFIX}LOG_LEVEL": log_level},
            retention=retention,
            physical_name=trigger_name(stack_name),
            snap_start=True,
            reserved=reserved,
        )
        of_table = stack.format_arn(service="dynamodb", resource="table", resource_name=table)
        read_routes(self.function, of_table, "client", "tenant")
        # One for all: a function's policy holds 20 KB, which is a permission each for a few dozen user pools.
        self.function.invoked.add_permission(
            "UserPools",
            principal=iam.ServicePrincipal("cognito-idp.amazonaws.com"),
            source_account=Aws.ACCOUNT_ID,
            source_arn=stack.format_arn(service="cognito-idp", resource=USER_POOLS),
        )
