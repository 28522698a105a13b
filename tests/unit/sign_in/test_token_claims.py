"""Which tenant a token is for, and every way in which there is none."""

import json
from typing import Any

import pytest

from orchestrator.sign_in import token_claims
from orchestrator.sign_in.token_claims import RefusedError, SignIn
from tests.unit.sign_in.token_events import (
    OTHERS_PROVIDER,
    POOL_ID,
    PROVIDER,
    SUB,
    VERSIONS,
    acme,
    claims,
    documented,
    event_of,
    federated,
    identity,
    reason,
    route,
    user,
)


@pytest.mark.parametrize("tier", ["pool", "bridge", "silo"])
def test_a_local_user_of_the_tenant_gets_a_token_on_every_tier(tier: str) -> None:
    assert claims(user(tier), route(tier)) == acme(tier)


@pytest.mark.parametrize("role", ["admin", "billing admin", "Prüfer/in"])
def test_the_role_is_what_an_administrator_wrote_on_the_user(role: str) -> None:
    assert claims(user("pool", **{"custom:tenantRole": role}), route("pool")) == acme("pool", role)


ULID = "01ARYZ6S41TSV4RRFFQ69G5FAV"
WITH_ID = {"custom:userId": ULID}


@pytest.mark.parametrize("tier", ["pool", "bridge", "silo"])
def test_the_user_is_who_we_say_or_else_who_cognito_says(tier: str) -> None:
    assert claims(user(tier, **WITH_ID), route(tier)) == acme(tier, user_id=ULID)
    assert claims(user(tier), route(tier)) == acme(tier, user_id=SUB)


def test_who_came_through_a_provider_is_who_cognito_says_whatever_the_attribute_says() -> None:
    assert claims(federated(identity(PROVIDER), **WITH_ID), route()) == acme("bridge", user_id=SUB)
    linked = {"identities": json.dumps([identity(PROVIDER, primary=False)])}
    assert claims(user("bridge", **linked, **WITH_ID), route()) == acme("bridge", user_id=ULID)


@pytest.mark.parametrize("user_id", ["two\nlines", "\0", "\u200b"])
def test_an_id_that_nobody_could_read_gives_no_token(user_id: str) -> None:
    assert reason(user("pool", **{"custom:userId": user_id}), route("pool")) == "MalformedUserId"


@pytest.mark.parametrize("tier", ["bridge", "silo"])
@pytest.mark.parametrize("says", [{}, {"custom:tenantId": "acme"}, {"custom:tenantTier": "same"}])
def test_who_came_through_the_tenants_provider_need_not_say_whose_user_that_is(tier: str, says: dict[str, str]) -> None:
    said = {name: tier if value == "same" else value for name, value in says.items()}
    assert claims(federated(identity(PROVIDER), **said), route(tier)) == acme(tier)


def test_in_its_own_user_pool_a_tenants_user_need_not_say_whose_it_is() -> None:
    assert claims({}, route("silo")) == acme("silo")


def test_a_local_user_with_a_linked_identity_of_the_tenants_provider_gets_a_token() -> None:
    linked = {"identities": json.dumps([identity(PROVIDER, primary=False)])}
    assert claims(user("bridge", **linked), route()) == acme("bridge")


@pytest.mark.parametrize("primary", [True, "true"])
def test_where_no_status_is_told_the_primary_identity_tells_who_made_the_user(primary: object) -> None:
    event = event_of({"identities": json.dumps([identity(PROVIDER, primary=primary)])})
    del event["request"]["userAttributes"]["cognito:user_status"]
    assert token_claims.claims(lambda _: [route()], SignIn.from_event(event)) == acme("bridge")


# who does not


@pytest.mark.parametrize(
    ("attributes", "found", "why"),
    [
        (user("pool"), None, "UnknownAppClient"),
        (user("bridge"), route(userPoolId="us-east-1_OTHER"), "RouteOfAnotherAppClient"),
        (user("bridge"), route(appClientId="other"), "RouteOfAnotherAppClient"),
        (user("bridge"), route(region="eu-west-1"), "RouteOfAnotherAppClient"),
        (user("bridge"), route(tenant_id=None), "RouteWithoutTenant"),
        (user("pool"), route("pool") | {"tenantId": "acme"}, "RouteWithoutTenant"),
        (user("gold"), route("gold"), "RouteWithoutTenant"),
        (user("bridge"), {k: v for k, v in route().items() if k != "tier"}, "RouteWithoutTenant"),
    ],
)
def test_an_app_client_that_leads_to_no_tenant_gives_no_token(
    attributes: dict[str, Any], found: dict[str, Any] | None, why: str
) -> None:
    assert reason(attributes, found) == why


