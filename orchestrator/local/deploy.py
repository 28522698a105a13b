"""Deploys the synthesized template into MiniStack's CloudFormation."""

import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from orchestrator.local.ministack import LocalStackError
from orchestrator.local.rewrites import rewrite
from orchestrator.settings import STACK_NAME

DEPLOY_SECONDS = 60
TEMPLATE_KEY = f"{STACK_NAME}.template.json"
"""A template in the request itself may have 51,200 bytes only."""
EXECUTABLE = 0o755 << 16
BOOTSTRAPPED: Any = {"Name": "/cdk-bootstrap/hnb659fds/version", "Value": "30", "Type": "String", "Overwrite": True}
"""What `cdk bootstrap` leaves in an account and the template asks for."""


def deploy(session: boto3.Session, endpoint: str, assembly: Path, start: str) -> list[str]:
    """Create the stack and wait for it; return the resources that MiniStack does not know.

    `start` is the program that starts a function. Raises LocalStackError with the failed resource.
    """
    template, dropped = rewrite(json.loads((assembly / f"{STACK_NAME}.template.json").read_text()), endpoint)
    assets = json.loads((assembly / f"{STACK_NAME}.assets.json").read_text())
    bucket = _upload(session, assembly, assets, start)
    session.client("s3").put_object(Bucket=bucket, Key=TEMPLATE_KEY, Body=json.dumps(template).encode())
    session.client("ssm").put_parameter(**BOOTSTRAPPED)
    cloudformation = session.client("cloudformation")
    cloudformation.create_stack(
        StackName=STACK_NAME, TemplateURL=f"{endpoint}/{bucket}/{TEMPLATE_KEY}", Capabilities=["CAPABILITY_IAM"]
    )
    until = time.monotonic() + DEPLOY_SECONDS
    while (status := cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]["StackStatus"]).endswith(
        "IN_PROGRESS"
    ) and time.monotonic() < until:
        time.sleep(0.1)
    if status != "CREATE_COMPLETE":
        raise LocalStackError(f"Deployment ended as {status}: {_why(cloudformation)}")
    return dropped


def _why(cloudformation: Any) -> str:  # Any: the client
    events = cloudformation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
    return "; ".join(f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason', '')}" for e in reversed(failed))


def _upload(session: boto3.Session, assembly: Path, assets: dict[str, Any], start: str) -> str:
    """Put the assets where the template looks for them; return the bucket's name."""
    account = session.client("sts").get_caller_identity()["Account"]
    places = {"${AWS::AccountId}": account, "${AWS::Region}": session.region_name, "${AWS::Partition}": "aws"}
    s3, bucket = session.client("s3"), ""
    for asset in assets["files"].values():
        if asset["source"]["packaging"] != "zip":
            continue
        for destination in asset["destinations"].values():
            bucket, key = destination["bucketName"], destination["objectKey"]
            for place, value in places.items():
                bucket, key = bucket.replace(place, value), key.replace(place, value)
            _make_bucket(s3, bucket)
            s3.put_object(Bucket=bucket, Key=key, Body=_zip(assembly / asset["source"]["path"], start))
    return bucket


def _make_bucket(s3: Any, bucket: str) -> None:  # Any: the client
    try:
        s3.create_bucket(Bucket=bucket)
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
