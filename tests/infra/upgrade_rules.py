"""What a template must obey that goes over an earlier one by an update of the stack, each rule a function of both."""

import json
from collections.abc import Iterator
from typing import Any

from orchestrator.local.ministack import REGION
from tests.infra.protection_rules import STORES_NOTHING_OF_OURS, TABLES
from tests.infra.template import Template

KNOWN_ELSEWHERE = {
    "AWS::ApiGatewayV2::Api": "its address is written down by whoever asks it",
    "AWS::Cognito::UserPoolClient": "operators are signed in by it",
    "AWS::Cognito::UserPoolDomain": "operators sign in there",
    "AWS::KMS::Alias": "replicas of tables name it",
    "AWS::Lambda::Alias": "user pools and executions under way name it",
    "AWS::SES::ConfigurationSet": "user pools send through it",
    "AWS::SES::EmailIdentity": "a new one has to be verified",
    "AWS::SNS::Subscription": "a new one has to be confirmed",
}
"""What stores nothing of ours and is to stay all the same."""
MAY_GO = STORES_NOTHING_OF_OURS - KNOWN_ELSEWHERE.keys()
"""Whatever is not judged here holds data."""
REFUSED = {
    "AWS::Cognito::UserPool": ("AliasAttributes", "Schema", "UsernameAttributes", "UsernameConfiguration"),
    "AWS::KMS::Key": ("KeySpec", "KeyUsage", "MultiRegion", "Origin"),
}
"""What the schemas of CloudFormation let change and the service does not: the deployment would fail."""


def what_must_stay_is_there(earlier: Template, later: Template) -> list[str]:
    """By its logical id, and as the same type."""
    return [
        f"{name} is gone"
        for name, resource in earlier["Resources"].items()
        if resource["Type"] not in MAY_GO and later["Resources"].get(name, {}).get("Type") != resource["Type"]
    ]


def nothing_that_must_stay_is_replaced(earlier: Template, later: Template) -> list[str]:
    """No property differs that CloudFormation could set for a new resource only, nor refers to what is replaced."""
    kinds = {name: resource["Type"] for name, resource in earlier["Resources"].items()}
    there = [name for name in kinds if later["Resources"].get(name, {}).get("Type") == kinds[name]]
    fixed = {name: list(_fixed(kinds[name], earlier["Resources"][name])) for name in there}
    changed = {name: kind for name, kind in kinds.items() if name not in there}
    while more := {
        name: place
        for name in there
        if name not in changed
        for place, value in fixed[name]
        if value != _at(later["Resources"][name], place) or changed.keys() & set(_referred(value))
    }:
        changed |= more
    return [
        f"{name} is replaced for its {changed[name]}" for name in there if name in changed and kinds[name] not in MAY_GO
    ]


def a_table_gets_or_loses_one_index_at_most(earlier: Template, later: Template) -> list[str]:
    """DynamoDB makes or removes one in each update; an index that changes is both."""
    return [
        f"{name} has other indexes: {', '.join(sorted({dict(index)['name'] for index in different}))}"
        for name, resource in earlier["Resources"].items()
        if resource["Type"] in TABLES
        if len(different := _indexes(resource) ^ _indexes(later["Resources"].get(name, resource))) > 1
    ]


def _fixed(kind: str, resource: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the places in a resource's properties that cannot be changed, and what is there; None: nothing."""
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]  # it has no types

    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
    for name in ("createOnlyProperties", "conditionalCreateOnlyProperties"):
        for pointer in schema.get(name, ()):
            yield (place := pointer.removeprefix("/properties/")), _at(resource, place)
    for place in REFUSED.get(kind, ()):
        yield place, _at(resource, place)


def _at(resource: dict[str, Any], place: str) -> Any:
    value: Any = resource.get("Properties", {})
    for name in place.split("/"):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _referred(value: Any) -> Iterator[str]:
    """Yield the logical ids that a value is made of."""
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case dict():
            for each in value.values():
                yield from _referred(each)
        case list():
            for each in value:
                yield from _referred(each)


def _indexes(resource: dict[str, Any]) -> set[tuple[tuple[str, str], ...]]:
    """Return a table's indexes, each with its keys and what it holds."""
    return {
        (("name", each["IndexName"]), ("is", json.dumps([each["KeySchema"], each["Projection"]], sort_keys=True)))
        for each in resource["Properties"].get("GlobalSecondaryIndexes", [])
    }


RULES = (
    what_must_stay_is_there,
    nothing_that_must_stay_is_replaced,
    a_table_gets_or_loses_one_index_at_most,
)
