"""Converging changes what existing user pools and app clients lack of what is made today, and nothing else."""

import time
from typing import Any

import pytest

from orchestrator.aws.dynamodb import Change
from orchestrator.identity import server_clients, shared_pools
from orchestrator.identity.marks import OWNER_TAG
from orchestrator.identity.server_clients import RESOURCE
from orchestrator.operations.convergence_server_client import LEASE_SECONDS, MARK
from orchestrator.tenants import lifecycle
from orchestrator.tenants.records import record_key, request_key
from tests.unit import faults
from tests.unit.conftest import ACCOUNT, REGION
from tests.unit.every_tier import (
    CASES,
    OWN_CLIENT,
    SHARED_POOL,
    SILO_POOL,
    Case,
    World,
    each_case,
    routes_of_server,
    user_pools,
    world,
)
from tests.unit.identity.user_pools import forget_user_ids
from tests.unit.operations import lagging
from tests.unit.operations.lagging import settings_of

__all__ = ["world"]

READS = {"GetSecretValue", "Query", "BatchGetItem", "GetItem", "DescribeUserPool", "DescribeUserPoolClient"}
LONGER_SESSIONS = {"AuthSessionValidity": 3, "WriteAttributes": ["email", "name"]}
"""As the release of November 2026 made app clients."""
WITHOUT_OUR_SERVER = {"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]}
"""As it made those of local users."""


def writes(world: World) -> list[str]:
    return [each for each in world.wire.operations() if each not in READS]


@each_case
def test_what_was_made_today_is_as_it_should_be_and_costs_reads_only(case: Case, world: World) -> None:
    world.onboard(case)
    world.wire.attempts.clear()
    outcomes = lagging.run(world.clients, world.settings)
    assert outcomes
    assert list(settings_of(outcomes)) == []
    assert {each.result for each in outcomes} == {"unchanged"}
    assert writes(world) == []


@each_case
def test_app_clients_of_an_earlier_release_become_what_is_made_today(case: Case, world: World) -> None:
    """All but what the tenant's providers fill in, which a sign-in would be refused without."""
    record = world.onboard(case)
    which = record["resources"]["userPoolId"], record["resources"]["appClientId"]
    before = lagging.app_client(world.clients, *which)
    earlier = LONGER_SESSIONS | ({} if case.providers else WITHOUT_OUR_SERVER)
    lagging.change_app_client(world.clients, record, **earlier)
    assert lagging.app_client(world.clients, *which) != before
    outcomes = lagging.run(world.clients, world.settings)
    name = SHARED_POOL if case.tier == "pool" else OWN_CLIENT
    wanted = {f"client {name}: {setting}" for setting in earlier}
    assert set(settings_of(outcomes)) <= wanted
    assert lagging.app_client(world.clients, *which) == before | (
        {"WriteAttributes": sorted({*before["WriteAttributes"], "email", "name"})} if case.providers else {}
    )


LAGS: list[dict[str, Any]] = [
    {"DeletionProtection": "INACTIVE"},
    {"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False}},
    {"LambdaConfig": {}},
    {"EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"}},
    {"UserPoolTier": "PLUS"},
    {"AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]}},
    {"UserPoolTags": {"team": "billing"}},
    {"MfaConfiguration": "OFF"},
    {"Policies": {"PasswordPolicy": {"MinimumLength": 8, "RequireSymbols": False}}},
]


@pytest.mark.parametrize("lag", LAGS, ids=lambda lag: next(iter(lag)))
def test_a_user_pool_that_lacks_something_gets_it_and_keeps_the_rest(lag: dict[str, Any], world: World) -> None:
    record = world.onboard(CASES["silo"], security={"mfa": "ON", "passwordPolicy": {"minimumLength": 20}})
    pool_id = record["resources"]["userPoolId"]
    before = lagging.user_pool(world.clients, pool_id)
    lagging.change_user_pool(world.clients, pool_id, **lag)
    outcomes = lagging.run(world.clients, world.settings)
    assert {each.partition(": ")[2].partition(".")[0] for each in settings_of(outcomes)} == set(lag)
    after = lagging.user_pool(world.clients, pool_id)
    if "UserPoolTags" in lag:
        assert after.pop("UserPoolTags") == before.pop("UserPoolTags") | lag["UserPoolTags"]
    assert after == before
    world.wire.attempts.clear()
    assert {each.result for each in lagging.run(world.clients, world.settings)} == {"unchanged"}
    assert writes(world) == []


def test_what_nobody_here_has_named_stays_as_it_is_found(world: World) -> None:
    """What an operator has set: other triggers, threat protection, templates, a reply address, stricter rules."""
    pool_id = world.onboard(CASES["silo"])["resources"]["userPoolId"]
    found = lagging.user_pool(world.clients, pool_id)
    other = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:other"
    trigger, pre_sign_up = (found["LambdaConfig"][name] for name in ("PreTokenGenerationConfig", "PreSignUp"))
    own: dict[str, Any] = {
        "LambdaConfig": {
            "PostAuthentication": other,
            "PreTokenGeneration": other,
            "PreSignUp": pre_sign_up,
            "PreTokenGenerationConfig": trigger | {"LambdaArn": other},
        },
        "UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"},
        "EmailConfiguration": found["EmailConfiguration"] | {"ReplyToEmailAddress": "help@product.example"},
        "Policies": {
            "PasswordPolicy": found["Policies"]["PasswordPolicy"]
            | {"MinimumLength": 30, "PasswordHistorySize": 5, "TemporaryPasswordValidityDays": 1},
            "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
        },
        "AutoVerifiedAttributes": ["email", "phone_number"],
        "MfaConfiguration": "ON",
        "UserPoolTags": found["UserPoolTags"] | {"team": "billing"},
    }
    lagging.change_user_pool(world.clients, pool_id, **own)
    outcomes = lagging.run(world.clients, world.settings)
    assert list(settings_of(outcomes)) == [f"pool {SILO_POOL}: LambdaConfig.PreTokenGenerationConfig.LambdaArn"]
    ours = {"PreTokenGenerationConfig": trigger, "PreSignUp": pre_sign_up}
    triggers = {"PreTokenGeneration": trigger["LambdaArn"], **ours}
    expected = found | own | {"LambdaConfig": {"PostAuthentication": other, **triggers}}
    assert lagging.user_pool(world.clients, pool_id) == expected


def test_what_somebody_has_given_an_app_client_by_hand_stays(world: World) -> None:
    """Further addresses, scopes of a resource server, another provider with another mapping, rotation."""
    record = world.onboard(CASES["bridge with SAML"])
    pool_id, client_id = record["resources"]["userPoolId"], record["resources"]["appClientId"]
    world.clients.cognito.create_resource_server(
        UserPoolId=pool_id, Identifier="api", Name="api", Scopes=[{"ScopeName": "read", "ScopeDescription": "r"}]
    )
    found = lagging.app_client(world.clients, pool_id, client_id)
    own: dict[str, Any] = {
        "CallbackURLs": [*found["CallbackURLs"], "https://other.acme.example/back"],
        "LogoutURLs": ["https://other.acme.example/out"],
        "DefaultRedirectURI": "https://other.acme.example/back",
        "AllowedOAuthScopes": [*found["AllowedOAuthScopes"], "api/read"],
        "ReadAttributes": [*found["ReadAttributes"], "zoneinfo"],
        "WriteAttributes": [*found["WriteAttributes"], "zoneinfo"],
        "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
        "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"],
    }
    lagging.change_app_client(world.clients, record, **own)
    outcomes = lagging.run(world.clients, world.settings)
    assert set(settings_of(outcomes)) == {
        f"client {OWN_CLIENT}: {name}" for name in ("LogoutURLs", "ExplicitAuthFlows")
    }
    logout = [*own["LogoutURLs"], *found["LogoutURLs"]]
    expected = found | own | {"LogoutURLs": logout, "ExplicitAuthFlows": []}
    assert lagging.app_client(world.clients, pool_id, client_id) == expected


