"""The sample product's template: one guarded route, functions that may do nothing, and no difference locally."""

import json
from collections import Counter
from typing import Any

import pytest

from orchestrator.local import assembly
from orchestrator.local.product import APP, STACK
from orchestrator.local.rewrites import rewrite
from orchestrator.local.synth import synthesize
from tests.infra.source import ROOT
from tests.infra.template_differences import ENDPOINT, differences

Template = dict[str, Any]


@pytest.fixture(scope="module")
def product() -> Template:
    template: Template = json.loads(assembly.find(synthesize(app=APP), STACK).template.read_text())
    return template


def of_type(product: Template, kind: str) -> dict[str, Any]:
    return {name: each["Properties"] for name, each in product["Resources"].items() if each["Type"] == kind}


def test_the_api_that_has_data_is_guarded_and_all_else_is_open(product: Template) -> None:
    (authorizer,) = of_type(product, "AWS::ApiGatewayV2::Authorizer")
    routes = {each["RouteKey"]: each for each in of_type(product, "AWS::ApiGatewayV2::Route").values()}
    assert routes.keys() == {"GET /", "GET /auth/callback", "GET /parts/{part+}", "GET /me"}
    guarded = {key: each["AuthorizerId"] for key, each in routes.items() if each["AuthorizationType"] != "NONE"}
    assert guarded == {"GET /me": {"Ref": authorizer}}


def test_whoever_makes_up_tokens_costs_no_more_than_so_many_invocations(product: Template) -> None:
    (stage,) = of_type(product, "AWS::ApiGatewayV2::Stage").values()
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 50, "ThrottlingBurstLimit": 100}


def test_only_the_authorizer_may_ask_for_anything(product: Template) -> None:
    policies = of_type(product, "AWS::IAM::Policy").values()
    granted = {
        (action, role["Ref"])
        for policy in policies
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        for role in policy["Roles"]
    }
    assert {action for action, _ in granted} == {
        "dynamodb:GetItem",
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
    }
    assert all(role.startswith("TenantAuthorizer") for _, role in granted)


def test_the_authorizer_takes_access_tokens_at_their_own_tenants_host(product: Template) -> None:
    (judging,) = (
        each["Environment"]["Variables"]
        for each in of_type(product, "AWS::Lambda::Function").values()
        if each["Handler"] == "tenant_onboarding.authorizer.handler.handler"
    )
    assert judging["AUTHORIZER_TOKEN_USES"] == "access"
    assert judging["AUTHORIZER_HOST_HEADER"] == "host"
    assert judging["ONBOARDING_APP_DOMAIN"] == {"Ref": "AppDomain"}


def test_it_runs_locally_as_it_is_deployed(product: Template) -> None:
    """No address is rewritten: whoever deploys gives them as parameters."""
    local, dropped = rewrite(product, ENDPOINT)
    found = list(differences(product, local))
    assert dropped == []
    changed = Counter(each.path[2:] for each in found)
    assert changed == {("Properties", "Runtime"): 3, ("Properties", "SnapStart"): 1}
    assert len(of_type(product, "AWS::Lambda::Function")) == 3


def test_whoever_deploys_must_say_the_domain_and_whom_the_page_asks_and_nothing_else(product: Template) -> None:
    wanted = {name for name, each in product["Parameters"].items() if "Default" not in each}
    assert wanted == {"AppDomain", "ConfigUrl", "AccountApiUrl"}
    readme = (ROOT / "examples/product/README.md").read_text()
    ours = product["Parameters"].keys() - {"BootstrapVersion"}
    assert [name for name in ours if f"`{name}`" not in readme] == []


def test_on_the_feature_plan_lite_id_tokens_are_taken() -> None:
    template = json.loads(assembly.find(synthesize({"tokenUse": "id"}, app=APP), STACK).template.read_text())
    uses = [
        each["Environment"]["Variables"].get("AUTHORIZER_TOKEN_USES")
        for each in of_type(template, "AWS::Lambda::Function").values()
        if "Environment" in each
    ]
    assert [use for use in uses if use] == ["id"]
