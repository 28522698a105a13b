"""The triggers that Amazon Cognito calls, each in the user pools' own Region.

One binds tokens to tenants, before any is issued. The other says who may become a user, before anybody is made one.
"""

from typing import ClassVar

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.function import OnboardingFunction
from infra.grants import USER_POOLS
from tenant_onboarding.cdk import read_routes
from tenant_onboarding.names import PREFIX, routes_table


class _UserPoolTrigger(Construct):
    """One function for all user pools of the account in its Region, by a name that another Region's has too.

    `stack_name` is the home Region's stack's, wherever this is: registry and function are named after it.
    """

    MODULE: ClassVar[str]
    FUNCTION: ClassVar[str]
    """What alarms and the dashboard call it."""
    READS: ClassVar[tuple[str, ...]]
    """The kinds of routes that it looks up."""
    SNAP_START: ClassVar[bool]

    def __init__(  # noqa: PLR0913  # all but two by keyword
        self,
        scope: Construct,
        construct_id: str,
        *,
        stack_name: str,
        code: lambda_.Code,
        log_level: str,
        retention: logs.RetentionDays,
        reserved: int = 0,
    ) -> None:
        super().__init__(scope, construct_id)
        stack, table = Stack.of(self), routes_table(stack_name)
        self.function = OnboardingFunction(
            self,
            self.FUNCTION,
            module=self.MODULE,
            code=code,
            environment={f"{PREFIX}ROUTES_TABLE": table, f"{PREFIX}LOG_LEVEL": log_level},
            retention=retention,
            physical_name=self.name(stack_name),
            snap_start=self.SNAP_START,
            reserved=reserved,
        )
        of_table = stack.format_arn(service="dynamodb", resource="table", resource_name=table)
        read_routes(self.function, of_table, *self.READS)
        # One for all: a function's policy holds 20 KB, which is a permission each for a few dozen user pools.
        self.function.invoked.add_permission(
            "UserPools",
            principal=iam.ServicePrincipal("cognito-idp.amazonaws.com"),
            source_account=Aws.ACCOUNT_ID,
            source_arn=stack.format_arn(service="cognito-idp", resource=USER_POOLS),
        )

    @classmethod
    def name(cls, stack_name: str) -> str:
        """Return the name of the trigger's function, the same in every Region."""
        return f"{stack_name}-{cls.MODULE.replace('_', '-')}"


class TokenClaims(_UserPoolTrigger):
    """Binds tokens to tenants; it runs at each sign-in, so it starts from a snapshot."""

    MODULE, FUNCTION = "token_claims", "Trigger"
    READS = ("client", "tenant")
    SNAP_START = True


class PreSignUp(_UserPoolTrigger):
    """Says who may become a user; it runs once a user, so no version of it is paid for while nobody comes."""

    MODULE, FUNCTION = "pre_sign_up", "SignUp"
    READS = ("client", "domain", "invitation")
    SNAP_START = False
