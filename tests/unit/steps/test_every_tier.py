"""Every tier, with and without identity providers, from the event to the last step: what there is then, and no more."""

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import botocore.session
import pytest
from botocore.validate import validate_parameters

from orchestrator import steps
from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import OnboardingError, TenantConflictError, TransientError
from orchestrator.aws.settings import Settings
from orchestrator.identity import shared_pools
from orchestrator.tenants import lifecycle, tiers
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import record_key
from tenant_onboarding.contracts.fields import Tier
from tenant_onboarding.names import TENANT_ID, TENANT_ROLE, TENANT_TIER
from tests.unit import faults
from tests.unit.conftest import ACCOUNT, REGION, SENDER, tenant_created, turn
from tests.unit.faults import Wire
from tests.unit.identity.providers import ACME, DETAILS, PEM, SECRET_TEXT
from tests.unit.identity.user_pools import APP_CLIENT, USER_POOL, delete_pool
from tests.unit.simulated_aws import Stack, deploy_trigger
from tests.unit.steps.test_steps import until_done

Run = Callable[..., None]
Published = Callable[[], list[dict[str, Any]]]


@dataclass(frozen=True)
class Case:
    """A tenant acme of a tier, with providers of these types; what it then has of its own."""

    tier: Tier
    providers: tuple[str, ...] = ()
    path: str = ""
    provider_names: frozenset[str] = frozenset()
    """As Cognito knows them."""

    @property
    def username(self) -> str:
        """The name of the tenant's local admin, if it has one."""
        return "admin@acme.example" if self.tier == "silo" else "acme/admin@acme.example"

    @property
    def users(self) -> set[str]:
        """The names of all its users: a federated tenant has no local admin."""
        return set() if self.providers else {self.username}


LAST = "RegisterRouting SendWelcomeEmail CompleteOnboarding"
SHARED = "AssignSharedPool CreateTenantGroup"
OWN = "CreateUserPool ConfigureUserPool CreateTenantGroup"
CASES = {
    "pool": Case("pool", (), f"{SHARED} CreateTenantAdmin {LAST}"),
    "bridge": Case("bridge", (), f"{SHARED} CreateAppClient CreateTenantAdmin {LAST}"),
    "bridge with SAML": Case(
        "bridge",
        ("SAML",),
        f"{SHARED} CreateIdentityProviders CreateAppClient {LAST}",
        frozenset({f"{ACME}-AcmeSSO"}),
    ),
    "silo": Case("silo", (), f"{OWN} CreateAppClient CreateTenantAdmin {LAST}"),
    "silo with OIDC and SAML": Case(
        "silo",
        ("OIDC", "SAML"),
        f"{OWN} CreateIdentityProviders CreateAppClient {LAST}",
        frozenset({f"{ACME}-AcmeLogin", f"{ACME}-AcmeSSO"}),
    ),
    "silo with social providers": Case(
        "silo",
        ("Google", "SignInWithApple", "Facebook", "LoginWithAmazon"),
        f"{OWN} CreateIdentityProviders CreateAppClient {LAST}",
        frozenset({"Google", "SignInWithApple", "Facebook", "LoginWithAmazon"}),
    ),
}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@dataclass(frozen=True)
class World:
    """One stack, and how a tenant goes through it."""

    clients: Clients
    settings: Settings
    wire: Wire
    run: Run
    stack: Stack
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    """Of events."""
    secrets: dict[str, str] = field(default_factory=dict)
    """Their ARNs by name."""

    def claim(self, case: Case, tenant_id: str = "acme", **changes: Any) -> tuple[str, ...]:
        """Let intake take the event of a tenant like the case's; return the steps of its path."""
        if case.providers:
            changes = {"identityProviders": [self._provider(kind, tenant_id) for kind in case.providers]} | changes
        event_id = f"event-{next(self.numbers)}"
        assert self.stack.receive(tenant_created(tenant_id, tier=case.tier, **changes), event_id) == "started"
        return tiers.path(case.tier, federated=bool(case.providers))

    def onboard(self, case: Case, tenant_id: str = "acme", **changes: Any) -> Record:
        """Lead a tenant through all steps of its path; return its record."""
        for step in self.claim(case, tenant_id, **changes):
            self.run(step, tenant_id=tenant_id)
        return self.stack.record(tenant_id)

    def _provider(self, kind: str, tenant_id: str) -> dict[str, Any]:
        if kind == "SAML":
            return DETAILS[kind] | {"metadataUrl": f"https://idp.{tenant_id}.example/metadata"}
        text = PEM if kind == "SignInWithApple" else SECRET_TEXT
        name = f"tenant-onboarding/{tenant_id}/{kind}"
        if name not in self.secrets:
            self.secrets[name] = self.clients.secrets.create_secret(Name=name, SecretString=text)["ARN"]
        return DETAILS[kind] | {"clientSecretArn": self.secrets[name]}


