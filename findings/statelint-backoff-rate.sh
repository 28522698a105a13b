#!/usr/bin/env bash
# statelint 3.1.0 (Python)
#
# Behaviour: a Retry with `"BackoffRate": 2` is reported, as one that "should be a Float"; with 2.0 it is not.
#
# Why it surprises: JSON has one kind of number, and the specification of the Amazon States Language asks for a number
# of at least 1.0. JavaScript's JSON.stringify writes 2 for both, so a definition that the linter took is refused once
# a tool in JavaScript has read and written it.
#
# Seen:
#   "BackoffRate": 2 -> State Machine.States.Call.Retry[0].BackoffRate is 2 but should be a Float
#   "BackoffRate": 2.0 -> nothing
#   "BackoffRate": 1.5 -> nothing
#
# Exit: 0 as stated, 1 if it has changed, 2 if the packages cannot be installed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check statelint==3.1.0 || exit 2
cat >"$folder/program.py" <<'PROGRAM'
import subprocess
import sys
from pathlib import Path

LINTER = Path(sys.executable).with_name("statelint")
DEFINITION = Path(__file__).with_name("machine.asl.json")
TEXT = """{
  "StartAt": "Call",
  "States": {
    "Call": {
      "Type": "Task",
      "Resource": "arn:aws:states:::lambda:invoke",
      "Parameters": {"FunctionName": "step"},
      "Retry": [{"ErrorEquals": ["States.ALL"], "BackoffRate": RATE}],
      "End": true
    }
  }
}"""
WHOLE = "State Machine.States.Call.Retry[0].BackoffRate is 2 but should be a Float"
as_stated = True
for rate, stated in (("2", True), ("2.0", False), ("1.5", False)):
    DEFINITION.write_text(TEXT.replace("RATE", rate))
    done = subprocess.run([LINTER, DEFINITION], capture_output=True, text=True, check=False)
    said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if "State Machine" in line]
    print(f'"BackoffRate": {rate} -> {"; ".join(said) or "nothing"}')
    as_stated &= said == ([WHOLE] if stated else [])
sys.exit(0 if as_stated else 1)
PROGRAM
"$folder/venv/bin/python" "$folder/program.py"
