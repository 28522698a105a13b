"""What functions did, as IAM sees it: read off the calls at the proxy.

A call of a service that is not among the READERS is an error that says so: add a reader of the resource that IAM
checks the service's actions on.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from tests.e2e.aws_proxy import Call
from tests.infra.calls import CALLED_OTHERWISE, PARTS

ACCOUNT = "000000000000"
ANYTHING = "*"
NEW = "new"
"""The id of a user pool that a call is to make."""
OF_NO_USER_POOL = ("CreateUserPool", "DescribeUserPoolDomain", "ListUserPools")
FUNCTION_PATH = re.compile(r"/2015-03-31/functions/(?P<name>[^/]+)/(?P<what>\w+)")
UNSIGNED = ("AssociateSoftwareToken", "RevokeToken", "VerifySoftwareToken")
ACCOUNTS_OWN = {"/2016-08-19/account-settings": "lambda:GetAccountSettings", "/v2/email/account": "ses:GetAccount"}
"""Paths of what is about an account, which no resource names."""
IDENTITY_PATH = "/v2/email/identities/"
LAMBDA = {"invocations": CALLED_OTHERWISE["lambda:Invoke"], "configuration": "lambda:GetFunctionConfiguration"}


class Use(NamedTuple):
    """A function used an action on a resource; of DynamoDB, by which partition keys where the call has the items'."""

    function: str
    action: str
    resource: str
    keys: tuple[str, ...] = ()


Reader = Callable[[Call, str, dict[str, Any]], Iterator[tuple[str, str, tuple[str, ...]]]]
"""Given a call, its operation and its body it yields actions, each with resource and keys."""


def uses(call: Call) -> Iterator[Use]:
    """Yield the permissions that a function's call needs; raises AssertionError if nobody has said which."""
    service, _, operation = call.operation.partition(":")
    assert service in READERS, f"{call.function} calls {call.operation}: add a reader for it to {__name__}.READERS"
    body = json.loads(call.body) if call.body.startswith(b"{") else {}
    for action, resource, keys in READERS[service](call, operation, body):
        yield Use(call.function, action, resource, keys)


def arn(call: Call, service: str, resource: str) -> str:
    """Return the ARN of a resource in the account and the call's Region."""
    return f"arn:aws:{service}:{call.region}:{ACCOUNT}:{resource}"


