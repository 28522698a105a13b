"""Every function is published, and whoever invokes one names the alias: so one command takes it back a version."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Template as Synthesized

from infra.function import OnboardingFunction
from tests.infra.template import Template, aliases, functions, of_type
from tests.infra.template_rules import Rule

MAY_NAME_THE_FUNCTION = {
    "AWS::Lambda::Version",  # what is published
    "AWS::Lambda::Alias",  # which of these is invoked
    "AWS::CloudWatch::Alarm",  # Lambda counts what all versions did under the function's name
    "AWS::CloudWatch::Dashboard",
}


def each_function_has_one_alias_of_its_published_version(template: Template) -> list[str]:
    """An alias `live` each, of the version that the template publishes."""
    published = {
        name: each["Properties"]["FunctionName"]["Ref"]
        for name, each in of_type(template, "AWS::Lambda::Version").items()
    }
    complaints = []
    for name, each in of_type(template, "AWS::Lambda::Alias").items():
        properties = each["Properties"]
        version, _ = properties["FunctionVersion"].get("Fn::GetAtt", ("", ""))
        if (properties["Name"], published.get(version)) != ("live", properties["FunctionName"]["Ref"]):
            complaints.append(f"{name} is not the published version of its function")
    behind = sorted(name for name, _ in aliases(template).values())
    return complaints if behind == sorted(functions(template)) else [*complaints, f"aliases are of {behind}"]


def nothing_invokes_a_function_but_by_its_alias(template: Template) -> list[str]:
    """What names the function itself would go on with the newest code when the alias is taken back."""
    ours = {logical_id for logical_id, _ in functions(template).values()}
    named = {
        name: ours.intersection(_references(resource.get("Properties", {})))
        for name, resource in template["Resources"].items()
        if resource["Type"] not in MAY_NAME_THE_FUNCTION
    }
    named["outputs"] = ours.intersection(_references(template["Outputs"]))
    return [f"{name} names {found}" for name, found in named.items() if found]


def versions_are_kept(template: Template) -> list[str]:
    """The next deployment leaves the last one's version, to go back to; one that fails leaves none behind."""
    kept = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
    versions = of_type(template, "AWS::Lambda::Version")
    return [f"{name} goes" for name, each in versions.items() if {key: each.get(key) for key in kept} != kept]


def _references(value: Any) -> Iterator[str]:
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), _]}:
            yield name
        case dict():
            yield from _references(list(value.values()))
        case list():
            for each in value:
                yield from _references(each)
        case _:
            pass


