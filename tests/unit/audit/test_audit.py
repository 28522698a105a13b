"""The audit is silent about a stack that is in order or at work, and names whatever is not as the tables say."""

from collections.abc import Callable
from typing import Any

import pytest

from orchestrator import audit
from orchestrator.audit import readings
from orchestrator.aws.clients import Clients
from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import OnboardingError
from orchestrator.aws.settings import Settings
from orchestrator.identity import server_clients, shared_pools
from orchestrator.identity.cognito import (
    NewAppClient,
    NewUserPool,
    create_app_client,
    create_user_pool,
)
from orchestrator.identity.marks import OWNER_TAG, STACK_TAG
from orchestrator.tenants import tiers
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import record_key
from tests.unit import faults
from tests.unit.conftest import REGION
from tests.unit.faults import DeathError, Wire, preceded_by
from tests.unit.identity.shared_pool_rows import put_row, rows
from tests.unit.identity.user_pools import delete_pool
from tests.unit.kept_aws import KeptAws

SSO = {"name": "Sso", "type": "SAML", "metadataUrl": "https://idp.umbrella.example/metadata"}
READS = ("Query", "Scan", "GetItem", "List", "Describe")

Claim = Callable[..., Record]
Run = Callable[..., None]
Onboard = Callable[..., Record]


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever moved before the audit began moved long ago."""
    monkeypatch.setattr(readings, "GRACE_SECONDS", -60.0)


@pytest.fixture
def onboard(claim: Claim, run: Run, record_of: Callable[..., Record], kept: KeptAws) -> Onboard:
    """Lead a tenant through all steps that make something, or through those before `until`."""

    def onboard(tenant_id: str, tier: str = "pool", until: str = "SendWelcomeEmail", **changes: Any) -> Record:
        which = ("onboard until", tenant_id, tier, until, repr(changes))
        return kept.once(which, lambda: lead(tenant_id, tier, until, **changes))

    def lead(tenant_id: str, tier: str, until: str, **changes: Any) -> Record:
        record = claim(tenant_id, tier=tier, **changes)
        path = tiers.path(record["tier"], federated=record["federated"])
        run(*path[: path.index(until)], tenant_id=tenant_id)
        return record_of(tenant_id)

    return onboard


@pytest.fixture
def company(onboard: Onboard) -> dict[str, Record]:
    """A tenant of each tier, and one with an identity provider of its own."""
    return {
        "acme": onboard("acme"),
        "globex": onboard("globex", "bridge"),
        "umbrella": onboard("umbrella", "bridge", identityProviders=[SSO]),
        "tyrell": onboard("tyrell", "silo"),
    }


def look(clients: Clients, settings: Settings) -> audit.Audit:
    """Audit the stack."""
    return audit.audit(clients, settings)


def found(result: audit.Audit) -> list[tuple[str, str]]:
    """Return kind and name of each orphan, and that nothing is missing."""
    assert result.missing == []
    return [(orphan["kind"], orphan["name"]) for orphan in result.orphans]


def drifted(result: audit.Audit) -> dict[str, tuple[int, int, int]]:
    """Return what is counted, there and awaited of each counter that has drifted."""
    return {each["counter"]: (each["counted"], each["found"], each["awaited"]) for each in result.drift}


def change(clients: Clients, table: str, key: dict[str, str], **values: object) -> None:
    """Change attributes of an item behind everybody's back."""
    changed = Change(table, key)
    for name, value in values.items():
        changed.set(name, value)
    clients.dynamodb.update_item(**changed.arguments())


def count(clients: Clients, settings: Settings, **counters: int) -> None:
    """Let the counters of the first row be these."""
    change(clients, settings.shared_pools_table, {"region": REGION, "poolKey": "shared-001"}, **counters)


# silence


def test_an_empty_stack_is_clean(clients: Clients, settings: Settings) -> None:
    result = look(clients, settings)
    assert result.clean
    assert (result.compared, result.tenants) == ([], 0)


def test_a_stack_in_order_is_clean(clients: Clients, settings: Settings, company: dict[str, Record]) -> None:
    result = look(clients, settings)
    assert result.clean
    assert result.tenants == 4
    assert {each["counter"]: (each["counted"], each["found"]) for each in result.compared} == {
        "groups": (4, 4),  # of three tenants and one identity provider
        "appClients": (4, 4),  # of two tenants, the shared one and our server's own
        "identityProviders": (1, 1),
    }


