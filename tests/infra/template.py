"""A synthesized template as the tests read it: by type, by name, and with its references as short text."""

import json
import re
from collections.abc import Iterator
from typing import Any

from orchestrator.local.synth import synthesize
from tenant_onboarding.names import STACK_NAME

Template = dict[str, Any]  # Any: CloudFormation as JSON
Resource = dict[str, Any]

HASH = re.compile(r"[0-9A-F]{8}$")


def chosen(**context: Any) -> Template:
    """Return the template of a deployment that chooses this."""
    template: Template = json.loads((synthesize(context) / f"{STACK_NAME}.template.json").read_text())
    return template


def of_type(template: Template, kind: str) -> dict[str, Resource]:
    """Return the resources of a type by logical id."""
    return {name: resource for name, resource in template["Resources"].items() if resource["Type"] == kind}


def of_api(template: Template, kind: str, api: str) -> dict[str, dict[str, Any]]:
    """Return the properties of the resources of an HTTP API, named as in short text, by logical id."""
    found = {name: resource["Properties"] for name, resource in of_type(template, f"AWS::ApiGatewayV2::{kind}").items()}
    return {name: each for name, each in found.items() if text(each.get("ApiId", {"Ref": name})) == f"{{{api}}}"}


def only(template: Template, kind: str, name: str) -> tuple[str, dict[str, Any]]:
    """Return logical id and properties of the one resource of that type and construct path."""
    (found,) = [
        (logical_id, resource["Properties"])
        for logical_id, resource in of_type(template, kind).items()
        if HASH.sub("", logical_id) == name
    ]
    return found


def functions(template: Template) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return logical id and properties of each function by the name of its handler's module."""
    return {
        resource["Properties"]["Handler"].split(".")[1]: (name, resource["Properties"])
        for name, resource in of_type(template, "AWS::Lambda::Function").items()
    }


def aliases(template: Template) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the name and the properties of the function behind each alias, by the alias's logical id."""
    behind = {logical_id: (name, properties) for name, (logical_id, properties) in functions(template).items()}
    found = of_type(template, "AWS::Lambda::Alias")
    return {alias: behind[each["Properties"]["FunctionName"]["Ref"]] for alias, each in found.items()}


def orchestrating(template: Template) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the functions that know the orchestrator's settings: the others serve the dashboard, or sign people in."""
    strangers = {"dashboard", "pre_sign_up", "resolver", "token_claims"}
    return {name: found for name, found in functions(template).items() if name not in strangers}


def statements(template: Template, role: Any) -> list[dict[str, Any]]:
    """Return the statements of the policies that belong to a role, given as reference or logical id."""
    logical_id = role["Fn::GetAtt"][0] if isinstance(role, dict) else role
    return [
        statement
        for policy in of_type(template, "AWS::IAM::Policy").values()
        if {"Ref": logical_id} in policy["Properties"]["Roles"]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def many(value: Any) -> list[Any]:
    """Return what IAM takes as one value or several as a list."""
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    """Return a value with its references as `{Name}` or `{Name.Attribute}`, the names without CDK's hash."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return f"{{{_short(name)}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"{{{_short(name)}.{attribute}}}"
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(text(part) for part in parts)
        case {"Fn::Select": [int() as number, {"Fn::Split": [separator, whole]}]}:
            return f"{{{number} of {text(whole)} at {separator}}}"
        case _:
            raise ValueError(f"cannot be read as text: {value}")


def grants(template: Template, role: Any) -> dict[str, set[str]]:
    """Return the actions that a role is allowed, by resource."""
    found: dict[str, set[str]] = {}
    for statement in statements(template, role):
        if statement["Effect"] == "Allow":
            for resource in many(statement["Resource"]):
                found.setdefault(text(resource), set()).update(many(statement["Action"]))
    return found


def policies(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every statement of every policy, of roles and resources alike, with its owner's logical id."""
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        documents = [properties[key] for key in ("PolicyDocument", "AssumeRolePolicyDocument") if key in properties]
        inline = properties.get("Policies", []) if resource["Type"] == "AWS::IAM::Role" else []
        documents += [policy["PolicyDocument"] for policy in inline]
        if resource["Type"] == "AWS::Events::EventBusPolicy":
            documents.append({"Statement": [properties["Statement"]]})
        for document in documents:
            for statement in document["Statement"]:
                yield name, statement


def _short(name: str) -> str:
    return HASH.sub("", name).removeprefix("AWS::")