RULES: tuple[Rule, ...] = (
    each_function_has_one_alias_of_its_published_version,
    nothing_invokes_a_function_but_by_its_alias,
    versions_are_kept,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_template_obeys(rule: Rule, template: Template) -> None:
    assert rule(template) == []


def first(template: Template, kind: str) -> dict[str, Any]:
    """Return some resource of a type, to be spoilt."""
    return next(iter(of_type(template, f"AWS::{kind}").values()))


def arn(template: Template, name: str) -> dict[str, Any]:
    """Return what names a function itself."""
    return {"Fn::GetAtt": [functions(template)[name][0], "Arn"]}


def target_the_function(template: Template) -> None:
    """Let a rule invoke the newest code."""
    for rule in of_type(template, "AWS::Events::Rule").values():
        rule["Properties"]["Targets"][0]["Arn"] = arn(template, "reconcile")


SPOILT: dict[str, tuple[Callable[[Template], object], Rule]] = {
    "an alias of another name": (
        lambda t: first(t, "Lambda::Alias")["Properties"].update(Name="latest"),
        each_function_has_one_alias_of_its_published_version,
    ),
    "an alias of what changes": (
        lambda t: first(t, "Lambda::Alias")["Properties"].update(FunctionVersion={"Ref": "x"}),
        each_function_has_one_alias_of_its_published_version,
    ),
    "a function without an alias": (
        lambda t: t["Resources"].pop(next(iter(of_type(t, "AWS::Lambda::Alias")))),
        each_function_has_one_alias_of_its_published_version,
    ),
    "a rule that leads to the function": (target_the_function, nothing_invokes_a_function_but_by_its_alias),
    "a task that invokes the function": (
        lambda t: first(t, "StepFunctions::StateMachine")["Properties"]["DefinitionSubstitutions"].update(
            RoutingFunction=arn(t, "routing")
        ),
        nothing_invokes_a_function_but_by_its_alias,
    ),
    "an output that names the function": (
        lambda t: t["Outputs"]["WelcomeFunctionName"].update(Value={"Ref": functions(t)["welcome"][0]}),
        nothing_invokes_a_function_but_by_its_alias,
    ),
    "a grant of the function": (
        lambda t: first(t, "IAM::Policy")["Properties"]["PolicyDocument"]["Statement"].append(
            {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn(t, "welcome")}
        ),
        nothing_invokes_a_function_but_by_its_alias,
    ),
    "versions that go with the next": (
        lambda t: first(t, "Lambda::Version").update(DeletionPolicy="Delete"),
        versions_are_kept,
    ),
    "versions of failed deployments that stay": (
        lambda t: first(t, "Lambda::Version").update(DeletionPolicy="Retain"),
        versions_are_kept,
    ),
}


@pytest.mark.parametrize(("spoil", "rule"), SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_template_is_noticed(spoil: Callable[[Template], object], rule: Rule, template: Template) -> None:
    spoil(template)
    assert rule(template) != []


def test_each_rule_is_shown_to_complain() -> None:
    assert {rule for _, rule in SPOILT.values()} == set(RULES)


class Small(Stack):
    """One function that is told a table's name, the template's parameter and its own; the first may come late."""

    def __init__(self, *, key: str = "id", protected: bool = False, late: bool = False) -> None:
        super().__init__(App(), "Small")
        table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name=key, type=dynamodb.AttributeType.STRING),
            deletion_protection=protected,
        )
        parameter = CfnParameter(self, "Domain", default="app.example")
        told = {"TABLE": table.table_name}
        function = OnboardingFunction(
            self,
            "Function",
            module="intake",
            code=lambda_.Code.from_inline("handler = print"),
            environment={
                **({} if late else told),
                "DOMAIN": f"*.{parameter.value_as_string}",
                "STACK": self.stack_name,
                "LEVEL": "INFO",
            },
            retention=logs.RetentionDays.ONE_DAY,
        )
        for variable, value in told.items() if late else ():
            function.tell(variable, value)


def read(stack: Stack) -> Template:
    """Return the template as it is deployed."""
    template: Template = json.loads(json.dumps(Synthesized.from_stack(stack).to_json()))
    return template


def version(stack: Stack) -> tuple[str, dict[str, Any]]:
    """Return logical id and properties of the one version."""
    ((name, found),) = of_type(read(stack), "AWS::Lambda::Version").items()
    return name, found["Properties"]


@pytest.mark.parametrize("late", [False, True])
def test_a_version_is_published_anew_when_a_resource_that_it_names_is_defined_anew(late: bool) -> None:
    """DynamoDB replaces a table whose key changes: the alias would go on with the name of the one before."""
    (before, _), (after, _) = version(Small(late=late)), version(Small(key="tenantId", late=late))
    assert before != after


def test_a_version_is_never_published_where_its_function_has_not_changed() -> None:
    """Lambda publishes none then, and CloudFormation calls that a failure: what makes a version is the function's."""
    first, second = read(Small()), read(Small(protected=True))
    (one,), (other,) = (of_type(each, "AWS::Lambda::Function").values() for each in (first, second))
    assert one["Properties"]["Description"] != other["Properties"]["Description"]
    assert version(Small()) == version(Small())


def test_a_version_is_published_anew_when_a_parameter_changes() -> None:
    """What synthesis knows is in the version's own name; names of the stack do not change while it is there."""
    _, properties = version(Small())
    assert properties["Description"] == {"Fn::Join": ["", ["*.", {"Ref": "Domain"}]]}


def test_functions_that_name_no_resource_need_no_digest(template: Template) -> None:
    """The trigger has to be the same in every Region."""
    assert "Description" not in functions(template)["token_claims"][1]
