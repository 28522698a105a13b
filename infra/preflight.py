"""Preflight: every hour somebody looks what will stop onboarding, who may read and do nothing else."""

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_sns as sns

from infra.configuration import Configuration
from infra.function import LIVE, OnboardingFunction
from infra.tables import Tables
from infra.token_claims import trigger_name
from orchestrator.settings import PREFIX

PREFLIGHT_MINUTES = 60


def may_look(function: OnboardingFunction, tables: Tables, configuration: Configuration) -> None:
    """Grant the reading of counters, quotas, usage and settings in each Region; no tenant's user, no change."""
    function.allow(["dynamodb:BatchGetItem", "dynamodb:Query"], [tables.tenants.table_arn])
    function.allow(["dynamodb:Query"], [tables.shared_pools.table_arn])
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
    stack, everywhere = Stack.of(function), [Aws.REGION, *configuration.regions]
    identities = [
        stack.format_arn(service="ses", region=region, resource="identity", resource_name=configuration.identity)
        for region in everywhere
    ]
    function.allow(["ses:GetEmailIdentity"], identities)
    triggers = [
        stack.format_arn(
            service="lambda",
            region=region,
            resource="function",
            resource_name=f"{trigger_name(Aws.STACK_NAME)}:{LIVE}",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        for region in everywhere
    ]
    function.allow(["lambda:GetFunctionConfiguration"], triggers)


def may_see_listeners(function: OnboardingFunction, topic: sns.ITopic) -> None:
    """Tell the function the topic of alarms, and let it see who hears of them."""
    function.allow(["sns:ListSubscriptionsByTopic"], [topic.topic_arn])
    function.function.add_environment(f"{PREFIX}ALARM_TOPIC_ARN", topic.topic_arn)
