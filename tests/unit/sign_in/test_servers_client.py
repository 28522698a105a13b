"""The app client that only our server signs people in at: who gets a token there, and what such a token says."""

from typing import Any

import pytest

from orchestrator.sign_in import token_claims
from orchestrator.sign_in.token_claims import LATER_VERSIONS, USER_SOURCES, RefusedError, SignIn
from tests.unit.sign_in.token_events import (
    CLIENT_ID,
    POOL_ID,
    PROVIDER,
    REGION,
    VERSIONS,
    event_of,
    federated,
    identity,
    user,
)

BY_PASSWORD = "TokenGeneration_Authentication"
OF_TENANTS = {"own": "acme", "shared": None}
"""Whose the user pool is that the app client is in."""


def servers_route(tenant_id: str | None, **changes: Any) -> dict[str, Any]:
    """Return what the registry has for our server's own app client."""
    where = {"region": REGION, "userPoolId": POOL_ID, "appClientId": CLIENT_ID}
    key = f"client#{POOL_ID}#{CLIENT_ID}"
    return {"routeKey": key, "tenantId": tenant_id, "activatedAt": None, "internal": True, **where} | changes


def claims(attributes: dict[str, Any], route: dict[str, Any], source: str = BY_PASSWORD) -> dict[str, str]:
    """Return the claims of a user who is signed in there."""
    event = event_of(attributes, triggerSource=source)
    return token_claims.claims(lambda key: [route] if key == route["routeKey"] else [], SignIn.from_event(event))


@pytest.mark.parametrize("pool", OF_TENANTS)
@pytest.mark.parametrize("tier", ["pool", "bridge", "silo"])
def test_a_local_user_gets_a_token_there_that_says_no_tenant(pool: str, tier: str) -> None:
    assert claims(user(tier), servers_route(OF_TENANTS[pool])) == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_such_a_token_has_no_groups_and_keeps_its_scope(version: str) -> None:
    answer = token_claims.response(event_of(user("silo"), version), {})
    (details,) = answer.values()
    assert details["groupOverrideDetails"] == {"groupsToOverride": [], "iamRolesToOverride": []}
    if version[1:] in LATER_VERSIONS:
        assert details["accessTokenGeneration"] == details["idTokenGeneration"] == {"claimsToAddOrOverride": {}}
    else:
        assert details["claimsToAddOrOverride"] == {}


@pytest.mark.parametrize("pool", OF_TENANTS)
@pytest.mark.parametrize("source", sorted(USER_SOURCES - {BY_PASSWORD}))
def test_nobody_gets_one_by_a_page_a_refresh_or_a_first_password(source: str, pool: str) -> None:
    with pytest.raises(RefusedError, match="NotByPasswordAtServersClient"):
        claims(user("silo"), servers_route(OF_TENANTS[pool]), source)


@pytest.mark.parametrize("pool", OF_TENANTS)
@pytest.mark.parametrize(
    "attributes",
    [federated(identity(PROVIDER)), user("silo") | {"identities": federated(identity(PROVIDER))["identities"]}],
    ids=["a provider's", "linked to a provider's"],
)
def test_nobody_who_has_to_do_with_a_provider_gets_one(attributes: dict[str, Any], pool: str) -> None:
    with pytest.raises(RefusedError, match="IdentityProviderAtServersClient"):
        claims(attributes, servers_route(OF_TENANTS[pool]))


def test_another_tenants_user_gets_none_in_a_tenants_own_user_pool() -> None:
    with pytest.raises(RefusedError, match="UserOfAnotherTenant"):
        claims({"custom:tenantId": "globex"}, servers_route("acme"))


@pytest.mark.parametrize("changes", [{"appClientId": "another"}, {"userPoolId": "another"}, {"region": "eu-north-1"}])
def test_a_route_that_leads_elsewhere_gives_none(changes: dict[str, str]) -> None:
    with pytest.raises(RefusedError, match="RouteOfAnotherAppClient"):
        claims(user("silo"), servers_route("acme", **changes))


@pytest.mark.parametrize("mark", ["yes", 1, None, "false", {}])
def test_whatever_a_route_is_marked_with_its_tokens_say_no_tenant(mark: object) -> None:
    marked = servers_route("acme", internal=mark, tier="silo", identityProviders=[])
    assert claims(user("silo"), marked) == {}