@pytest.mark.parametrize("tier", ["bridge", "silo"])
@pytest.mark.parametrize(
    "says",
    [
        {"custom:tenantId": "globex"},
        {"custom:tenantId": "Acme"},
        {"custom:tenantId": "acme "},
        {"custom:tenantId": ""},
        {"custom:tenantId": None},
    ],
)
def test_a_user_who_says_otherwise_than_the_app_client_gets_no_token(tier: str, says: dict[str, Any]) -> None:
    assert reason(user(tier) | says, route(tier)) == "UserOfAnotherTenant"
    assert reason(federated(identity(PROVIDER), **says), route(tier)) == "UserOfAnotherTenant"


def test_in_a_shared_user_pool_a_local_user_must_say_whose_it_is() -> None:
    says = {name: value for name, value in user("bridge").items() if name != "custom:tenantId"}
    assert reason(says, route()) == "UserWithoutTenant"
    linked = {"identities": json.dumps([identity(PROVIDER, primary=False)])}
    assert reason(says | linked, route()) == "UserWithoutTenant"


@pytest.mark.parametrize("tenant_id", [None, "", "a", "Acme", "acme#globex", "acme\n", "a" * 41, "*", 7, ["acme"]])
def test_a_user_of_the_shared_app_client_without_a_tenants_id_gets_no_token(tenant_id: Any) -> None:
    assert reason(user("pool") | {"custom:tenantId": tenant_id}, route("pool")) == "UserWithoutTenant"


@pytest.mark.parametrize("tier", ["bridge", "silo"])
@pytest.mark.parametrize(
    "providers",
    [(OTHERS_PROVIDER,), (PROVIDER, OTHERS_PROVIDER), (PROVIDER.upper(),), ("",), (None,), (7,)],
)
def test_a_provider_of_somebody_else_gives_no_token(tier: str, providers: tuple[object, ...]) -> None:
    """Whoever linked it, whatever the user says of itself, and wherever in the list it is."""
    why = "IdentityProviderOfAnotherTenant"
    identities = [identity(name, primary=not number) for number, name in enumerate(providers)]
    for order in (identities, identities[::-1]):
        assert reason(federated(*order), route(tier)) == why
        assert reason(user(tier, identities=json.dumps(order)), route(tier)) == why


def test_a_tenant_without_providers_lets_in_nobody_by_one() -> None:
    assert reason(federated(identity(PROVIDER)), route("silo", identityProviders=[])) == (
        "IdentityProviderOfAnotherTenant"
    )


def test_nobody_comes_through_a_provider_to_the_shared_app_client() -> None:
    why = "IdentityProviderAtSharedClient"
    assert reason(federated(identity(PROVIDER), **user("pool")), route("pool")) == why
    linked = json.dumps([identity(PROVIDER, primary=False)])
    assert reason(user("pool", identities=linked), route("pool")) == why


@pytest.mark.parametrize(
    "said",
    [
        *("", "no JSON", "{", "null", "7", "true", '"text"', "[7]", '["text"]', "[null]", "[{}]", "[" * 100_000),
        *('{"providerName": "x"}', '[{"providerName": ["x"]}]', 7, None, [identity(PROVIDER)]),
    ],
)
@pytest.mark.parametrize("tier", ["pool", "bridge", "silo"])
def test_identities_that_cannot_be_read_give_no_token(tier: str, said: Any) -> None:
    assert reason(user(tier) | {"identities": said}, route(tier)) == "MalformedIdentities"


@pytest.mark.parametrize("tier", ["pool", "bridge", "silo"])
@pytest.mark.parametrize("says", [{}, {"identities": "[]"}])
def test_a_user_whom_some_provider_made_and_none_is_named_gets_no_token(tier: str, says: dict[str, str]) -> None:
    external = {"cognito:user_status": "EXTERNAL_PROVIDER"}
    assert reason(user(tier) | external | says, route(tier)) == "NoIdentityProvider"