def test_an_app_client_whose_request_was_erased_keeps_the_addresses_that_it_asked_for(world: World) -> None:
    """As whoever erases a person of a completed tenant is told to delete the request."""
    asked = {"callbackUrls": ["https://acme.example/back"], "logoutUrls": ["https://acme.example/out"]}
    record = world.onboard(CASES["bridge"], appClient=asked)
    which = record["resources"]["userPoolId"], record["resources"]["appClientId"]
    before = lagging.app_client(world.clients, *which)
    lagging.change_app_client(world.clients, record, **LONGER_SESSIONS)
    key: Any = request_key("acme")
    world.clients.dynamodb.delete_item(TableName="tenants", Key=key)
    assert [each.result for each in lagging.run(world.clients, world.settings)][-1] == "changed"
    assert lagging.app_client(world.clients, *which) == before
    assert set(asked["callbackUrls"]) < set(before["CallbackURLs"])


def test_nobody_may_write_a_tenant_attribute_afterwards(world: World) -> None:
    record = world.onboard(CASES["bridge with SAML"])
    which = record["resources"]["userPoolId"], record["resources"]["appClientId"]
    before = lagging.app_client(world.clients, *which)
    written = [*before["WriteAttributes"], "custom:tenantRole", "custom:userId", "email"]
    lagging.change_app_client(world.clients, record, WriteAttributes=written)
    lagging.run(world.clients, world.settings)
    assert lagging.app_client(world.clients, *which) == before