def _dynamodb(call: Call, operation: str, body: dict[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """A transaction and a batch need the permissions of their parts."""
    if operation == "TransactWriteItems":
        for part in body["TransactItems"]:
            ((kind, asked),) = part.items()
            yield _on_table(call, PARTS[kind], asked)
    elif operation == "BatchGetItem":
        for table, asked in body["RequestItems"].items():
            keys = tuple(_partition(key) for key in asked["Keys"])
            yield "dynamodb:BatchGetItem", arn(call, "dynamodb", f"table/{table}"), keys
    else:
        yield _on_table(call, operation, body)


def _on_table(call: Call, operation: str, asked: dict[str, Any]) -> tuple[str, str, tuple[str, ...]]:
    index = f"/index/{asked['IndexName']}" if "IndexName" in asked else ""
    item = asked.get("Key") or asked.get("Item")
    keys = (_partition(item),) if item else _queried(asked) if operation == "Query" else ()
    return f"dynamodb:{operation}", arn(call, "dynamodb", f"table/{asked['TableName']}{index}"), keys


def _queried(asked: dict[str, Any]) -> tuple[str, ...]:
    """Return the one partition key of a query, which its condition begins with."""
    begins = re.match(r"#?\w+ = (:\w+)", asked["KeyConditionExpression"])
    assert begins, f"{asked['KeyConditionExpression']}: say in {__name__} which partition key that is"
    return (asked["ExpressionAttributeValues"][begins[1]]["S"],)


def _partition(item: dict[str, dict[str, str]]) -> str:
    """Return the partition key: routes have a `routeKey`, shared user pools a Region and a key, the rest a tenant."""
    name = "routeKey" if "routeKey" in item else "region" if "poolKey" in item else "tenantId"
    return item[name]["S"]


def _cognito(call: Call, operation: str, body: dict[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Tags that come with a user pool need the permission to tag it."""
    action = f"cognito-idp:{operation}"
    user_pool = arn(call, "cognito-idp", f"userpool/{body.get('UserPoolId', NEW)}")
    yield action, ANYTHING if operation in OF_NO_USER_POOL else user_pool, ()
    if body.get("UserPoolTags"):
        yield "cognito-idp:TagResource", user_pool, ()


def _events(call: Call, operation: str, body: dict[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    if operation in {"ListArchives", "ListRules"}:
        yield f"events:{operation}", ANYTHING, ()
        return
    if "ReplayName" in body:
        yield f"events:{operation}", arn(call, "events", f"replay/{body['ReplayName']}"), ()
        for each in (body["EventSourceArn"], body["Destination"]["Arn"]) if operation == "StartReplay" else ():
            yield f"events:{operation}", each, ()
        return
    if "Entries" not in body:
        rule = f"rule/{body['EventBusName']}/{body.get('Name') or body['Rule']}"
        yield f"events:{operation}", arn(call, "events", rule), ()
    for entry in body.get("Entries", ()):
        bus = entry.get("EventBusName", "default").rpartition("/")[2]
        yield f"events:{operation}", arn(call, "events", f"event-bus/{bus}"), ()


def _states(call: Call, operation: str, body: dict[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    yield f"states:{operation}", body.get("executionArn") or body["stateMachineArn"], ()


def _lambda(call: Call, operation: str, body: dict[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    address = urlsplit(call.path)
    if address.path in ACCOUNTS_OWN:
        yield ACCOUNTS_OWN[address.path], ANYTHING, ()
        return
    asked = FUNCTION_PATH.fullmatch(address.path)
    assert asked, f"{call.function} calls {call.path}: say in {__name__} which action that is"
    name = unquote(asked["name"]).partition(":function:")[2] or unquote(asked["name"])
    qualifier = "".join(f":{each}" for each in parse_qs(address.query).get("Qualifier", []))
    yield LAMBDA[asked["what"]], arn(call, "lambda", f"function:{name}{qualifier}"), ()


def _ses(call: Call, operation: str, body: dict[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """An email needs the permission on its sender's identity, and on the configuration set that it is sent with."""
    if call.path in ACCOUNTS_OWN:
        yield ACCOUNTS_OWN[call.path], ANYTHING, ()
        return
    if call.path.startswith(IDENTITY_PATH):
        identity = unquote(call.path.removeprefix(IDENTITY_PATH))
        yield "ses:GetEmailIdentity", arn(call, "ses", f"identity/{identity}"), ()
        return
    yield f"ses:{operation}", arn(call, "ses", f"identity/{body['FromEmailAddress']}"), ()
    if "ConfigurationSetName" in body:
        yield f"ses:{operation}", arn(call, "ses", f"configuration-set/{body['ConfigurationSetName']}"), ()


def _quotas(call: Call, operation: str, body: dict[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    yield f"servicequotas:{operation}", ANYTHING, ()


def _sns(call: Call, operation: str, body: dict[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """SNS takes forms."""
    asked = parse_qs(call.body.decode())
    yield f"sns:{asked['Action'][0]}", asked["TopicArn"][0], ()


def _secrets(call: Call, operation: str, body: dict[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    yield f"secretsmanager:{operation}", body["SecretId"], ()


def _ssm(call: Call, operation: str, body: dict[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    yield f"ssm:{operation}", arn(call, "ssm", f"parameter/{body['Name'].lstrip('/')}"), ()


def _cloudformation(call: Call, operation: str, body: dict[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """CloudFormation takes forms; a stack that is named by its name alone has any id."""
    asked = parse_qs(call.body.decode())
    yield f"cloudformation:{asked['Action'][0]}", arn(call, "cloudformation", f"stack/{asked['StackName'][0]}/*"), ()


def _sqs(call: Call, operation: str, body: dict[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Tags that come with a queue need the permission to tag it."""
    action = f"sqs:{operation}"
    queue = arn(call, "sqs", body.get("QueueName") or body["QueueUrl"].rpartition("/")[2])
    yield CALLED_OTHERWISE.get(action, action), queue, ()
    if body.get("tags"):
        yield "sqs:TagQueue", queue, ()


def _nothing(call: Call, operation: str, body: dict[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Everybody may ask who one is, which no policy can deny."""
    assert parse_qs(call.body.decode())["Action"] == ["GetCallerIdentity"]
    yield from ()


def _unsigned(call: Call, operation: str, body: dict[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Nobody signs what Cognito lets a token or a session do, so IAM has no part in it."""
    assert operation in UNSIGNED, f"{call.function} calls {operation} and signs nothing"
    yield from ()


READERS: dict[str, Reader] = {
    "cloudformation": _cloudformation,
    "cognito-idp": _cognito,
    "dynamodb": _dynamodb,
    "events": _events,
    "lambda": _lambda,
    "secretsmanager": _secrets,
    "servicequotas": _quotas,
    "ses": _ses,
    "sns": _sns,
    "sqs": _sqs,
    "ssm": _ssm,
    "states": _states,
    "sts": _nothing,
    "unknown": _unsigned,
}
"""By the service's name in a call's signature."""
