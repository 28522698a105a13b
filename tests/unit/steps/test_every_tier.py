"""Every tier, with and without identity providers, from the event to the last step: what there is then, and no more."""

import hashlib
from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.identity import shared_pools
from orchestrator.tenants import lifecycle, tiers
from orchestrator.tenants.records import record_key
from tenant_onboarding.authorizer import registry
from tests.unit.conftest import ACCOUNT, REGION, SENDER, carry_out, turn
from tests.unit.every_tier import (
    CASES,
    OWN_CLIENT,
    SHARED_POOL,
    SILO_POOL,
    Case,
    Published,
    World,
    each_case,
    mails,
    routes_of_server,
    user_pools,
    world,
)
from tests.unit.faults import Wire
from tests.unit.identity.providers import DETAILS
from tests.unit.kept_aws import KeptAws
from tests.unit.simulated_aws import Stack, deploy_trigger

__all__ = ["world"]


@each_case
def test_a_tenant_goes_its_tiers_path_is_completed_and_announced_once(case: Case, world: World) -> None:
    record = world.onboard(case)
    assert tiers.path(case.tier, federated=bool(case.providers)) == tuple(case.path.split())
    assert set(record["steps"]) == set(case.path.split())
    for step in record["steps"].values():
        assert (step["status"], step["begun"], step["settled"]) == ("DONE", 1, 1)
    assert record["status"] == lifecycle.COMPLETED
    assert world.stack.counters() == {f"COMPLETED#{case.tier}": 1}
    resources = record["resources"]
    (announced,) = world.stack.published("TenantOnboarded")
    assert announced == {
        "tenantId": "acme",
        "attempt": 1,
        "redrive": 0,
        "eventKey": "acme:TenantOnboarded:1:0",
        "tier": case.tier,
        **{name: resources[name] for name in ("region", "userPoolId", "appClientId", "issuer", "domain", "groupName")},
        "identityProviders": [provider["name"] for provider in resources.get("identityProviders", [])],
        "subdomain": "acme",
        "tenantCode": "ACME-42",
    }


@each_case
def test_there_is_exactly_one_of_each_of_the_tiers_resources_and_the_record_names_it(case: Case, world: World) -> None:
    resources = world.onboard(case)["resources"]
    name = SILO_POOL if case.tier == "silo" else SHARED_POOL
    found = user_pools(world.clients)
    assert set(found) == {name}
    pool = found[name]
    clients = {"pool": {SHARED_POOL}, "bridge": {SHARED_POOL, OWN_CLIENT}, "silo": {OWN_CLIENT}}[case.tier]
    assert set(pool["clients"]) == clients
    assert (pool["groups"], pool["users"], pool["providers"]) == ({"acme"}, case.users, case.provider_names)
    assert [body["Domain"] for body in world.wire.bodies("CreateUserPoolDomain")] == [pool["domain"]]
    assert pool["server"]
    assert resources.pop("welcomeMessageId")
    assert {each["name"] for each in resources.pop("identityProviders", [])} == case.provider_names
    assert resources == {
        "region": REGION,
        "userPoolId": pool["id"],
        "appClientId": pool["clients"][SHARED_POOL if case.tier == "pool" else OWN_CLIENT],
        "issuer": f"https://cognito-idp.{REGION}.amazonaws.com/{pool['id']}",
        "domain": f"{pool['domain']}.auth.{REGION}.amazoncognito.com",
        "groupName": "acme",
        **({"sharedPoolKey": "shared-001"} if case.tier != "silo" else {"serverClientId": pool["server"]}),
        **({} if case.providers else {"adminUsername": case.username}),
    }


