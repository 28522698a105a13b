"""Finds a deployed stack by its CloudFormation outputs, in the Region and account that the environment leads to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws import region_and_account
from orchestrator.aws.clients import Clients
from orchestrator.aws.region_and_account import RegionOrAccountError
from orchestrator.aws.settings import Settings
from orchestrator.operations.dead_letters import DeadLetterQueue
from orchestrator.tenants.commands import command
from tenant_onboarding.names import STACK_NAME

if TYPE_CHECKING:
    from types_boto3_cloudformation.type_defs import StackTypeDef

DEAD_LETTER_QUEUES = ("intake", "parameters", "mail_feedback", "proof_requests", "rules")
"""What `dead_letter_queues` calls them, which need not be asked of a stack."""
MADE_WITH_OUTPUT = "MadeWith"
USERS_TABLE_OUTPUT = "UsersTableName"


class DeploymentError(Exception):
    """There is no stack to work with; the message says what to do."""


def find(stack: str = STACK_NAME) -> tuple[Clients, Settings]:
    """Return clients and settings of a deployed stack; raises DeploymentError."""
    session, described = _found(stack)
    with _outputs_of_ours(stack):
        return Clients(session), _settings(stack, described["StackId"], _outputs(described))


def find_with_all_settings(stack: str = STACK_NAME) -> tuple[Clients, Settings]:
    """Return what `find` does of a stack that tells all that user pools and app clients are made with.

    Raises DeploymentError for a stack that another release deployed, which did not tell.
    """
    session, described = _found(stack)
    with _outputs_of_ours(stack):
        settings = _settings(stack, described["StackId"], _outputs(described))
    if not (settings.users_table and settings.pre_sign_up_arn):
        raise DeploymentError(f"The stack {stack} is of an earlier release: deploy this one first, then converge")
    return Clients(session), settings


def outputs(stack: str = STACK_NAME) -> dict[str, str]:
    """Return the outputs of a deployed stack; raises DeploymentError."""
    _, described = _found(stack)
    return _outputs(described)


def caller(clients: Clients) -> str | None:
    """Return by which principal the credentials act, as an ARN; None if AWS does not say, which stops nobody."""
    with suppress(ClientError, BotoCoreError):
        return clients.sts.get_caller_identity()["Arn"]
    return None


def event_sources(stack: str = STACK_NAME) -> tuple[str, ...]:
    """Return the sources that a deployed stack takes events of, none if it takes any; raises DeploymentError."""
    taken = outputs(stack).get("EventSources")
    return tuple(taken.split(",")) if taken else ()


def dead_letter_queues(stack: str = STACK_NAME) -> tuple[Clients, tuple[DeadLetterQueue, ...]]:
    """Return clients and the dead-letter queues of a deployed stack; raises DeploymentError."""
    session, described = _found(stack)
    found = _outputs(described)
    with _outputs_of_ours(stack):
        return Clients(session), (
            DeadLetterQueue("intake", found["IntakeDeadLetterQueueUrl"], found["IntakeQueueUrl"]),
            DeadLetterQueue("parameters", found["ParametersDeadLetterQueueUrl"], found["ParametersQueueUrl"]),
            DeadLetterQueue("mail_feedback", found["MailFeedbackDeadLetterQueueUrl"], found["MailFeedbackQueueUrl"]),
            *_proof_requests(found),
            DeadLetterQueue("rules", found["RuleDeadLetterQueueUrl"]),
        )


def _proof_requests(found: dict[str, str]) -> list[DeadLetterQueue]:
    """Return the queue of requests for links, which a stack of an earlier release has not."""
    if "ProofRequestsQueueUrl" not in found:
        return []
    return [DeadLetterQueue("proof_requests", found["ProofRequestsDeadLetterQueueUrl"], found["ProofRequestsQueueUrl"])]


def targets(stack: str = STACK_NAME) -> dict[str, str]:
    """Return what a rule may deliver to by its ARN: the URL of each queue of the stack, each function's alias itself.

    Raises DeploymentError, and errors of AWS.
    """
    session, described = _found(stack)
    partition, region, account = region_and_account.of_arn(described["StackId"])
    pages = session.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    found = {}
    for resource in (resource for page in pages for resource in page["StackResourceSummaries"]):
        name = resource.get("PhysicalResourceId", "")
        if resource["ResourceType"] == "AWS::SQS::Queue":
            found[f"arn:{partition}:sqs:{region}:{account}:{name.rsplit('/', 1)[-1]}"] = name
        if resource["ResourceType"] == "AWS::Lambda::Alias":
            found[name] = name
    return found


@contextmanager
def _outputs_of_ours(stack: str) -> Iterator[None]:
    try:
        yield
    except KeyError as error:
        raise DeploymentError(f"The stack {stack} has no output {error}; is it this program's stack?") from None


def _found(stack: str) -> tuple[boto3.Session, "StackTypeDef"]:
    try:
        session = region_and_account.session()
        return session, session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except RegionOrAccountError as error:
        raise DeploymentError(str(error)) from None
    except ClientError as error:
        detail = error.response.get("Error", {}).get("Message", error)
        raise DeploymentError(
            f"No stack {stack} found: {detail}. Deploy it"
            + (f", or start one here: {command('up')}" if stack == STACK_NAME else "")
        ) from None
    except (BotoCoreError, ValueError) as error:  # the SDK says by the latter that an endpoint is no address
        said = str(error).rstrip(".")
        raise DeploymentError(
            f"AWS cannot be reached: {said}. Set credentials, Region and, for a local stack, AWS_ENDPOINT_URL"
        ) from None


def _outputs(described: "StackTypeDef") -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


def _settings(stack: str, stack_id: str, outputs: dict[str, str]) -> Settings:
    partition, region, account = region_and_account.of_arn(stack_id)
    return Settings(
        stack_name=stack,
        deployment_id=stack_id.rsplit("/", 1)[-1],
        account_id=account,
        region=region,
        tenants_table=outputs["TenantsTableName"],
        routes_table=outputs["RoutesTableName"],
        shared_pools_table=outputs["SharedPoolsTableName"],
        users_table=outputs.get(USERS_TABLE_OUTPUT, ""),
        user_keys=outputs.get("UserKeysArn", ""),
        proof_requests_queue=outputs.get("ProofRequestsQueueUrl", ""),
        event_bus=outputs["EventBusName"],
        app_domain=outputs["AppDomain"],
        sender=outputs["Sender"],
        token_claims_arn=f"arn:{partition}:lambda:{region}:{account}:function:{stack}-token-claims:live",
        state_machine_arn=outputs["OnboardingStateMachineArn"],
        **json.loads(outputs["JudgedBy"]),
        **json.loads(outputs["LimitedBy"]),
        **json.loads(outputs.get(MADE_WITH_OUTPUT, "{}")),
        **json.loads(outputs.get("Given", "{}")),
        welcome_function_name=outputs["WelcomeFunctionName"],
        abandonment_state_machine_arn=outputs["AbandonmentStateMachineArn"],
        alarm_topic_arn=outputs.get("AlarmTopicArn", ""),
    )
