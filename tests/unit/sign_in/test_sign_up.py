"""Who may become a user through an identity provider: the whole matrix of providers and of what tenants say."""

from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.sign_in import sign_up
from orchestrator.sign_in.token_claims import RefusedError
from tenant_onboarding.authorizer.registry import invitation_key
from tenant_onboarding.contracts.identity_providers import SOCIAL_TYPES
from tests.unit.sign_in.sign_up_events import ADDRESS, GOOGLE, SOCIAL, client_route, documented, through
from tests.unit.sign_in.token_events import CLIENT_ID, OTHERS_PROVIDER, POOL_ID, PROVIDER, finding

CLIENT = f"client#{POOL_ID}#{CLIENT_ID}"
DOMAIN = {"domain#acme.example": {"tenantId": "acme"}}
INVITATION = {invitation_key(POOL_ID, ADDRESS): {"tenantId": "acme"}}
ALL = DOMAIN | INVITATION
VERIFIED = {"email_verified": "true"}
SAID = [None, "INVITE_ONLY", "EMAIL_DOMAINS", "OPEN"]
TENANT_ID = "acme"


def decided(event: dict[str, Any], route: dict[str, Any] | None, found: dict[str, Any] | None = None) -> str | None:
    """Return whose user it may make, or in brackets why none."""
    registered = {CLIENT: route} | (found or {})
    try:
        return sign_up.check(finding(registered), event)
    except RefusedError as refused:
        return f"({refused.reason})"


def nothing_is_read(key: str) -> list[dict[str, Any]]:
    raise AssertionError(key)


def test_a_user_whom_an_administrator_makes_is_made_without_any_read() -> None:
    assert sign_up.check(nothing_is_read, documented("admin_create_user")) is None


@pytest.mark.parametrize("source", ["PreSignUp_SignUp", "PreSignUp_Unheard", "TokenGeneration_HostedAuth", ""])
def test_nobody_signs_up_by_a_call_of_their_own(source: str) -> None:
    with pytest.raises(RefusedError, match="SignUpByOneself"):
        sign_up.check(nothing_is_read, through(source=source, **VERIFIED))
    with pytest.raises(RefusedError, match="SignUpByOneself"):
        sign_up.check(nothing_is_read, {"userPoolId": POOL_ID})


def test_the_social_providers_are_those_of_the_contract() -> None:
    assert {name.lower() for name in SOCIAL_TYPES} == sign_up.SOCIAL == {name.lower() for name in SOCIAL}


@pytest.mark.parametrize("said", [*SAID, "LATER"])
@pytest.mark.parametrize("tier", ["bridge", "silo"])
def test_a_companys_own_provider_lets_in_whom_it_names(said: str | None, tier: str) -> None:
    """Whatever the tenant says of signing up, and of an address that nobody has verified."""
    event = through(f"{PROVIDER}_jane", email="jane@elsewhere.example")
    assert decided(event, client_route(said, tier=tier)) == TENANT_ID
    assert decided(through(f"{PROVIDER}_jane", email=None), client_route(said, tier=tier)) == TENANT_ID


@pytest.mark.parametrize("provider", SOCIAL)
@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (None, "(NotInvited)"),
        ("INVITE_ONLY", "(NotInvited)"),
        ("EMAIL_DOMAINS", "(AddressOfNoDomain)"),
        ("OPEN", "acme"),
    ],
)
def test_a_stranger_from_a_social_provider_comes_into_an_open_tenant_only(
    provider: str, said: str | None, wanted: str
) -> None:
    for name in (provider, provider.lower(), provider.upper()):
        assert decided(through(f"{name}_1", **VERIFIED), client_route(said)) == wanted


@pytest.mark.parametrize("verified", ["true", "True"])
def test_who_has_a_verified_address_at_the_tenants_domain_comes_in(verified: str) -> None:
    event = through(email_verified=verified)
    assert decided(event, client_route("EMAIL_DOMAINS"), DOMAIN) == TENANT_ID


@pytest.mark.parametrize("verified", ["false", "", "1", "yes", None])
def test_an_address_that_the_provider_does_not_call_verified_counts_for_nothing(verified: str | None) -> None:
    event = through(email_verified=verified)
    assert decided(event, client_route("EMAIL_DOMAINS"), ALL) == "(AddressNotVerified)"


@pytest.mark.parametrize(
    "email", ["jane@globex.example", "jane@sub.acme.example", "@acme.example", "acme.example", None]
)
def test_another_address_is_at_no_domain_of_the_tenant(email: str | None) -> None:
    event = through(email=email, **VERIFIED)
    assert decided(event, client_route("EMAIL_DOMAINS"), ALL) == "(AddressOfNoDomain)"


def test_another_tenants_domain_lets_nobody_in() -> None:
    found = {"domain#acme.example": {"tenantId": "globex"}}
    assert decided(through(**VERIFIED), client_route("EMAIL_DOMAINS"), found) == "(AddressOfNoDomain)"


