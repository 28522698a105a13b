"""What the template must obey about the account API, each rule a function returning its complaints."""

import json

from tests.infra.status_api_rules import LOGGED, MOST_REQUESTS_AT_ONCE, function_of
from tests.infra.template import Template, of_api, text
from tests.infra.template_rules import Rule

API = "UsersAccountApi"
AUTH = "/account/v1/auth"
LINKS = {"ThrottlingRateLimit": 20, "ThrottlingBurstLimit": 40}
PROVING = {"ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 10}
BY_THEMSELVES = {
    **{f"{method} /account/v1/openapi.json": PROVING for method in ("GET", "HEAD", "OPTIONS")},
    **{f"{method} {AUTH}/register": LINKS for method in ("POST", "OPTIONS")},
    **{f"{method} {AUTH}/forgot-password": LINKS for method in ("POST", "OPTIONS")},
    **{f"{method} {AUTH}/confirm": PROVING for method in ("POST", "OPTIONS")},
    **{f"{method} {AUTH}/reset-password": PROVING for method in ("POST", "OPTIONS")},
}
OF_SESSIONS = {
    f"{method} {AUTH}/{name}": LINKS
    for name in ("sign-in", "challenge", "refresh", "sign-out")
    for method in ("POST", "OPTIONS")
}
CHANGING = {"ThrottlingRateLimit": 2, "ThrottlingBurstLimit": 10}
PEOPLE = "/account/v1/users"
READ = {f"{method} {PEOPLE}{path}": LINKS for method in ("GET", "HEAD", "OPTIONS") for path in ("/me", "", "/{userId}")}
CHANGED = {f"{method} {PEOPLE}{path}": CHANGING for method in ("PATCH", "DELETE") for path in ("/me", "/{userId}")}
RESENT = f"{PEOPLE}/{{userId}}/resend-invitation"
INVITED = {f"POST {PEOPLE}": PROVING, **{f"{method} {RESENT}": PROVING for method in ("POST", "OPTIONS")}}
GUESSING = {"ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 5}
PROVED = {
    **{f"{method} {PEOPLE}/me/password": GUESSING for method in ("PUT", "OPTIONS")},
    **{f"{method} {PEOPLE}/me/mfa": GUESSING for method in ("POST", "DELETE", "OPTIONS")},
}
OF_MEMBERS = READ | CHANGED | INVITED | PROVED
"""Whatever is asked for uses up nothing of what something else may."""
USER_UPDATES_A_SECOND = 25
"""Cognito's rate quota of an account; onboarding, which adds admins to groups, has it too."""
SET_PASSWORDS_A_SECOND = 30
"""Cognito's rate quota of AdminSetUserPassword, of an account; onboarding, which mails first passwords, has it too."""
SIGN_INS_A_SECOND = 120
"""Cognito's rate quota of an account; pages that sign in by the SDK have it too."""
OF_TOKENS = {"$context.authorizer.claims.sub", "$context.authorizer.error"}


def each_path_leads_to_its_function_and_asks_for_no_token(template: Template) -> list[str]:
    """Nobody who proves an address has a token, `members` looks at tokens itself; `proofs` answers the rest."""
    found = {
        each["RouteKey"]: (each["AuthorizationType"], function_of(template, each))
        for each in of_api(template, "Route", API).values()
    }
    wanted = dict.fromkeys(("$default", *BY_THEMSELVES), ("NONE", "{ProofsAlias}"))
    wanted |= dict.fromkeys(OF_SESSIONS, ("NONE", "{SessionsAlias}"))
    wanted |= dict.fromkeys(OF_MEMBERS, ("NONE", "{MembersAlias}"))
    return [f"route {name}: {how}" for name, how in sorted(found.items() ^ wanted.items())]


def each_path_is_throttled_by_itself(template: Template) -> list[str]:
    """The rest has little; and what ends in Amazon Cognito leaves onboarding most of the account's rate there."""
    (stage,) = of_api(template, "Stage", API).values()
    rest, of_routes = stage.get("DefaultRouteSettings", {}), stage.get("RouteSettings", {})
    complaints = [] if rest == PROVING else [f"the rest admits {rest}"]
    if of_routes != BY_THEMSELVES | OF_SESSIONS | OF_MEMBERS:
        complaints.append(f"counted by themselves are {of_routes}")
    complaints += [f"{name} admits {each}" for name, each in of_routes.items() if _is_much(each)]
    to_cognito = [of_routes.get(f"POST {AUTH}/{name}", rest) for name in ("confirm", "reset-password")]
    if sum(each["ThrottlingRateLimit"] for each in to_cognito) * 3 > SET_PASSWORDS_A_SECOND:
        complaints.append("passwords are set faster than onboarding can bear")
    updating = sum(of_routes[name]["ThrottlingRateLimit"] for name in CHANGED if name in of_routes)
    if updating * 3 > USER_UPDATES_A_SECOND:
        complaints.append("people are changed faster than onboarding can bear")
    authenticating = [of_routes.get(f"POST {AUTH}/{name}", rest) for name in ("sign-in", "challenge", "refresh")]
    if sum(each["ThrottlingRateLimit"] for each in authenticating) * 2 > SIGN_INS_A_SECOND:
        complaints.append("people sign in by us faster than leaves their own pages enough")
    return complaints


def requests_are_logged_without_what_names_anybody(template: Template) -> list[str]:
    """Neither query nor body, and no header; the function itself says which pages may ask."""
    (stage,) = of_api(template, "Stage", API).values()
    (api,) = of_api(template, "Api", API).values()
    log = stage.get("AccessLogSettings", {})
    complaints = [] if text(log.get("DestinationArn", "")) == "{UsersAccountApiAccessLogs.Arn}" else ["no access log"]
    logged = set(json.loads(log.get("Format", "{}")).values())
    complaints += [f"{each} is logged" for each in sorted(logged ^ (LOGGED - OF_TOKENS))]
    return [*complaints, "API Gateway answers browsers"] if "CorsConfiguration" in api else complaints


def _is_much(bounds: dict[str, int]) -> bool:
    return not 0 < bounds["ThrottlingRateLimit"] <= bounds["ThrottlingBurstLimit"] <= MOST_REQUESTS_AT_ONCE


RULES: tuple[Rule, ...] = (
    each_path_leads_to_its_function_and_asks_for_no_token,
    each_path_is_throttled_by_itself,
    requests_are_logged_without_what_names_anybody,
)
