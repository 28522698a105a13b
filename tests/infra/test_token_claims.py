"""The triggers of user pools: who may call it, how it starts, and what is said of the least plan."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Annotations, Match

from infra import resolver, status_api
from infra.configuration.choices import Configuration
from infra.stack import TenantOnboardingStack
from tenant_onboarding.authorizer.dynamodb import WHILE_SOMEBODY_SIGNS_IN
from tests.infra.source import ROOT
from tests.infra.template import Template, chosen, functions, of_type, only, orchestrating, text
from tests.infra.template_rules import Rule

ALIAS = "{TokenClaimsTriggerAlias}"
SIGN_UP_ALIAS = "{PreSignUpAlias}"
USER_POOLS = "arn:{Partition}:cognito-idp:{Region}:{AccountId}:userpool/*"


def cognito_alone_may_call_it(template: Template) -> list[str]:
    """One permission for all user pools of the account and Region, on the alias; a policy has no room for one each."""
    found = [
        {key: text(value) for key, value in each["Properties"].items()}
        for each in of_type(template, "AWS::Lambda::Permission").values()
        if re.search("TokenClaims|PreSignUp", text(each["Properties"]["FunctionName"]))
    ]
    wanted = [
        {
            "Action": "lambda:InvokeFunction",
            "FunctionName": alias,
            "Principal": "cognito-idp.amazonaws.com",
            "SourceAccount": "{AccountId}",
            "SourceArn": USER_POOLS,
        }
        for alias in (SIGN_UP_ALIAS, ALIAS)
    ]
    return [] if sorted(found, key=str) == sorted(wanted, key=str) else [f"they admit {found}"]


def it_starts_from_a_snapshot(template: Template) -> list[str]:
    """Its alias names a published version, which alone has a snapshot; its name is known wherever else it is."""
    name, function = functions(template)["token_claims"]
    _, alias = only(template, "AWS::Lambda::Alias", "TokenClaimsTriggerAlias")
    version = template["Resources"].get(alias["FunctionVersion"].get("Fn::GetAtt", [""])[0], {"Type": ""})
    complaints = []
    if function.get("SnapStart") != {"ApplyOn": "PublishedVersions"}:
        complaints.append("no snapshot is made")
    if version["Type"] != "AWS::Lambda::Version" or version["Properties"]["FunctionName"] != {"Ref": name}:
        complaints.append("the alias is of no published version")
    if (alias["Name"], alias["FunctionName"]) != ("live", {"Ref": name}):
        complaints.append("the alias is another")
    if text(function.get("FunctionName", "")) != "{StackName}-token-claims":
        complaints.append("its name cannot be known elsewhere")
    return complaints


def it_is_told_no_more_than_it_reads(template: Template) -> list[str]:
    """Where the registry is, and how much to log."""
    wanted = {"ONBOARDING_ROUTES_TABLE": "{StackName}-routes", "ONBOARDING_LOG_LEVEL": "INFO"}
    _, table = only(template, "AWS::DynamoDB::GlobalTable", "TablesRoutes")
    named = text(table.get("TableName", ""))
    complaints = [] if named == "{StackName}-routes" else [f"the table is {named}"]
    for trigger in ("token_claims", "pre_sign_up"):
        _, function = functions(template)[trigger]
        found = {name: text(value) for name, value in function["Environment"]["Variables"].items()}
        complaints += [] if found == wanted else [f"{trigger} is told {found}"]
    return complaints


def who_opens_user_pools_attaches_it(template: Template) -> list[str]:
    """By their aliases: the function itself has no snapshot, and cannot be rolled back."""
    return [
        f"{name} attaches {found}"
        for name, (_, properties) in orchestrating(template).items()
        for variable, alias in (("TOKEN_CLAIMS_ARN", ALIAS), ("PRE_SIGN_UP_ARN", SIGN_UP_ALIAS))
        if (found := text(properties["Environment"]["Variables"].get(f"ONBOARDING_{variable}", ""))) != alias
    ]


RULES: tuple[Rule, ...] = (
    cognito_alone_may_call_it,
    it_starts_from_a_snapshot,
    it_is_told_no_more_than_it_reads,
    who_opens_user_pools_attaches_it,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_template_obeys(rule: Rule, template: Template) -> None:
    """No rule has a complaint about what is synthesized."""
    assert rule(template) == []


def function(template: Template) -> dict[str, Any]:
    """Return the properties of the trigger, to be spoilt."""
    return functions(template)["token_claims"][1]


def alias(template: Template) -> dict[str, Any]:
    """Return the properties of its alias, to be spoilt."""
    return only(template, "AWS::Lambda::Alias", "TokenClaimsTriggerAlias")[1]


def permission(template: Template) -> dict[str, Any]:
    """Return the properties of Cognito's permission, to be spoilt."""
    return only(template, "AWS::Lambda::Permission", "TokenClaimsTriggerAliasUserPools")[1]


def permit_once_more(template: Template) -> None:
    """Give the first user pool a permission of its own."""
    own = permission(template) | {"SourceArn": USER_POOLS.replace("*", "one")}
    template["Resources"]["Another"] = {"Type": "AWS::Lambda::Permission", "Properties": own}