@pytest.mark.parametrize("said", [None, "INVITE_ONLY"])
@pytest.mark.parametrize("verified", ["true", "false"])
def test_who_is_invited_comes_in(said: str | None, verified: str) -> None:
    event = through(email_verified=verified)
    assert decided(event, client_route(said), INVITATION) == TENANT_ID


INVITATIONS: dict[str, dict[str, Any]] = {
    "of another tenant": {invitation_key(POOL_ID, ADDRESS): {"tenantId": "globex"}},
    "to another user pool": {invitation_key("us-east-1_OTHER", ADDRESS): {"tenantId": "acme"}},
    "of another address": {invitation_key(POOL_ID, "john@acme.example"): {"tenantId": "acme"}},
    "of a domain": DOMAIN,
}


@pytest.mark.parametrize("found", INVITATIONS.values(), ids=INVITATIONS)
def test_an_invitation_is_of_this_tenant_to_this_pool_for_this_address(found: dict[str, Any]) -> None:
    assert decided(through(**VERIFIED), client_route("INVITE_ONLY"), found) == "(NotInvited)"


def test_who_has_no_address_is_not_invited() -> None:
    found = {invitation_key(POOL_ID, ""): {"tenantId": "acme"}}
    assert decided(through(email=None), client_route(), found) == "(NotInvited)"


def test_an_invitation_is_no_pass_where_domains_decide() -> None:
    event = through(email="jane@elsewhere.example", **VERIFIED)
    found = {invitation_key(POOL_ID, "jane@elsewhere.example"): {"tenantId": "acme"}}
    assert decided(event, client_route("EMAIL_DOMAINS"), found) == "(AddressOfNoDomain)"


@pytest.mark.parametrize("said", ["open", "", 1, ["OPEN"]])
def test_what_a_tenant_says_in_no_known_word_is_a_refusal(said: Any) -> None:
    assert decided(through(**VERIFIED), client_route() | {"signUp": said}, ALL) == "(UnknownSignUp)"


CONTRADICTIONS: dict[str, tuple[dict[str, Any] | None, str]] = {
    "no route": (None, "UnknownAppClient"),
    "another region": (client_route("OPEN", region="eu-west-1"), "RouteOfAnotherAppClient"),
    "another user pool": (client_route("OPEN", userPoolId="us-east-1_OTHER"), "RouteOfAnotherAppClient"),
    "another app client": (client_route("OPEN", appClientId="other"), "RouteOfAnotherAppClient"),
    "an internal app client": (client_route("OPEN", internal=True), "InternalAppClient"),
    "a shared app client": (client_route("OPEN", tier="pool", tenantId=None), "IdentityProviderAtSharedClient"),
    "no tenant": (client_route("OPEN", tenantId=None), "RouteWithoutTenant"),
    "an impossible tenant": (client_route("OPEN", tenantId="A/B"), "RouteWithoutTenant"),
    "another provider": (client_route("OPEN", identityProviders=[PROVIDER]), "IdentityProviderOfAnotherTenant"),
    "no provider": (client_route("OPEN", identityProviders=[]), "IdentityProviderOfAnotherTenant"),
    "a social provider at a bridge tenant": (client_route("OPEN", tier="bridge"), "SocialProviderInSharedUserPool"),
    "a tier that is not known": (client_route("OPEN", tier="island"), "SocialProviderInSharedUserPool"),
}


@pytest.mark.parametrize(("route", "why"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_every_contradiction_is_a_refusal(route: dict[str, Any] | None, why: str) -> None:
    assert decided(through(GOOGLE, **VERIFIED), route, ALL) == f"({why})"


@pytest.mark.parametrize(
    ("user_name", "why"),
    [
        ("jane", "NoIdentityProvider"),
        ("Google_", "NoIdentityProvider"),
        ("_1", "IdentityProviderOfAnotherTenant"),
        (f"{OTHERS_PROVIDER}_jane", "IdentityProviderOfAnotherTenant"),
        ("Google2_1", "IdentityProviderOfAnotherTenant"),
    ],
)
def test_a_user_name_tells_one_of_the_tenants_providers(user_name: str, why: str) -> None:
    assert decided(through(user_name, **VERIFIED), client_route("OPEN"), ALL) == f"({why})"


def pop(*path: str) -> Callable[[dict[str, Any]], object]:
    def change(event: dict[str, Any]) -> None:
        for name in path[:-1]:
            event = event[name]
        event.pop(path[-1])

    return change


@pytest.mark.parametrize(
    "path", [("userName",), ("region",), ("userPoolId",), ("callerContext", "clientId"), ("request", "userAttributes")]
)
def test_an_event_that_lacks_something_lets_nobody_in(path: tuple[str, ...]) -> None:
    event = through(**VERIFIED)
    pop(*path)(event)
    with pytest.raises(KeyError):
        sign_up.check(finding({CLIENT: client_route("INVITE_ONLY")} | ALL), event)