@pytest.fixture
def world(clients: Clients, settings: Settings, wire: Wire, run: Run, published: Published) -> World:
    wire.attempts.clear()
    return World(clients, settings, wire, run, Stack(clients, settings, wire, published))


def user_pools(clients: Clients) -> dict[str, dict[str, Any]]:
    """Return by name what is in each user pool of the clients' Region; a name that is there twice is an error."""
    client = clients.cognito
    found: dict[str, dict[str, Any]] = {}
    for listed in client.list_user_pools(MaxResults=60)["UserPools"]:
        pool_id = listed["Id"]
        of_pool: Any = {"UserPoolId": pool_id}
        assert listed["Name"] not in found
        app_clients = client.list_user_pool_clients(**of_pool, MaxResults=60)["UserPoolClients"]
        assert len({each["ClientName"] for each in app_clients}) == len(app_clients)
        found[listed["Name"]] = {
            "id": pool_id,
            "domain": client.describe_user_pool(**of_pool)["UserPool"].get("Domain"),
            "clients": {each["ClientName"]: each["ClientId"] for each in app_clients},
            "groups": {each["GroupName"] for each in client.list_groups(**of_pool)["Groups"]},
            "users": {each["Username"] for each in client.list_users(**of_pool)["Users"]},
            "providers": {
                each["ProviderName"] for each in client.list_identity_providers(**of_pool, MaxResults=60)["Providers"]
            },
        }
    return found


# what there is in the end

SHARED_POOL = "TenantOnboarding-shared-001"
SILO_POOL = "TenantOnboarding-silo-acme"
OWN_CLIENT = "TenantOnboarding-tenant-acme"


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
    assert resources.pop("welcomeMessageId")
    assert {each["name"] for each in resources.pop("identityProviders", [])} == case.provider_names
    assert resources == {
        "region": REGION,
        "userPoolId": pool["id"],
        "appClientId": pool["clients"][SHARED_POOL if case.tier == "pool" else OWN_CLIENT],
        "issuer": f"https://cognito-idp.{REGION}.amazonaws.com/{pool['id']}",
        "domain": f"{pool['domain']}.auth.{REGION}.amazoncognito.com",
        "groupName": "acme",
        **({"sharedPoolKey": "shared-001"} if case.tier != "silo" else {}),
        **({} if case.providers else {"adminUsername": case.username}),
    }


