"""Deletes what tenants of a destroyed stage left, which its stack did not own: `python -m infra.purge dev`.

Of a stage that keeps its data nothing is deleted, nor while its stack is there. What was the stage's is told by its
deleted stacks, which CloudFormation remembers for 90 days: their ids are in the tags of the user pools that they made.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.cdk_cli import deployed_stage, session_of
from infra.configuration.choices import Configuration
from infra.configuration.stages import FILE, TAG, Stage, read
from orchestrator.aws.region_and_account import RegionOrAccountError
from orchestrator.identity.marks import OWNER_TAG
from orchestrator.identity.user_pool_updates import whole
from tenant_onboarding.names import STACK_NAME

YES = "--yes"


@dataclass(frozen=True)
class Remains:
    """What is left: user pools with how many people are in each, by Region and id, and names of parameters."""

    user_pools: dict[tuple[str, str], int] = field(default_factory=dict)
    parameters: list[str] = field(default_factory=list)


def main(stage: str = "", *options: str) -> None:
    """Show what is left and delete it once somebody has typed the stage's name, or at once with `--yes`."""
    stages = read()
    if stage not in stages:
        raise SystemExit(f"Say which stage: make purge STAGE=dev; {FILE.name} has {', '.join(stages)}")
    chosen = Stage.model_validate(stages[stage])
    if chosen.keep_data:
        raise SystemExit(f"{stage} keeps its data: nothing of it is deleted here")
    try:
        session = session_of(stage, chosen)
        remains = find(session, stage, chosen)
        _show(remains)
        if not (remains.user_pools or remains.parameters):
            return
        if YES not in options and not _agreed(stage):
            raise SystemExit("Nothing was deleted")
        delete(session, remains)
    except (RegionOrAccountError, BotoCoreError, ClientError) as error:
        raise SystemExit(str(error)) from None


def find(session: boto3.Session, stage: str, chosen: Configuration) -> Remains:
    """Return what a stage left; ends the program if its stack is still there, or another stage's in its place."""
    cloudformation = session.client("cloudformation")
    if (there := deployed_stage(cloudformation)) is not None:
        raise SystemExit(
            f"The stack {STACK_NAME} is there, of stage {there or 'none'}: first make destroy STAGE={stage}"
        )
    owners = tuple(f"{deployment}/" for deployment in deployments(cloudformation, stage))
    user_pools = {
        (region, pool["Id"]): pool["EstimatedNumberOfUsers"]
        for region in dict.fromkeys((session.region_name, *chosen.regions))
        for pool in _user_pools(session.client("cognito-idp", region_name=region))
        if pool.get("UserPoolTags", {}).get(OWNER_TAG, "").startswith(owners)
    }
    pages = (
        session.client("ssm")
        .get_paginator("get_parameters_by_path")
        .paginate(Path=f"{chosen.parameter_prefix}/tenants")
    )
    parameters = [each["Name"] for page in pages for each in page["Parameters"]] if owners else []
    return Remains(user_pools, parameters)


def deployments(cloudformation: Any, stage: str) -> list[str]:
    """Return the ids by which the deleted stacks of a stage tagged what they made."""
    pages = cloudformation.get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"])
    deleted = [each["StackId"] for page in pages for each in page["StackSummaries"] if each["StackName"] == STACK_NAME]
    described = [cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0] for stack_id in deleted]
    return [each["StackId"].split("/")[2] for each in described if {"Key": TAG, "Value": stage} in each.get("Tags", [])]


def delete(session: boto3.Session, remains: Remains) -> None:
    """Delete it all. What fails is left as it was, to be found again."""
    for region, user_pool_id in remains.user_pools:
        _delete_user_pool(session.client("cognito-idp", region_name=region), user_pool_id)
    for name in remains.parameters:
        session.client("ssm").delete_parameter(Name=name)


def _user_pools(cognito: Any) -> Iterator[dict[str, Any]]:
    for page in cognito.get_paginator("list_user_pools").paginate(PaginationConfig={"PageSize": 60}):
        for each in page["UserPools"]:
            yield cognito.describe_user_pool(UserPoolId=each["Id"])["UserPool"]


def _delete_user_pool(cognito: Any, user_pool_id: str) -> None:
    """First its domain, then its protection, as Cognito demands; until the end it stays as it was, and says whose."""
    found = cognito.describe_user_pool(UserPoolId=user_pool_id)["UserPool"]
    if domain := found.get("Domain"):
        cognito.delete_user_pool_domain(UserPoolId=user_pool_id, Domain=domain)
    cognito.update_user_pool(UserPoolId=user_pool_id, **whole(found, DeletionProtection="INACTIVE"))
    cognito.delete_user_pool(UserPoolId=user_pool_id)


def _show(remains: Remains) -> None:
    lines = [
        f"user pool {name} in {region}, about {users} users" for (region, name), users in remains.user_pools.items()
    ]
    sys.stdout.writelines(f"{line}\n" for line in [*lines, *(f"parameter {name}" for name in remains.parameters)])
    sys.stdout.write("" if lines or remains.parameters else "Nothing is left\n")
    sys.stdout.flush()


def _agreed(stage: str) -> bool:
    try:
        return input(f"Type {stage} to delete all of these, with the people in them: ") == stage
    except EOFError:
        return False


if __name__ == "__main__":
    main(*sys.argv[1:])