def test_the_audit_only_reads_and_says_how_often(
    clients: Clients, settings: Settings, company: dict[str, Record], wire: Wire, naps: list[float]
) -> None:
    """Rows twice; groups, app clients and providers of the one shared user pool; routes, records, user pools."""
    wire.attempts.clear()
    naps.clear()
    result = look(clients, settings)
    assert [name for name in wire.operations() if not name.startswith(READS)] == []
    assert result.calls == len(wire.operations()) == 8
    assert naps == [readings.PAUSE_SECONDS] * 8


@pytest.mark.parametrize("tier", ["pool", "bridge", "silo"])
@pytest.mark.parametrize("federated", [False, True])
def test_a_tenant_on_its_way_is_no_finding(
    tier: str, federated: bool, clients: Clients, settings: Settings, claim: Claim, run: Run
) -> None:
    if tier == "pool" and federated:
        return
    record = claim(tier=tier, **({"identityProviders": [SSO]} if federated else {}))
    for step in tiers.path(record["tier"], federated=record["federated"]):
        assert look(clients, settings).clean, step
        run(step)
    assert look(clients, settings).clean


MAKING = ["CreateUserPool", "CreateGroup", "CreateIdentityProvider", "CreateUserPoolClient"]


@pytest.mark.parametrize("tier", ["bridge", "silo"])
@pytest.mark.parametrize("operation", MAKING)
def test_what_is_made_and_not_yet_written_down_is_no_finding(
    operation: str, tier: str, clients: Clients, settings: Settings, onboard: Onboard, wire: Wire
) -> None:
    with wire.strikes(operation, faults.death_after), pytest.raises(DeathError):
        onboard("acme", tier, identityProviders=[SSO])
    assert look(clients, settings).clean


def test_a_tenant_that_failed_keeps_its_place_without_a_finding(
    clients: Clients, settings: Settings, onboard: Onboard, wire: Wire
) -> None:
    with wire.strikes("CreateGroup", faults.access_denied("CreateGroup")), pytest.raises(OnboardingError):
        onboard("acme")
    result = look(clients, settings)
    assert result.clean
    assert [each["awaited"] for each in result.compared] == [1, 0, 0]