@each_case
def test_the_registry_holds_the_tenants_keys_and_its_app_client_and_nothing_else(case: Case, world: World) -> None:
    record = world.onboard(case, routing={"subdomain": "acme", "tenantCode": "ACME-42", "emailDomains": ["a.example"]})
    target = {name: record["resources"][name] for name in ("region", "userPoolId", "appClientId", "issuer", "domain")}
    target["tier"] = case.tier
    common = dict(target)
    target["identityProviders"] = [provider["name"] for provider in record["resources"].get("identityProviders", [])]
    target["signInAddress"] = "https://acme.app.product.example"
    target["userNameTemplate"] = "{email}" if case.tier == "silo" else "{tenantId}/{email}"
    routes = world.stack.routes()
    token = routes["domain-claim#a.example#acme"].pop("token")
    assert len(token) == 32
    stamps = [route.pop("activatedAt") for route in routes.values() if route["state"] == "ACTIVE"]
    assert len(stamps) == (4 if case.tier == "pool" else 3)
    for route in routes.values():
        route.pop("reservedAt", None)
    client_key = f"client#{target['userPoolId']}#{target['appClientId']}"
    whose = {"shared": True} if case.tier == "pool" else {"tenantId": "acme"}
    expected: dict[str, dict[str, Any]] = {
        "subdomain#acme": {"tenantId": "acme", "state": "ACTIVE", "target": target},
        "code#ACME-42": {"tenantId": "acme", "state": "ACTIVE", "target": target},
        "domain-claim#a.example#acme": {"tenantId": "acme", "state": "UNVERIFIED"},
        client_key: {**whose, "state": "ACTIVE", "target": common if case.tier == "pool" else target},
    }
    if case.tier == "pool":
        expected["tenant#acme"] = {"tenantId": "acme", "state": "ACTIVE", "target": target}
    if case == CASES["bridge with SAML"]:
        metadata = hashlib.sha256(DETAILS["SAML"]["metadataUrl"].encode()).hexdigest()
        expected[f"saml#{metadata}"] = {"tenantId": "acme", "state": "RESERVED"}
    assert routes == {key: {"routeKey": key, **fields} for key, fields in expected.items()}


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
    counters = len(shared["groups"]) + len(shared["providers"]), len(shared["clients"]), len(shared["providers"])
    assert (row["groups"], row["appClients"], row["identityProviders"]) == counters == (6, 4, 2)
    # Each of the others has an app client of its own; the pool tenant's is the shared one.
    clients = {tenant_id: record["resources"]["appClientId"] for tenant_id, record in records.items()}
    assert clients["globex"] == shared["clients"][SHARED_POOL]
    assert len(set(clients.values())) == len(clients)
    holders = {key: route.get("tenantId") for key, route in world.stack.routes().items() if key.startswith("client#")}
    assert holders == {
        f"client#{record['resources']['userPoolId']}#{clients[tenant_id]}": None if tenant_id == "globex" else tenant_id
        for tenant_id, record in records.items()
    }


# what is sent, to the last parameter


def sent_to_cognito(wire: Wire) -> list[tuple[str, dict[str, Any]]]:
    """Return each call to Cognito with what it sent, valid under the service's model."""
    model = botocore.session.get_session().get_service_model("cognito-idp")
    calls = [(each.operation, each.body) for each in wire.attempts if each.operation in model.operation_names]
    for operation, body in calls:
        shape: Any = model.operation_model(operation).input_shape
        validate_parameters(body, shape)
        assert set(body) <= set(shape.members)
    return calls


@each_case
def test_every_call_makes_something_fits_cognitos_model_and_lets_nobody_write_a_tenant_attribute(
    case: Case, world: World
) -> None:
    world.onboard(case)
    calls = sent_to_cognito(world.wire)
    assert not [operation for operation, _ in calls if operation.startswith(("List", "Describe", "Get"))]
    made = [body for operation, body in calls if operation == "CreateUserPoolClient"]
    assert len(made) == (2 if case.tier == "bridge" else 1)
    mapped: set[str] = set()
    for body in (body for operation, body in calls if operation == "CreateIdentityProvider"):
        mapped |= set(body["AttributeMapping"])
    ours = {TENANT_ID, TENANT_TIER, TENANT_ROLE}
    assert not ours & mapped
    for body in made:
        assert body["WriteAttributes"]
        assert ours <= set(body["ReadAttributes"])
        assert not [name for name in body["WriteAttributes"] if name.startswith("custom:")]
        assert body["GenerateSecret"] is False
    assert mapped <= set(made[-1]["WriteAttributes"])


ADDRESSES = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid", "email", "profile"],
    "CallbackURLs": ["https://acme.app.product.example/auth/callback"],
    "DefaultRedirectURI": "https://acme.app.product.example/auth/callback",
    "LogoutURLs": ["https://acme.app.product.example/"],
}
BY_REDIRECT_ONLY = {"ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"]}
OWN_CLIENTS: dict[str, dict[str, Any]] = {
    "bridge": {},
    "bridge with SAML": {**BY_REDIRECT_ONLY, "SupportedIdentityProviders": [f"{ACME}-AcmeSSO"]},
    "silo": {},
    "silo with OIDC and SAML": {
        **BY_REDIRECT_ONLY,
        "SupportedIdentityProviders": [f"{ACME}-AcmeLogin", f"{ACME}-AcmeSSO"],
    },
    "silo with social providers": {
        **BY_REDIRECT_ONLY,
        "SupportedIdentityProviders": ["Google", "SignInWithApple", "Facebook", "LoginWithAmazon"],
    },
}


