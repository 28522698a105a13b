"""What the template must obey about the status API and its operators, each rule a function returning its complaints."""

from tests.infra.template import Template, functions, of_type, only, statements, text
from tests.infra.template_rules import Rule

MOST_REQUESTS_AT_ONCE = 100


def whatever_is_asked_of_the_api_needs_an_operators_token(template: Template) -> list[str]:
    """One route for every method and path, with the operators' authorizer; without are only the API's own words."""
    routes = {
        properties["RouteKey"]: (properties["AuthorizationType"], text(properties.get("AuthorizerId", "")))
        for properties in (each["Properties"] for each in of_type(template, "AWS::ApiGatewayV2::Route").values())
    }
    wanted = {"$default": ("JWT", "{StatusApiOperators}"), "GET /openapi.json": ("NONE", "")}
    complaints = [f"route {name}: {how}" for name, how in sorted(routes.items() ^ wanted.items())]
    for name, authorizer in of_type(template, "AWS::ApiGatewayV2::Authorizer").items():
        properties = authorizer["Properties"]
        trusted = properties.get("JwtConfiguration", {})
        if properties["AuthorizerType"] != "JWT" or properties["IdentitySource"] != ["$request.header.Authorization"]:
            complaints.append(f"{name} looks elsewhere for a token")
        if text(trusted.get("Issuer", "")) != "https://cognito-idp.{Region}.amazonaws.com/{OperatorsUserPool}":
            complaints.append(f"{name} trusts another user pool")
        if [text(client) for client in trusted.get("Audience", [])] != ["{OperatorsUserPoolClient}"]:
            complaints.append(f"{name} admits tokens of other app clients")
    return complaints


def the_api_is_throttled_and_logged(template: Template) -> list[str]:
    """One stage, that of the API's plain address: bounded in requests, and each is logged without an address."""
    complaints = []
    (stage,) = (each["Properties"] for each in of_type(template, "AWS::ApiGatewayV2::Stage").values())
    bounds = stage.get("DefaultRouteSettings", {})
    if not 0 < bounds.get("ThrottlingRateLimit", 0) <= bounds.get("ThrottlingBurstLimit", 0) <= MOST_REQUESTS_AT_ONCE:
        complaints.append(f"the stage admits {bounds}")
    log = stage.get("AccessLogSettings", {})
    if text(log.get("DestinationArn", "")) != "{StatusApiAccessLogs.Arn}":
        complaints.append("requests are not logged")
    complaints += [f"{each} is logged" for each in ("sourceIp", "email", "userAgent") if each in log.get("Format", "")]
    (api,) = (each["Properties"] for each in of_type(template, "AWS::ApiGatewayV2::Api").values())
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


RULES: tuple[Rule, ...] = (
    whatever_is_asked_of_the_api_needs_an_operators_token,
    the_api_is_throttled_and_logged,
    operators_are_let_in_by_administrators_only,
    no_function_reaches_the_operators_user_pool,
)
