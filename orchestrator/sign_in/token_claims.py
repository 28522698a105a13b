"""Which tenant a token is for, decided each time Amazon Cognito is about to issue one.

The tenant comes from the routing registry, by user pool and app client; of an app client that tenants share, from the
user's own attribute, which nobody can change, if the registry has that tenant there. Whatever else knows the tenant
must agree: any contradiction, and anything unknown, is a refusal. A user's tier is not asked for: it is the app
client's, and the user keeps the one that it was made with while its tenant moves. Nothing here is slow to import.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tenant_onboarding.authorizer import registry
from tenant_onboarding.authorizer.registry import Route
from tenant_onboarding.names import TENANT_ID, TENANT_ROLE, USER_ID, is_tenant_id

POOL: Final = "pool"
SILO: Final = "silo"
TIERS = frozenset({POOL, "bridge", SILO})
DEFAULT_ROLE = "member"
USER_STATUS = "cognito:user_status"
EXTERNAL = "EXTERNAL_PROVIDER"
"""The status of a user that Cognito made for somebody who signed in through an identity provider."""
USER_SOURCES = frozenset(
    f"TokenGeneration_{source}"
    for source in ("Authentication", "AuthenticateDevice", "HostedAuth", "NewPasswordChallenge", "RefreshTokens")
)
"""The trigger's sources in which a person signs in; the other is `TokenGeneration_ClientCredentials`."""
FIRST_VERSION = "1"
"""Of the trigger's event: the one of feature plan LITE, which reaches the ID token only."""
LATER_VERSIONS = ("2", "3")
SELF_SERVICE = "aws.cognito.signin.user.admin"
"""The scope by which a token's bearer changes and deletes the user at Cognito itself."""
SOURCE_AT_SERVERS_CLIENT = "TokenGeneration_Authentication"
"""The only source in which our server signs somebody in at its own app client: never by a page, nor by a refresh."""

NO_GROUPS: dict[str, Any] = {"groupsToOverride": [], "iamRolesToOverride": []}  # Any: as the trigger's event has it

Claims = dict[str, str]
Event = dict[str, Any]  # Any: the trigger's event, from outside
Find = Callable[[str], list[Route]]
"""Returns what the registry has for a key, each place that it leads to in turn; none if it leads nowhere."""


class RefusedError(Exception):
    """No token may be issued; `reason` is for the log alone and names nobody."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class SignIn:
    """Who signs in where, as the trigger's event tells it; what the caller sent along is not part of it."""

    region: str
    user_pool_id: str
    app_client_id: str
    user_name: str
    attributes: dict[str, str]
    source: str
    providers: frozenset[str]
    """The names of the identity providers behind the user, its own and linked ones; none for a local user."""
    is_external: bool
    """Whether the user exists through an identity provider alone."""

    @classmethod
    def from_event(cls, event: Event) -> "SignIn":
        """Return what an event tells; raises RefusedError if it is not about a person, or contradicts itself."""
        if event.get("triggerSource") not in USER_SOURCES:
            raise RefusedError("NotAUsersSignIn")
        attributes = event["request"]["userAttributes"]
        if not attributes.get("sub"):
            raise RefusedError("NoUser")
        client_id = event["callerContext"]["clientId"]
        about = (event["region"], event["userPoolId"], client_id, event["userName"], attributes, event["triggerSource"])
        return cls(*about, *_identities(attributes))


def claims(find: Find, sign_in: SignIn) -> Claims:
    """Return the claims that bind a token to its tenant; raises RefusedError if there may be none.

    It finds the app client's route, and the tenant's too where the app client is shared. At the app client that only
    our server uses there are no claims: its tokens are for Cognito alone, and say no tenant to any API.
    """
    route = route_of_client(find, sign_in.region, (sign_in.user_pool_id, sign_in.app_client_id))
    if registry.is_internal(route):
        _check_at_servers_client(sign_in, route)
        return {}
    tier = route.get("tier")
    if tier not in TIERS or (route["tenantId"] is None) != (tier == POOL):
        raise RefusedError("RouteWithoutTenant")
    tenant_id = _of_shared_client(sign_in, route, find) if tier == POOL else _of_own_client(sign_in, route)
    return {"tenantId": tenant_id, "tenantTier": tier, "tenantRole": _role(sign_in), "userId": _user_id(sign_in)}


def route_of_client(find: Find, region: str, client: tuple[str, str]) -> Route:
    """Return the route of a user pool's app client that leads to itself; raises RefusedError if there is none."""
    found = find(registry.client_key(*client))
    if not found:
        raise RefusedError("UnknownAppClient")
    route = registry.leading_to(client, found)
    if route is None or route["region"] != region:
        raise RefusedError("RouteOfAnotherAppClient")
    return route


