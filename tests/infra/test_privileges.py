"""Every stack's template obeys the rules on privileges, and each rule can tell when one does not."""

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.local import product
from orchestrator.local.assembly import stacks
from orchestrator.local.synth import synthesize
from tests.infra import privilege_rules as rules
from tests.infra.privilege_rules import RULES, Rule
from tests.infra.template import Template, functions, of_type, only, statements

REGION = "eu-west-1"
HASHED = re.compile(r"(?<=Role)[0-9A-F]{8}\b")


@pytest.fixture(scope="module")
def templates() -> dict[str, Template]:
    """The stacks of home and another Region, and of the examples."""
    apps = (synthesize({"regions": REGION}), synthesize(app=product.APP), synthesize(app="examples.stripe.app"))
    found = [stack for app in apps for stack in stacks(app)]
    return {f"{stack.name} in {stack.region}": json.loads(stack.template.read_text()) for stack in found}


BASIC = "arn:{Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
OF_EXAMPLES = {
    "SampleProduct in us-east-1": {f"{function}ServiceRole has AWS's {BASIC}" for function in ("Page", "Me")},
    "StripeAdapter in us-east-1": {f"PublishServiceRole has AWS's {BASIC}"},
}
"""As CDK makes functions by itself."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_template_obeys(rule: Rule, templates: dict[str, Template]) -> None:
    assert len(templates) == 4
    for name, template in templates.items():
        found = {HASHED.sub("", each) for each in rule(template)}
        excepted = rule is rules.permissions_stand_where_they_are_looked_for
        assert found == (OF_EXAMPLES.get(name, set()) if excepted else set()), name


def permission(template: Template, service: str) -> dict[str, Any]:
    """Return the properties of some permission of a service's, to be spoilt."""
    found = (each["Properties"] for each in of_type(template, "AWS::Lambda::Permission").values())
    return next(each for each in found if each["Principal"] == f"{service}.amazonaws.com")


def granting(template: Template, name: str = "placement") -> list[dict[str, Any]]:
    """Return the statements of a function's role, to be spoilt; a new one is seen if it is put there."""
    role = functions(template)[name][1]["Role"]["Fn::GetAtt"][0]
    (policy,) = (
        each["Properties"]
        for each in of_type(template, "AWS::IAM::Policy").values()
        if {"Ref": role} in each["Properties"]["Roles"]
    )
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return found


def allow(template: Template, action: str, resource: Any = "*", name: str = "placement") -> None:
    """Grant a function one thing more."""
    granting(template, name).append({"Effect": "Allow", "Action": action, "Resource": resource})


def role(template: Template, name: str = "placement") -> dict[str, Any]:
    """Return the properties of a function's role, to be spoilt."""
    logical_id = functions(template)[name][1]["Role"]["Fn::GetAtt"][0]
    found: dict[str, Any] = template["Resources"][logical_id]["Properties"]
    return found


def admission(template: Template, kind: str) -> dict[str, Any]:
    """Return the statement of some queue's or topic's policy that lets a service in, to be spoilt."""
    return next(
        statement
        for policy in of_type(template, kind).values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    )


def undeny(template: Template, name: str) -> None:
    """Let a function near the operators' user pool."""
    found = granting(template, name)
    found[:] = [each for each in found if each["Effect"] == "Allow"]


def condition_the_denial(template: Template) -> None:
    """Let the denial hold at times only."""
    (denial,) = (each for each in granting(template) if each["Effect"] == "Deny")
    denial["Condition"] = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}


def share_a_role(template: Template) -> None:
    """Give a function another one's role."""
    functions(template)["routing"][1]["Role"] = functions(template)["welcome"][1]["Role"]


def machine_role(template: Template) -> dict[str, Any]:
    """Return the reference to a state machine's role."""
    found: dict[str, Any] = only(template, "AWS::StepFunctions::StateMachine", "WorkflowStateMachine")[1]["RoleArn"]
    return found


def forget_a_delivery(template: Template) -> None:
    """Let a state machine have no log."""
    delivery = next(each for each in statements(template, machine_role(template)) if "logs:" in str(each["Action"]))
    delivery["Action"].remove("logs:CreateLogDelivery")


def add(template: Template, kind: str, **properties: Any) -> None:
    """Put one resource more into the template."""
    template["Resources"]["More"] = {"Type": kind, "Properties": properties}