def test_what_moved_since_the_lists_is_no_finding(
    clients: Clients, settings: Settings, onboard: Onboard, run: Run, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The group is made between the list of groups and the look at the record, which says that it is there."""
    monkeypatch.setattr(readings, "GRACE_SECONDS", 120.0)
    onboard("acme", until="CreateTenantGroup")
    with wire.strikes("ListUserPoolClients", preceded_by(lambda: run("CreateTenantGroup"))):
        assert look(clients, settings).clean


def test_counters_that_change_meanwhile_are_not_compared(
    clients: Clients, settings: Settings, onboard: Onboard, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "GRACE_SECONDS", 120.0)
    onboard("acme")
    with wire.strikes("ListUserPoolClients", preceded_by(lambda: onboard("globex"))):
        result = look(clients, settings)
    assert result.clean
    assert (result.changing, result.compared) == (["shared-001"], [])


def test_a_silo_tenant_that_comes_after_the_records_were_read_is_known(
    clients: Clients, settings: Settings, onboard: Onboard, wire: Wire
) -> None:
    with wire.strikes("ListUserPools", preceded_by(lambda: onboard("tyrell", "silo"))):
        assert look(clients, settings).clean


def test_a_shared_user_pool_that_is_opened_meanwhile_is_known(
    clients: Clients, settings: Settings, onboard: Onboard, wire: Wire
) -> None:
    with wire.strikes("ListUserPools", preceded_by(lambda: onboard("acme"))):
        assert look(clients, settings).clean


def test_groups_that_cognito_makes_for_providers_are_counted_once(
    clients: Clients, settings: Settings, company: dict[str, Record]
) -> None:
    resources = company["umbrella"]["resources"]
    (provider,) = resources["identityProviders"]
    clients.cognito.create_group(
        UserPoolId=resources["userPoolId"], GroupName=f"{resources['userPoolId']}_{provider['name']}"
    )
    assert look(clients, settings).clean


def test_what_is_not_this_deployments_is_none_of_its_business(clients: Clients, settings: Settings) -> None:
    """User pools of other names, without tags, of other stacks, or of an earlier deployment of the same name."""
    create_user_pool(clients, settings, NewUserPool("Elsewhere-1", "0f1e/silo/acme", REGION))
    create_user_pool(clients, settings, NewUserPool("TenantOnboarding-silo-acme", "older/silo/acme", REGION))
    clients.cognito.create_user_pool(PoolName="TenantOnboarding-of-somebody")
    clients.cognito.create_user_pool(
        PoolName="TenantOnboarding-2", UserPoolTags={OWNER_TAG: "0f1e/silo/acme", STACK_TAG: "TenantOnboarding2"}
    )
    assert look(clients, settings).clean


# drift


@pytest.mark.parametrize(
    ("counters", "drift"),
    [
        ({"groups": 5}, {"groups": (5, 4, 0)}),
        ({"groups": 3}, {"groups": (3, 4, 0)}),
        ({"appClients": 2}, {"appClients": (2, 4, 0)}),
        ({"identityProviders": 7}, {"identityProviders": (7, 1, 0)}),
        (
            {"groups": 0, "appClients": 0, "identityProviders": 0},
            {"groups": (0, 4, 0), "appClients": (0, 4, 0), "identityProviders": (0, 1, 0)},
        ),
    ],
)
def test_a_counter_that_is_not_what_is_there_has_drifted(
    counters: dict[str, int],
    drift: dict[str, tuple[int, int, int]],
    clients: Clients,
    settings: Settings,
    company: dict[str, Record],
) -> None:
    count(clients, settings, **counters)
    result = look(clients, settings)
    assert not result.clean
    assert drifted(result) == drift
    assert found(result) == []


def test_drift_is_found_beside_a_tenant_on_its_way(clients: Clients, settings: Settings, onboard: Onboard) -> None:
    onboard("acme", until="CreateTenantGroup")
    count(clients, settings, groups=3)
    assert drifted(look(clients, settings)) == {"groups": (3, 0, 1)}


def test_each_row_is_compared(clients: Clients, settings: Settings, onboard: Onboard) -> None:
    onboard("acme")
    count(clients, settings, groups=settings.groups_per_pool)
    onboard("globex")
    result = look(clients, settings)
    assert [each["poolKey"] for each in result.compared] == ["shared-001"] * 3 + ["shared-002"] * 3
    assert [(each["poolKey"], each["counted"]) for each in result.drift] == [("shared-001", 10_000)]


# orphans


def test_a_group_of_nobody_is_an_orphan(clients: Clients, settings: Settings, company: dict[str, Record]) -> None:
    """The tenant's own group elsewhere, say in another user pool, makes it none of this one."""
    user_pool_id = company["acme"]["resources"]["userPoolId"]
    for name in ("nobody", "tyrell", f"{user_pool_id}_Gone"):
        clients.cognito.create_group(UserPoolId=user_pool_id, GroupName=name)
    result = look(clients, settings)
    assert found(result) == sorted([("group", "nobody"), ("group", "tyrell"), ("group", f"{user_pool_id}_Gone")])
    assert drifted(result) == {"groups": (4, 7, 0)}
    assert {orphan["userPoolId"] for orphan in result.orphans} == {user_pool_id}


def test_an_app_client_of_nobody_is_an_orphan(clients: Clients, settings: Settings, company: dict[str, Record]) -> None:
    """Also a twin, of a tenant that has its own by now, of the shared one, and of our server's own."""
    user_pool_id = company["acme"]["resources"]["userPoolId"]
    twins = ("TenantOnboarding-tenant-globex", "TenantOnboarding-shared-001", "TenantOnboarding-shared-001-server")
    names = ("made-by-hand", *twins)
    made = [create_app_client(clients, settings, NewAppClient(user_pool_id, name)) for name in names]
    result = look(clients, settings)
    assert found(result) == [("app client", client_id) for client_id in sorted(made)]
    assert {orphan["why"].split(",")[0] for orphan in result.orphans} == set(names)
    assert drifted(result) == {"appClients": (4, 8, 0)}


def test_an_identity_provider_of_nobody_is_an_orphan(
    clients: Clients, settings: Settings, company: dict[str, Record]
) -> None:
    user_pool_id = company["acme"]["resources"]["userPoolId"]
    (known,) = company["umbrella"]["resources"]["identityProviders"]
    names = ("ByHand", known["name"].split("-")[0] + "-Former")
    for name in names:
        clients.cognito.create_identity_provider(
            UserPoolId=user_pool_id,
            ProviderName=name,
            ProviderType="SAML",
            ProviderDetails={"MetadataURL": f"https://{name.lower()}.example/metadata"},
        )
    result = look(clients, settings)
    assert found(result) == [("identity provider", name) for name in sorted(names)]
    assert drifted(result) == {"identityProviders": (1, 3, 0), "groups": (4, 6, 0)}


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("TenantOnboarding-silo-nobody", "silo/nobody"),
        ("TenantOnboarding-silo-tyrell", "silo/tyrell"),
        ("TenantOnboarding-silo-acme", "silo/acme"),
        ("TenantOnboarding-shared-001", "shared-001"),
        ("TenantOnboarding-shared-009", "shared-009"),
    ],
    ids=["of nobody", "a twin", "of a tenant of another tier", "a shared twin", "of a removed row"],
)
def test_a_user_pool_of_ours_that_nobody_names_is_an_orphan(
    name: str, owner: str, clients: Clients, settings: Settings, company: dict[str, Record]
) -> None:
    user_pool_id = create_user_pool(clients, settings, NewUserPool(name, f"0f1e/{owner}", REGION))
    result = look(clients, settings)
    assert found(result) == [("user pool", name)]
    assert result.orphans[0]["userPoolId"] == user_pool_id


