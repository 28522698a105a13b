"""What a deployed stack tells whoever works with it: the command line, the checks and those who deploy."""

import json
from collections.abc import Mapping

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_sqs as sqs

from infra.account_api import AccountApi
from infra.operators import Operators
from infra.queue import FunctionQueue
from infra.status_api import StatusApi
from infra.tables import Tables
from infra.workflow import Workflow
from orchestrator.aws.settings import GIVEN, JUDGED_BY, LIMITED_BY, MADE_WITH

TOLD = {"JudgedBy": JUDGED_BY, "LimitedBy": LIMITED_BY, "MadeWith": MADE_WITH, "Given": GIVEN}
"""Outputs that are settings of functions, as JSON."""


def of_parts(stack: Stack, bus: events.IEventBus, tables: Tables, onboarding: Workflow, abandonment: Workflow) -> None:
    """Name the bus, the tables and the workflows."""
    _write(
        stack,
        {
            "EventBusName": bus.event_bus_name,
            "OnboardingStateMachineArn": onboarding.state_machine.state_machine_arn,
            "AbandonmentStateMachineArn": abandonment.state_machine.state_machine_arn,
            "WelcomeFunctionName": onboarding.functions["WelcomeFunction"].invoked.function_name,
            "TenantsTableName": tables.tenants.table_name,
            "RoutesTableName": tables.routes.table_name,
            "SharedPoolsTableName": tables.shared_pools.table_name,
            "UsersTableName": tables.users.table_name,
            "UserKeysArn": tables.user_keys,
        },
    )


def of_queues(stack: Stack, queues: Mapping[str, FunctionQueue], rule_failures: sqs.IQueue) -> None:
    """Name each queue, and where what cannot be handled or delivered waits."""
    _write(
        stack,
        {
            **{f"{name}QueueUrl": each.queue.queue_url for name, each in queues.items()},
            **{f"{name}DeadLetterQueueUrl": each.dead_letter_queue.queue_url for name, each in queues.items()},
            "RuleDeadLetterQueueUrl": rule_failures.queue_url,
        },
    )


def of_settings(stack: Stack, settings: Mapping[str, str]) -> None:
    """Tell what was chosen, as functions are told."""
    told = {
        output: json.dumps({name: value for name, value in settings.items() if name in names})
        for output, names in TOLD.items()
    }
    _write(stack, {"AppDomain": settings["app_domain"], "Sender": settings["sender"], **told})


def of_status_api(stack: Stack, operators: Operators, api: StatusApi) -> None:
    """Say where the status API is, and who may sign in to it."""
    _write(
        stack,
        {
            "ApiUrl": api.api.api_endpoint,
            "DashboardUrl": api.page,
            "OperatorsUserPoolId": operators.user_pool.user_pool_id,
            "OperatorsClientId": api.client.user_pool_client_id,
        },
    )


def of_account_api(stack: Stack, api: AccountApi) -> None:
    """Say where the account API is, what a product maps to a domain of its own, and what DNS leads ours to."""
    _write(stack, {"AccountApiUrl": api.address, "AccountApiId": api.api.api_id})
    if api.domain:
        _write(stack, {"AccountApiDnsTarget": api.domain.attr_regional_domain_name})


def _write(stack: Stack, outputs: Mapping[str, str]) -> None:
    for name, value in outputs.items():
        CfnOutput(stack, name, value=value)