@pytest.mark.parametrize("case", OWN_CLIENTS)
def test_the_own_app_client_of_a_tenant_has_every_setting_explicit(case: str, world: World) -> None:
    record = world.onboard(CASES[case])
    own = {"UserPoolId": record["resources"]["userPoolId"], "ClientName": OWN_CLIENT}
    assert world.wire.bodies("CreateUserPoolClient")[-1] == APP_CLIENT | ADDRESSES | OWN_CLIENTS[case] | own


def test_an_app_client_has_the_addresses_that_the_event_asks_for_besides_its_own(world: World) -> None:
    own = "https://acme.app.product.example"
    callbacks = ["https://app.acme.example/back", f"{own}/auth/callback"]
    world.onboard(CASES["bridge"], appClient={"callbackUrls": callbacks, "logoutUrls": ["https://app.acme.example/"]})
    client = world.wire.bodies("CreateUserPoolClient")[-1]
    assert client["CallbackURLs"] == [f"{own}/auth/callback", "https://app.acme.example/back"]
    assert client["LogoutURLs"] == [f"{own}/", "https://app.acme.example/"]
    assert client["DefaultRedirectURI"] == f"{own}/auth/callback"


def test_mapped_attributes_are_readable_and_writable_through_the_tenants_app_client(world: World) -> None:
    asked = DETAILS["SAML"] | {"attributeMapping": {"email": "mail", "family_name": "sn", "phone_number": "tel"}}
    world.onboard(CASES["bridge with SAML"], identityProviders=[asked])
    _, client = world.wire.bodies("CreateUserPoolClient")
    assert client["WriteAttributes"] == ["email", "family_name", "name", "phone_number"]
    assert set(client["ReadAttributes"]) >= {"family_name", "phone_number", TENANT_ID}


def test_a_silo_user_pool_has_every_setting_explicit_and_the_tenants_own_policy(world: World) -> None:
    policy = {"minimumLength": 14, "requireSymbols": False, "temporaryPasswordValidityDays": 1}
    record = world.onboard(CASES["silo"], security={"mfa": "ON", "passwordPolicy": policy})
    (sent,) = world.wire.bodies("CreateUserPool")
    asked = {"MinimumLength": 14, "RequireSymbols": False, "TemporaryPasswordValidityDays": 1}
    assert sent == USER_POOL | {
        "PoolName": SILO_POOL,
        "Policies": {"PasswordPolicy": USER_POOL["Policies"]["PasswordPolicy"] | asked},
        "UserPoolTags": {
            "tenant-onboarding:owner": "0f1e/silo/acme",
            "tenant-onboarding:stack": "TenantOnboarding",
        },
    }
    pool = {"UserPoolId": record["resources"]["userPoolId"]}
    assert world.wire.bodies("SetUserPoolMfaConfig") == [
        {**pool, "MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": {"Enabled": True}}
    ]
    prefix = hashlib.sha256(f"{ACCOUNT}/{REGION}/0f1e/silo/acme".encode()).hexdigest()[:24]
    assert world.wire.bodies("CreateUserPoolDomain") == [{**pool, "Domain": f"t-{prefix}", "ManagedLoginVersion": 1}]
    assert world.wire.bodies("CreateGroup") == [
        {**pool, "GroupName": "acme", "Description": "tenant-onboarding:owner=acme"}
    ]


FACTOR = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}


@pytest.mark.parametrize(
    ("security", "mfa", "factor"),
    [
        (None, "OPTIONAL", FACTOR),
        ({"mfa": "OFF"}, "OFF", {}),
        ({"mfa": "OPTIONAL"}, "OPTIONAL", FACTOR),
        ({"mfa": "ON"}, "ON", FACTOR),
    ],
)
def test_a_silo_tenant_chooses_its_mfa(
    security: dict[str, Any] | None, mfa: str, factor: dict[str, Any], world: World
) -> None:
    asked: dict[str, Any] = {"security": security} if security else {}
    pool_id = world.onboard(CASES["silo"], **asked)["resources"]["userPoolId"]
    assert world.wire.bodies("SetUserPoolMfaConfig") == [
        {"UserPoolId": pool_id, "MfaConfiguration": mfa, **factor},
    ]


