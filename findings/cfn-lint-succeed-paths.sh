#!/usr/bin/env bash
# cfn-lint 1.58.0
#
# Behaviour: rule E3601 reports InputPath and OutputPath of a Succeed state as properties that are not allowed. It
# reports nothing about a Next that leads to a state which is not there.
#
# Why it surprises: the specification of the Amazon States Language lists both fields for Succeed, and an execution's
# output is often cut down just there. So the linter refuses a definition that is right, and passes its neighbour that
# cannot work.
#
# Seen:
#   Succeed with OutputPath: E3601 Additional properties are not allowed ('OutputPath' was unexpected)
#   Succeed with InputPath: E3601 Additional properties are not allowed ('InputPath' was unexpected)
#   Pass with OutputPath: nothing
#   Pass with Next to nowhere: nothing
#
# Exit: 0 as stated, 1 if it has changed, 2 if the packages cannot be installed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check cfn-lint==1.58.0 || exit 2
cat >"$folder/program.py" <<'PROGRAM'
import json
import subprocess
import sys
from pathlib import Path

LINTER = Path(sys.executable).with_name("cfn-lint")
TEMPLATE = Path(__file__).with_name("template.json")
CASES = {
    "Succeed with OutputPath": ({"Type": "Succeed", "OutputPath": "$.tenantId"}, "OutputPath"),
    "Succeed with InputPath": ({"Type": "Succeed", "InputPath": "$.tenantId"}, "InputPath"),
    "Pass with OutputPath": ({"Type": "Pass", "OutputPath": "$.tenantId", "End": True}, None),
    "Pass with Next to nowhere": ({"Type": "Pass", "Next": "Nowhere"}, None),
}


def found(state):
    """Return what the linter says of a state machine of one state, as pairs of rule and message."""
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": "arn:aws:iam::123456789012:role/workflow",
            "Definition": {"StartAt": "Only", "States": {"Only": state}},
        },
    }
    TEMPLATE.write_text(json.dumps({"Resources": {"Machine": machine}}))
    done = subprocess.run([LINTER, "--format", "json", TEMPLATE], capture_output=True, text=True, check=False)
    return [(each["Rule"]["Id"], each["Message"]) for each in json.loads(done.stdout)]


as_stated = True
for name, (state, refused) in CASES.items():
    seen = found(state)
    print(f"{name}: {'; '.join(' '.join(each) for each in seen) or 'nothing'}")
    as_stated &= seen == (
        [("E3601", f"Additional properties are not allowed ({refused!r} was unexpected)")] if refused else []
    )
sys.exit(0 if as_stated else 1)
PROGRAM
"$folder/venv/bin/python" "$folder/program.py"