@each_case
def test_the_registry_holds_the_tenants_keys_and_its_app_client_and_nothing_else(case: Case, world: World) -> None:
    routing = {"subdomain": "acme", "tenantCode": "ACME-42", "emailDomains": ["a.example"]}
    record = world.onboard(case, routing=routing, users={"signUp": "EMAIL_DOMAINS"})
    target = {name: record["resources"][name] for name in ("region", "userPoolId", "appClientId", "issuer", "domain")}
    target["tier"] = case.tier
    common = dict(target)
    target["identityProviders"] = [provider["name"] for provider in record["resources"].get("identityProviders", [])]
    target["signInAddress"] = "https://acme.app.product.example"
    target["userNameTemplate"] = "{email}" if case.tier == "silo" else "{tenantId}/{email}"
    routes = world.stack.routes()
    invitation = routes.pop(registry.invitation_key(target["userPoolId"], "admin@acme.example"), None)
    assert bool(invitation) == (case == CASES["silo with social providers"])  # or nobody could ever come in
    token = routes["domain-claim#a.example#acme"].pop("token")
    assert len(token) == 32
    stamps = [route.pop("activatedAt") for route in routes.values() if route["state"] == "ACTIVE"]
    assert len(stamps) == (6 if case.tier == "pool" else 5)
    for route in routes.values():
        route.pop("reservedAt", None)
    client_key = f"client#{target['userPoolId']}#{target['appClientId']}"
    whose = {"shared": True} if case.tier == "pool" else {"tenantId": "acme"}
    of_client = common if case.tier == "pool" else target | {"signUp": "EMAIL_DOMAINS"}
    expected: dict[str, dict[str, Any]] = {
        "subdomain#acme": {"tenantId": "acme", "state": "ACTIVE", "target": target},
        "code#ACME-42": {"tenantId": "acme", "state": "ACTIVE", "target": target},
        "domain-claim#a.example#acme": {"tenantId": "acme", "state": "UNVERIFIED"},
        client_key: {**whose, "state": "ACTIVE", "target": of_client},
    }
    if case.tier == "pool":
        expected["tenant#acme"] = {"tenantId": "acme", "state": "ACTIVE", "target": target}
    if case == CASES["bridge with SAML"]:
        metadata = hashlib.sha256(DETAILS["SAML"]["metadataUrl"].encode()).hexdigest()
        expected[f"saml#{metadata}"] = {"tenantId": "acme", "state": "RESERVED"}
    (pool,) = user_pools(world.clients).values()
    of_server = routes_of_server(record["resources"], pool["server"], "acme" if case.tier == "silo" else None)
    assert routes == {key: {"routeKey": key, **fields} for key, fields in expected.items()} | of_server


@pytest.mark.parametrize("case", ["bridge", "bridge with SAML"])
def test_a_bridge_tenants_record_never_names_the_shared_app_client(case: str, world: World) -> None:
    path = world.claim(CASES[case])
    seen: list[str] = []
    for step in path:
        world.run(step)
        seen.append(world.stack.record()["resources"].get("appClientId", "none"))
    made = path.index("CreateAppClient")
    assert set(seen[:made]) == {"none"}
    shared = user_pools(world.clients)[SHARED_POOL]["clients"]
    assert set(seen[made:]) == {shared[OWN_CLIENT]} != {shared[SHARED_POOL]}


