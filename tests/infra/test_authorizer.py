"""The construct that other CDK apps import, in a small app of its own: what it makes, may do and refuses."""

import inspect
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Duration, Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template as Synthesized

from tenant_onboarding import cdk_code
from tenant_onboarding.authorizer import handler, route_cache, token_verifier
from tenant_onboarding.cdk import MOST_CACHED_SECONDS, TOKEN_USES, TenantAuthorizer
from tests.infra.calls import calls_of
from tests.infra.source import LIES_IN
from tests.infra.template import Template, functions, grants, of_type, only, text

REGISTRY = "arn:{Partition}:dynamodb:{Region}:{AccountId}:table/TenantOnboarding-routes"
UNBUNDLED: dict[str, list[str]] = {"aws:cdk:bundling-stacks": []}
"""The CDK's own way to leave code as it is."""
CERTIFICATE = "arn:aws:acm:eu-central-1:000000000000:certificate/0"
TRACING = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}


def source() -> lambda_.Code:
    """Return our modules alone, which takes no time to stage."""
    return lambda_.Code.from_asset(str(LIES_IN["tenant_onboarding"]), exclude=["**/__pycache__"])


def synthesized(tmp_path: Path, **options: Any) -> Template:
    """Return the template of a product's stack: one route behind the authorizer."""
    stack = Stack(App(outdir=str(tmp_path / "cdk.out")), "Product")
    guard = TenantAuthorizer(stack, "Guard", **{"app_domain": "app.example"} | options, code=source())
    api = apigateway.HttpApi(stack, "Api")
    integration = integrations.HttpUrlIntegration("Backend", "https://backend.example")
    api.add_routes(path="/orders", integration=integration, authorizer=guard.authorizer)
    return template_of(stack)


def template_of(stack: Stack) -> Template:
    """Return a stack's template."""
    return dict(Synthesized.from_stack(stack).to_json())


@pytest.fixture
def template(tmp_path: Path) -> Template:
    return synthesized(tmp_path)


def guard(template: Template) -> dict[str, Any]:
    """Return the properties of the authorizer."""
    return only(template, "AWS::ApiGatewayV2::Authorizer", "ApiTenantAuthorizer")[1]