@pytest.mark.parametrize("role", ["admin\n", "a\x00b", "\u202eadmin"])
def test_a_role_that_is_not_plain_text_gives_no_token(role: str) -> None:
    assert reason(user("pool", **{"custom:tenantRole": role}), route("pool")) == "MalformedRole"


@pytest.mark.parametrize("source", ["TokenGeneration_ClientCredentials", "TokenGeneration_Novelty", "", None])
def test_only_people_sign_in(source: Any) -> None:
    with pytest.raises(RefusedError, match="NotAUsersSignIn"):
        SignIn.from_event(event_of(user("silo"), triggerSource=source))


def test_a_machine_gets_no_token_not_even_of_a_silo_tenant() -> None:
    with pytest.raises(RefusedError, match="NotAUsersSignIn"):
        SignIn.from_event(documented("v3_machine"))
    with pytest.raises(RefusedError, match="NoUser"):
        SignIn.from_event(documented("v3_machine") | {"triggerSource": "TokenGeneration_HostedAuth"})


# what Cognito is told

GIVEN = acme("bridge")
ROLES = [f"arn:aws:iam::123456789012:role/sns_caller{number}" for number in (1, 2, 3)]


def test_the_first_version_reaches_the_id_token_alone() -> None:
    groups = {
        "groupsToOverride": ["group-1", "group-2", "group-3"],
        "iamRolesToOverride": ROLES,
        "preferredRole": "arn:aws:iam::123456789012:role/sns_caller",
    }
    assert token_claims.response(documented("v1"), GIVEN) == {
        "claimsOverrideDetails": {"claimsToAddOrOverride": GIVEN, "groupOverrideDetails": groups}
    }


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_later_versions_reach_both_tokens_and_take_a_scope_from_access_tokens(version: str) -> None:
    groups = {
        "groupsToOverride": ["group-1", "group-2", "group-3"],
        "iamRolesToOverride": ROLES,
        "preferredRole": ["arn:aws:iam::123456789012:role/sns_caller"],
    }
    assert token_claims.response(documented(version), GIVEN) == {
        "claimsAndScopeOverrideDetails": {
            "idTokenGeneration": {"claimsToAddOrOverride": GIVEN},
            "accessTokenGeneration": {
                "claimsToAddOrOverride": GIVEN,
                "scopesToSuppress": ["aws.cognito.signin.user.admin"],
            },
            "groupOverrideDetails": groups,
        }
    }


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_a_token_that_says_a_tenant_is_no_key_to_cognito(version: str) -> None:
    """Whatever scopes were asked for; one that says no tenant never leaves our server, and keeps its scope."""
    for scopes in (["aws.cognito.signin.user.admin"], ["openid"], [], None):
        event = documented(version)
        event["request"]["scopes"] = scopes
        (details,) = token_claims.response(event, GIVEN).values()
        assert details["accessTokenGeneration"]["scopesToSuppress"] == ["aws.cognito.signin.user.admin"]
        (details,) = token_claims.response(event, {}).values()
        assert details["accessTokenGeneration"] == {"claimsToAddOrOverride": {}}


@pytest.mark.parametrize("version", ["0", "4", "V2_0", "", None, 2])
def test_of_an_unknown_version_nothing_is_guessed(version: Any) -> None:
    with pytest.raises(RefusedError, match="UnknownVersion"):
        token_claims.response(documented() | {"version": version}, GIVEN)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("groups", "kept"),
    [
        (["acme", f"{POOL_ID}_{PROVIDER}"], ["acme"]),
        ([f"{POOL_ID}_{PROVIDER}"], []),
        ([f"{POOL_ID}_{PROVIDER}", f"{POOL_ID}_Google", "b", "a"], ["b", "a"]),
        (["us-east-1_OTHER_Google", f"x{POOL_ID}_Google"], ["us-east-1_OTHER_Google", f"x{POOL_ID}_Google"]),
        ([], []),
        (None, []),
    ],
)
def test_groups_that_cognito_makes_for_providers_are_stripped(version: str, groups: Any, kept: list[str]) -> None:
    """Groups that are kept are said again: what is left out would be taken away."""
    event = documented(version)
    event["request"]["groupConfiguration"] = {
        "groupsToOverride": groups,
        "iamRolesToOverride": [],
        "preferredRole": None,
    }
    (details,) = token_claims.response(event, GIVEN).values()
    assert details["groupOverrideDetails"] == {"groupsToOverride": kept, "iamRolesToOverride": []}
