"""The calls to AWS that a function can make, read off the source; rather too many are found than too few.

From a handler on, every function, class and value counts as reachable that reachable code so much as mentions; of a
class, all methods do. Steps are loaded by name, so those in a handler's STEPS are followed from there, and routes from
where their router is included. What it cannot see: AWS called otherwise than by naming a boto3 client's method
(`getattr`, say), and which table is meant where the call does not name a setting.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

import botocore.session
from botocore import xform_name

from orchestrator.steps import module_of
from tests.infra.source import modules, tree

OURS = ("handlers", "orchestrator", "tenant_onboarding")
STARTS = {"authorizer": "tenant_onboarding.authorizer.handler"}
"""The modules of functions that are not named after their handler."""
PREFIXES = {
    "cloudformation": "cloudformation",
    "cognito-idp": "cognito-idp",
    "dynamodb": "dynamodb",
    "events": "events",
    "lambda": "lambda",
    "secretsmanager": "secretsmanager",
    "service-quotas": "servicequotas",
    "sesv2": "ses",
    "sns": "sns",
    "sqs": "sqs",
    "ssm": "ssm",
    "stepfunctions": "states",
    "sts": "sts",
}
"""boto3's service names, of `orchestrator.aws.clients` and `operations.deployment`, and what IAM calls them."""
CALLED_OTHERWISE = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
}
"""IAM's names of actions where they are not those of the API."""
TRANSACTION = "dynamodb:TransactWriteItems"
PARTS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
"""IAM knows no TransactWriteItems: it asks for the permissions of the parts."""
TABLES = {
    "tenants_table": "{TablesTenants.Arn}",
    "routes_table": "{TablesRoutes.Arn}",
    "shared_pools_table": "{TablesSharedPools.Arn}",
    "users_table": "{TablesUsers.Arn}",
}

FOLLOWED = ("handlers", "orchestrator", "tenant_onboarding")

Definition = ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


class Place(NamedTuple):
    """A top-level definition of a module of ours."""

    module: str
    name: str


class Call(NamedTuple):
    """An action, and on which resource where the call itself says so."""

    action: str
    resource: str | None = None


def calls_of(handler: str) -> set[Call]:
    """Return the calls that the function with this handler module can make."""
    return calls_at(reachable(handler))


def calls_at(places: Iterable[Place]) -> set[Call]:
    """Return the calls that are made in some definitions."""
    nodes = [definitions(place.module)[place.name] for place in places]
    found = {call for node in nodes for call in calls_in(node)}
    if any(call.action == TRANSACTION for call in found):
        found = {call for call in found if call.action != TRANSACTION}
        found |= {part for node in nodes for part in parts_in(node)}
    return found


def calls_in(node: ast.AST) -> Iterator[Call]:
    """Yield the boto3 operations that are named below a node, called or handed on, paginators included.

    What is handed on with keywords, as to `orchestrator.aws.dynamodb.pages`, is called with them.
    """
    calls = [call for call in ast.walk(node) if isinstance(call, ast.Call)]
    called = {id(call.func): call for call in calls}
    handed_on = {id(argument): call for call in calls for argument in call.args}
    for named in ast.walk(node):
        if not isinstance(named, ast.Attribute):
            continue
        call = called.get(id(named))
        if named.attr == "get_paginator" and call:
            if isinstance(call.args[0], ast.Constant):  # else: the audit's, which says elsewhere what it reads
                yield Call(operations()[ast.literal_eval(call.args[0])])
        elif named.attr in operations() and not (call and call.args):  # clients take keywords only, so it is ours
            with_keywords = call or handed_on.get(id(named))
            yield Call(operations()[named.attr], _table(with_keywords) if with_keywords else None)