@pytest.mark.parametrize("tier", ["pool", "bridge", "silo"])
def test_the_admin_is_created_with_the_tenants_attributes_and_no_mail_of_cognitos(tier: str, world: World) -> None:
    record = world.onboard(CASES[tier])
    (sent,) = world.wire.bodies("AdminCreateUser")
    mailed = world.wire.bodies("AdminSetUserPassword")[0]["Password"]
    assert sent.pop("TemporaryPassword") != mailed
    assert sent == {
        "UserPoolId": record["resources"]["userPoolId"],
        "Username": "admin@acme.example" if tier == "silo" else "acme/admin@acme.example",
        "UserAttributes": [
            {"Name": "email", "Value": "admin@acme.example"},
            {"Name": "email_verified", "Value": "true"},
            {"Name": "custom:tenantId", "Value": "acme"},
            {"Name": "custom:tenantTier", "Value": tier},
            {"Name": "custom:tenantRole", "Value": "admin"},
            {"Name": "name", "Value": "Acme Admin"},
        ],
        "MessageAction": "SUPPRESS",
    }


STEP_CALLS: dict[str, tuple[str, list[str]]] = {
    "CreateUserPool": ("silo", ["CreateUserPool"]),
    "ConfigureUserPool": ("silo", ["SetUserPoolMfaConfig", "CreateUserPoolDomain"]),
    "CreateTenantGroup": ("silo", ["CreateGroup"]),
    "CreateAppClient": ("silo", ["GetItem", "CreateUserPoolClient"]),
    "CreateTenantAdmin": ("silo", ["AdminCreateUser", "AdminAddUserToGroup"]),
    "SendWelcomeEmail": ("silo", ["AdminSetUserPassword", "SendEmail"]),
    "CreateIdentityProviders": (
        "silo with OIDC and SAML",
        ["GetItem", "GetSecretValue", "CreateIdentityProvider", "CreateIdentityProvider"],
    ),
}


@pytest.mark.parametrize("step", STEP_CALLS)
def test_a_step_makes_its_calls_between_begin_and_finish_and_no_more(step: str, world: World) -> None:
    case, calls = STEP_CALLS[step]
    path = world.claim(CASES[case])
    world.run(*path[: path.index(step)])
    world.wire.attempts.clear()
    world.run(step)
    assert world.wire.operations() == ["UpdateItem", *calls, "UpdateItem"]


@pytest.mark.parametrize("tier", ["bridge", "silo"])
def test_routing_of_an_own_app_client_is_registered_in_one_transaction(tier: str, world: World) -> None:
    path = world.claim(CASES[tier])
    world.run(*path[: path.index("RegisterRouting")])
    world.wire.attempts.clear()
    world.run("RegisterRouting")
    assert world.wire.operations() == ["UpdateItem", "TransactWriteItems"]


def test_routing_is_not_registered_while_the_app_client_is_another_tenants(world: World) -> None:
    path = world.claim(CASES["bridge"])
    world.run(*path[: path.index("RegisterRouting")])
    resources = world.stack.record()["resources"]
    key = f"client#{resources['userPoolId']}#{resources['appClientId']}"
    world.clients.dynamodb.put_item(TableName="routes", Item={"routeKey": key, "tenantId": "globex", "state": "ACTIVE"})
    with pytest.raises(TenantConflictError, match=key):
        world.run("RegisterRouting")
    assert world.stack.routes()["subdomain#acme"]["state"] == "RESERVED"


def test_routing_is_not_registered_while_the_tenants_own_key_is_anothers(world: World) -> None:
    path = world.claim(CASES["pool"])
    world.run(*path[: path.index("RegisterRouting")])
    foreign = {"routeKey": "tenant#acme", "tenantId": "globex", "state": "ACTIVE"}
    world.clients.dynamodb.put_item(TableName="routes", Item=foreign)
    with pytest.raises(TenantConflictError, match="tenant#acme"):
        world.run("RegisterRouting")
    assert world.stack.routes()["tenant#acme"] == foreign
    assert world.stack.routes()["subdomain#acme"]["state"] == "RESERVED"


# every fault of every create