def permit_the_function(template: Template) -> None:
    """Let Cognito call what has no snapshot."""
    permission(template)["FunctionName"] = {"Fn::GetAtt": [functions(template)["token_claims"][0], "Arn"]}


def attach_the_function(template: Template) -> None:
    """Let user pools call what has no snapshot."""
    arn = {"Fn::GetAtt": [functions(template)["token_claims"][0], "Arn"]}
    functions(template)["placement"][1]["Environment"]["Variables"]["ONBOARDING_TOKEN_CLAIMS_ARN"] = arn


SPOILT: dict[str, tuple[Callable[[Template], object], Rule]] = {
    "any account's user pools": (lambda t: permission(t).pop("SourceAccount"), cognito_alone_may_call_it),
    "any source": (lambda t: permission(t).pop("SourceArn"), cognito_alone_may_call_it),
    "another service": (
        lambda t: permission(t).update(Principal="events.amazonaws.com"),
        cognito_alone_may_call_it,
    ),
    "a permission a user pool": (permit_once_more, cognito_alone_may_call_it),
    "the function instead of its alias": (permit_the_function, cognito_alone_may_call_it),
    "no snapshot": (lambda t: function(t).pop("SnapStart"), it_starts_from_a_snapshot),
    "an alias of what changes": (lambda t: alias(t).update(FunctionVersion={"Ref": "x"}), it_starts_from_a_snapshot),
    "an alias of another name": (lambda t: alias(t).update(Name="latest"), it_starts_from_a_snapshot),
    "a name of CloudFormation's": (lambda t: function(t).pop("FunctionName"), it_starts_from_a_snapshot),
    "another table": (
        lambda t: function(t)["Environment"]["Variables"].update(ONBOARDING_ROUTES_TABLE="routes"),
        it_is_told_no_more_than_it_reads,
    ),
    "a table of another name": (
        lambda t: only(t, "AWS::DynamoDB::GlobalTable", "TablesRoutes")[1].pop("TableName"),
        it_is_told_no_more_than_it_reads,
    ),
    "a sign-up trigger that nobody attaches": (
        lambda t: functions(t)["capacity"][1]["Environment"]["Variables"].pop("ONBOARDING_PRE_SIGN_UP_ARN"),
        who_opens_user_pools_attaches_it,
    ),
    "a sign-up trigger that any account may call": (
        lambda t: only(t, "AWS::Lambda::Permission", "PreSignUpAliasUserPools")[1].pop("SourceAccount"),
        cognito_alone_may_call_it,
    ),
    "a sign-up trigger that reads another table": (
        lambda t: functions(t)["pre_sign_up"][1]["Environment"]["Variables"].update(ONBOARDING_ROUTES_TABLE="routes"),
        it_is_told_no_more_than_it_reads,
    ),
    "user pools that call the function": (attach_the_function, who_opens_user_pools_attaches_it),
}


@pytest.mark.parametrize(("spoil", "rule"), SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_template_is_noticed(spoil: Callable[[Template], object], rule: Rule, template: Template) -> None:
    """The rule complains about a template that breaks it."""
    spoil(template)
    assert rule(template) != []


def test_each_rule_is_shown_to_complain() -> None:
    """No rule is left without a template that breaks it."""
    assert {rule for _, rule in SPOILT.values()} == set(RULES)


@pytest.mark.parametrize(("plan", "told"), [("LITE", 1), ("ESSENTIALS", 0), ("PLUS", 0)])
def test_whoever_deploys_on_the_least_plan_is_told_what_it_lacks(plan: str, told: int) -> None:
    """A warning at synthesis, that access tokens say nothing of tenants."""
    configuration = Configuration.model_validate({"featurePlan": plan, "local": True})
    stack = TenantOnboardingStack(App(), "TenantOnboarding", configuration=configuration)
    warnings = Annotations.from_stack(stack)
    judge = warnings.has_warning if told else warnings.has_no_warning
    judge("*", Match.string_like_regexp("LITE only ID tokens"))


@pytest.mark.parametrize(
    ("kept", "reserved"), [({}, None), ({"reservedForTokens": 0}, None), ({"reservedForTokens": 20}, 20)]
)
def test_a_deployment_may_keep_functions_for_sign_ins(kept: dict[str, int], reserved: int | None) -> None:
    """None of the others can then take them; an account with a small quota could not grant any."""
    having = {
        name: each[1]["ReservedConcurrentExecutions"]
        for name, each in functions(chosen(**kept)).items()
        if "ReservedConcurrentExecutions" in each[1]
    }
    assert having == ({"token_claims": reserved} if reserved else {})


def test_the_page_says_how_many_functions_anybody_can_have_at_work() -> None:
    bounds, tries = (resolver.BOUNDS, status_api.HEADERS_ALONE), WHILE_SOMEBODY_SIGNS_IN.seconds
    most = sum(each.a_second * tries for each in bounds)
    assert f"`/config` is at work in {most:.0f} at most" in (ROOT / "docs/deployment.md").read_text()
