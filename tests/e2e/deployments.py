"""make with the pinned CDK CLI, in an account of the emulator, which has all Regions."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.cdk_cli import CLI
from orchestrator.local.ministack import CREDENTIALS, REGION, ROOT
from tenant_onboarding.names import STACK_NAME
from tests.alone import alone

SECONDS = 300
OFFLINE = re.compile(r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH)\b")
LOCAL = "--context local=true"
EMULATED = f"{LOCAL} --app '.venv/bin/python -m tests.e2e.emulated_app'"


@dataclass(frozen=True)
class Account:
    """An empty account of the emulator, and make with its credentials in a folder with the repository's files."""

    endpoint: str
    stage: str
    folder: Path = ROOT

    def make(self, target: str, stage: str | None = None, options: str = "") -> subprocess.CompletedProcess[str]:
        """Return what make did, which has no terminal to be asked at."""
        chosen = self.stage if stage is None else stage
        return self.run("make", "--no-print-directory", target, f"STAGE={chosen}", f"ARGS={options}")

    def run(self, *program: str) -> subprocess.CompletedProcess[str]:
        """Return what a program did with the account's credentials."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        without_proxy = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
        told = CREDENTIALS | without_proxy | {"AWS_ENDPOINT_URL": self.endpoint}
        return subprocess.run(
            program,
            cwd=self.folder,
            env=inherited | told,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def client(self, service: Any, region: str = REGION) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    def stacks(self, region: str = REGION) -> dict[str, dict[str, Any]]:
        """Return the stacks that there are in a Region, but CDK's own, by name."""
        stacks = self.client("cloudformation", region).describe_stacks()["Stacks"]
        return {stack["StackName"]: stack for stack in stacks if stack["StackName"] != "CDKToolkit"}

    def user_pools(self) -> set[str]:
        """Return the names of all user pools."""
        return {pool["Name"] for pool in self.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]}

    def resources(self, stack: str = STACK_NAME, region: str = REGION) -> dict[str, str]:
        """Return what a stack has made, by logical id."""
        cloudformation = self.client("cloudformation", region)
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        made = [each for page in pages for each in page["StackResourceSummaries"]]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in made}


def install() -> None:
    """Fetch the CLI, at the version and with the content that the lock names; skips the test without a network."""
    ready = CLI.relative_to(ROOT).parents[3] / ".ready"
    with alone("cdk"):
        done = subprocess.run(["make", str(ready)], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode and (offline := OFFLINE.search(done.stderr)):
        pytest.skip(f"the CDK CLI is not here yet and cannot be fetched: {offline[0]}")
    assert done.returncode == 0, done.stderr