OPERATORS = "AWS::Cognito::UserPool"
SPOILT: dict[str, tuple[Callable[[Template], object], Rule]] = {
    "any rule of any account invokes": (
        lambda t: permission(t, "events").pop("SourceArn"),
        rules.permissions_name_who_invokes_and_for_whom,
    ),
    "any account's user pools invoke": (
        lambda t: permission(t, "cognito-idp").pop("SourceAccount"),
        rules.permissions_name_who_invokes_and_for_whom,
    ),
    "any API of the account invokes": (
        lambda t: permission(t, "apigateway").update(
            SourceArn={"Fn::Join": ["", ["arn:aws:execute-api:x:", {"Ref": "AWS::AccountId"}, ":*/*"]]}
        ),
        rules.permissions_name_who_invokes_and_for_whom,
    ),
    "everybody invokes": (
        lambda t: permission(t, "events").update(Principal="*"),
        rules.permissions_name_who_invokes_and_for_whom,
    ),
    "a function is changed by its rule": (
        lambda t: permission(t, "events").update(Action="lambda:*"),
        rules.permissions_name_who_invokes_and_for_whom,
    ),
    "any alarm is published": (
        lambda t: admission(t, "AWS::SNS::TopicPolicy").pop("Condition"),
        rules.services_act_for_a_source_of_ours,
    ),
    "any rule sends": (
        lambda t: admission(t, "AWS::SQS::QueuePolicy").pop("Condition"),
        rules.services_act_for_a_source_of_ours,
    ),
    "an account sends": (
        lambda t: admission(t, "AWS::SQS::QueuePolicy").update(Principal={"AWS": "123456789012"}),
        rules.services_act_for_a_source_of_ours,
    ),
    "a role is passed": (lambda t: allow(t, "iam:PassRole", "arn:x"), rules.nobody_passes_a_role),
    "everything of IAM's": (lambda t: allow(t, "iam:*", "arn:x"), rules.nobody_passes_a_role),
    "an account assumes a role": (
        lambda t: role(t)["AssumeRolePolicyDocument"]["Statement"][0].update(Principal={"AWS": "123456789012"}),
        rules.a_role_is_assumed_by_the_one_service_that_it_is_for,
    ),
    "another service assumes a role": (
        lambda t: role(t)["AssumeRolePolicyDocument"]["Statement"][0].update(
            Principal={"Service": "ec2.amazonaws.com"}
        ),
        rules.a_role_is_assumed_by_the_one_service_that_it_is_for,
    ),
    "a role that nothing has": (
        lambda t: t["Resources"].update(
            Spare={"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}}
        ),
        rules.a_role_is_assumed_by_the_one_service_that_it_is_for,
    ),
    "a role for two": (share_a_role, rules.a_role_is_assumed_by_the_one_service_that_it_is_for),
    "all tables": (
        lambda t: allow(t, "dynamodb:GetItem"),
        rules.only_what_knows_no_resource_is_allowed_on_all,
    ),
    "a function that delivers logs": (
        lambda t: allow(t, "logs:PutResourcePolicy"),
        rules.only_what_knows_no_resource_is_allowed_on_all,
    ),
    "a state machine without a log": (forget_a_delivery, rules.a_state_machine_delivers_its_log_and_traces),
    "an administrator": (
        lambda t: role(t).update(ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]),
        rules.permissions_stand_where_they_are_looked_for,
    ),
    "a grant that is hidden in the role": (
        lambda t: role(t)["Policies"][0]["PolicyDocument"]["Statement"].append(
            {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "arn:x"}
        ),
        rules.permissions_stand_where_they_are_looked_for,
    ),
    "another log": (
        lambda t: role(t)["Policies"][0]["PolicyDocument"]["Statement"][0].update(Resource="arn:x"),
        rules.permissions_stand_where_they_are_looked_for,
    ),
    "a user": (lambda t: add(t, "AWS::IAM::User"), rules.permissions_stand_where_they_are_looked_for),
    "a function with an address of its own": (
        lambda t: add(t, "AWS::Lambda::Url"),
        rules.permissions_stand_where_they_are_looked_for,
    ),
    "a policy of somebody else's role": (
        lambda t: add(t, "AWS::IAM::Policy", Roles=[{"Ref": "Theirs"}], PolicyDocument={"Statement": []}),
        rules.permissions_stand_where_they_are_looked_for,
    ),
    "a function that is not denied": (
        lambda t: undeny(t, "placement"),
        rules.the_operators_user_pool_is_out_of_reach,
    ),
    "a function that is not denied though it uses no Cognito": (
        lambda t: undeny(t, "resolver"),
        rules.the_operators_user_pool_is_out_of_reach,
    ),
    "a denial at times": (condition_the_denial, rules.the_operators_user_pool_is_out_of_reach),
    "operators' users looked at": (
        lambda t: allow(
            t,
            "cognito-idp:ListUsers",
            {"Fn::GetAtt": [only(t, OPERATORS, "OperatorsUserPool")[0], "Arn"]},
        ),
        rules.the_operators_user_pool_is_out_of_reach,
    ),
    "a stack of functions that reach user pools": (
        lambda t: t["Resources"].pop(only(t, OPERATORS, "OperatorsUserPool")[0]),
        rules.another_regions_functions_reach_no_user_pool,
    ),
}


@pytest.mark.parametrize(("spoil", "rule"), SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_template_is_noticed(
    spoil: Callable[[Template], object], rule: Rule, templates: dict[str, Template]
) -> None:
    """The rule complains about a template that breaks it, so a silent rule means an obedient template."""
    spoilt = copy.deepcopy(templates["TenantOnboarding in us-east-1"])
    spoil(spoilt)
    assert rule(spoilt) != []


def test_each_rule_is_shown_to_complain() -> None:
    assert {rule for _, rule in SPOILT.values()} == set(RULES)


def test_every_reason_to_allow_on_all_is_needed(templates: dict[str, Template]) -> None:
    """A reason outlives no grant."""
    found = {
        action
        for template in templates.values()
        for _, statement in rules.statements_of_roles(template)
        if statement["Effect"] == "Allow" and statement["Resource"] == "*"
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert found == rules.ON_ALL.keys()
