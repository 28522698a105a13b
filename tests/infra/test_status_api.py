"""The template obeys the rules of the status API, and each rule can tell when it does not."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.infra import status_api_rules as rules
from tests.infra.status_api_rules import RULES
from tests.infra.template import Template, chosen, functions, of_api, of_type, only, statements
from tests.infra.template_rules import Rule


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_template_obeys(rule: Rule, template: Template) -> None:
    """No rule has a complaint about what is synthesized."""
    assert rule(template) == []


def one(template: Template, kind: str) -> dict[str, Any]:
    """Return the properties of some resource of a type, of this API if it is an API's, to be spoilt."""
    service, _, resource = kind.partition("::")
    if service == "ApiGatewayV2":
        return next(iter(of_api(template, resource, rules.API).values()))
    properties: dict[str, Any] = next(iter(of_type(template, f"AWS::{kind}").values()))["Properties"]
    return properties


def route(template: Template, key: str) -> dict[str, Any]:
    """Return the properties of a route, to be spoilt."""
    return next(each for each in of_api(template, "Route", rules.API).values() if each["RouteKey"] == key)


def pool(template: Template) -> dict[str, Any]:
    """Return the properties of the operators' user pool, to be spoilt."""
    return only(template, "AWS::Cognito::UserPool", "OperatorsUserPool")[1]


def denial(template: Template) -> dict[str, Any]:
    """Return what shuts placement out of the operators' user pool, to be spoilt."""
    role = functions(template)["placement"][1]["Role"]
    return next(each for each in statements(template, role) if each["Effect"] == "Deny")


def add_route(template: Template) -> None:
    """Open a path that nobody guards."""
    name, default = next(iter(of_api(template, "Route", rules.API).items()))
    open_path = default | {"RouteKey": "GET /onboardings", "AuthorizationType": "NONE"}
    template["Resources"][f"{name}Open"] = {"Type": "AWS::ApiGatewayV2::Route", "Properties": open_path}


def let_the_page_read(template: Template) -> None:
    """Give the function that anybody may ask a grant."""
    granted = statements(template, functions(template)["dashboard"][1]["Role"])
    granted[0]["Action"].append("dynamodb:Query")


def let_the_resolver_list(template: Template) -> None:
    """Let anybody find all tenants by a defect in the function."""
    granted = statements(template, functions(template)["resolver"][1]["Role"])
    next(each for each in granted if each["Action"] == "dynamodb:GetItem")["Action"] = "dynamodb:Scan"


def log(template: Template, variable: str) -> None:
    """Log one thing more of each request."""
    settings = one(template, "ApiGatewayV2::Stage")["AccessLogSettings"]
    settings["Format"] = json.dumps(json.loads(settings["Format"]) | {"more": variable})


def forget_to_keep(template: Template) -> None:
    """Let the operators go with the stack."""
    name, _ = only(template, "AWS::Cognito::UserPool", "OperatorsUserPool")
    template["Resources"][name]["DeletionPolicy"] = "Delete"


