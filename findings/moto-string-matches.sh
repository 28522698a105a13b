#!/usr/bin/env bash
# moto 5.2.5, boto3 1.44.8
#
# Behaviour: in a Choice of moto's Step Functions, StringMatches treats `?` as any one character and `[...]` as a set of
# characters, beside `*`. So `a?c` takes `abc`, and `[draft]*` does not take `[draft] offer`.
#
# Why it surprises: the Amazon States Language knows one wildcard, the star; all else means itself. moto matches as a
# shell matches file names. The second case turns a branch round: a text that begins just as the pattern says is not
# taken, and `d-offer` is.
#
# Seen:
#   "acme-*" takes "acme-42": yes
#   "a?c" takes "abc": yes
#   "[draft]*" takes "[draft] offer": no
#   "[draft]*" takes "d-offer": yes
#
# Exit: 0 as stated, 1 if it has changed, 2 if the packages cannot be installed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'moto[stepfunctions]==5.2.5' boto3==1.44.8 botocore==1.44.8 || exit 2
"$folder/venv/bin/python" - <<'PROGRAM'
import json
import sys
import time

import boto3
from moto import mock_aws

CASES = [
    ("acme-*", "acme-42", True),
    ("a?c", "abc", True),
    ("[draft]*", "[draft] offer", False),
    ("[draft]*", "d-offer", True),
]


def takes(client, number, pattern, text):
    """Tell whether a Choice by this pattern goes to Yes."""
    choice = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.text", "StringMatches": pattern, "Next": "Yes"}],
        "Default": "No",
    }
    ends = {name: {"Type": "Pass", "Result": {"taken": name == "Yes"}, "End": True} for name in ("Yes", "No")}
    machine = client.create_state_machine(
        name=f"case-{number}",
        definition=json.dumps({"StartAt": "Choice", "States": {"Choice": choice, **ends}}),
        roleArn="arn:aws:iam::123456789012:role/workflow",
    )["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=machine, name="only", input=json.dumps({"text": text}))
    until = time.monotonic() + 60
    while (found := client.describe_execution(executionArn=execution["executionArn"]))["status"] == "RUNNING":
        assert time.monotonic() < until
        time.sleep(0.05)
    return json.loads(found["output"])["taken"]


as_stated = True
with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
    client = boto3.Session("testing", "testing", region_name="eu-central-1").client("stepfunctions")
    for number, (pattern, text, stated) in enumerate(CASES):
        seen = takes(client, number, pattern, text)
        print(f"{json.dumps(pattern)} takes {json.dumps(text)}: {'yes' if seen else 'no'}")
        as_stated &= seen == stated
sys.exit(0 if as_stated else 1)
PROGRAM
