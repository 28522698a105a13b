#!/usr/bin/env bash
# moto 5.2.5, boto3 1.44.8
#
# Behaviour: once moto is told to run state machines (execute_state_machine), the second StartExecution without a name
# fails with ExecutionAlreadyExists, for another input too, and the first execution is called `None`. Without that
# setting each execution gets a name of its own.
#
# Why it surprises: the name is optional, and AWS gives each execution without one a name of its own, so code that
# names nothing can never meet this error. The setting says what an execution does, not what it is called; with it all
# of them share one name, the word of Python for nothing.
#
# Seen:
#   recorded only: second start succeeds
#   run: arn:aws:states:eu-central-1:123456789012:execution:onboarding:None, second start ExecutionAlreadyExists
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

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws



def two_starts():
    """Start two executions without a name; return the first one's ARN and what became of the second."""
    client = boto3.Session("testing", "testing", region_name="eu-central-1").client("stepfunctions")
    machine = client.create_state_machine(
        name="onboarding",
        definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::123456789012:role/workflow",
    )["stateMachineArn"]
    first = client.start_execution(stateMachineArn=machine, input='{"tenantId": "acme"}')["executionArn"]
    try:
        client.start_execution(stateMachineArn=machine, input='{"tenantId": "globex"}')
    except ClientError as error:
        return first, error.response["Error"]["Code"]
    return first, "succeeds"


with mock_aws():
    recorded = two_starts()
with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
    run = two_starts()
print(f"recorded only: second start {recorded[1]}")
print(f"run: {run[0]}, second start {run[1]}")
as_stated = recorded[1] == "succeeds" and not recorded[0].endswith(":None")
as_stated &= run[0].endswith(":onboarding:None") and run[1] == "ExecutionAlreadyExists"
sys.exit(0 if as_stated else 1)
PROGRAM