def test_a_user_pool_whose_record_is_gone_is_an_orphan_and_so_is_all_that_led_there(
    clients: Clients, settings: Settings, company: dict[str, Record]
) -> None:
    for tenant_id in ("tyrell", "globex"):
        clients.dynamodb.delete_item(TableName=settings.tenants_table, Key=record_key(tenant_id))
    silo, bridge = company["tyrell"]["resources"], company["globex"]["resources"]
    assert sorted(found(look(clients, settings))) == sorted(
        [
            ("user pool", "TenantOnboarding-silo-tyrell"),
            ("group", "globex"),
            ("app client", bridge["appClientId"]),
            *(("route", key) for key in ("subdomain#tyrell", "code#TYRELL-42", "subdomain#globex", "code#GLOBEX-42")),
            *(("route", f"client#{each['userPoolId']}#{each['appClientId']}") for each in (silo, bridge)),
            *(("route", key) for key in server_clients.keys(silo)),
        ]
    )


TARGET = {"region": REGION, "userPoolId": f"{REGION}_gone", "appClientId": "gone", "issuer": "https://issuer.example"}
LOST_ROUTES: dict[str, dict[str, Any]] = {
    "reserved for nobody": {"routeKey": "subdomain#x", "tenantId": "nobody", "state": "RESERVED"},
    "claimed by nobody": {"routeKey": "domain-claim#x.example#nobody", "tenantId": "nobody", "state": "UNVERIFIED"},
    "a tenant's, to elsewhere": {"routeKey": "code#X", "tenantId": "acme", "state": "ACTIVE", "target": TARGET},
    "a tenant that is gone": {"routeKey": "tenant#x", "tenantId": "nobody", "state": "ACTIVE", "target": TARGET},
    "a tenant, to elsewhere": {"routeKey": "tenant#acme", "tenantId": "acme", "state": "ACTIVE", "target": TARGET},
    "to our server's own app client that is gone": {
        "routeKey": f"internal#{REGION}_gone",
        "shared": True,
        "internal": True,
        "state": "ACTIVE",
        "target": TARGET,
    },
    "to a shared app client that is gone": {
        "routeKey": f"client#{REGION}_gone#gone",
        "shared": True,
        "state": "ACTIVE",
        "target": TARGET,
    },
}


@pytest.mark.parametrize("route", LOST_ROUTES.values(), ids=LOST_ROUTES.keys())
def test_a_route_that_leads_nowhere_is_an_orphan(
    route: dict[str, Any], clients: Clients, settings: Settings, company: dict[str, Record]
) -> None:
    clients.dynamodb.put_item(TableName=settings.routes_table, Item=route)
    assert found(look(clients, settings)) == [("route", route["routeKey"])]


# missing