def test_an_attribute_that_the_schema_lacks_is_added(world: World) -> None:
    """As in user pools from before users had ids of ours."""
    pool_id = world.onboard(CASES["silo"])["resources"]["userPoolId"]
    forget_user_ids(pool_id)
    assert list(settings_of(lagging.run(world.clients, world.settings))) == [f"pool {SILO_POOL}: Schema"]
    schema = {each["Name"]: each for each in lagging.user_pool(world.clients, pool_id)["SchemaAttributes"]}
    assert schema["custom:userId"]["Mutable"] is False
    assert {each.result for each in lagging.run(world.clients, world.settings)} == {"unchanged"}


def test_a_user_pool_without_its_domain_gets_the_one_it_had(world: World) -> None:
    pool_id = world.onboard(CASES["silo"])["resources"]["userPoolId"]
    before = lagging.user_pool(world.clients, pool_id)
    world.clients.cognito.delete_user_pool_domain(UserPoolId=pool_id, Domain=before["Domain"])
    assert list(settings_of(lagging.run(world.clients, world.settings))) == [f"pool {SILO_POOL}: Domain"]
    assert lagging.user_pool(world.clients, pool_id) == before


def test_a_dry_run_says_the_same_and_changes_nothing(world: World) -> None:
    record = world.onboard(CASES["silo"])
    lagging.change_user_pool(world.clients, record["resources"]["userPoolId"], DeletionProtection="INACTIVE")
    lagging.change_app_client(world.clients, record, **LONGER_SESSIONS)
    world.wire.attempts.clear()
    said = lagging.run(world.clients, world.settings, dry_run=True)
    assert writes(world) == []
    assert lagging.run(world.clients, world.settings) == said


@pytest.mark.parametrize(
    ("status", "more"),
    [(lifecycle.IN_PROGRESS, {}), (lifecycle.ABANDONING, {}), (lifecycle.FAILED, {"abandonment": {"path": []}})],
)
def test_a_tenant_under_way_is_left_to_its_workflow(status: str, more: dict[str, Any], world: World) -> None:
    record = world.onboard(CASES["silo"])
    lagging.change_app_client(world.clients, record, **LONGER_SESSIONS)
    world.stack.change(status=status, **more)
    world.wire.attempts.clear()
    [outcome] = lagging.run(world.clients, world.settings)
    assert (outcome.result, outcome.tenant_id) == ("left", "acme")
    assert "DescribeUserPool" not in world.wire.operations()


