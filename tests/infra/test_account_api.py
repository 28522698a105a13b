"""The template obeys the rules of the account API, and each rule can tell when it does not."""

import json
import re
import tomllib
from collections.abc import Callable
from typing import Any

import boto3
import pytest
import yaml

from infra import ROOT
from infra.account_api import ANYBODYS, OF_SESSIONS
from infra.outputs import TOLD
from orchestrator.users.contract import BASE_PATH
from tests.infra import account_api_rules as rules
from tests.infra.account_api_rules import API, AUTH, RULES
from tests.infra.template import HASH, Template, chosen, of_api, of_type, text
from tests.infra.template_rules import OUTPUTS, Rule


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_template_obeys(rule: Rule, template: Template) -> None:
    """No rule has a complaint about what is synthesized."""
    assert rule(template) == []


OWN = {
    "apiDomain": "accounts.product.example",
    "apiCertificate": "arn:aws:acm:eu-central-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef",
}
CLOSED = OWN | {"apiDomainOnly": "true"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("own", [OWN, CLOSED], ids=["with a domain", "at its domain only"])
def test_so_does_one_at_a_domain_of_its_own(rule: Rule, own: dict[str, str]) -> None:
    assert rule(chosen(**own)) == []


@pytest.mark.parametrize("own", [OWN, CLOSED], ids=["with a domain", "at its domain only"])
def test_the_whole_api_is_at_the_domain_that_was_chosen(own: dict[str, str]) -> None:
    """It is mapped without a key, so that its paths are the same there; the outputs say where, and what DNS needs."""
    template = chosen(**own)
    (domain,) = of_type(template, "AWS::ApiGatewayV2::DomainName").values()
    (configuration,) = domain["Properties"].pop("DomainNameConfigurations")
    assert domain["Properties"] == {"DomainName": OWN["apiDomain"]}
    assert configuration == {
        "CertificateArn": OWN["apiCertificate"],
        "EndpointType": "REGIONAL",
        "SecurityPolicy": "TLS_1_2",
    }
    (mapping,) = of_type(template, "AWS::ApiGatewayV2::ApiMapping").values()
    assert {name: text(value) for name, value in mapping["Properties"].items()} == {
        "ApiId": "{UsersAccountApi}",
        "DomainName": "{UsersAccountApiDomain}",
        "Stage": "{UsersAccountApiStage}",
    }
    outputs = {name: text(each["Value"]) for name, each in template["Outputs"].items()}
    assert outputs["AccountApiUrl"] == f"https://{{UsersAccountApiDomain}}{BASE_PATH}"
    assert outputs["AccountApiDnsTarget"] == "{UsersAccountApiDomain.RegionalDomainName}"
    assert outputs.keys() - OUTPUTS.keys() == {"AccountApiDnsTarget", *TOLD}


def test_the_address_that_api_gateway_gives_is_closed_by_choice_alone(template: Template) -> None:
    """And only the account API's: the status API has no other."""
    for made, closed in ((template, set()), (chosen(**OWN), set()), (chosen(**CLOSED), {"UsersAccountApi"})):
        apis = of_type(made, "AWS::ApiGatewayV2::Api")
        assert {
            HASH.sub("", name) for name, each in apis.items() if each["Properties"].get("DisableExecuteApiEndpoint")
        } == closed
        assert len(apis) == 2


def test_without_a_choice_there_is_no_domain(template: Template) -> None:
    kinds = {each["Type"] for each in template["Resources"].values()}
    assert not kinds & {"AWS::ApiGatewayV2::DomainName", "AWS::ApiGatewayV2::ApiMapping"}


def test_every_property_of_a_domain_is_one_that_api_gateway_takes() -> None:
    """By the SDK's model: CloudFormation's properties bear the names of the operations' parameters."""
    model = boto3.Session().client("apigatewayv2", region_name="eu-central-1").meta.service_model
    for kind in ("DomainName", "ApiMapping"):
        shape: Any = model.operation_model(f"Create{kind}").input_shape
        (made,) = of_type(chosen(**OWN), f"AWS::ApiGatewayV2::{kind}").values()
        assert set(shape.required_members) <= made["Properties"].keys() <= shape.members.keys()
    configuration: Any = model.shape_for("DomainNameConfiguration")
    (domain,) = of_type(chosen(**OWN), "AWS::ApiGatewayV2::DomainName").values()
    (found,) = domain["Properties"]["DomainNameConfigurations"]
    for name, value in found.items():
        assert value in (getattr(configuration.members[name], "enum", None) or [value])


def one(template: Template, kind: str) -> dict[str, Any]:
    """Return the properties of some resource of the API, to be spoilt."""
    return next(iter(of_api(template, kind, API).values()))


def route(template: Template, key: str) -> dict[str, Any]:
    """Return the properties of a route, to be spoilt."""
    return next(each for each in of_api(template, "Route", API).values() if each["RouteKey"] == key)


def bounds(template: Template, key: str) -> dict[str, int]:
    """Return the bounds of a route, to be spoilt."""
    found: dict[str, int] = one(template, "Stage")["RouteSettings"][key]
    return found


def log(template: Template, variable: str) -> None:
    """Log one thing more of each request."""
    settings = one(template, "Stage")["AccessLogSettings"]
    settings["Format"] = json.dumps(json.loads(settings["Format"]) | {"more": variable})


SPOILT: dict[str, tuple[Callable[[Template], object], Rule]] = {
    "a token before there is any": (
        lambda t: route(t, f"POST {AUTH}/register").update(AuthorizationType="JWT"),
        rules.each_path_leads_to_its_function_and_asks_for_no_token,
    ),
    "another method": (
        lambda t: route(t, f"POST {AUTH}/confirm").update(RouteKey=f"ANY {AUTH}/confirm"),
        rules.each_path_leads_to_its_function_and_asks_for_no_token,
    ),
    "a path that is answered by nothing": (
        lambda t: route(t, "$default").update(RouteKey="GET /"),
        rules.each_path_leads_to_its_function_and_asks_for_no_token,
    ),
    "registrations that use up what confirming may": (
        lambda t: one(t, "Stage")["RouteSettings"].pop(f"POST {AUTH}/confirm"),
        rules.each_path_is_throttled_by_itself,
    ),
    "as many as anybody likes": (
        lambda t: bounds(t, f"POST {AUTH}/register").update(ThrottlingBurstLimit=5_000),
        rules.each_path_is_throttled_by_itself,
    ),
    "passwords faster than Cognito sets them": (
        lambda t: bounds(t, f"POST {AUTH}/reset-password").update(ThrottlingRateLimit=10),
        rules.each_path_is_throttled_by_itself,
    ),
    "sign-ins faster than leaves others enough": (
        lambda t: bounds(t, f"POST {AUTH}/sign-in").update(ThrottlingRateLimit=90, ThrottlingBurstLimit=90),
        rules.each_path_is_throttled_by_itself,
    ),
    "no bound of the rest": (
        lambda t: one(t, "Stage").pop("DefaultRouteSettings"),
        rules.each_path_is_throttled_by_itself,
    ),
    "no access log": (
        lambda t: one(t, "Stage").pop("AccessLogSettings"),
        rules.requests_are_logged_without_what_names_anybody,
    ),
    "where somebody is in the log": (
        lambda t: log(t, "$context.domainName"),
        rules.requests_are_logged_without_what_names_anybody,
    ),
    "every page": (
        lambda t: one(t, "Api").update(CorsConfiguration={"AllowOrigins": ["*"]}),
        rules.requests_are_logged_without_what_names_anybody,
    ),
}


@pytest.mark.parametrize(("spoil", "rule"), SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_template_is_noticed(spoil: Callable[[Template], object], rule: Rule, template: Template) -> None:
    """The rule complains about a template that breaks it."""
    spoil(template)
    assert rule(template) != []


def test_each_rule_is_shown_to_complain() -> None:
    """No rule is left without a template that breaks it."""
    assert {rule for _, rule in SPOILT.values()} == set(RULES)


def test_every_path_is_below_that_of_the_output() -> None:
    """Whoever has the address adds the rest of a path."""
    assert [path for path in (*ANYBODYS, *OF_SESSIONS) if not path.startswith(f"{BASE_PATH}/auth/")] == []


class Tags(yaml.SafeLoader):
    """Reads CloudFormation's short forms, each as what it refers to."""


Tags.add_constructor("!Ref", lambda _, node: node.value)


def test_the_guide_chooses_a_domain_that_may_be_chosen() -> None:
    (block,) = re.findall(r"```toml\n(apiDomain.+?)```", (ROOT / "docs/users.md").read_text(), re.DOTALL)
    assert tomllib.loads(block) == OWN


def test_the_mapping_of_the_guide_is_one_that_api_gateway_takes(template: Template) -> None:
    """It leads to the stage that the API has, by the output that there is."""
    guide = (ROOT / "docs/users.md").read_text()
    (block,) = re.findall(r"```yaml\n(AccountApi:\n.+?)```", guide, re.DOTALL)
    resource = yaml.load(block, Tags)["AccountApi"]
    model = boto3.Session().client("apigatewayv2", region_name="eu-central-1").meta.service_model
    shape: Any = model.operation_model("CreateApiMapping").input_shape
    assert resource["Type"] == "AWS::ApiGatewayV2::ApiMapping"
    assert resource["Properties"].keys() == shape.members.keys()
    assert resource["Properties"]["Stage"] == one(template, "Stage")["StageName"]
    assert resource["Properties"]["ApiId"] in template["Outputs"]
