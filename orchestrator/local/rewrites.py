"""The only differences between the template that is deployed to AWS and the one that runs locally.

1. Resource types that MiniStack does not know are dropped, and named.
2. Python functions run in AWS's own runtime client: `Runtime` becomes `provided.al2023`, and the code gets a
   `bootstrap` that starts it. In MiniStack's built-in runner every exception bears one name, so no Retry would match.
3. The grant of `ses:SendEmail` names every resource instead of the sender's identity: MiniStack's IAM knows no
   resource for it and would refuse every mail.
"""

import sys
from copy import deepcopy
from typing import Any

UNKNOWN_TYPES = frozenset({"AWS::CloudWatch::CompositeAlarm", "AWS::EventSchemas::Schema", "AWS::Events::Archive"})
LOCAL_RUNTIME = "provided.al2023"
SEND_EMAIL = "ses:SendEmail"

Template = dict[str, Any]


def rewrite(template: Template) -> tuple[Template, list[str]]:
    """Return the local template, and the logical ids of the resources that it lacks."""
    local = deepcopy(template)
    dropped = [name for name, resource in local["Resources"].items() if resource["Type"] in UNKNOWN_TYPES]
    for name in dropped:
        del local["Resources"][name]
    for resource in local["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Function" and properties["Runtime"].startswith("python"):
            properties["Runtime"] = LOCAL_RUNTIME
        if resource["Type"] == "AWS::IAM::Policy":
            _send_email_anywhere(properties["PolicyDocument"]["Statement"])
    return local, dropped


def _send_email_anywhere(statements: list[dict[str, Any]]) -> None:
    for statement in statements:
        if statement["Action"] == SEND_EMAIL:
            statement["Resource"] = "*"


def bootstrap(endpoint: str) -> str:
    """Return the program that starts a function with this interpreter, its AWS at `endpoint`."""
    return f'#!/bin/sh\nexport AWS_ENDPOINT_URL={endpoint}\nexec {sys.executable} -m awslambdaric "$_HANDLER"\n'
