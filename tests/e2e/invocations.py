"""Functions of the stack, invoked as what triggers them would."""

import json
from typing import Any

import boto3


def function(name: str) -> str:
    """Return the name of a function of the stack."""
    functions = boto3.client("lambda").list_functions()["Functions"]
    (found,) = [
        each["FunctionName"] for each in functions if each["FunctionName"].startswith(f"TenantOnboarding-{name}")
    ]
    return found


def invoke(name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Invoke a function of the stack as its trigger would, and return its answer."""
    answer = boto3.client("lambda").invoke(FunctionName=function(name), Payload=json.dumps(event).encode())
    return {"error": answer.get("FunctionError"), "payload": json.load(answer["Payload"])}
