"""The only differences between the template that is deployed to AWS and the one that runs locally.

1. Resource types that MiniStack does not know are dropped, and named.
2. Python functions run in AWS's own runtime client: `Runtime` becomes `provided.al2023`, and the code gets a
   `bootstrap` that starts it. In MiniStack's built-in runner every exception bears one name, so no Retry would match.
"""

import sys
from copy import deepcopy
from typing import Any

UNKNOWN_TYPES = frozenset(
    {"AWS::CloudWatch::CompositeAlarm", "AWS::EventSchemas::Schema", "AWS::Events::Archive"}
)
LOCAL_RUNTIME = "provided.al2023"

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
    return local, dropped


def bootstrap(endpoint: str) -> str:
    """Return the program that starts a function with this interpreter, its AWS at `endpoint`."""
    return f'#!/bin/sh\nexport AWS_ENDPOINT_URL={endpoint}\nexec {sys.executable} -m awslambdaric "$_HANDLER"\n'
