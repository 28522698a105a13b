#!/usr/bin/env bash
# ministack 1.5.33, boto3 1.43.106
#
# Behaviour: in MiniStack's Step Functions, States.Format writes `True` for true and `None` for null, and a Choice
# takes a field that is there and null for one that is not there (IsPresent). States.JsonToString writes `true` and
# `null`.
#
# Why it surprises: a text that a workflow makes of a JSON value holds words of Python, which no JSON has and the next
# reader does not know, while its neighbour among the intrinsic functions writes the same values rightly. And
# IsPresent asks whether a path leads somewhere; for null there is IsNull, which needs the field to be there.
#
# Seen:
#   States.Format: True, None
#   States.JsonToString: true, null
#   IsPresent of null: False
#   IsNull of null: True
#
# Exit: 0 as stated, 1 if it has changed, 2 if the packages cannot be installed or the emulator does not start.
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || { kill "$server"; wait "$server" || true; }; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  ministack==1.5.33 boto3==1.43.106 botocore==1.43.106 || exit 2
free="import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"
port=$("$folder/venv/bin/python" -c "$free")
(cd "$folder" && exec env -i PATH="$PATH" HOME="$folder" TMPDIR="$folder" BIND_HOST=127.0.0.1 GATEWAY_PORT="$port" \
  MINISTACK_REGION=eu-central-1 IOT_MTLS_ENABLED=0 SFTP_ENABLED=0 "$folder/venv/bin/ministack" >"$folder/log" 2>&1) &
server=$!
cat >"$folder/program.py" <<'PROGRAM'
import json
import sys
import time
import urllib.request

import boto3
from botocore.config import Config

endpoint = f"http://127.0.0.1:{sys.argv[1]}"
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
until = time.monotonic() + 60
while True:
    try:
        direct.open(f"{endpoint}/_ministack/health", timeout=2).close()
        break
    except OSError:
        if time.monotonic() > until:
            sys.exit(2)
        time.sleep(0.2)
client = boto3.Session("testing", "testing", region_name="eu-central-1").client(
    "stepfunctions", endpoint_url=endpoint, config=Config(proxies={})
)


def output(name, states, value):
    """Return what a state machine makes of a value; it begins at Start."""
    machine = client.create_state_machine(
        name=name,
        definition=json.dumps({"StartAt": "Start", "States": states}),
        roleArn="arn:aws:iam::000000000000:role/workflow",
    )["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=machine, input=json.dumps(value))["executionArn"]
    until = time.monotonic() + 60
    while (found := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < until
        time.sleep(0.05)
    return json.loads(found["output"])


def written(name, function):
    start = {"Type": "Pass", "Parameters": {"text.$": function}, "End": True}
    return output(name, {"Start": start}, [True, None])["text"]


def chosen(name):
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.field", name: True, "Next": "Yes"}], "Default": "No"}
    ends = {each: {"Type": "Pass", "Result": each == "Yes", "End": True} for each in ("Yes", "No")}
    return output(name, {"Start": choice, **ends}, {"field": None})


seen = {
    "States.Format": written("format", "States.Format('{}, {}', $[0], $[1])"),
    "States.JsonToString": written("json", "States.JsonToString($)").strip("[]").replace(",", ", "),
    "IsPresent of null": chosen("IsPresent"),
    "IsNull of null": chosen("IsNull"),
}
for name, value in seen.items():
    print(f"{name}: {value}")
sys.exit(0 if list(seen.values()) == ["True, None", "true, null", False, True] else 1)
PROGRAM
"$folder/venv/bin/python" "$folder/program.py" "$port"