def test_it_starts_from_a_snapshot_behind_its_alias(template: Template) -> None:
    """API Gateway asks the alias, as only a published version has a snapshot."""
    name, properties = functions(template)["authorizer"]
    assert properties["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    assert (properties["Runtime"], properties["Architectures"]) == ("python3.13", ["arm64"])
    assert properties["TracingConfig"] == {"Mode": "Active"}
    ((alias_name, alias),) = of_type(template, "AWS::Lambda::Alias").items()
    ((version_name, version),) = of_type(template, "AWS::Lambda::Version").items()
    assert alias["Properties"] == {
        "Name": "live",
        "FunctionName": {"Ref": name},
        "FunctionVersion": {"Fn::GetAtt": [version_name, "Version"]},
    }
    assert version["Properties"]["FunctionName"] == {"Ref": name}
    assert {"Ref": alias_name} in guard(template)["AuthorizerUri"]["Fn::Join"][1]


def test_api_gateway_may_ask_for_this_authorizer_and_nobody_else_may(template: Template) -> None:
    """The one permission is for the authorizer of the one API, on the alias."""
    (permission,) = of_type(template, "AWS::Lambda::Permission").values()
    (alias_name,) = of_type(template, "AWS::Lambda::Alias")
    properties = permission["Properties"]
    assert properties["FunctionName"] == {"Ref": alias_name}
    assert (properties["Action"], properties["Principal"]) == ("lambda:InvokeFunction", "apigateway.amazonaws.com")
    assert text(properties["SourceArn"]) == (
        "arn:{Partition}:execute-api:{Region}:{AccountId}:{Api}/authorizers/{ApiTenantAuthorizer}"
    )


def test_it_may_read_the_registry_and_nothing_else(template: Template) -> None:
    """Its role is its own, and grants what its code calls."""
    _, properties = functions(template)["authorizer"]
    assert grants(template, properties["Role"]) == {"*": TRACING, REGISTRY: {"dynamodb:GetItem"}}
    assert {call.action for call in calls_of("authorizer")} == {"dynamodb:GetItem"}
    assert len(of_type(template, "AWS::IAM::Role")) == 1


def test_what_it_logs_is_kept_for_three_months(template: Template) -> None:
    """Its log group is its own."""
    (group,) = of_type(template, "AWS::Logs::LogGroup").values()
    assert group["Properties"]["RetentionInDays"] == 90


def test_it_answers_simply_and_is_asked_each_time(template: Template) -> None:
    """A request without a token is refused by API Gateway itself, and no answer is kept."""
    assert {name: value for name, value in guard(template).items() if name not in ("ApiId", "AuthorizerUri")} == {
        "Name": "TenantAuthorizer",
        "AuthorizerType": "REQUEST",
        "AuthorizerPayloadFormatVersion": handler.PAYLOAD,
        "EnableSimpleResponses": True,
        "AuthorizerResultTtlInSeconds": 0,
        "IdentitySource": ["$request.header.Authorization"],
    }
    (route,) = of_type(template, "AWS::ApiGatewayV2::Route").values()
    assert route["Properties"]["AuthorizationType"] == "CUSTOM"


@pytest.mark.parametrize(
    ("options", "sources"),
    [
        ({}, ["Authorization", "host"]),
        ({"host_header": "x-forwarded-host"}, ["Authorization", "x-forwarded-host"]),
        ({"check_host": False}, ["Authorization"]),
    ],
)
def test_an_answer_that_is_kept_is_kept_for_the_host_that_was_checked(
    options: dict[str, Any], sources: list[str], tmp_path: Path
) -> None:
    """Else a token let in at its own host would be let in at every other one for a while."""
    found = guard(synthesized(tmp_path, results_cache_ttl=Duration.minutes(5), **options))
    assert found["IdentitySource"] == [f"$request.header.{name}" for name in sources]
    assert found["AuthorizerResultTtlInSeconds"] == 300


@pytest.mark.parametrize(
    ("options", "changed"),
    [
        ({}, {}),
        ({"onboarding_stack": "Elsewhere"}, {handler.ROUTES_TABLE: "Elsewhere-routes"}),
        ({"token_uses": ("access", "id")}, {handler.TOKEN_USES: "access,id"}),
        ({"check_host": False}, {handler.HOST_HEADER: ""}),
        ({"host_header": "x-forwarded-host"}, {handler.HOST_HEADER: "x-forwarded-host"}),
        (
            {"jwks_address": "http://127.0.0.1:4566/{userPoolId}"},
            {handler.JWKS_ADDRESS: "http://127.0.0.1:4566/{userPoolId}"},
        ),
    ],
)
def test_the_function_is_told_what_is_chosen(options: dict[str, Any], changed: dict[str, str], tmp_path: Path) -> None:
    """Each variable is one that the handler reads, and each that it reads is there."""
    _, properties = functions(synthesized(tmp_path, **options))["authorizer"]
    assert (
        properties["Environment"]["Variables"]
        == {
            handler.ROUTES_TABLE: "TenantOnboarding-routes",
            handler.APP_DOMAIN: "app.example",
            handler.TOKEN_USES: "access",
            handler.HOST_HEADER: "host",
            handler.JWKS_ADDRESS: "",
        }
        | changed
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"token_uses": ()}, "token_uses"),
        ({"token_uses": ("refresh",)}, "token_uses"),
        ({"token_uses": "access"}, "token_uses"),
        ({"host_header": "Host"}, "host_header"),
        ({"host_header": ""}, "host_header"),
        ({"host_header": "host,other"}, "host_header"),
        ({"results_cache_ttl": Duration.seconds(301)}, "results_cache_ttl"),
    ],
)
def test_what_would_let_in_nobody_or_the_wrong_ones_is_refused(options: dict[str, Any], message: str) -> None:
    """The app's developer learns it at synthesis."""
    with pytest.raises(ValueError, match=message):
        TenantAuthorizer(Stack(App(), "Product"), "Guard", **{"app_domain": "app.example"} | options)


def test_a_parameters_new_value_publishes_a_new_version(tmp_path: Path) -> None:
    """Template and code stay the same, so nothing else would: the alias would keep the old environment.

    CloudFormation replaces a version whose description changes; what synthesis knows changes the version's own name.
    """
    stack = Stack(App(outdir=str(tmp_path / "cdk.out")), "Product")
    domain, keys = (CfnParameter(stack, name).value_as_string for name in ("AppDomain", "JwksAddress"))
    TenantAuthorizer(stack, "Guard", app_domain=domain, jwks_address=keys, code=source())
    template = template_of(stack)
    (version,) = of_type(template, "AWS::Lambda::Version").values()
    assert text(version["Properties"]["Description"]) == "{AppDomain} {JwksAddress}"


def test_what_synthesis_knows_gives_the_version_another_name(tmp_path: Path) -> None:
    """It needs no description, which has little room."""
    versions = [
        of_type(synthesized(tmp_path / domain, app_domain=domain), "AWS::Lambda::Version")
        for domain in ("one.example", "two.example")
    ]
    assert versions[0].keys().isdisjoint(versions[1])
    assert [each for found in versions for each in found.values() if "Description" in each["Properties"]] == []


