"""The only differences between the template that is deployed to AWS and the one that runs locally.

1. Resource types that MiniStack does not know are dropped, and named.
2. Python functions run in AWS's own runtime client: `Runtime` becomes `provided.al2023`, and the code gets a
   `bootstrap` that starts it. In MiniStack's built-in runner every exception bears one name, so no Retry would match.
   `SnapStart` goes, which no function of that runtime can have.
3. The grant of `ses:SendEmail` names every resource instead of the sender's identity, and loses the condition that
   the mail is from the sender: MiniStack's IAM knows neither for it and would refuse every mail.
4. Grants on user pools lose the conditions on the pool's tags, of the stack or of a silo tenant: MiniStack's IAM does
   not look up the tags of user pools and would refuse every call. Nor does it see those that one is to be created
   with, so that grant loses its condition too.
5. Who signs people in verifies tokens by the keys that MiniStack has.
6. The dashboard is at an address of MiniStack's, where signing in to it leads back to and its function is told that it
   is; the sign-in pages of every user pool are at one address.
"""

import sys
from copy import deepcopy
from shlex import quote
from typing import Any

from orchestrator.identity.marks import OWNER_TAG, STACK_TAG
from tenant_onboarding.names import PREFIX

UNKNOWN_TYPES = frozenset(
    {
        "AWS::CloudWatch::CompositeAlarm",
        "AWS::EventSchemas::Schema",
        "AWS::Events::Archive",
        "AWS::Events::EventBusPolicy",
    }
)
LOCAL_RUNTIME = "provided.al2023"
AWS_RUNTIME = "-m awslambdaric"
CREATE_USER_POOL = "cognito-idp:CreateUserPool"
TO_BE_OURS = f"aws:RequestTag/{STACK_TAG}"
SEND_EMAIL = "ses:SendEmail"
FROM_SENDER = "ses:FromAddress"
TAGGED_AS_OURS = f"aws:ResourceTag/{STACK_TAG}"
TAGGED_AS_A_SILO_TENANTS = f"aws:ResourceTag/{OWNER_TAG}"

ADDRESSES = ("CallbackURLs", "LogoutURLs")
DASHBOARD_ADDRESS = "DASHBOARD_ADDRESS"
SIGN_IN_ADDRESS = "DASHBOARD_SIGN_IN_ADDRESS"
KEYS_ADDRESS = f"{PREFIX}KEYS_ADDRESS"

Template = dict[str, Any]


def rewrite(template: Template, endpoint: str) -> tuple[Template, list[str]]:
    """Return the local template for the AWS at `endpoint`, and the logical ids of the resources that it lacks."""
    local = deepcopy(template)
    dropped = [name for name, resource in local["Resources"].items() if resource["Type"] in UNKNOWN_TYPES]
    for name in dropped:
        del local["Resources"][name]
    for resource in local["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Function" and properties["Runtime"].startswith("python"):
            properties["Runtime"] = LOCAL_RUNTIME
            properties.pop("SnapStart", None)
            _local_addresses(properties.get("Environment", {}).get("Variables", {}), endpoint)
        if resource["Type"] == "AWS::Cognito::UserPoolClient":
            for name in ADDRESSES:
                properties[name] = [_local_address(each, endpoint) for each in properties[name]]
        if resource["Type"] == "AWS::IAM::Policy":
            _send_email_anywhere(properties["PolicyDocument"]["Statement"])
            for statement in properties["PolicyDocument"]["Statement"]:
                _without_condition(statement, TAGGED_AS_OURS)
                _without_condition(statement, TAGGED_AS_A_SILO_TENANTS, "StringLike")
                if statement["Action"] == CREATE_USER_POOL:
                    _without_condition(statement, TO_BE_OURS)
    return local, dropped


def _send_email_anywhere(statements: list[dict[str, Any]]) -> None:
    for statement in statements:
        if statement["Action"] == SEND_EMAIL:
            statement["Resource"] = "*"
            _without_condition(statement, FROM_SENDER)


def _local_addresses(variables: dict[str, Any], endpoint: str) -> None:
    if KEYS_ADDRESS in variables:
        variables[KEYS_ADDRESS] = f"{endpoint}/{{userPoolId}}/.well-known/jwks.json"
    if DASHBOARD_ADDRESS in variables:
        variables[DASHBOARD_ADDRESS] = _local_address(variables[DASHBOARD_ADDRESS], endpoint)
        variables[SIGN_IN_ADDRESS] = endpoint


def _local_address(address: dict[str, Any], endpoint: str) -> dict[str, Any]:
    """Return where MiniStack serves the API whose own address, and a path, the template joins."""
    _, (api, path) = address["Fn::Join"]
    name, _ = api["Fn::GetAtt"]
    return {"Fn::Join": ["", [f"{endpoint}/_aws/execute-api/", {"Ref": name}, f"/$default{path}"]]}


def _without_condition(statement: dict[str, Any], key: str, operator: str = "StringEquals") -> None:
    """Drop a condition on a key, and what is empty without it; every other condition stays."""
    conditions = statement.get("Condition", {})
    if conditions.get(operator, {}).pop(key, None) is None:
        return
    if not conditions[operator]:
        del conditions[operator]
    if not conditions:
        del statement["Condition"]


def bootstrap(endpoint: str, runtime: str) -> str:
    """Return the program that starts a function with this interpreter, its AWS at `endpoint`.

    `runtime` is what the interpreter runs: AWS's runtime client, or a test's own start of it. Where Lambda names its
    runtime, the script names the process and its handler: so a call tells who makes it.
    """
    lines = (
        "#!/bin/sh",
        f"export AWS_ENDPOINT_URL={endpoint}",
        "export AWS_EXECUTION_ENV=AWS_Lambda_local-$$-$_HANDLER",
        f'exec {quote(sys.executable)} {runtime} "$_HANDLER"',
    )
    return "\n".join(lines) + "\n"
