"""What the template must obey about the status API and its operators, each rule a function returning its complaints."""

import json
from typing import Any

from tests.infra.template import Template, functions, grants, of_api, of_type, only, statements, text
from tests.infra.template_rules import Rule

API = "StatusApi"
MOST_REQUESTS_AT_ONCE = 100
FILES_AT_ONCE = {"ThrottlingRateLimit": 25, "ThrottlingBurstLimit": 50}
SIGN_INS = {"ThrottlingRateLimit": 50, "ThrottlingBurstLimit": 100}
SELDOM = {"ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 10}
BY_THEMSELVES = {
    "GET /": FILES_AT_ONCE,
    "GET /dashboard/{part+}": FILES_AT_ONCE,
    "GET /config": SIGN_INS,
    "OPTIONS /config": SIGN_INS,
    "GET /openapi.json": SELDOM,
    "HEAD /": SELDOM,
    "HEAD /dashboard/{part+}": SELDOM,
    "HEAD /config": SELDOM,
    "HEAD /openapi.json": SELDOM,
}
"""What anybody may ask much for, so that it uses up nothing of what operators may ask."""
LOGGED = {
    "$context.authorizer.claims.sub",
    "$context.authorizer.error",
    "$context.httpMethod",
    "$context.identity.sourceIp",
    "$context.integrationErrorMessage",
    "$context.path",
    "$context.requestId",
    "$context.requestTimeEpoch",
    "$context.responseLatency",
    "$context.status",
}
"""None of them holds the query, which may hold an email address. Where a request came from tells an attack."""
READING = ("GET", "HEAD")
TRACING = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
PAGE = "{StatusApi.ApiEndpoint}/"
RESOLVER = {
    "ONBOARDING_APP_DOMAIN": "app.example",
    "ONBOARDING_LOG_LEVEL": "INFO",
    "ONBOARDING_ROUTES_TABLE": "{TablesRoutes}",
    "ONBOARDING_TOKEN_USE": "access",
}
DASHBOARD = {
    "DASHBOARD_ADDRESS": PAGE,
    "DASHBOARD_CLIENT_ID": "{OperatorsUserPoolClient}",
    "DASHBOARD_ISSUER": "https://cognito-idp.{Region}.amazonaws.com/{OperatorsUserPool}",
    "DASHBOARD_SIGN_IN_ADDRESS": "https://{OperatorsUserPoolDomain}.auth.{Region}.amazoncognito.com",
}


def whatever_is_asked_of_the_api_needs_an_operators_token(template: Template) -> list[str]:
    """One route for every method and path, with the operators' authorizer; without are only what names nobody."""
    routes = {
        properties["RouteKey"]: (
            properties["AuthorizationType"],
            text(properties.get("AuthorizerId", "")),
            function_of(template, properties),
        )
        for properties in of_api(template, "Route", API).values()
    }
    opened = {
        "/openapi.json": "{ApiAlias}",
        "/": "{PageDashboardAlias}",
        "/dashboard/{part+}": "{PageDashboardAlias}",
        "/config": "{ResolverAlias}",
    }
    wanted = {
        "$default": ("JWT", "{StatusApiOperators}", "{ApiAlias}"),
        "OPTIONS /config": ("NONE", "", "{ResolverAlias}"),
        **{f"{method} {path}": ("NONE", "", function) for path, function in opened.items() for method in READING},
    }
    complaints = [f"route {name}: {how}" for name, how in sorted(routes.items() ^ wanted.items())]
    for name, properties in of_api(template, "Authorizer", API).items():
        trusted = properties.get("JwtConfiguration", {})
        if properties["AuthorizerType"] != "JWT" or properties["IdentitySource"] != ["$request.header.Authorization"]:
            complaints.append(f"{name} looks elsewhere for a token")
        if text(trusted.get("Issuer", "")) != "https://cognito-idp.{Region}.amazonaws.com/{OperatorsUserPool}":
            complaints.append(f"{name} trusts another user pool")
        if [text(client) for client in trusted.get("Audience", [])] != ["{OperatorsUserPoolClient}"]:
            complaints.append(f"{name} admits tokens of other app clients")
    return complaints


def the_api_is_throttled_and_logged(template: Template) -> list[str]:
    """One stage, that of the API's plain address: bounded in requests, and each is logged without a mail address."""
    complaints = []
    (stage,) = of_api(template, "Stage", API).values()
    bounds = stage.get("DefaultRouteSettings", {})
    if not 0 < bounds.get("ThrottlingRateLimit", 0) <= bounds.get("ThrottlingBurstLimit", 0) <= MOST_REQUESTS_AT_ONCE:
        complaints.append(f"the stage admits {bounds}")
    if (by_themselves := stage.get("RouteSettings")) != BY_THEMSELVES:
        complaints.append(f"counted by themselves are {by_themselves}")
    log = stage.get("AccessLogSettings", {})
    if text(log.get("DestinationArn", "")) != "{StatusApiAccessLogs.Arn}":
        complaints.append("requests are not logged")
    complaints += [f"{each} is logged" for each in json.loads(log.get("Format", "{}")).values() if each not in LOGGED]
    (api,) = of_api(template, "Api", API).values()
    return [*complaints, "other origins' pages may call it"] if "CorsConfiguration" in api else complaints


def operators_are_let_in_by_administrators_only(template: Template) -> list[str]:
    """No sign-up, a second factor, clients without a secret, no password on the wire; kept when the stack goes."""
    name, pool = only(template, "AWS::Cognito::UserPool", "OperatorsUserPool")
    complaints = []
    if pool.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly") is not True:
        complaints.append("anybody may sign up as an operator")
    if (pool.get("MfaConfiguration"), pool.get("EnabledMfas")) != ("ON", ["SOFTWARE_TOKEN_MFA"]):
        complaints.append("operators need no authenticator app")
    kept = template["Resources"][name]
    if (pool.get("DeletionProtection"), kept.get("DeletionPolicy")) != ("ACTIVE", "Retain"):
        complaints.append("the operators' user pool can be deleted")
    for client in (each["Properties"] for each in of_type(template, "AWS::Cognito::UserPoolClient").values()):
        flows = sorted(client["ExplicitAuthFlows"])
        if client["GenerateSecret"] or flows != ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"]:
            complaints.append(f"an app client has a secret, or signs in by {flows}")
        complaints += _complaints_about_sign_in(client)
        if client["WriteAttributes"] != ["name"] or client["PreventUserExistenceErrors"] != "ENABLED":
            complaints.append("an app client may write, or tells, too much")
    groups = {each["Properties"]["GroupName"] for each in of_type(template, "AWS::Cognito::UserPoolGroup").values()}
    return complaints if groups == {"viewers", "operators"} else [*complaints, f"the groups are {sorted(groups)}"]


def no_function_reaches_the_operators_user_pool(template: Template) -> list[str]:
    """It bears no tag of ours, and as some function may give that tag each one is denied whatever it would do there."""
    _, pool = only(template, "AWS::Cognito::UserPool", "OperatorsUserPool")
    complaints = ["the operators' user pool is tagged as tenants' are"] if pool.get("UserPoolTags") else []
    wanted = {"Effect": "Deny", "Action": "cognito-idp:*", "Resource": "{OperatorsUserPool.Arn}"}
    for name, (_, properties) in functions(template).items():
        denied = [
            {key: text(value) for key, value in each.items()}
            for each in statements(template, properties["Role"])
            if each["Effect"] == "Deny"
        ]
        if denied != [wanted]:
            complaints.append(f"{name} is denied {denied}")
    return complaints


def what_anybody_may_ask_for_can_do_nothing(template: Template) -> list[str]:
    """The dashboard's function may call nothing but what traces it, and is told nothing but where to sign in."""
    _, properties = functions(template)["dashboard"]
    allowed = grants(template, properties["Role"])
    complaints = [] if allowed == {"*": TRACING} else [f"the dashboard is allowed {allowed}"]
    told = {name: text(value) for name, value in properties["Environment"]["Variables"].items()}
    return complaints if told == DASHBOARD else [*complaints, f"the dashboard is told {told}"]


def the_resolver_may_read_routes_and_nothing_else(template: Template) -> list[str]:
    """Anybody may ask it, so it is told no more than it needs, and may look up a route, not list any."""
    _, properties = functions(template)["resolver"]
    allowed = grants(template, properties["Role"])
    wanted = {"*": TRACING, "{TablesRoutes.Arn}": {"dynamodb:GetItem"}}
    complaints = [] if allowed == wanted else [f"the resolver is allowed {allowed}"]
    told = {name: text(value) for name, value in properties["Environment"]["Variables"].items()}
    return complaints if told == RESOLVER else [*complaints, f"the resolver is told {told}"]


def the_resolver_starts_from_a_snapshot(template: Template) -> list[str]:
    """Only a published version has one, so the API names the alias of the version that is deployed."""
    logical_id, properties = functions(template)["resolver"]
    complaints = []
    if properties.get("SnapStart") != {"ApplyOn": "PublishedVersions"}:
        complaints.append("the resolver starts anew each time")
    _, alias = only(template, "AWS::Lambda::Alias", "ResolverAlias")
    version = template["Resources"].get(alias["FunctionVersion"].get("Fn::GetAtt", [""])[0], {})
    if version.get("Type") != "AWS::Lambda::Version" or version["Properties"]["FunctionName"] != {"Ref": logical_id}:
        complaints.append("the alias leads to no version that is published with the function")
    return complaints if alias["Name"] == "live" else [*complaints, f"the alias is {alias['Name']}"]


def function_of(template: Template, route: dict[str, Any]) -> str:
    """Return the function behind a route."""
    _, parts = route["Target"]["Fn::Join"]
    (integration,) = [part["Ref"] for part in parts if isinstance(part, dict)]
    return text(template["Resources"][integration]["Properties"]["IntegrationUri"])


def _complaints_about_sign_in(client: dict[str, Any]) -> list[str]:
    """By code only, with accounts of the user pool only, and back to the dashboard only."""
    how = {
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid", "email"],
        "SupportedIdentityProviders": ["COGNITO"],
    }
    complaints = [f"an app client has {name} {client.get(name)}" for name in how if client.get(name) != how[name]]
    led_back = [text(address) for name in ("CallbackURLs", "LogoutURLs") for address in client.get(name, [])]
    return complaints if led_back == [PAGE, PAGE] else [*complaints, f"sign-in leads back to {led_back}"]


RULES: tuple[Rule, ...] = (
    whatever_is_asked_of_the_api_needs_an_operators_token,
    the_api_is_throttled_and_logged,
    operators_are_let_in_by_administrators_only,
    no_function_reaches_the_operators_user_pool,
    what_anybody_may_ask_for_can_do_nothing,
    the_resolver_may_read_routes_and_nothing_else,
    the_resolver_starts_from_a_snapshot,
)