def test_a_tenant_that_is_retried_meanwhile_is_left(world: World) -> None:
    """What was listed may be some minutes old when its turn comes."""
    record = world.onboard(CASES["bridge"])
    lagging.change_app_client(world.clients, record, **LONGER_SESSIONS)
    retried = faults.preceded_by(lambda: world.stack.change(status=lifecycle.IN_PROGRESS))
    with world.wire.strikes("DescribeUserPoolClient", retried, spare=1):
        *_, outcome = lagging.run(world.clients, world.settings)
    assert (outcome.result, outcome.why) == ("left", "it is IN_PROGRESS")
    assert world.wire.count("UpdateUserPoolClient") == 1


def test_a_failed_tenant_gets_what_its_finished_steps_have_made_and_no_more(world: World) -> None:
    world.lead_to("ConfigureUserPool", CASES["silo"])
    world.stack.change(status=lifecycle.FAILED)
    pool_id = world.stack.record()["resources"]["userPoolId"]
    lagging.change_user_pool(world.clients, pool_id, DeletionProtection="INACTIVE")
    [outcome] = lagging.run(world.clients, world.settings)
    assert list(settings_of([outcome])) == [f"pool {SILO_POOL}: DeletionProtection"]
    assert "Domain" not in lagging.user_pool(world.clients, pool_id)


def test_a_user_pool_that_is_tagged_as_anothers_is_not_touched(world: World) -> None:
    pool_id = world.onboard(CASES["silo"])["resources"]["userPoolId"]
    tags = lagging.user_pool(world.clients, pool_id)["UserPoolTags"] | {OWNER_TAG: "another/silo/acme"}
    lagging.change_user_pool(world.clients, pool_id, DeletionProtection="INACTIVE", UserPoolTags=tags)
    before = lagging.user_pool(world.clients, pool_id)
    [outcome] = lagging.run(world.clients, world.settings)
    assert outcome.result == "failed"
    assert "another/silo/acme" in outcome.why
    assert lagging.user_pool(world.clients, pool_id) == before


def forget_server_client(world: World, tier: str) -> str:
    """Let a user pool be one from before each had our server's own app client; return its id."""
    row, *_ = [*shared_pools.list_rows(world.clients, world.settings), {}]
    resources = world.stack.record()["resources"] if tier == "silo" else row["resources"]
    for key in server_clients.keys(resources):
        world.clients.dynamodb.delete_item(TableName="routes", Key={"routeKey": key})
    pool_id, client_id = resources["userPoolId"], resources[RESOURCE]
    world.clients.cognito.delete_user_pool_client(UserPoolId=pool_id, ClientId=client_id)
    change = place_of(world, tier).remove(f"resources.{RESOURCE}")
    if tier != "silo":
        change.increase("appClients", -1)
    world.clients.dynamodb.update_item(**change.arguments())
    return str(pool_id)


def place_of(world: World, tier: str) -> Change:
    """Return a change of what names a tier's user pool: the tenant's record, or the shared user pool's row."""
    if tier == "silo":
        return Change("tenants", record_key("acme"))
    return Change("shared-pools", {"region": REGION, "poolKey": "shared-001"})


def assert_one_server_client(world: World, case: Case) -> None:
    """Fail unless there is one, which all that names it leads to, and which is counted."""
    (pool,) = user_pools(world.clients).values()
    resources = world.stack.record()["resources"]
    (row,) = shared_pools.list_rows(world.clients, world.settings) or [{"resources": resources, "appClients": 0}]
    assert row["resources"][RESOURCE] == pool["server"] is not None
    routes = {key: route for key, route in world.stack.routes().items() if "internal" in route}
    whose = "acme" if case.tier == "silo" else None
    assert routes == {
        key: route | {"activatedAt": routes[key]["activatedAt"]}
        for key, route in routes_of_server(resources, pool["server"], whose).items()
    }
    if case.tier != "silo":
        assert row["appClients"] == len(pool["clients"]) + 1
    assert MARK not in row | world.stack.record()