def test_a_user_pool_that_is_gone_is_missing(clients: Clients, settings: Settings, company: dict[str, Record]) -> None:
    for tenant_id in ("acme", "tyrell"):
        delete_pool(clients, company[tenant_id]["resources"]["userPoolId"])
    result = look(clients, settings)
    assert [(each["kind"], each["why"]) for each in result.missing] == [
        ("user pool", "shared-001 names it"),
        ("user pool", "tenant tyrell names it"),
    ]
    assert {each["why"] for each in result.orphans} == {"that user pool is not there"}


@pytest.mark.parametrize("tenant_id", ["acme", "tyrell"])
@pytest.mark.parametrize("function", ["", "TenantOnboarding-token-claims:other"])
def test_a_user_pool_that_does_not_ask_the_trigger_is_found(
    tenant_id: str, function: str, clients: Clients, settings: Settings, company: dict[str, Record]
) -> None:
    """As UpdateUserPool leaves it, which resets what is not repeated; one look more makes sure of it."""
    user_pool_id = company[tenant_id]["resources"]["userPoolId"]
    calls = look(clients, settings).calls
    trigger = {"LambdaArn": f"arn:aws:lambda:{REGION}:123456789012:function:{function}", "LambdaVersion": "V2_0"}
    config: Any = {"PreTokenGenerationConfig": trigger} if function else {}
    clients.cognito.update_user_pool(
        UserPoolId=user_pool_id, LambdaConfig=config, AutoVerifiedAttributes=["email"], DeletionProtection="ACTIVE"
    )
    result = look(clients, settings)
    assert [(each["kind"], each["userPoolId"]) for each in result.missing] == [("trigger", user_pool_id)]
    assert result.calls == calls + 1


def test_what_is_gone_from_a_shared_user_pool_is_missing(
    clients: Clients, settings: Settings, company: dict[str, Record]
) -> None:
    user_pool_id = company["acme"]["resources"]["userPoolId"]
    (provider,) = company["umbrella"]["resources"]["identityProviders"]
    own, shared = company["globex"]["resources"]["appClientId"], company["acme"]["resources"]["appClientId"]
    clients.cognito.delete_group(UserPoolId=user_pool_id, GroupName="acme")
    clients.cognito.delete_identity_provider(UserPoolId=user_pool_id, ProviderName=provider["name"])
    for client_id in (own, shared):
        clients.cognito.delete_user_pool_client(UserPoolId=user_pool_id, ClientId=client_id)
    result = look(clients, settings)
    assert sorted((each["kind"], each["name"], each["why"].split()[-3]) for each in result.missing) == sorted(
        [
            ("app client", shared, "shared-001"),
            ("app client", own, "globex"),
            ("group", "acme", "acme"),
            ("identity provider", provider["name"], "umbrella"),
        ]
    )
    assert drifted(result) == {"groups": (4, 2, 0), "appClients": (4, 2, 0), "identityProviders": (1, 0, 0)}


# bounds


def test_an_audit_that_takes_too_many_calls_finds_nothing_out(
    clients: Clients, settings: Settings, company: dict[str, Record], wire: Wire
) -> None:
    wire.attempts.clear()
    with pytest.raises(readings.TooManyCallsError, match="more than 5 calls"):
        audit.audit(clients, settings, most_calls=5)
    assert len(wire.operations()) <= 6
    assert audit.audit(clients, settings, most_calls=8).clean


def test_lists_are_read_to_their_end(
    clients: Clients, settings: Settings, onboard: Onboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    onboard("acme")
    (row,) = rows(clients, settings).values()
    for number in range(7):
        clients.cognito.create_group(UserPoolId=row["resources"]["userPoolId"], GroupName=f"group-{number}")
    monkeypatch.setattr(readings, "PAGE", {"PageSize": 3})
    result = look(clients, settings)
    assert len(result.orphans) == 7
    assert result.calls == 10


def test_regions_are_looked_at_where_tenants_are(
    clients: Clients, settings: Settings, claim: Claim, wire: Wire
) -> None:
    put_row(clients, settings, 1, status=shared_pools.OPENING, resources={})
    claim("tyrell", tier="silo")
    change(clients, settings.tenants_table, record_key("tyrell"), region="eu-west-1")
    elsewhere = clients.in_region("eu-west-1")
    create_user_pool(elsewhere, settings, NewUserPool("TenantOnboarding-silo-x", "0f1e/silo/x", "eu-west-1"))
    assert found(look(clients, settings)) == [("user pool", "TenantOnboarding-silo-x")]
