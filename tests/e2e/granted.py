"""What a deployed template grants its functions, with every reference resolved as CloudFormation resolved it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import boto3

from tests.e2e.uses import ACCOUNT, Use
from tests.infra.template import Template, functions, many, statements, text

LEADING_KEYS = ("ForAllValues:StringLike", "dynamodb:LeadingKeys")
ARN_OF = {
    "AWS::DynamoDB::GlobalTable": "dynamodb:{region}:{account}:table/{name}",
    "AWS::DynamoDB::Table": "dynamodb:{region}:{account}:table/{name}",
    "AWS::Events::EventBus": "events:{region}:{account}:event-bus/{name}",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{name}",
    "AWS::SNS::Topic": "sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{name}",
    "AWS::Cognito::UserPool": "cognito-idp:{region}:{account}:userpool/{name}",
    "AWS::KMS::Key": "kms:{region}:{account}:key/{name}",
}
"""How the attribute Arn is made of a resource's name, after `arn:aws:`."""
SECRET = "AWS::SecretsManager::Secret"
"""Its ARN, which is its attribute Id, ends in letters that Secrets Manager chose."""
REGION = re.compile(r"(?<=^arn:\{Partition\}:)([\w-]+:)[a-z]{2}-[a-z]+-\d(?=:)")


class Grant(NamedTuple):
    """A function is allowed, or denied, an action on the resources of a pattern."""

    function: str
    action: str
    pattern: str
    """Of the ARN."""
    named: str
    """The resource as the template has it, the same in every Region."""
    keys: tuple[str, ...]
    """The patterns of partition keys that it holds for; empty: whatever the key."""
    effect: str

    def covers(self, use: Use) -> bool:
        """Tell whether it is about what a function did."""
        return (
            self.function == use.function
            and fnmatchcase(use.action, self.action)
            and fnmatchcase(use.resource, self.pattern)
            and (not self.keys or self._holds_for(use.keys))
        )

    def _holds_for(self, keys: tuple[str, ...]) -> bool:
        """Tell whether it lets in a request by these keys; IAM lets in one without any, which is not meant."""
        return bool(keys) and all(any(fnmatchcase(key, each) for each in self.keys) for key in keys)


class Unused(NamedTuple):
    """Grants that no run uses, each part a pattern."""

    function: str
    action: str
    named: str

    def is_about(self, function: str, action: str, named: str) -> bool:
        """Tell whether it is about a grant."""
        return all(fnmatchcase(value, pattern) for value, pattern in zip((function, action, named), self, strict=True))


class Deployed:
    """A stack as it is deployed: what its template's references became."""

    def __init__(self, name: str, region: str) -> None:
        cloudformation: Any = boto3.client("cloudformation", region_name=region)
        self.name, self.region = name, region
        self._resources = {
            each["LogicalResourceId"]: each
            for each in cloudformation.describe_stack_resources(StackName=name)["StackResources"]
        }
        described = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        self._known = {each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", [])} | {
            "AWS::Partition": "aws",
            "AWS::Region": region,
            "AWS::AccountId": ACCOUNT,
            "AWS::StackName": name,
        }

    def grants(self, template: Template) -> Iterator[Grant]:
        """Yield the grants of every function of the template that this is deployed from."""
        for function, (_, properties) in functions(template).items():
            for statement in statements(template, properties["Role"]):
                operator, key = LEADING_KEYS
                keys = statement.get("Condition", {}).get(operator, {}).get(key, ())
                for resource in many(statement["Resource"]):
                    named = REGION.sub(r"\1{Region}", text(resource))
                    for action in many(statement["Action"]):
                        pattern = self.resolve(resource)
                        yield Grant(function, action, pattern, named, tuple(many(keys or [])), statement["Effect"])

    def resolve(self, value: Any) -> str:
        """Return what an expression of the template became."""
        match value:
            case str():
                return value
            case {"Ref": name} if name in self._known:
                return str(self._known[name])
            case {"Ref": name}:
                return str(self._resources[name]["PhysicalResourceId"])
            case {"Fn::GetAtt": [name, "Arn" | "Id"]}:
                return self._arn(self._resources[name])
            case {"Fn::GetAtt": [name, "Name"]}:
                return str(self._resources[name]["PhysicalResourceId"].rpartition(":")[2])
            case {"Fn::Join": [separator, parts]}:
                return str(separator).join(self.resolve(part) for part in parts)
        raise AssertionError(f"{value}: say in {__name__} what that becomes")

    def _arn(self, resource: dict[str, Any]) -> str:
        name = resource["PhysicalResourceId"].rpartition("/")[2]
        kind = resource["ResourceType"]
        if kind == SECRET:
            secrets: Any = boto3.client("secretsmanager", region_name=self.region)
            return str(secrets.describe_secret(SecretId=name)["ARN"])
        assert kind in ARN_OF, f"{kind}: say in {__name__}.ARN_OF how its ARN is made"
        return "arn:aws:" + ARN_OF[kind].format(region=self.region, account=ACCOUNT, name=name)


def without(policy: dict[str, Any], action: str) -> dict[str, Any]:
    """Return a policy document without an action."""
    kept = [
        statement | {"Action": [each for each in many(statement["Action"]) if each != action]}
        for statement in policy["Statement"]
    ]
    return policy | {"Statement": [statement for statement in kept if statement["Action"]]}


def complaints(uses: Iterable[Use], grants: Iterable[Grant], unused: Mapping[Unused, str]) -> Iterator[str]:
    """Yield what was used and is not granted, what is granted and was not used, and exceptions that are none.

    A grant in several Regions counts as used where it is used in one.
    """
    uses, grants = sorted(set(uses)), list(grants)
    of = {use.function: [grant for grant in grants if grant.function == use.function] for use in uses}
    for use in uses:
        found = {grant.effect for grant in of[use.function] if grant.covers(use)}
        if found != {"Allow"}:
            how = "denies it" if found else "does not allow it"
            by = f" by {', '.join(use.keys)}" if use.keys else ""
            yield (
                f"{use.function} used {use.action} on {use.resource}{by}, and its role {how}:"
                " grant it in infra/grants.py and in GRANTS of tests/infra/grant_table.py, or call something else"
            )
    used: dict[tuple[str, str, str], bool] = {}
    used_by: dict[str, list[Use]] = {function: [use for use in uses if use.function == function] for function in of}
    for grant in (each for each in grants if each.effect == "Allow"):
        key = (grant.function, grant.action, grant.named)
        used[key] = used.get(key, False) or any(grant.covers(use) for use in used_by.get(grant.function, ()))
    for function, action, named in sorted(key for key in used if not used[key]):
        if not any(each.is_about(function, action, named) for each in unused):
            yield (
                f"{function} is granted {action} on {named}, and nothing used it: take it away in infra/grants.py,"
                " let tests/e2e/journey.py need it, or say why not in UNUSED of tests/e2e/test_least_privilege.py"
            )
    for each, reason in unused.items():
        about = [key for key in used if each.is_about(*key)]
        if not about or any(used[key] for key in about):
            what = "was used" if about else "is not granted"
            yield f"UNUSED has {each.function}: {each.action} on {each.named} ({reason}), which {what}: strike it out"
