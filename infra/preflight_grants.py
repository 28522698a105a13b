"""What the function `preflight` may do; `infra/grants.py` has all others."""

from collections.abc import Sequence

from aws_cdk import Aws, Stack
from aws_cdk import aws_sns as sns

from infra.function import OnboardingFunction
from infra.grants import lambda_arn
from infra.tables import Tables
from orchestrator.tenants import open_sign_up
from orchestrator.tenants.counters import COMPLETIONS, COUNTERS
from orchestrator.tenants.records import ID_INDEX
from orchestrator.users.budgets import OF_DAY
from tenant_onboarding.cdk_function import LIVE


def preflight(
    function: OnboardingFunction, tables: Tables, *, regions: Sequence[str], identity: str, trigger: str
) -> None:
    """Read counters, quotas, usage and settings in each Region: no tenant, no user, and no change."""
    counted = {"dynamodb:LeadingKeys": [f"{COUNTERS}#*", COMPLETIONS]}
    reads = ["dynamodb:BatchGetItem", "dynamodb:Query"]
    function.allow(reads, [tables.tenants.table_arn], **{"ForAllValues:StringLike": counted})  # both always name keys
    opened = {"dynamodb:LeadingKeys": [open_sign_up.ITEM]}
    by_item = f"{tables.tenants.table_arn}/index/{ID_INDEX}"
    function.allow(["dynamodb:Query"], [by_item], **{"ForAllValues:StringEquals": opened})  # their ids, and no more
    function.allow(["dynamodb:Query"], [tables.shared_pools.table_arn])
    of_day = {"dynamodb:LeadingKeys": [f"{OF_DAY}*"]}
    function.allow(["dynamodb:Query"], [tables.users.table_arn], **{"ForAllValues:StringLike": of_day})
    function.allow(
        # They are about an account: AWS knows no resource for them.
        [
            "cognito-idp:ListUserPools",
            "lambda:GetAccountSettings",
            "servicequotas:ListServiceQuotas",
            "ses:GetAccount",
        ],
        ["*"],
    )
    stack, everywhere = Stack.of(function), [Aws.REGION, *regions]
    identities = [
        stack.format_arn(service="ses", region=region, resource="identity", resource_name=identity)
        for region in everywhere
    ]
    function.allow(["ses:GetEmailIdentity"], identities)
    triggers = [lambda_arn(function, region, f"{trigger}:{LIVE}") for region in everywhere]
    function.allow(["lambda:GetFunctionConfiguration"], triggers)


def listeners(function: OnboardingFunction, topic: sns.ITopic) -> None:
    """See who hears of alarms."""
    function.allow(["sns:ListSubscriptionsByTopic"], [topic.topic_arn])