def test_what_is_ours_to_mend_can_be_counted(tmp_path: Path) -> None:
    """In the namespace of the product's stack, by a name that another authorizer there does not have."""
    stack = Stack(App(outdir=str(tmp_path / "cdk.out")), "Product")
    for name in ("Pages", "Orders"):
        guard = TenantAuthorizer(stack, name, app_domain="app.example", code=source())
        assert guard.logged_errors is guard.logged_errors
    filters = [each["Properties"] for each in of_type(template_of(stack), "AWS::Logs::MetricFilter").values()]
    assert {each["FilterPattern"] for each in filters} == {'{ $.level = "ERROR" }'}
    assert {text(each["LogGroupName"]) for each in filters} == {"{PagesAuthorizerLogs}", "{OrdersAuthorizerLogs}"}
    counted = [each["MetricTransformations"][0] for each in filters]
    assert {each["MetricName"] for each in counted} == {
        "PagesAuthorizerLoggedErrors",
        "OrdersAuthorizerLoggedErrors",
    }
    assert [each["MetricNamespace"] for each in counted] == [{"Ref": "AWS::StackName"}] * 2


def test_nobody_counts_what_nobody_asks_for(template: Template) -> None:
    assert of_type(template, "AWS::Logs::MetricFilter") == {}


@pytest.mark.parametrize("context", [{}, {"local": "true"}])
def test_its_code_is_what_is_installed_whatever_the_app_calls_local(context: dict[str, str], tmp_path: Path) -> None:
    """The app's own context says nothing about ours."""
    app = App(context=context, outdir=str(tmp_path / "cdk.out"))
    TenantAuthorizer(Stack(app, "Product"), "Guard", app_domain="app.example")
    (asset,) = [each for each in Path(app.synth().directory).iterdir() if each.name.startswith("asset.")]
    with zipfile.ZipFile(cdk_code.archive()) as archive:
        wanted = {name: archive.read(name) for name in archive.namelist()}
    assert {str(path.relative_to(asset)): path.read_bytes() for path in asset.rglob("*") if path.is_file()} == wanted


def test_other_code_names_another_asset_and_the_same_code_the_same(tmp_path: Path) -> None:
    """So a new version of what is installed is deployed, and an app that is synthesized anew deploys nothing."""
    names = []
    for number, code in enumerate((None, None, source())):
        stack = Stack(App(outdir=str(tmp_path / str(number))), "Product")
        TenantAuthorizer(stack, "Guard", app_domain="app.example", code=code)
        _, function = functions(template_of(stack))["authorizer"]
        names.append(function["Code"]["S3Key"])
    assert names[0] == names[1] != names[2]


def test_construct_and_function_agree() -> None:
    """What one knows by a constant, the other does by another."""
    assert set(TOKEN_USES) == set(token_verifier.CLIENT_CLAIMS)
    assert MOST_CACHED_SECONDS == route_cache.ROUTE_SECONDS


def test_the_guides_example_is_right(tmp_path: Path) -> None:
    """It synthesizes as it stands there, and names no argument that there is not."""
    guide = (Path(__file__).parents[2] / "docs" / "authorizer.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    stack = Stack(App(context=UNBUNDLED, outdir=str(tmp_path / "cdk.out")), "Product")
    function = TenantAuthorizer(stack, "Other", app_domain="app.example").function.function
    known = {
        "self": stack,
        "orders": function,
        "certificate_arn": CERTIFICATE,
    }
    exec(example, known)
    (alarm,) = re.findall(r"```\n(tenants\..*?)```", guide, re.DOTALL)
    exec(alarm, known)
    template = template_of(stack)
    (api,) = of_type(template, "AWS::ApiGatewayV2::Api").values()
    assert api["Properties"]["DisableExecuteApiEndpoint"] is True
    ((host, domain),) = of_type(template, "AWS::ApiGatewayV2::DomainName").items()
    assert domain["Properties"]["DomainName"] == "*.app.example"
    (mapping,) = of_type(template, "AWS::ApiGatewayV2::ApiMapping").values()
    assert mapping["Properties"]["DomainName"] == {"Ref": host}
    (stage,) = of_type(template, "AWS::ApiGatewayV2::Stage").values()
    assert stage["Properties"]["DefaultRouteSettings"] == {"ThrottlingRateLimit": 50, "ThrottlingBurstLimit": 100}
    routes = of_type(template, "AWS::ApiGatewayV2::Route").values()
    assert [each["Properties"]["AuthorizationType"] for each in routes] == ["CUSTOM", "CUSTOM"]
    listed = dict(re.findall(r"^\| `(\w+)` \| (\S*) ", guide.split("## Settings")[1].split("\n## ")[0], re.MULTILINE))
    taken = dict(list(inspect.signature(TenantAuthorizer.__init__).parameters.items())[3:])
    assert listed.keys() == taken.keys()
    shown = {name: default.strip("`") for name, default in listed.items() if default.startswith("`")}
    assert shown == {name: repr(taken[name].default).replace("'", '"') for name in shown}
    assert len(shown) == 4