@each_case
def test_a_user_pool_of_an_earlier_release_gets_our_servers_own_app_client_once(case: Case, world: World) -> None:
    world.onboard(case)
    forget_server_client(world, case.tier)
    foretold = lagging.run(world.clients, world.settings, dry_run=True)
    world.wire.attempts.clear()
    outcomes = lagging.run(world.clients, world.settings)
    assert outcomes == foretold
    name = SILO_POOL if case.tier == "silo" else SHARED_POOL
    assert [(each.kind, each.name) for each in outcomes if each.result == "changed"] == [
        ("app client", f"{name}-server")
    ]
    assert world.wire.count("CreateUserPoolClient") == 1
    assert world.wire.count("ListUserPoolClients") == 0
    assert_one_server_client(world, case)
    world.wire.attempts.clear()
    assert {each.result for each in lagging.run(world.clients, world.settings)} == {"unchanged"}
    assert writes(world) == []


@pytest.mark.parametrize("tier", ["bridge", "silo"])
@pytest.mark.parametrize(
    ("operation", "strike"),
    [
        ("CreateUserPoolClient", faults.lost_response),
        ("CreateUserPoolClient", faults.server_error_after_effect),
        ("CreateUserPoolClient", faults.throttled),
        ("TransactWriteItems", faults.access_denied("dynamodb")),
    ],
)
def test_one_whose_making_was_interrupted_is_found_by_a_later_run(
    operation: str, strike: Any, tier: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.onboard(CASES[tier])
    forget_server_client(world, tier)
    with world.wire.strikes(operation, strike):
        assert [each.result for each in lagging.run(world.clients, world.settings)].count("failed") == 1
    made = world.wire.count("CreateUserPoolClient")
    [left] = [each for each in lagging.run(world.clients, world.settings) if each.result != "unchanged"]
    assert (left.result, "meanwhile" in left.why) == ("failed", True)
    assert world.wire.count("CreateUserPoolClient") == made
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + LEASE_SECONDS + 1)
    assert {each.result for each in lagging.run(world.clients, world.settings)} == {"unchanged", "changed"}
    assert_one_server_client(world, CASES[tier])


@pytest.mark.parametrize("tier", ["bridge", "silo"])
@pytest.mark.parametrize("kind", ["client", "internal"])
def test_a_route_of_it_that_is_gone_is_made_again(kind: str, tier: str, world: World) -> None:
    world.onboard(CASES[tier])
    (key,) = (key for key, route in world.stack.routes().items() if "internal" in route and key.startswith(f"{kind}#"))
    world.clients.dynamodb.delete_item(TableName="routes", Key={"routeKey": key})
    [outcome] = [each for each in lagging.run(world.clients, world.settings) if each.result != "unchanged"]
    assert (outcome.result, [each.document() for each in outcome.differences]) == (
        "changed",
        [{"setting": "route", "found": None, "wanted": kind}],
    )
    assert_one_server_client(world, CASES[tier])


def test_an_app_client_of_our_servers_that_somebody_has_changed_is_as_it_should_be_again(world: World) -> None:
    record = world.onboard(CASES["silo"])
    which = record["resources"]["userPoolId"], record["resources"][RESOURCE]
    before = lagging.app_client(world.clients, *which)
    of_server = {**record, "resources": record["resources"] | {"appClientId": which[1]}}
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    lagging.change_app_client(world.clients, of_server, ExplicitAuthFlows=flows, AccessTokenValidity=60)
    lagging.run(world.clients, world.settings)
    assert lagging.app_client(world.clients, *which) == before


def test_a_tenant_whose_user_pool_is_not_configured_yet_gets_none(world: World) -> None:
    world.lead_to("ConfigureUserPool", CASES["silo"])
    world.stack.change(status=lifecycle.FAILED)
    assert {each.result for each in lagging.run(world.clients, world.settings)} == {"unchanged"}
    assert world.wire.count("CreateUserPoolClient") == 0
