"""The commands of the page that find and erase a person, run as they are written.

In the place of the AWS CLI is a program that prints the secret of addresses and notes how it was called. The calls are
then made of the AWS that the test runs against.
"""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore import xform_name

from orchestrator.aws.settings import Settings
from tests.guide_blocks import blocks, section
from tests.pages import DOCUMENTS

PAGE = DOCUMENTS["data-protection.md"]
(FIND,) = blocks(section(PAGE, "## Find a person"), "")
READ, COGNITO, ITEMS, LINKS, ADMINS, ROUTE, FIRST_ADMIN, _SUPPRESSED = blocks(section(PAGE, "## Erase a person"), "")
AWS = """#!/bin/sh
if [ "$2" = get-secret-value ]; then printf %s "$SECRET_STRING"; fi
jq --compact-output --null-input '$ARGS.positional' --args -- "$@" >> "$CALLS"
"""
Answers = list[tuple[str, Any]]


@dataclass
class Shell:
    """What runs blocks of the page in one shell, in a folder of its own, on a stack in a Region."""

    folder: Path
    settings: Settings
    region: str

    def run(self, *of_page: str, email: str, **values: str) -> Answers:
        """Run blocks for a person, make their calls, and return each operation with its answer.

        The values are what an operator fills in, each by what the page has in its place.
        """
        (self.folder / "calls").write_text("")
        (self.folder / "aws").write_text(AWS)
        (self.folder / "aws").chmod(0o755)
        script = "\n".join(of_page).replace("jane@acme.example", email.title())
        tables = {"USERS": "users_table", "ROUTES": "routes_table", "TENANTS": "tenants_table"}
        values |= {
            f"--table-name {name} ": f"--table-name {getattr(self.settings, of)} " for name, of in tables.items()
        }
        for written, filled_in in values.items():
            script = script.replace(written, filled_in)
        secrets = boto3.client("secretsmanager", region_name=self.region)
        env = {
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "CALLS": str(self.folder / "calls"),
            "SECRET_STRING": secrets.get_secret_value(SecretId=self.settings.user_keys)["SecretString"],
        }
        subprocess.run(["bash", "-euc", script], env=env, check=True, stdout=subprocess.DEVNULL)
        calls = [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]
        return [(call[1], self._called(*call)) for call in calls if call[1] != "get-secret-value"]

    def erase(self, found: dict[str, Any], *, email: str, **values: str) -> Answers:
        """Run steps 1 to 3 for a row, with what it says; all of these are shell variables."""
        values |= {
            "USER#01J9ZK4T2W8Q6X0V5N3M7B1C4D": found["item"],
            "=USER_POOL_ID": f"={found['userPoolId']}",
            "=USER_NAME": f"={found['username']}",
            "=USER_SUB": f"={found['sub']}",
        }
        return self.run(FIND, READ, COGNITO, ITEMS, LINKS, email=email, **values)

    def _called(self, service: str, operation: str, *options: str) -> Any:
        """Make a call of the AWS CLI, and return the answer."""
        client: Any = boto3.client(service, region_name=self.region)  # type: ignore[call-overload]
        model = client.meta.service_model
        (shape,) = [model.operation_model(each) for each in model.operation_names if xform_name(each, "-") == operation]
        members = {xform_name(each, "-"): each for each in (shape.input_shape.members if shape.input_shape else {})}
        given = {name.removeprefix("--"): value for name, value in zip(options[::2], options[1::2], strict=True)}
        given.pop("query", None)
        taken = {members[name]: json.loads(value) if value.startswith("{") else value for name, value in given.items()}
        return getattr(client, operation.replace("-", "_"))(**taken)