def test_tenants_of_all_tiers_live_side_by_side_and_the_shared_counters_are_right(world: World) -> None:
    asked = {
        "globex": CASES["pool"],
        "acme": CASES["bridge with SAML"],
        "initech": CASES["bridge with SAML"],
        "hooli": CASES["bridge"],
        "umbrella": CASES["silo with OIDC and SAML"],
        "shared-001": CASES["silo"],
    }
    records = {tenant_id: world.onboard(case, tenant_id) for tenant_id, case in asked.items()}
    pools = user_pools(world.clients)
    silos = {f"TenantOnboarding-silo-{tenant_id}" for tenant_id in ("umbrella", "shared-001")}
    assert set(pools) == {SHARED_POOL, *silos}
    shared = pools[SHARED_POOL]
    own = {f"TenantOnboarding-tenant-{tenant_id}" for tenant_id in ("acme", "initech", "hooli")}
    assert set(shared["clients"]) == {SHARED_POOL, *own}
    assert shared["groups"] == {"globex", "acme", "initech", "hooli"}
    assert shared["users"] == {"globex/admin@globex.example", "hooli/admin@hooli.example"}
    assert {name.split("-", 1)[1] for name in shared["providers"]} == {"AcmeSSO"}
    (row,) = shared_pools.list_rows(world.clients, world.settings)
    # Cognito makes a group of its own for each identity provider.
    counters = len(shared["groups"]) + len(shared["providers"]), len(shared["clients"]) + 1, len(shared["providers"])
    assert (row["groups"], row["appClients"], row["identityProviders"]) == counters == (6, 5, 2)
    # Each of the others has an app client of its own; the pool tenant's is the shared one.
    clients = {tenant_id: record["resources"]["appClientId"] for tenant_id, record in records.items()}
    assert clients["globex"] == shared["clients"][SHARED_POOL]
    assert len(set(clients.values())) == len(clients)
    holders = {key: route.get("tenantId") for key, route in world.stack.routes().items() if key.startswith("client#")}
    servers = {f"client#{pool['id']}#{pool['server']}": name.partition("-silo-")[2] for name, pool in pools.items()}
    assert holders == {key: tenant_id or None for key, tenant_id in servers.items()} | {
        f"client#{record['resources']['userPoolId']}#{clients[tenant_id]}": None if tenant_id == "globex" else tenant_id
        for tenant_id, record in records.items()
    }


# a user pool in another Region

ELSEWHERE = "eu-west-1"


@pytest.mark.parametrize("case", ["silo", "silo with OIDC and SAML"])
def test_a_silo_tenant_may_have_its_user_pool_in_another_region_and_all_else_at_home(
    case: str, clients: Clients, settings: Settings, wire: Wire, published: Published, kept: KeptAws
) -> None:
    offering = settings.model_copy(update={"regions": (ELSEWHERE,)})
    deploy_trigger(clients, ELSEWHERE)

    def run(*names: str, tenant_id: str = "acme", **which: Any) -> None:
        for name in names:
            carry_out(clients, offering, tenant_id, turn(name, f"invocation-{name}", **which))

    there = World(clients, offering, wire, run, Stack(clients, offering, wire, published), kept)
    resources = there.onboard(CASES[case], region=ELSEWHERE)["resources"]
    (pool,) = user_pools(clients.in_region(ELSEWHERE)).values()
    assert user_pools(clients) == {}
    assert (pool["groups"], pool["users"], pool["providers"]) == (
        {"acme"},
        CASES[case].users,
        CASES[case].provider_names,
    )
    assert list(pool["clients"]) == [OWN_CLIENT]
    assert resources["region"] == ELSEWHERE
    assert resources["userPoolId"] == pool["id"]
    assert pool["id"].startswith(f"{ELSEWHERE}_")
    assert resources["issuer"] == f"https://cognito-idp.{ELSEWHERE}.amazonaws.com/{pool['id']}"
    prefix = hashlib.sha256(f"{ACCOUNT}/{ELSEWHERE}/0f1e/silo/acme".encode()).hexdigest()[:24]
    assert resources["domain"] == f"t-{prefix}.auth.{ELSEWHERE}.amazoncognito.com"
    (created,) = wire.bodies("CreateUserPool")
    assert created["EmailConfiguration"]["SourceArn"] == f"arn:aws:ses:{ELSEWHERE}:{ACCOUNT}:identity/{SENDER}"
    target = there.stack.routes()["subdomain#acme"]["target"]
    assert (target["region"], target["userPoolId"]) == (ELSEWHERE, pool["id"])
    assert there.stack.published("TenantOnboarded")[0]["region"] == ELSEWHERE
    assert clients.in_region(ELSEWHERE).dynamodb.list_tables()["TableNames"] == []
    assert len(mails(wire)) == 1


def test_a_record_from_before_tenants_could_choose_a_region_is_at_home(world: World) -> None:
    path = world.claim(CASES["pool"])
    world.clients.dynamodb.update_item(
        TableName="tenants",
        Key=record_key("acme"),
        UpdateExpression="REMOVE #region",
        ExpressionAttributeNames={"#region": "region"},
    )
    world.run(*path)
    assert world.stack.record()["status"] == lifecycle.COMPLETED