def response(event: Event, given: Claims) -> dict[str, Any]:
    """Return the whole of the event's `response`: the claims, and the user's groups without identity providers' own.

    A token that says a tenant goes to somebody's browser, so it is no key to Cognito: it lacks the scope of
    self-service, which the first version of the event cannot take away. Groups that are not repeated would be taken
    away, as they are from a token without claims. Raises RefusedError for a version of the event that is unknown.
    """
    groups = _groups(event) if given else NO_GROUPS
    version = event["version"]
    if version == FIRST_VERSION:
        return {"claimsOverrideDetails": {"claimsToAddOrOverride": given, "groupOverrideDetails": groups}}
    if version in LATER_VERSIONS:
        token = {"claimsToAddOrOverride": given}
        access = token | ({"scopesToSuppress": [SELF_SERVICE]} if given else {})
        details = {"idTokenGeneration": token, "accessTokenGeneration": access, "groupOverrideDetails": groups}
        return {"claimsAndScopeOverrideDetails": details}
    raise RefusedError("UnknownVersion")


def _identities(attributes: dict[str, str]) -> tuple[frozenset[str], bool]:
    """Return the providers behind a user, and whether one of them made it; raises RefusedError if they cannot be told.

    The attribute is JSON as text: the user's own identity is its primary one, any other was linked to it.
    """
    try:
        identities = json.loads(attributes.get("identities", "[]"))
        providers = frozenset(identity["providerName"] for identity in identities)
        own = any(str(identity.get("primary")).lower() == "true" for identity in identities)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise RefusedError("MalformedIdentities") from None
    is_external = attributes.get(USER_STATUS, EXTERNAL if own else None) == EXTERNAL
    if is_external and not providers:
        raise RefusedError("NoIdentityProvider")
    return providers, is_external


def _check_at_servers_client(sign_in: SignIn, route: Route) -> None:
    """Refuse whom our server has no reason to sign in: anybody but a local user of the route's, by the password."""
    if sign_in.source != SOURCE_AT_SERVERS_CLIENT:
        raise RefusedError("NotByPasswordAtServersClient")
    if sign_in.providers or sign_in.is_external:
        raise RefusedError("IdentityProviderAtServersClient")
    tenant_id = sign_in.attributes.get(TENANT_ID)
    if tenant_id is not None and route["tenantId"] not in {None, tenant_id}:
        raise RefusedError("UserOfAnotherTenant")


def _of_shared_client(sign_in: SignIn, route: Route, find: Find) -> str:
    """Return the tenant of a user of the pool tier: local, as no tenant of it has an identity provider.

    A tenant that moves has several places for a while, and this app client must be one of them.
    """
    if sign_in.providers:
        raise RefusedError("IdentityProviderAtSharedClient")
    tenant_id = sign_in.attributes.get(TENANT_ID)
    if tenant_id is None or not is_tenant_id(tenant_id):
        raise RefusedError("UserWithoutTenant")
    _check_name(sign_in, tenant_id)
    found = find(registry.tenant_key(tenant_id))
    if not found:
        raise RefusedError("UnknownTenant")
    tenant = registry.leading_to(registry.client_of(route), found)
    if tenant is None or (tenant["tenantId"], tenant["region"]) != (tenant_id, route["region"]):
        raise RefusedError("TenantOfAnotherAppClient")
    return tenant_id


def _of_own_client(sign_in: SignIn, route: Route) -> str:
    """Return the tenant whose app client it is, if the user and all providers behind the user are that tenant's.

    In a user pool of its own whoever is there is the tenant's; so is who comes through its identity provider.
    """
    if not sign_in.providers <= set(route.get("identityProviders", [])):
        raise RefusedError("IdentityProviderOfAnotherTenant")
    tenant_id = str(route["tenantId"])
    is_said = TENANT_ID in sign_in.attributes
    if is_said and sign_in.attributes[TENANT_ID] != tenant_id:
        raise RefusedError("UserOfAnotherTenant")
    if route["tier"] != SILO and not sign_in.is_external:
        if not is_said:
            raise RefusedError("UserWithoutTenant")
        _check_name(sign_in, tenant_id)
    return tenant_id


def _check_name(sign_in: SignIn, tenant_id: str) -> None:
    """Refuse a local user of a shared user pool whose name is not one of the tenant's; case tells no two apart."""
    if not sign_in.user_name.lower().startswith(f"{tenant_id}/"):
        raise RefusedError("UserNameOfAnotherTenant")


def _role(sign_in: SignIn) -> str:
    role = sign_in.attributes.get(TENANT_ROLE) or DEFAULT_ROLE
    if not role.isprintable():
        raise RefusedError("MalformedRole")
    return role


def _user_id(sign_in: SignIn) -> str:
    """Return the id that we gave a local user, or Cognito's own where we gave none; a provider's users get none."""
    given = None if sign_in.is_external else sign_in.attributes.get(USER_ID)
    user_id = given or sign_in.attributes["sub"]
    if not user_id.isprintable():
        raise RefusedError("MalformedUserId")
    return user_id


def _groups(event: Event) -> dict[str, Any]:
    """Return the user's groups, and their IAM roles as they are; Cognito calls a provider's `{userPoolId}_{name}`."""
    current = event["request"]["groupConfiguration"]
    made_by_cognito = f"{event['userPoolId']}_"
    kept = [name for name in current.get("groupsToOverride") or [] if not name.startswith(made_by_cognito)]
    groups = {"groupsToOverride": kept, "iamRolesToOverride": current.get("iamRolesToOverride") or []}
    return groups | ({"preferredRole": current["preferredRole"]} if current.get("preferredRole") else {})
