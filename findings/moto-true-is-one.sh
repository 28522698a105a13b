#!/usr/bin/env bash
# moto 5.2.5, boto3 1.44.8
#
# Behaviour: a rule on moto's event bus takes `true` for 1 and `false` for 0, both ways round, 300.0 for 300, and `true`
# for a number above zero.
#
# Why it surprises: in JSON a truth value is no number, and EventBridge documents that it compares even numbers by how
# they are written: 300 and 300.0 are different. In moto both are Python's ==, for which True is 1. A text is never taken
# for a number, so the looseness shows in no other place.
#
# Seen:
#   [1] takes true: yes
#   [true] takes 1: yes
#   [0] takes false: yes
#   [300] takes 300.0: yes
#   [{"numeric": [">", 0]}] takes true: yes
#   [1] takes "1": no
#
# Exit: 0 as stated, 1 if it has changed, 2 if the packages cannot be installed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'moto[events,sqs]==5.2.5' boto3==1.44.8 botocore==1.44.8 || exit 2
"$folder/venv/bin/python" - <<'PROGRAM'
import json
import sys

import boto3
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID

REGION = "eu-central-1"
CASES = [
    ([1], True, True),
    ([True], 1, True),
    ([0], False, True),
    ([300], 300.0, True),
    ([{"numeric": [">", 0]}], True, True),
    ([1], "1", False),
]


def takes(session, number, pattern, value):
    """Tell whether a rule with this pattern hands on an event with this value."""
    events, sqs = session.client("events"), session.client("sqs")
    name = f"case-{number}"
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    events.put_rule(Name=name, EventPattern=json.dumps({"detail-type": [name], "detail": {"seats": pattern}}))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": f"arn:aws:sqs:{REGION}:{DEFAULT_ACCOUNT_ID}:{name}"}])
    entry = {"Source": "billing", "DetailType": name, "Detail": json.dumps({"seats": value})}
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    return bool(sqs.receive_message(QueueUrl=queue).get("Messages"))


as_stated = True
with mock_aws():
    session = boto3.Session("testing", "testing", region_name=REGION)
    for number, (pattern, value, stated) in enumerate(CASES):
        seen = takes(session, number, pattern, value)
        print(f"{json.dumps(pattern)} takes {json.dumps(value)}: {'yes' if seen else 'no'}")
        as_stated &= seen == stated
sys.exit(0 if as_stated else 1)
PROGRAM