FAULTS: dict[str, tuple[Callable[..., Any], int]] = {
    "a lost response": (faults.lost_response, 1),
    "two lost responses in a row": (faults.lost_response, 2),
    "an error inside AWS after the effect": (faults.server_error_after_effect, 1),
    "a death after the effect": (faults.death_after, 1),
    "throttling": (faults.throttled, 3),
    "a denial": (faults.access_denied("cognito-idp"), 1),
}
WITHOUT_EFFECT = ("throttling", "a denial")
STRUCK: list[tuple[str, str, str, int]] = [
    ("silo with OIDC and SAML", "CreateUserPool", "CreateUserPool", 0),
    ("silo with OIDC and SAML", "ConfigureUserPool", "SetUserPoolMfaConfig", 0),
    ("silo with OIDC and SAML", "ConfigureUserPool", "CreateUserPoolDomain", 0),
    ("silo with OIDC and SAML", "CreateIdentityProviders", "CreateIdentityProvider", 0),
    ("silo with OIDC and SAML", "CreateIdentityProviders", "CreateIdentityProvider", 1),
    ("silo", "CreateAppClient", "CreateUserPoolClient", 0),
    ("bridge with SAML", "CreateIdentityProviders", "CreateIdentityProvider", 0),
    ("bridge with SAML", "CreateAppClient", "CreateUserPoolClient", 0),
    ("bridge", "RegisterRouting", "TransactWriteItems", 0),
]
"""A case, a step of its path, and an operation of that step which is struck after so many of them passed."""
WITHOUT_NATURAL_KEY = ("CreateUserPool", "CreateUserPoolClient")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("case", "step", "operation", "spare"), STRUCK)
def test_whatever_happens_to_a_create_the_repeat_leads_to_exactly_one_of_everything(
    case: str, step: str, operation: str, spare: int, fault: str, world: World
) -> None:
    path = world.claim(CASES[case])
    world.run(*path[: path.index(step)])
    world.wire.attempts.clear()
    strike, times = FAULTS[fault]
    with world.wire.strikes(operation, strike, times=times, spare=spare) as struck:
        for name in path[path.index(step) : path.index("SendWelcomeEmail")]:
            until_done(world.run, name)
    assert struck.struck >= 1
    listed = world.wire.count("ListUserPools") + world.wire.count("ListUserPoolClients")
    assert bool(listed) == (operation in WITHOUT_NATURAL_KEY and fault not in WITHOUT_EFFECT)
    exactly_one_of_everything(CASES[case], world)


def exactly_one_of_everything(case: Case, world: World) -> None:
    """Assert that there is what acme needs, once, and nothing beside, and that the record and its route say so."""
    record = world.stack.record()
    assert set(user_pools(world.clients)) == {SILO_POOL if case.tier == "silo" else SHARED_POOL}
    (pool,) = user_pools(world.clients).values()
    assert set(pool["clients"]) == {OWN_CLIENT} | ({SHARED_POOL} if case.tier == "bridge" else set())
    assert (pool["groups"], pool["users"], pool["providers"]) == ({"acme"}, case.users, case.provider_names)
    resources = record["resources"]
    assert (resources["userPoolId"], resources["appClientId"]) == (pool["id"], pool["clients"][OWN_CLIENT])
    assert resources["domain"] == f"{pool['domain']}.auth.{REGION}.amazoncognito.com"
    assert {each["name"] for each in resources.get("identityProviders", [])} == case.provider_names
    configured: Any = world.clients.cognito.get_user_pool_mfa_config(UserPoolId=pool["id"])
    assert configured["MfaConfiguration"] == "OPTIONAL"
    holders = {key: route["tenantId"] for key, route in world.stack.routes().items() if key.startswith("client#")}
    assert holders == {f"client#{pool['id']}#{resources['appClientId']}": "acme"}