def parts_in(node: ast.AST) -> Iterator[Call]:
    """Yield the permissions that transactions need, wherever one of their actions is put together."""
    for part in ast.walk(node):
        if isinstance(part, ast.Dict):
            names = [key.value for key in part.keys if isinstance(key, ast.Constant)]
            yield from (Call(f"dynamodb:{action}") for name, action in PARTS.items() if name in names)


@cache
def operations() -> dict[str, str]:
    """Return the IAM action of each client method; one that two services have is no action that could be granted."""
    session = botocore.session.get_session()
    found: dict[str, str] = {}
    for service, prefix in PREFIXES.items():
        for name in session.get_service_model(service).operation_names:
            method = xform_name(name)
            action = CALLED_OTHERWISE.get(f"{prefix}:{name}", f"{prefix}:{name}")
            found[method] = action if method not in found else f"{found[method]} or {action}"
    return found


@cache
def reachable(handler: str) -> frozenset[Place]:
    """Return every definition that the handler's module can lead to."""
    module = STARTS.get(handler, f"handlers.{handler}")
    starts = [module, *routers_of(module), *map(module_of, steps_of(handler))]
    return reachable_from(Place(module, name) for module in starts for name in definitions(module))


def reachable_from(places: Iterable[Place]) -> frozenset[Place]:
    """Return some definitions of ours and every other that they can lead to."""
    waiting, found = list(places), set[Place]()
    while waiting:
        place = waiting.pop()
        if place not in found:
            found.add(place)
            waiting += mentioned(place)
    return frozenset(found)


def routers_of(module: str) -> Iterator[str]:
    """Yield the modules whose routers a module includes, as `app.include_router(module.router)`."""
    for node in ast.walk(tree(modules(*OURS)[module])):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "include_router":
            yield from (
                ".".join(_names(module)[each.id]) for each in ast.walk(node.args[0]) if isinstance(each, ast.Name)
            )


def steps_of(handler: str) -> tuple[str, ...]:
    """Return the steps that a handler offers; none for a function outside the workflow."""
    assigned = definitions(STARTS.get(handler, f"handlers.{handler}")).get("STEPS")
    return tuple(ast.literal_eval(assigned.value)) if isinstance(assigned, ast.Assign) else ()


@cache
def definitions(module: str) -> dict[str, Definition]:
    """Return what a module of ours defines at its top level; nothing for any other module."""
    path = modules(*OURS).get(module)
    found: dict[str, Definition] = {}
    for node in tree(path).body if path else ():
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found |= {target.id: node for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node
    return found


def mentioned(place: Place) -> Iterator[Place]:
    """Yield the definitions of ours that a definition mentions, be it as `name` or as `module.name`."""
    known = _names(place.module)
    for node in ast.walk(definitions(place.module)[place.name]):
        if isinstance(node, ast.Name) and node.id in known:
            target = known[node.id]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in known:
            target = Place(".".join(known[node.value.id]), node.attr)
        else:
            continue
        target = _origin(target)
        if target.name in definitions(target.module):
            yield target


def _origin(place: Place) -> Place:
    """Return where a name is defined that a package only hands on."""
    while place.name not in definitions(place.module) and place.module in modules(*OURS):
        handed_on = _names(place.module).get(place.name)
        if handed_on in {None, place}:
            return place
        place = handed_on
    return place


@cache
def _names(module: str) -> dict[str, Place]:
    """Return what each name in a module stands for, its own and those it imports from modules."""
    imported = {
        alias.asname or alias.name: Place(node.module or "", alias.name)
        for node in ast.walk(tree(modules(*OURS)[module]))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return imported | {name: Place(module, name) for name in definitions(module)}


def _table(call: ast.Call) -> str | None:
    """Return the table, or its indexes, that a call names by a setting."""
    arguments = {keyword.arg: keyword.value for keyword in call.keywords}
    named = arguments.get("TableName")
    if not isinstance(named, ast.Attribute) or named.attr not in TABLES:
        return None
    return TABLES[named.attr] + ("/index/*" if "IndexName" in arguments else "")
