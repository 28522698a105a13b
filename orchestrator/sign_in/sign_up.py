"""Whether Amazon Cognito may make somebody a user, asked each time before it does.

An administrator's call may: whoever calls it was let in before. Nobody may sign up by a call of their own. Who comes
through an identity provider may if the app client's tenant says so: a company's own SAML or OIDC provider decides who
its people are, a social provider has anybody's. Any contradiction, and anything unknown, is a refusal.
"""

from typing import Any

from orchestrator.sign_in import verified_domains
from orchestrator.sign_in.token_claims import POOL, SILO, Event, Find, RefusedError, route_of_client
from tenant_onboarding.authorizer import registry
from tenant_onboarding.names import EMAIL_DOMAINS, INVITE_ONLY, OPEN, is_tenant_id

BY_ADMINISTRATOR = "PreSignUp_AdminCreateUser"
BY_PROVIDER = "PreSignUp_ExternalProvider"
SOCIAL = frozenset({"google", "facebook", "loginwithamazon", "signinwithapple"})
"""What Cognito calls social providers, in lower case; no other provider's name is one of these."""
RESPONSE = {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}
"""Nobody's address is taken as verified here, and no user is confirmed or linked to another."""


def check(find: Find, event: Event) -> str | None:
    """Return whose user it may make, None where no registry is asked; raises RefusedError if it may make none.

    It finds the app client's route, and the email domain's or the invitation's where that decides.
    """
    source = event.get("triggerSource")
    if source == BY_ADMINISTRATOR:
        return None
    if source != BY_PROVIDER:
        raise RefusedError("SignUpByOneself")
    route = _route(find, event)
    tenant_id = str(route["tenantId"])
    if _provider(route, str(event["userName"])) in SOCIAL:
        _check_stranger(find, event, route, tenant_id)
    return tenant_id


def _route(find: Find, event: Event) -> dict[str, Any]:
    """Return the route of the app client, which is one tenant's own."""
    route = route_of_client(find, event["region"], (event["userPoolId"], event["callerContext"]["clientId"]))
    if registry.is_internal(route):
        raise RefusedError("InternalAppClient")
    if route.get("tier") == POOL:
        raise RefusedError("IdentityProviderAtSharedClient")
    if not is_tenant_id(route["tenantId"]):
        raise RefusedError("RouteWithoutTenant")
    return route


def _provider(route: dict[str, Any], user_name: str) -> str:
    """Return the tenant's provider that a user comes through, in lower case: Cognito's user name begins with it.

    In user pools where case makes no difference, Cognito writes the provider in either.
    """
    provider, separator, subject = user_name.partition("_")
    if not separator or not subject:
        raise RefusedError("NoIdentityProvider")
    if provider.lower() not in {name.lower() for name in route.get("identityProviders", [])}:
        raise RefusedError("IdentityProviderOfAnotherTenant")
    return provider.lower()


def _check_stranger(find: Find, event: Event, route: dict[str, Any], tenant_id: str) -> None:
    """Refuse who comes through a social provider, unless the tenant is open, the address its own, or invited."""
    if route.get("tier") != SILO:
        raise RefusedError("SocialProviderInSharedUserPool")
    said = route.get("signUp", INVITE_ONLY)
    if said == OPEN:
        return
    attributes = event["request"]["userAttributes"]
    address = str(attributes.get("email", "")).lower()
    if said == EMAIL_DOMAINS:
        if str(attributes.get("email_verified")).lower() != "true":
            raise RefusedError("AddressNotVerified")
        if not verified_domains.has(find, tenant_id, address):
            raise RefusedError("AddressOfNoDomain")
    elif said == INVITE_ONLY:
        invitations = find(registry.invitation_key(event["userPoolId"], address)) if address else []
        if not invitations or invitations[0]["tenantId"] != tenant_id:
            raise RefusedError("NotInvited")
    else:
        raise RefusedError("UnknownSignUp")