@pytest.mark.parametrize(
    ("case", "step", "operation"),
    [
        ("silo", "CreateUserPool", "CreateUserPool"),
        ("silo", "CreateAppClient", "CreateUserPoolClient"),
        ("bridge", "CreateAppClient", "CreateUserPoolClient"),
    ],
)
@pytest.mark.parametrize("strike", [faults.lost_response, faults.throttled, faults.server_error])
def test_the_sdk_never_repeats_a_create_without_a_natural_key(
    case: str, step: str, operation: str, strike: Callable[..., Any], world: World
) -> None:
    path = world.claim(CASES[case])
    world.run(*path[: path.index(step)])
    world.wire.attempts.clear()
    with world.wire.strikes(operation, strike, times=faults.ALWAYS), pytest.raises(OnboardingError):
        world.run(step)
    assert world.wire.count(operation) == 1


@pytest.mark.parametrize("tenant_id", ["shared-001", "silo-xyz", "tenant-xyz"])
@pytest.mark.parametrize(
    ("tier", "step", "operation"),
    [
        ("silo", "CreateUserPool", "CreateUserPool"),
        ("silo", "CreateAppClient", "CreateUserPoolClient"),
        ("bridge", "CreateAppClient", "CreateUserPoolClient"),
    ],
)
def test_a_tenant_in_doubt_takes_nothing_of_a_shared_user_pool_or_another_tenant_whatever_its_name(
    tenant_id: str, tier: str, step: str, operation: str, world: World
) -> None:
    """Its create never arrived, so all that it could adopt is others'."""
    others = {"globex": "pool", "abc": "bridge", "xyz": "silo"}
    for other, its_tier in others.items():
        placed = world.claim(CASES[its_tier], other)
        world.run(*placed[: placed.index("CreateTenantAdmin")], tenant_id=other)
    path = world.claim(CASES[tier], tenant_id)
    with world.wire.strikes(operation, faults.unreachable, times=1) as struck:
        world.run(*path[: path.index(step)], tenant_id=tenant_id)
        with pytest.raises(TransientError):
            world.run(step, tenant_id=tenant_id)
    assert struck.struck == 1
    taken = {value for other in others for value in world.stack.record(other)["resources"].values()}
    world.run(*path[path.index(step) : path.index("CreateTenantAdmin")], tenant_id=tenant_id)
    resources = world.stack.record(tenant_id)["resources"]
    assert resources["appClientId"] not in taken
    assert (resources["userPoolId"] in taken) == (tier == "bridge")
    assert world.wire.count("ListUserPools" if operation == "CreateUserPool" else "ListUserPoolClients") == 2


def test_another_stack_of_the_same_name_does_not_lose_its_user_pool_to_this_one(world: World) -> None:
    """A stack that was deleted leaves its protected user pools behind."""
    world.onboard(CASES["silo"])
    (left,) = user_pools(world.clients).values()
    for table in ("tenants", "routes"):
        for item in world.clients.dynamodb.scan(TableName=table)["Items"]:
            names = ("tenantId", "item") if table == "tenants" else ("routeKey",)
            world.clients.dynamodb.delete_item(TableName=table, Key={name: item[name] for name in names})
    anew = world.settings.model_copy(update={"deployment_id": "2a3b"})
    path = world.claim(CASES["silo"])
    with world.wire.strikes("CreateUserPool", faults.unreachable), pytest.raises(TransientError):
        steps.run(world.clients, anew, "acme", turn(path[0], "anew-1"))
    steps.run(world.clients, anew, "acme", turn(path[0], "anew-2"))
    assert world.stack.record()["resources"]["userPoolId"] != left["id"]


def test_a_user_pool_that_was_deleted_before_its_next_step_is_told(world: World) -> None:
    path = world.claim(CASES["silo"])
    world.run(path[0])
    delete_pool(world.clients, world.stack.record()["resources"]["userPoolId"])
    with pytest.raises(OnboardingError) as refused:
        world.run(path[1])
    assert type(refused.value).__name__ == "ResourceMissingError"


# the welcome email


def mails(wire: Wire) -> list[dict[str, Any]]:
    """Return each mail that was sent, with its address, subject and bodies."""
    return [
        {
            "to": body["Destination"]["ToAddresses"],
            "from": body["FromEmailAddress"],
            "subject": body["Content"]["Simple"]["Subject"]["Data"],
            "bodies": [part["Data"] for part in body["Content"]["Simple"]["Body"].values()],
        }
        for body in wire.bodies("SendEmail")
    ]