SPOILT: dict[str, tuple[Callable[[Template], object], Rule]] = {
    "no token needed": (
        lambda t: route(t, "$default").update(AuthorizationType="NONE"),
        rules.whatever_is_asked_of_the_api_needs_an_operators_token,
    ),
    "a path without a token": (add_route, rules.whatever_is_asked_of_the_api_needs_an_operators_token),
    "a token for the description": (
        lambda t: route(t, "GET /openapi.json").update(AuthorizationType="JWT"),
        rules.whatever_is_asked_of_the_api_needs_an_operators_token,
    ),
    "the page by the function that may act": (
        lambda t: route(t, "GET /").update(Target=route(t, "$default")["Target"]),
        rules.whatever_is_asked_of_the_api_needs_an_operators_token,
    ),
    "tokens in the address of the page": (
        lambda t: one(t, "Cognito::UserPoolClient").update(AllowedOAuthFlows=["implicit"]),
        rules.operators_are_let_in_by_administrators_only,
    ),
    "led back to elsewhere": (
        lambda t: one(t, "Cognito::UserPoolClient")["CallbackURLs"].append("https://elsewhere.example/"),
        rules.operators_are_let_in_by_administrators_only,
    ),
    "accounts of others": (
        lambda t: one(t, "Cognito::UserPoolClient")["SupportedIdentityProviders"].append("Google"),
        rules.operators_are_let_in_by_administrators_only,
    ),
    "a page that may read": (let_the_page_read, rules.what_anybody_may_ask_for_can_do_nothing),
    "a page that knows the tables": (
        lambda t: functions(t)["dashboard"][1]["Environment"]["Variables"].update(ONBOARDING_TENANTS_TABLE="tenants"),
        rules.what_anybody_may_ask_for_can_do_nothing,
    ),
    "a token in the address": (
        lambda t: one(t, "ApiGatewayV2::Authorizer").update(IdentitySource=["$request.querystring.token"]),
        rules.whatever_is_asked_of_the_api_needs_an_operators_token,
    ),
    "another issuer": (
        lambda t: one(t, "ApiGatewayV2::Authorizer")["JwtConfiguration"].update(Issuer="https://idp.example"),
        rules.whatever_is_asked_of_the_api_needs_an_operators_token,
    ),
    "every app client": (
        lambda t: one(t, "ApiGatewayV2::Authorizer")["JwtConfiguration"].update(Audience=[]),
        rules.whatever_is_asked_of_the_api_needs_an_operators_token,
    ),
    "no bound": (
        lambda t: one(t, "ApiGatewayV2::Stage").pop("DefaultRouteSettings"),
        rules.the_api_is_throttled_and_logged,
    ),
    "a bound that is none": (
        lambda t: one(t, "ApiGatewayV2::Stage")["DefaultRouteSettings"].update(ThrottlingBurstLimit=5_000),
        rules.the_api_is_throttled_and_logged,
    ),
    "files that use up the bound of the API": (
        lambda t: one(t, "ApiGatewayV2::Stage").pop("RouteSettings"),
        rules.the_api_is_throttled_and_logged,
    ),
    "no access log": (
        lambda t: one(t, "ApiGatewayV2::Stage").pop("AccessLogSettings"),
        rules.the_api_is_throttled_and_logged,
    ),
    "addresses in the log": (
        lambda t: log(t, "$context.authorizer.claims.email"),
        rules.the_api_is_throttled_and_logged,
    ),
    "what nobody looked at in the log": (
        lambda t: log(t, "$context.customDomain.basePathMatched"),
        rules.the_api_is_throttled_and_logged,
    ),
    "a description that anybody may ask for without a bound": (
        lambda t: one(t, "ApiGatewayV2::Stage")["RouteSettings"].pop("GET /openapi.json"),
        rules.the_api_is_throttled_and_logged,
    ),
    "sign-ins that use up the bound of the API": (
        lambda t: one(t, "ApiGatewayV2::Stage")["RouteSettings"].pop("GET /config"),
        rules.the_api_is_throttled_and_logged,
    ),
    "a token before signing in": (
        lambda t: route(t, "GET /config").update(AuthorizationType="JWT"),
        rules.whatever_is_asked_of_the_api_needs_an_operators_token,
    ),
    "a resolver that may list": (let_the_resolver_list, rules.the_resolver_may_read_routes_and_nothing_else),
    "a resolver that knows the tenants": (
        lambda t: functions(t)["resolver"][1]["Environment"]["Variables"].update(ONBOARDING_TENANTS_TABLE="tenants"),
        rules.the_resolver_may_read_routes_and_nothing_else,
    ),
    "no snapshot": (
        lambda t: functions(t)["resolver"][1].pop("SnapStart"),
        rules.the_resolver_starts_from_a_snapshot,
    ),
    "an alias of what is not published": (
        lambda t: only(t, "AWS::Lambda::Alias", "ResolverAlias")[1].update(FunctionVersion={"Ref": "Other"}),
        rules.the_resolver_starts_from_a_snapshot,
    ),
    "other origins": (
        lambda t: one(t, "ApiGatewayV2::Api").update(CorsConfiguration={"AllowOrigins": ["*"]}),
        rules.the_api_is_throttled_and_logged,
    ),
    "sign-up": (
        lambda t: pool(t)["AdminCreateUserConfig"].update(AllowAdminCreateUserOnly=False),
        rules.operators_are_let_in_by_administrators_only,
    ),
    "a password alone": (
        lambda t: pool(t).update(MfaConfiguration="OFF"),
        rules.operators_are_let_in_by_administrators_only,
    ),
    "deletable": (
        lambda t: pool(t).update(DeletionProtection="INACTIVE"),
        rules.operators_are_let_in_by_administrators_only,
    ),
    "gone with the stack": (forget_to_keep, rules.operators_are_let_in_by_administrators_only),
    "passwords on the wire": (
        lambda t: one(t, "Cognito::UserPoolClient")["ExplicitAuthFlows"].append("ALLOW_USER_PASSWORD_AUTH"),
        rules.operators_are_let_in_by_administrators_only,
    ),
    "operators who change their address": (
        lambda t: one(t, "Cognito::UserPoolClient")["WriteAttributes"].append("email"),
        rules.operators_are_let_in_by_administrators_only,
    ),
    "a group gone": (
        lambda t: one(t, "Cognito::UserPoolGroup").update(GroupName="admins"),
        rules.operators_are_let_in_by_administrators_only,
    ),
    "our tag on the operators' user pool": (
        lambda t: pool(t).update(UserPoolTags={"tenant-onboarding:stack": "TenantOnboarding"}),
        rules.no_function_reaches_the_operators_user_pool,
    ),
    "a function not shut out": (
        lambda t: denial(t).update(Action="cognito-idp:ListUsers"),
        rules.no_function_reaches_the_operators_user_pool,
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


def test_where_access_tokens_cannot_say_a_tenant_the_resolver_names_the_id_token() -> None:
    """Cognito's plan LITE lets nobody add claims to access tokens."""
    told = functions(chosen(featurePlan="LITE"))["resolver"][1]["Environment"]["Variables"]
    assert told["ONBOARDING_TOKEN_USE"] == "id"


def test_a_deployment_may_leave_the_second_factor_to_its_operators() -> None:
    """An authenticator app can then be added, and is asked for once it was."""
    chosen_pool = pool(chosen(operatorsMfa="OPTIONAL"))
    assert (chosen_pool["MfaConfiguration"], chosen_pool["EnabledMfas"]) == ("OPTIONAL", ["SOFTWARE_TOKEN_MFA"])
