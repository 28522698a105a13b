"""Runs the pinned CDK CLI for one stage, after a look at whose stack is there: `python -m infra.cdk_cli deploy dev`."""

import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise, product
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra import NODE
from infra.configuration.stages import FILE, STAGE, TAG, Stage, read
from orchestrator.aws import region_and_account
from orchestrator.aws.region_and_account import RegionOrAccountError
from orchestrator.aws.settings import REGIONAL_STACK_NAME
from orchestrator.tenants import open_sign_up
from tenant_onboarding.names import STACK_NAME

CLI = FILE.parent / ".cache" / "cdk" / "node_modules" / "aws-cdk" / "bin" / "cdk"
COMMANDS = {"bootstrap": (), "deploy": ("--all",), "diff": (), "destroy": ("--all",)}
"""What each needs to be about all of a stage's stacks."""
NEVER_MADE = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}
"""Of a stack whose creation failed: the CDK CLI would first delete it, and termination protection forbids that."""
CONTEXT = ("-c", "--context")
OF_THE_FILE = ("regions", "keepData", "openSignUp")
"""What the look, destroy and purge go by, too, which know the file alone."""
A_FAILED_FIRST = "docs/undoing.md#a-first-deployment-that-fails"


def main(command: str, stage: str = "", *options: str) -> int:
    """Return the CLI's exit code; ends the program with one line if the stage may not go where credentials lead."""
    stages = read()
    if stage not in stages:
        raise SystemExit(f"Say which stage: make {command} STAGE=dev; {FILE.name} has {', '.join(stages)}")
    if any(option.split("=")[0] == "--profile" for option in options):
        raise SystemExit("Choose the profile by AWS_PROFILE: it leads the look at whose stack is there, too")
    for key in _context(options):
        if key in OF_THE_FILE:
            raise SystemExit(f"Say {key} in [{stage}] of {FILE.name}: what is there is looked at, and deleted, by that")
    try:
        _look(command, stage, Stage.model_validate(stages[stage]))
    except RegionOrAccountError as error:
        raise SystemExit(str(error)) from None
    except (BotoCoreError, ClientError) as error:
        raise SystemExit(f"Which stage is deployed cannot be told: {error}") from None
    return _run(command, stage, options)


def _context(options: tuple[str, ...]) -> Iterator[str]:
    """Yield the keys that options give, as `-c key=value`, `--context key=value` or either with a `=` between."""
    for before, option in pairwise(("", *options)):
        name, _, value = option.partition("=")
        given = option if before in CONTEXT else value if name in CONTEXT else ""
        yield given.partition("=")[0].strip()


def _look(command: str, stage: str, chosen: Stage) -> None:
    """End the program if a stack is in the stage's way: another's, at home or abroad, or one that was never made."""
    session = session_of(stage, chosen)
    for region, name in product((session.region_name, *chosen.regions), (STACK_NAME, REGIONAL_STACK_NAME)):
        stack = _deployed(session.client("cloudformation", region_name=region), name)
        if stack is None:
            continue
        if (deployed := _stage_of(stack)) != stage:
            whose = f"stage {deployed}" if deployed else "no stage"
            raise SystemExit(f"The stack {name} in {region} is of {whose}; {stage} needs another account or Region")
        if command == "deploy" and stack["StackStatus"] in NEVER_MADE and chosen.keep_data:
            raise SystemExit(f"The first deployment of {name} in {region} failed; clear it away as in {A_FAILED_FIRST}")
        if command == "deploy" and name == STACK_NAME and not chosen.open_sign_up:
            _look_for_open_tenants(session, stack, stage)


def _look_for_open_tenants(session: boto3.Session, stack: dict[str, Any], stage: str) -> None:
    """End the program if anybody may register with a tenant of a stage that declares no protection.

    Whoever may deploy need not see tenants: what cannot be read is said, and left to doctor.
    """
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", ())}
    if "TenantsTableName" not in outputs:
        return
    try:
        plain = session.resource("dynamodb").meta.client
        opened = next(open_sign_up.tenants(plain, outputs["TenantsTableName"]), None)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        sys.stderr.write(f"Whether a tenant is OPEN cannot be read ({code}); onboard doctor tells\n")
        return
    if opened:
        raise SystemExit(
            f"A tenant of {stage} is OPEN, and nothing protects its registration: put a captcha or a firewall before"
            f" it, then declare that by openSignUp in [{stage}] of {FILE.name}"
        )


def session_of(stage: str, chosen: Stage) -> boto3.Session:
    """Return a session in a stage's home Region and account.

    Raises RegionOrAccountError if no Region is known, or credentials are of another account; and errors of AWS.
    """
    session = region_and_account.session(chosen.region, or_else=f"as `region` of {stage} in {FILE.name}")
    if chosen.account:
        region_and_account.check_account(session, chosen.account, named_in=f"`account` of {stage} in {FILE.name}")
    return session


def deployed_stage(cloudformation: Any) -> str | None:  # Any: the client
    """Return the stage of the home stack where a client looks: empty if it is of none, None if there is no stack."""
    stack = _deployed(cloudformation, STACK_NAME)
    return None if stack is None else _stage_of(stack)


def _deployed(cloudformation: Any, name: str) -> dict[str, Any] | None:
    """Return a stack; one that is no more than a change set to look at is none."""
    try:
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError" and "does not exist" in str(error):
            return None
        raise
    return None if stack["StackStatus"] == "REVIEW_IN_PROGRESS" else stack


def _stage_of(stack: dict[str, Any]) -> str:
    return next((tag["Value"] for tag in stack.get("Tags", ()) if tag["Key"] == TAG), "")


def _run(command: str, stage: str, options: tuple[str, ...]) -> int:
    program = [str(NODE), str(CLI), command, *COMMANDS[command], *options, "--context", f"{STAGE}={stage}"]
    return subprocess.run(program, cwd=FILE.parent, check=False).returncode  # noqa: S603  # our own program


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
