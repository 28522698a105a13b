"""App clients.

Let through, as Cognito does: OAuth flows of a client that may not use them [I: hashicorp/terraform-provider-aws#34945].
Left out as NC: scopes like `email` without `openid`.
"""

import re

from tests.unit.strict_cognito.call import LIMIT_EXCEEDED, Call, RefusalError

LOOPBACK = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(?=[:/?]|$)")
ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
STANDARD_SCOPES = {"phone", "email", "openid", "profile", "aws.cognito.signin.user.admin"}
NEVER_WRITABLE = {"sub", "email_verified", "phone_number_verified"}
SECONDS = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}
TOKENS = {
    "Access": ("hours", 300, SECONDS["days"]),
    "Id": ("hours", 300, SECONDS["days"]),
    "Refresh": ("days", SECONDS["hours"], 3_650 * SECONDS["days"]),
}
"""The default unit of each token's validity, and its bounds in seconds [M: TokenValidityUnits]."""
DEFAULT_SECONDS = {"Access": SECONDS["hours"], "Id": SECONDS["hours"], "Refresh": 30 * SECONDS["days"]}


def supported_providers_exist(call: Call) -> None:
    """A supported provider is COGNITO or in the user pool [I: lgallard/terraform-aws-cognito-user-pool#71]."""
    for name in call.body.get("SupportedIdentityProviders", []):
        if name != "COGNITO" and name not in call.pool.identity_providers:
            raise RefusalError(f"The provider {name} does not exist for User Pool {call.pool.id}.")


def read_attributes_are_in_the_schema(call: Call) -> None:
    """ReadAttributes are standard ones or in the user pool's schema [P]."""
    if not all(map(call.attribute, call.body.get("ReadAttributes", []))):
        raise RefusalError("Invalid read attributes specified while creating a client")


def write_attributes_are_writable(call: Call) -> None:
    """WriteAttributes are in the schema and neither `sub` nor a verification [I: aws/aws-sdk-java#1395; P]."""
    names = call.body.get("WriteAttributes", [])
    if NEVER_WRITABLE.intersection(names) or not all(map(call.attribute, names)):
        raise RefusalError("Invalid write attributes specified while creating a client")


def required_attributes_are_writable(call: Call) -> None:
    """WriteAttributes hold every attribute that the schema requires [D: user pool attributes]."""
    required = {name for name, attribute in call.pool.schema_attributes.items() if attribute.required}
    names = call.body.get("WriteAttributes")
    if names and not required - NEVER_WRITABLE <= set(names):
        raise RefusalError("Invalid write attributes specified while creating a client")


def addresses_are_https(call: Call) -> None:
    """Callback and logout URLs are absolute, and https but for this machine and for apps [M: CallbackURLs; P]."""
    for url in [*call.body.get("CallbackURLs", []), *call.body.get("LogoutURLs", [])]:
        if not ABSOLUTE.match(url):
            raise RefusalError(f"{url} is not an absolute URI")
        if url.startswith("http:") and not LOOPBACK.match(url):
            raise RefusalError(f"{url} cannot use the HTTP protocol.")


def callbacks_have_no_fragment(call: Call) -> None:
    """A callback URL has no fragment [M: CallbackURLs; P]; of logout URLs nothing is known."""
    for url in call.body.get("CallbackURLs", []):
        if "#" in url:
            raise RefusalError(f"{url} cannot use fragment")


def the_default_redirect_is_a_callback(call: Call) -> None:
    """DefaultRedirectURI is one of CallbackURLs [M: DefaultRedirectURI; P]."""
    default = call.body.get("DefaultRedirectURI")
    if default and default not in call.body.get("CallbackURLs", []):
        raise RefusalError(f"The default redirect URI {default} is not in the callback URIs list.")


def an_oauth_client_has_flows_and_scopes(call: Call) -> None:
    """A client that may use OAuth names its flows and scopes [P]."""
    given = call.body.get("AllowedOAuthFlows") and call.body.get("AllowedOAuthScopes")
    if call.body.get("AllowedOAuthFlowsUserPoolClient") and not given:
        raise RefusalError(
            "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows."
        )


def redirecting_flows_have_a_callback(call: Call) -> None:
    """The flows `code` and `implicit` need a callback URL [I: cisagov/crossfeed#440]."""
    redirecting = {"code", "implicit"}.intersection(call.body.get("AllowedOAuthFlows", []))
    if redirecting and not call.body.get("CallbackURLs"):
        raise RefusalError(
            "CallbackUrls can not be empty when code flow or implicit flow is selected", "InvalidOAuthFlowException"
        )


def scopes_exist(call: Call) -> None:
    """A scope is a standard one or of a resource server [I: awsdocs/aws-cloudformation-user-guide#564]."""
    custom = {
        f"{server.identifier}/{scope['ScopeName']}"
        for server in call.pool.resource_servers.values()
        for scope in server.scopes or []
    }
    for scope in call.body.get("AllowedOAuthScopes", []):
        if scope not in STANDARD_SCOPES | custom:
            raise RefusalError(f"Invalid scope requested: {scope}", "ScopeDoesNotExistException")


def tokens_live_within_bounds(call: Call) -> None:
    """Access and ID tokens live 5 minutes to a day, refresh tokens an hour to 10 years [M: TokenValidityUnits]."""
    for token, (_, least, most) in TOKENS.items():
        if not least <= _seconds(call, token) <= most:
            raise RefusalError("Invalid range for token validity.")


def tokens_do_not_outlive_the_refresh_token(call: Call) -> None:
    """Access and ID tokens live no longer than the refresh token [P]."""
    if max(_seconds(call, "Access"), _seconds(call, "Id")) > _seconds(call, "Refresh"):
        raise RefusalError(
            "Access and Id Token expiration times must be less than or equal to refresh token expiration times."
        )


def the_user_pool_has_room_for_a_client(call: Call) -> None:
    """App clients are limited by user pool [D: quotas; code M]."""
    if len(call.pool.clients) >= call.limits.app_clients:
        raise RefusalError("The maximum number of app clients in the user pool is reached", LIMIT_EXCEEDED)


def _seconds(call: Call, token: str) -> int:
    """Return how long a token is valid; no value, or 0 for the refresh token, is the default [M]."""
    amount: int = call.body.get(f"{token}TokenValidity", 0)
    unit = call.body.get("TokenValidityUnits", {}).get(f"{token}Token", TOKENS[token][0])
    return amount * SECONDS[unit] or DEFAULT_SECONDS[token]


SETTINGS = (
    supported_providers_exist,
    read_attributes_are_in_the_schema,
    write_attributes_are_writable,
    required_attributes_are_writable,
    addresses_are_https,
    callbacks_have_no_fragment,
    the_default_redirect_is_a_callback,
    an_oauth_client_has_flows_and_scopes,
    redirecting_flows_have_a_callback,
    scopes_exist,
    tokens_live_within_bounds,
    tokens_do_not_outlive_the_refresh_token,
)
"""The rules for what an app client is set to, at creation as at every update: an update replaces all of it."""
