"""The commands that clear a stack away whose creation failed: run as they are written, against answers of AWS's form.

In the place of the AWS CLI is a program that answers what a file says, by the query that it is given, and notes how it
was called. That its operations and options exist is a rule of every document.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.cdk_cli import A_FAILED_FIRST, NEVER_MADE
from orchestrator.aws.settings import REGIONAL_STACK_NAME
from tenant_onboarding.names import STACK_NAME
from tests.unit.documents.document_rules import ROOT, anchors

PAGE, ANCHOR = A_FAILED_FIRST.split("#")
GUIDE = (ROOT / PAGE).read_text().split("## A first deployment that fails\n")[1].split("\n## ")[0]
LOOK, CLEAR = GUIDE.split("```\n")[1::2]
AWS = f"""#!/bin/sh
'''exec' "{sys.executable}" "$0" "$@"
' '''
import json, pathlib, sys
import jmespath

folder = pathlib.Path(__file__).parent
service, operation, *options = sys.argv[1:]
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
answer = json.loads((folder / "answers").read_text()).get(f"{{service}} {{operation}}")
if answer == "refused":
    sys.exit(254)
if "--query" in options:
    answer = jmespath.search(options[options.index("--query") + 1], answer)
for row in answer if isinstance(answer, list) else [answer]:
    print(*(row if isinstance(row, list) else [row]), sep="\\t")
"""


def resource(kind: str, name: str, status: str = "DELETE_SKIPPED") -> dict[str, str]:
    return {
        "ResourceType": f"AWS::{kind}",
        "LogicalResourceId": name,
        "PhysicalResourceId": f"the-{name}",
        "ResourceStatus": status,
    }


LEFT = [
    resource("DynamoDB::Table", "tenants"),
    resource("DynamoDB::GlobalTable", "routes"),
    resource("DynamoDB::Table", "pools", "DELETE_COMPLETE"),
    resource("KMS::Key", "key"),
    resource("KMS::Alias", "alias", "DELETE_COMPLETE"),
    resource("Cognito::UserPool", "operators"),
    resource("Cognito::UserPoolClient", "client", "DELETE_COMPLETE"),
    resource("SQS::Queue", "queue", "DELETE_FAILED"),
    resource("Logs::LogGroup", "log", "DELETE_FAILED"),
]
EVENTS = [
    {"LogicalResourceId": "queue", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "no more queues"},
    {"LogicalResourceId": "tenants", "ResourceStatus": "CREATE_COMPLETE"},
]


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Return what runs commands in one bash, and then its output and how the AWS CLI was called."""
    program = tmp_path / "aws"
    program.write_text(AWS)
    program.chmod(0o755)

    def run(commands: str, left: list[dict[str, str]], refused: str = "") -> tuple[list[str], list[list[str]]]:
        answers = {
            "cloudformation describe-stack-events": {"StackEvents": EVENTS},
            "cloudformation list-stack-resources": {"StackResourceSummaries": left},
            "dynamodb scan": {"Count": 0, "Items": []},
            refused: "refused",
        }
        (tmp_path / "answers").write_text(json.dumps(answers))
        path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        done = subprocess.run(
            ["bash", "-uc", commands], env=os.environ | path, capture_output=True, text=True, check=False
        )
        assert (done.returncode == 0) == (not refused), done.stderr
        calls = (tmp_path / "calls").read_text().splitlines()
        return done.stdout.splitlines(), [json.loads(call) for call in calls]

    return run


def test_the_look_says_why_it_failed_and_what_each_table_holds(run: Any) -> None:
    said, calls = run(LOOK, LEFT)
    assert [line.split() for line in said if line != "None"] == [
        ["queue", "no", "more", "queues"],
        ["the-tenants", "0"],
        ["the-routes", "0"],
    ]
    looks = {"describe-stack-events", "list-stack-resources", "scan"}
    assert {call[1] for call in calls} == looks, "nothing is changed"


@pytest.mark.parametrize("stack", [STACK_NAME, REGIONAL_STACK_NAME])
def test_all_that_was_kept_is_cleared_away_and_the_key_last(run: Any, stack: str) -> None:
    """Protection first, each table once it can be changed, and the key once nothing needs it any more."""
    _, calls = run(LOOK.replace(STACK_NAME, stack) + CLEAR, LEFT)
    changing = [call for call in calls if not call[1].startswith(("list", "describe", "scan"))]
    tables = [
        call
        for table in ("the-tenants", "the-routes")
        for call in (
            ["dynamodb", "update-table", "--table-name", table, "--no-deletion-protection-enabled"],
            ["dynamodb", "wait", "table-exists", "--table-name", table],
            ["dynamodb", "delete-table", "--table-name", table],
            ["dynamodb", "wait", "table-not-exists", "--table-name", table],
        )
    ]
    unprotected = ["update-termination-protection", "--stack-name", stack, "--no-enable-termination-protection"]
    assert changing == [
        ["cloudformation", *unprotected],
        *tables,
        ["cognito-idp", "update-user-pool", "--user-pool-id", "the-operators", "--deletion-protection", "INACTIVE"],
        ["cognito-idp", "delete-user-pool", "--user-pool-id", "the-operators"],
        ["cloudformation", "delete-stack", "--stack-name", stack],
        ["cloudformation", "wait", "stack-delete-complete", "--stack-name", stack],
        ["kms", "schedule-key-deletion", "--key-id", "the-key", "--pending-window-in-days", "7"],
    ]


@pytest.mark.parametrize(
    ("refused", "untouched"),
    [
        ("dynamodb update-table", {"delete-table", "delete-user-pool", "delete-stack", "schedule-key-deletion"}),
        ("dynamodb delete-table", {"delete-user-pool", "delete-stack", "schedule-key-deletion"}),
        ("cognito-idp delete-user-pool", {"delete-stack", "schedule-key-deletion"}),
        ("cloudformation delete-stack", {"schedule-key-deletion"}),
    ],
)
def test_after_a_refusal_nothing_more_is_done(run: Any, refused: str, untouched: set[str]) -> None:
    """The key above all stays where a table of it does."""
    _, calls = run(LOOK + CLEAR, LEFT, refused)
    assert calls[-1][:2] == refused.split()
    assert not untouched & {operation for _, operation, *_ in calls}


def test_what_else_is_left_is_shown_before_the_stack_goes(run: Any) -> None:
    said, _ = run(LOOK + CLEAR, LEFT)
    shown = {line.split()[1] for line in said if line.startswith("AWS::")}
    assert shown == {"the-tenants", "the-routes", "the-key", "the-operators", "the-queue", "the-log"}


def test_where_nothing_was_kept_the_stack_alone_goes(run: Any) -> None:
    _, calls = run(LOOK + CLEAR, [])
    assert {call[0] for call in calls} == {"cloudformation"}


def test_whoever_is_sent_there_finds_it() -> None:
    assert ANCHOR in anchors((ROOT / PAGE).read_text())
    assert f"stack={REGIONAL_STACK_NAME}" in GUIDE
    assert {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"} == NEVER_MADE
