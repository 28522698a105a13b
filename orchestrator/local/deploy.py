"""Deploys a stack of a synthesized cloud assembly into MiniStack's CloudFormation."""

import io
import json
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from orchestrator.local.assembly import SynthesizedStack
from orchestrator.local.ministack import LocalStackError
from orchestrator.local.rewrites import rewrite

DEPLOY_SECONDS = 60
EXECUTABLE = 0o755 << 16
BOOTSTRAPPED: Any = {"Name": "/cdk-bootstrap/hnb659fds/version", "Value": "30", "Type": "String", "Overwrite": True}
"""What `cdk bootstrap` leaves in a Region of an account and the templates ask for."""
GLOBAL_TABLE = "AWS::DynamoDB::GlobalTable"
WITHOUT_CONSTRAINT = "us-east-1"
"""S3: the one Region that a bucket is not told to be in."""


def deploy(
    stack: SynthesizedStack, endpoint: str, start: str, parameters: Mapping[str, str] | None = None
) -> list[str]:
    """Create the stack in its Region, or update it, and wait for it; return the resources that MiniStack does not know.

    `start` is the program that starts a function; boto3's settings lead to MiniStack. Raises LocalStackError with the
    failed resource, and ClientError if an update would change nothing.
    """
    session = boto3.Session(region_name=stack.region)
    template, dropped = rewrite(json.loads(stack.template.read_text()), endpoint)
    address = _upload(session, stack, json.dumps(template).encode(), start)
    session.client("ssm").put_parameter(**BOOTSTRAPPED)
    cloudformation = session.client("cloudformation")
    is_there = _status(cloudformation, stack.name) is not None
    (cloudformation.update_stack if is_there else cloudformation.create_stack)(
        StackName=stack.name,
        TemplateURL=f"{endpoint}/{address}",  # one in the request itself may have 51,200 bytes only
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in (parameters or {}).items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    until = time.monotonic() + DEPLOY_SECONDS
    while (status := str(_status(cloudformation, stack.name))).endswith("IN_PROGRESS") and time.monotonic() < until:
        time.sleep(0.1)
    if status != ("UPDATE_COMPLETE" if is_there else "CREATE_COMPLETE"):
        raise LocalStackError(f"Deployment of {stack.name} ended as {status}: {_why(cloudformation, stack.name)}")
    for name, regions in _replicas(template, stack.region).items():
        _replicate(session, stack.name, name, regions)
    return dropped


def _status(cloudformation: Any, name: str) -> str | None:  # Any: the client
    """Return the status of a stack; None if there is none."""
    try:
        return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        return None


def _replicas(template: dict[str, Any], home: str) -> dict[str, list[str]]:
    """Return the other Regions of each global table, which MiniStack's CloudFormation makes at home only."""
    found = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] == GLOBAL_TABLE:
            replicas = [each.get("Fn::If", (None, each))[1] for each in resource["Properties"]["Replicas"]]
            named = [each["Region"] for each in replicas if each["Region"] != {"Ref": "AWS::Region"}]
            found[name] = [region for region in named if region != home]
    return found


def _replicate(session: boto3.Session, stack: str, logical_id: str, regions: list[str]) -> None:
    made = session.client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=logical_id)
    table = made["StackResourceDetail"]["PhysicalResourceId"]
    described = session.client("dynamodb").describe_table(TableName=table)["Table"]
    there = {each["RegionName"] for each in described.get("Replicas", [])}
    for region in (each for each in regions if each not in there):
        replica: Any = [{"Create": {"RegionName": region}}]
        session.client("dynamodb").update_table(TableName=table, ReplicaUpdates=replica)


def _why(cloudformation: Any, name: str) -> str:  # Any: the client
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
    return "; ".join(f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason', '')}" for e in reversed(failed))


def _upload(session: boto3.Session, stack: SynthesizedStack, template: bytes, start: str) -> str:
    """Put the assets where the template looks for them; return where the rewritten template is, bucket and key."""
    s3, address = session.client("s3"), ""
    for asset in stack.assets(session.client("sts").get_caller_identity()["Account"]):
        _make_bucket(s3, asset.bucket, stack.region)
        if asset.path == stack.template:
            body, address = template, f"{asset.bucket}/{asset.key}"
        else:
            body = _zip(asset.path, start) if asset.path.is_dir() else asset.path.read_bytes()
        s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=body)
    return address


def _make_bucket(s3: Any, bucket: str, region: str) -> None:  # Any: the client
    where = {} if region == WITHOUT_CONSTRAINT else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        s3.create_bucket(Bucket=bucket, **where)
    except ClientError as error:
        if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
            raise


def _zip(folder: Path, start: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = EXECUTABLE
        archive.writestr(entry, start)
    return buffer.getvalue()