@pytest.mark.parametrize("case", ["bridge with SAML", "silo with OIDC and SAML", "silo with social providers"])
def test_a_federated_tenant_is_told_how_to_connect_and_gets_no_password(case: str, world: World) -> None:
    resources = world.onboard(CASES[case])["resources"]
    (mail,) = mails(world.wire)
    assert (mail["to"], mail["from"]) == (["admin@acme.example"], SENDER)
    assert mail["subject"] == "Acme Inc. is ready: connect your identity provider"
    kinds = set(CASES[case].providers)
    entity_id = f"urn:amazon:cognito:sp:{resources['userPoolId']}"
    said = {
        "https://acme.app.product.example": True,
        entity_id: "SAML" in kinds,
        f"https://{resources['domain']}/saml2/idpresponse": "SAML" in kinds,
        f"https://{resources['domain']}/oauth2/idpresponse": kinds != {"SAML"},
        **{DETAILS[kind]["name"]: True for kind in kinds},
    }
    for body in mail["bodies"]:
        assert {text: text in body for text in said} == said
    forbidden = ("AdminSetUserPassword", "AdminGetUser", "AdminCreateUser")
    assert not [name for name in world.wire.operations() if name in forbidden]


@pytest.mark.parametrize("strike", [faults.lost_response, faults.death_after], ids=["lost response", "death"])
def test_in_doubt_a_federated_tenant_is_told_again(strike: Callable[..., Any], world: World) -> None:
    """Nothing tells whether the mail went out; it holds no password, so twice is better than never."""
    path = world.claim(CASES["bridge with SAML"])
    world.run(*path[: path.index("SendWelcomeEmail")])
    world.wire.attempts.clear()
    with world.wire.strikes("SendEmail", strike):
        until_done(world.run, "SendWelcomeEmail")
    assert [name for name in world.wire.operations() if name != "UpdateItem"] == ["SendEmail", "SendEmail"]
    first, second = mails(world.wire)
    assert first == second


@pytest.mark.parametrize(("length", "days", "said"), [(99, 1, "for 1 day;"), (8, 30, "for 30 days;")])
def test_a_silo_admin_gets_a_password_that_meets_the_tenants_own_policy(
    length: int, days: int, said: str, world: World
) -> None:
    policy = {"minimumLength": length, "temporaryPasswordValidityDays": days}
    with world.wire.strikes("AdminSetUserPassword", faults.answered()):  # moto takes no password of 99 characters
        world.onboard(CASES["silo"], security={"passwordPolicy": policy})
    password = world.wire.bodies("AdminSetUserPassword")[0]["Password"]
    assert len(password) >= length
    (mail,) = mails(world.wire)
    text, html = mail["bodies"]
    assert password in text
    assert password in html
    assert said in text
    assert said in html
    tables = [world.clients.dynamodb.scan(TableName=name)["Items"] for name in ("tenants", "routes", "shared-pools")]
    assert password not in json.dumps(tables, default=str)


def test_a_tenants_names_are_text_in_its_mail_and_nothing_else(world: World) -> None:
    nasty: dict[str, Any] = {
        "tenantName": "<b>Acme</b>",
        "admin": {"email": "admin@acme.example", "name": "<i>Ada</i>"},
    }
    world.onboard(CASES["bridge with SAML"], **nasty)
    (mail,) = mails(world.wire)
    text, html = mail["bodies"]
    assert "<b>Acme</b>" in text
    assert "&lt;b&gt;Acme&lt;/b&gt;" in html
    assert "&lt;i&gt;Ada&lt;/i&gt;" in html
    assert "<b>" not in html


# a user pool in another Region

ELSEWHERE = "eu-west-1"


@pytest.mark.parametrize("case", ["silo", "silo with OIDC and SAML"])
def test_a_silo_tenant_may_have_its_user_pool_in_another_region_and_all_else_at_home(
    case: str, clients: Clients, settings: Settings, wire: Wire, published: Published
) -> None:
    offering = settings.model_copy(update={"regions": (ELSEWHERE,)})
    deploy_trigger(clients, ELSEWHERE)

    def run(*names: str, tenant_id: str = "acme", **which: Any) -> None:
        for name in names:
            steps.run(clients, offering, tenant_id, turn(name, f"invocation-{name}", **which))

    there = World(clients, offering, wire, run, Stack(clients, offering, wire, published))
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
