"""Each step of the workflow, and the whole path of a tenant through every fault that has a name."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest

from orchestrator import steps
from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import (
    ConfigurationError,
    OnboardingError,
    ResourceMissingError,
    TenantConflictError,
    ThrottledError,
    TransientError,
)
from orchestrator.routing import routes
from orchestrator.tenants import lifecycle, records, tiers
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import record_key
from tenant_onboarding import names
from tenant_onboarding.authorizer import registry
from tenant_onboarding.contracts.fields import TIERS
from tests.unit import faults
from tests.unit.conftest import REGION, SENDER, TABLES, tenant_created
from tests.unit.every_tier import until_done
from tests.unit.faults import DeathError, Wire
from tests.unit.identity.user_pools import app_clients, delete_pool, pools, server_clients
from tests.unit.kept_aws import KeptAws
from tests.unit.simulated_aws import Stack, stack
from tests.unit.tenants.tenants_table import counted, unpublished

__all__ = ["stack"]

PATH = tiers.path("pool", federated=False)
Claim = Callable[..., Record]
Run = Callable[..., None]
Published = Callable[[], list[dict[str, Any]]]


def before(step: str) -> tuple[str, ...]:
    """Return the steps before one."""
    return PATH[: PATH.index(step)]


@pytest.fixture
def at(claim: Claim, run: Run, wire: Wire) -> Callable[[str], None]:
    """Bring acme to the point where a step is next."""

    def at(step: str) -> None:
        claim()
        run(*before(step))
        wire.attempts.clear()

    return at


@dataclass(frozen=True)
class Scene:
    """All that a longer story looks at."""

    clients: Clients
    wire: Wire
    run: Run
    record_of: Claim
    published: Published


@pytest.fixture
def scene(clients: Clients, wire: Wire, run: Run, record_of: Claim, published: Published) -> Scene:
    return Scene(clients, wire, run, record_of, published)


def user(clients: Clients, pool_id: str, username: str) -> dict[str, Any]:
    """Return a user's status and attributes."""
    found = clients.cognito.admin_get_user(UserPoolId=pool_id, Username=username)
    attributes = {attribute["Name"]: attribute.get("Value") for attribute in found["UserAttributes"]}
    attributes.pop("sub", None)
    attributes.pop("custom:userId", None)
    return {"status": found["UserStatus"], **attributes}


def everything(clients: Clients) -> str:
    """Return all items of all tables as text."""
    tables = [clients.dynamodb.scan(TableName=name)["Items"] for name in TABLES]
    return json.dumps(tables, default=str)


def shared_pool(clients: Clients) -> dict[str, Any]:
    """Return the only row of the shared user pools."""
    (row,) = clients.dynamodb.scan(TableName="shared-pools")["Items"]
    return dict(row)


# modules


@pytest.mark.parametrize(
    "step",
    sorted({name for tier in TIERS for federated in (False, True) for name in tiers.path(tier, federated=federated)}),
)
def test_every_step_is_a_module_of_its_name(step: str) -> None:
    assert callable(import_module(steps.module_of(step)).act)


@pytest.mark.parametrize(
    ("tier", "step"),
    [
        *(("pool", step) for step in ("CreateUserPool", "ConfigureUserPool", "CreateAppClient")),
        *((tier, "CreateIdentityProviders") for tier in ("pool", "bridge", "silo")),
        *(("bridge", step) for step in ("CreateUserPool", "ConfigureUserPool")),
        ("silo", "AssignSharedPool"),
    ],
)
def test_a_step_that_is_not_on_the_tenants_path_does_nothing_and_says_so(
    tier: str, step: str, claim: Claim, run: Run, record_of: Claim, wire: Wire
) -> None:
    claim(tier=tier)
    wire.attempts.clear()
    with pytest.raises(ConfigurationError, match=f"{step} is no step of tier {tier}") as refused:
        run(step)
    assert refused.value.code == "StepNotOnPath"
    assert set(wire.operations()) == {"UpdateItem"}
    written = record_of()["steps"][step]
    assert (written["status"], written["error"]["nextAction"]) == ("FAILED", refused.value.next_action)
    assert "one version" in refused.value.next_action


def test_a_federated_tenant_gets_no_local_admin(claim: Claim, run: Run, clients: Clients) -> None:
    provider = {"name": "AcmeSSO", "type": "SAML", "metadataUrl": "https://idp.acme.example/metadata"}
    claim(tier="bridge", identityProviders=[provider])
    run("AssignSharedPool", "CreateTenantGroup")
    with pytest.raises(ConfigurationError, match="CreateTenantAdmin is no step of tier bridge"):
        run("CreateTenantAdmin")
    (pool_id,) = pools(clients)
    assert clients.cognito.list_users(UserPoolId=pool_id)["Users"] == []


# AssignSharedPool


def test_a_tenant_gets_a_place_and_the_record_says_where(
    claim: Claim, run: Run, record_of: Claim, clients: Clients
) -> None:
    claim()
    run("AssignSharedPool")
    (pool_id,) = pools(clients)
    (client_id,) = app_clients(clients, pool_id)
    assert record_of()["resources"] == {
        "region": REGION,
        "userPoolId": pool_id,
        "appClientId": client_id,
        "issuer": f"https://cognito-idp.{REGION}.amazonaws.com/{pool_id}",
        "sharedPoolKey": "shared-001",
        "domain": f"{shared_pool(clients)['resources']['domainPrefix']}.auth.{REGION}.amazoncognito.com",
    }


def test_a_pool_that_fills_up_meanwhile_is_left_for_another(
    claim: Claim, run: Run, record_of: Claim, clients: Clients, wire: Wire
) -> None:
    claim("globex")
    claim()
    run("AssignSharedPool", tenant_id="globex")

    def fill_up() -> None:
        clients.dynamodb.update_item(
            TableName="shared-pools",
            Key={"region": REGION, "poolKey": "shared-001"},
            UpdateExpression="SET groups = limits.groups",
        )

    with (
        wire.strikes("TransactWriteItems", faults.preceded_by(fill_up)),
        pytest.raises(TransientError) as refused,
    ):
        run("AssignSharedPool")
    assert refused.value.code == "PoolFull"
    assert record_of()["resources"] == {}
    run("AssignSharedPool")
    assert record_of()["resources"]["sharedPoolKey"] == "shared-002"


def test_a_place_is_counted_once_however_often_the_step_runs(
    claim: Claim, run: Run, clients: Clients, wire: Wire
) -> None:
    claim()
    with wire.strikes("TransactWriteItems", faults.death_after), pytest.raises(DeathError):
        run("AssignSharedPool", lease=-1)
    run("AssignSharedPool", "AssignSharedPool")
    assert shared_pool(clients)["groups"] == 1


# CreateTenantGroup


def test_the_group_bears_the_tenants_id(
    at: Callable[[str], None], run: Run, record_of: Claim, clients: Clients
) -> None:
    at("CreateTenantGroup")
    run("CreateTenantGroup")
    (pool_id,) = pools(clients)
    assert clients.cognito.get_group(UserPoolId=pool_id, GroupName="acme")["Group"]["Description"]
    assert record_of()["resources"]["groupName"] == "acme"


def test_a_group_of_that_name_that_is_somebody_elses_stops_the_step(
    at: Callable[[str], None], run: Run, record_of: Claim, clients: Clients
) -> None:
    at("CreateTenantGroup")
    (pool_id,) = pools(clients)
    clients.cognito.create_group(UserPoolId=pool_id, GroupName="acme", Description="made by hand")
    with pytest.raises(TenantConflictError):
        run("CreateTenantGroup")
    assert record_of()["steps"]["CreateTenantGroup"]["error"]["type"] == "TenantConflictError"


def test_a_user_pool_that_was_deleted_is_said_to_be_missing(
    at: Callable[[str], None], run: Run, record_of: Claim, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    at("CreateTenantGroup")
    monkeypatch.setattr(records, "SHOWN_WITHIN_SECONDS", 0.0)
    (pool_id,) = pools(clients)
    delete_pool(clients, pool_id)
    with pytest.raises(ResourceMissingError):
        run("CreateTenantGroup")
    assert "deleted" in record_of()["steps"]["CreateTenantGroup"]["error"]["nextAction"]


# CreateTenantAdmin


def test_the_admin_is_in_the_tenants_group_and_bears_its_attributes(
    at: Callable[[str], None], run: Run, record_of: Claim, clients: Clients, wire: Wire
) -> None:
    at("CreateTenantAdmin")
    run("CreateTenantAdmin")
    (pool_id,) = pools(clients)
    username = record_of()["resources"]["adminUsername"]
    assert username == "acme/admin@acme.example"
    assert user(clients, pool_id, username) == {
        "status": "FORCE_CHANGE_PASSWORD",
        "email": "admin@acme.example",
        "email_verified": "true",
        "custom:tenantId": "acme",
        "custom:tenantTier": "pool",
        "custom:tenantRole": "admin",
        "name": "Acme Admin",
    }
    assert wire.bodies("AdminAddUserToGroup") == [{"UserPoolId": pool_id, "Username": username, "GroupName": "acme"}]


def test_an_admin_without_a_name_has_none(claim: Claim, run: Run, wire: Wire) -> None:
    claim(admin={"email": "admin@acme.example"})
    run(*before("CreateTenantAdmin"), "CreateTenantAdmin")
    (created,) = wire.bodies("AdminCreateUser")
    assert "name" not in {attribute["Name"] for attribute in created["UserAttributes"]}


def test_one_person_may_be_admin_of_two_tenants_of_one_user_pool(claim: Claim, run: Run, clients: Clients) -> None:
    admin = {"email": "both@person.example"}
    for tenant_id in ("acme", "globex"):
        claim(tenant_id, admin=admin)
        run(*before("RegisterRouting"), tenant_id=tenant_id)
    (pool_id,) = pools(clients)
    for tenant_id in ("acme", "globex"):
        found = user(clients, pool_id, f"{tenant_id}/both@person.example")
        assert (found["custom:tenantId"], found["email"]) == (tenant_id, "both@person.example")
        members = clients.cognito.list_users_in_group(UserPoolId=pool_id, GroupName=tenant_id)["Users"]
        assert [member["Username"] for member in members] == [f"{tenant_id}/both@person.example"]


def test_a_user_of_that_name_that_is_another_tenants_stops_the_step(
    at: Callable[[str], None], run: Run, clients: Clients
) -> None:
    at("CreateTenantAdmin")
    (pool_id,) = pools(clients)
    clients.cognito.admin_create_user(
        UserPoolId=pool_id,
        Username="acme/admin@acme.example",
        UserAttributes=[{"Name": names.TENANT_ID, "Value": "globex"}],
    )
    with pytest.raises(TenantConflictError):
        run("CreateTenantAdmin")
    assert clients.cognito.list_users_in_group(UserPoolId=pool_id, GroupName="acme")["Users"] == []


# RegisterRouting


def test_every_reserved_key_leads_to_the_user_pool_once_routing_is_registered(
    at: Callable[[str], None], run: Run, record_of: Claim, clients: Clients
) -> None:
    at("RegisterRouting")
    resources = record_of()["resources"]
    target = {name: resources[name] for name in ("region", "userPoolId", "appClientId", "issuer", "domain")}
    target["tier"] = "pool"
    sign_in = {
        "signInAddress": "https://acme.app.product.example",
        "userNameTemplate": "{tenantId}/{email}",
        "identityProviders": [],
    }
    for key in record_of()["routeKeys"]:
        assert registry.resolve(clients.dynamodb, "routes", key) is None
    run("RegisterRouting")
    for key in ("subdomain#acme", "code#ACME-42", "tenant#acme"):
        found = {"routeKey": key, "tenantId": "acme", **target, **sign_in}
        assert without_time(registry.resolve(clients.dynamodb, "routes", key)) == found
    shared = registry.client_key(resources["userPoolId"], resources["appClientId"])
    found = {"routeKey": shared, "tenantId": None, **target}
    assert without_time(registry.resolve(clients.dynamodb, "routes", shared)) == found


def without_time(found: dict[str, Any] | None) -> dict[str, Any]:
    """Return a route that is active by now, but for since when."""
    assert found
    assert found["activatedAt"].endswith("Z")
    return {name: value for name, value in found.items() if name != "activatedAt"}


def test_a_key_that_somebody_else_holds_by_now_activates_none(
    at: Callable[[str], None], run: Run, record_of: Claim, clients: Clients
) -> None:
    at("RegisterRouting")
    stolen = {"routeKey": "code#ACME-42", "tenantId": "globex", "state": routes.RESERVED}
    clients.dynamodb.put_item(TableName="routes", Item=stolen)
    with pytest.raises(TenantConflictError, match="code#ACME-42"):
        run("RegisterRouting")
    assert registry.resolve(clients.dynamodb, "routes", "subdomain#acme") is None
    step = record_of()["steps"]["RegisterRouting"]
    assert (step["status"], "routes table" in step["error"]["nextAction"]) == ("FAILED", True)


def forget_the_domain(clients: Clients) -> None:
    """Make acme's record one of an earlier version, whose user pools had no domain."""
    clients.dynamodb.update_item(
        TableName="tenants",
        Key=record_key("acme"),
        UpdateExpression="REMOVE resources.#domain",
        ExpressionAttributeNames={"#domain": "domain"},
    )


@pytest.mark.parametrize("step", ["CreateTenantAdmin", "RegisterRouting", "SendWelcomeEmail", "CompleteOnboarding"])
def test_a_tenant_of_an_earlier_version_without_a_domain_is_completed_without(
    step: str, at: Callable[[str], None], run: Run, record_of: Claim, clients: Clients, published: Published
) -> None:
    at(step)
    forget_the_domain(clients)
    run(*PATH[PATH.index(step) :])
    assert record_of()["status"] == lifecycle.COMPLETED
    announced = published()[-1]
    assert announced["detail-type"] == "TenantOnboarded"
    assert "domain" not in announced["detail"]
    found = registry.resolve(clients.dynamodb, "routes", "subdomain#acme")
    assert found
    assert found["userPoolId"] == record_of()["resources"]["userPoolId"]
    if step in {"CreateTenantAdmin", "RegisterRouting"}:
        assert found["domain"] is None


# SendWelcomeEmail


def test_the_password_that_is_set_is_the_one_that_is_mailed_and_is_kept_nowhere(
    at: Callable[[str], None], run: Run, record_of: Claim, clients: Clients, wire: Wire
) -> None:
    at("SendWelcomeEmail")
    run("SendWelcomeEmail")
    (set_password,) = wire.bodies("AdminSetUserPassword")
    (mail,) = wire.bodies("SendEmail")
    password = set_password.pop("Password")
    resources = record_of()["resources"]
    assert set_password == {
        "UserPoolId": resources["userPoolId"],
        "Username": "acme/admin@acme.example",
        "Permanent": False,
    }
    assert mail["FromEmailAddress"] == SENDER
    assert mail["Destination"] == {"ToAddresses": ["admin@acme.example"]}
    for body in mail["Content"]["Simple"]["Body"].values():
        assert password in body["Data"]
        assert "https://acme.app.product.example" in body["Data"]
    assert password not in everything(clients)
    assert resources["welcomeMessageId"]


def test_a_sent_mail_whose_answer_was_lost_is_sent_once_more_while_nobody_signed_in(
    at: Callable[[str], None], run: Run, record_of: Claim, wire: Wire
) -> None:
    at("SendWelcomeEmail")
    with wire.strikes("SendEmail", faults.lost_response, times=faults.ALWAYS), pytest.raises(TransientError):
        run("SendWelcomeEmail")
    assert wire.count("SendEmail") == 1
    run("SendWelcomeEmail")
    assert wire.count("AdminGetUser") == 1
    first, second = wire.bodies("AdminSetUserPassword")
    assert first["Password"] != second["Password"]
    last = wire.bodies("SendEmail")[-1]
    assert second["Password"] in last["Content"]["Simple"]["Body"]["Text"]["Data"]
    assert record_of()["steps"]["SendWelcomeEmail"]["status"] == "DONE"


@pytest.mark.parametrize("strike", [faults.lost_response, faults.death_after], ids=["lost response", "death"])
def test_in_doubt_an_admin_who_signed_in_gets_no_other_password_and_no_other_mail(
    strike: Callable[..., Any], at: Callable[[str], None], run: Run, record_of: Claim, clients: Clients, wire: Wire
) -> None:
    at("SendWelcomeEmail")
    with wire.strikes("SendEmail", strike), pytest.raises((TransientError, DeathError)):
        run("SendWelcomeEmail", lease=-1)
    own = {"UserPoolId": record_of()["resources"]["userPoolId"], "Username": "acme/admin@acme.example"}
    clients.cognito.admin_set_user_password(**own, Password="Chosen-by-Ada-1", Permanent=True)
    wire.attempts.clear()
    run("SendWelcomeEmail")
    assert wire.operations() == ["UpdateItem", "AdminGetUser", "UpdateItem"]
    assert record_of()["steps"]["SendWelcomeEmail"]["status"] == "DONE"


def test_a_throttled_mail_is_no_doubt(at: Callable[[str], None], run: Run, wire: Wire) -> None:
    at("SendWelcomeEmail")
    with wire.strikes("SendEmail", faults.throttled), pytest.raises(ThrottledError):
        run("SendWelcomeEmail")
    run("SendWelcomeEmail")
    assert (wire.count("AdminGetUser"), wire.count("SendEmail")) == (0, 2)


def test_a_sender_that_is_not_verified_is_told_to_the_operator(
    at: Callable[[str], None], run: Run, record_of: Claim, clients: Clients
) -> None:
    at("SendWelcomeEmail")
    clients.ses_once.delete_email_identity(EmailIdentity=SENDER)
    with pytest.raises(ConfigurationError):
        run("SendWelcomeEmail")
    error = record_of()["steps"]["SendWelcomeEmail"]["error"]
    assert (error["type"], error["code"], error["retryable"]) == ("ConfigurationError", "MessageRejected", False)
    assert SENDER in error["message"]
    assert "Amazon SES" in error["nextAction"]


# CompleteOnboarding


def test_a_completed_tenant_is_recorded_counted_and_announced(
    at: Callable[[str], None], run: Run, record_of: Claim, clients: Clients, published: Published
) -> None:
    at("CompleteOnboarding")
    assert counted(clients) == {"IN_PROGRESS#pool": 1}
    run("CompleteOnboarding")
    record = record_of()
    assert record["status"] == lifecycle.COMPLETED
    assert record["completedAt"] == record["statusChangedAt"]
    assert (record["outbox"], unpublished(clients)) == ({}, [])
    assert counted(clients) == {"COMPLETED#pool": 1}
    resources = record["resources"]
    assert published()[-1]["detail-type"] == "TenantOnboarded"
    assert published()[-1]["detail"] == {
        "tenantId": "acme",
        "attempt": 1,
        "redrive": 0,
        "eventKey": "acme:TenantOnboarded:1:0",
        "tier": "pool",
        "region": REGION,
        "userPoolId": resources["userPoolId"],
        "appClientId": resources["appClientId"],
        "issuer": resources["issuer"],
        "domain": resources["domain"],
        "identityProviders": [],
        "groupName": "acme",
        "subdomain": "acme",
        "tenantCode": "ACME-42",
    }


def test_a_start_that_was_not_published_yet_is_told_before_the_completion(stack: Stack, run: Run) -> None:
    with stack.wire.strikes("PutEvents", FAILED_ENTRY), pytest.raises(TransientError):
        stack.receive(tenant_created())
    run(*PATH)
    assert stack.event_keys() == ["acme:TenantOnboardingStarted:1:0", "acme:TenantOnboarded:1:0"]
    assert stack.record()["outbox"] == {}


def test_a_tenant_without_a_code_is_announced_without_one(claim: Claim, run: Run, published: Published) -> None:
    claim(routing={"subdomain": "acme"})
    run(*PATH)
    assert "tenantCode" not in published()[-1]["detail"]


def test_completing_again_publishes_nothing_again(
    at: Callable[[str], None], run: Run, wire: Wire, clients: Clients
) -> None:
    at("CompleteOnboarding")
    run("CompleteOnboarding", "CompleteOnboarding")
    assert wire.count("PutEvents") == 1
    assert counted(clients) == {"COMPLETED#pool": 1}


FAILED_ENTRY = faults.answered(FailedEntryCount=1, Entries=[{"ErrorCode": "InternalFailure", "ErrorMessage": "later"}])
THROTTLED_ENTRY = faults.answered(FailedEntryCount=1, Entries=[{"ErrorCode": "ThrottlingException"}])
FINALLY_REFUSED_ENTRY = faults.answered(FailedEntryCount=1, Entries=[{"ErrorCode": "NotAuthorizedForSourceException"}])
UNPUBLISHED: dict[str, tuple[Callable[..., Any], type[OnboardingError]]] = {
    "a failed entry": (FAILED_ENTRY, TransientError),
    "a throttled entry": (THROTTLED_ENTRY, ThrottledError),
    "an entry that is refused for good": (FINALLY_REFUSED_ENTRY, ConfigurationError),
    "throttling": (faults.refused("ThrottlingException"), ThrottledError),
    "an error inside AWS": (faults.server_error, TransientError),
    "no connection": (faults.unreachable, TransientError),
    "a denial": (faults.access_denied("events:PutEvents"), ConfigurationError),
}


@pytest.mark.parametrize("case", UNPUBLISHED)
def test_a_bus_that_takes_no_event_leaves_it_in_the_outbox_for_the_next_try(
    case: str, at: Callable[[str], None], scene: Scene
) -> None:
    strike, expected = UNPUBLISHED[case]
    at("CompleteOnboarding")
    with scene.wire.strikes("PutEvents", strike, times=faults.ALWAYS), pytest.raises(expected):
        scene.run("CompleteOnboarding")
    assert scene.record_of()["status"] == lifecycle.COMPLETED
    assert list(scene.record_of()["outbox"]) == ["TenantOnboarded-1-0"]
    scene.run("CompleteOnboarding")
    assert scene.record_of()["outbox"] == {}
    assert [event["detail-type"] for event in scene.published()].count("TenantOnboarded") == 1
    assert counted(scene.clients) == {"COMPLETED#pool": 1}


# the whole path


def test_a_tenant_goes_through_its_whole_path_without_a_list_or_a_scan(claim: Claim, run: Run, wire: Wire) -> None:
    claim()
    run(*PATH)
    assert not [name for name in wire.operations() if name.startswith("List") or name == "Scan"]


CALLS = {
    "AssignSharedPool": [
        "UpdateItem",
        "Query",
        "PutItem",
        "CreateUserPool",
        "SetUserPoolMfaConfig",
        "CreateUserPoolDomain",
        "CreateUserPoolClient",
        "TransactWriteItems",
    ],
    "CreateTenantGroup": ["UpdateItem", "CreateGroup"],
    "CreateTenantAdmin": ["AdminCreateUser", "AdminAddUserToGroup"],
    "RegisterRouting": ["PutItem", "TransactWriteItems"],
    "SendWelcomeEmail": ["AdminSetUserPassword", "SendEmail"],
    "CompleteOnboarding": ["TransactWriteItems", "PutEvents"],
}
FAULTS: dict[str, tuple[Callable[..., Any], int]] = {
    "lost responses, three in a row": (faults.lost_response, 3),
    "death before": (faults.death_before, 1),
    "death after": (faults.death_after, 1),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("step", "operation"), [(step, operation) for step, operations in CALLS.items() for operation in operations]
)
def test_whatever_happens_to_a_call_the_next_tries_lead_to_exactly_one_of_everything(
    step: str, operation: str, fault: str, claim: Claim, scene: Scene, kept: KeptAws
) -> None:
    def lead() -> None:
        claim()
        scene.run(*before(step))

    kept.once(("lead to", step), lead)
    strike, times = FAULTS[fault]
    with scene.wire.strikes(operation, strike, times=times) as struck:
        for name in PATH[PATH.index(step) :]:
            until_done(scene.run, name)
    assert 1 <= struck.struck <= times
    one_of_everything(scene)
    assert len(scene.published()) <= 2 + times * (operation == "PutEvents")
    assert scene.wire.count("SendEmail") <= 1 + times * (operation == "SendEmail")


def one_of_everything(scene: Scene) -> None:
    """Assert that there is one of all that a tenant needs, in Cognito and in the tables."""
    clients, record = scene.clients, scene.record_of()
    (pool_id,) = pools(clients)
    assert len(app_clients(clients, pool_id)) == len(server_clients(clients, pool_id)) == 1
    assert len(clients.cognito.list_groups(UserPoolId=pool_id)["Groups"]) == 1
    members = clients.cognito.list_users_in_group(UserPoolId=pool_id, GroupName="acme")["Users"]
    assert [member["Username"] for member in members] == ["acme/admin@acme.example"]
    assert len(clients.cognito.list_users(UserPoolId=pool_id)["Users"]) == 1
    row = shared_pool(clients)
    assert (row["status"], row["groups"], row["appClients"]) == ("OPEN", 1, 2)
    assert registry.resolve(clients.dynamodb, "routes", "subdomain#acme")
    assert (record["status"], record["outbox"]) == (lifecycle.COMPLETED, {})
    assert unpublished(clients) == []
    assert counted(clients) == {"COMPLETED#pool": 1}
    keys = {event["detail"]["eventKey"] for event in scene.published()}
    assert keys == {"acme:TenantOnboardingStarted:1:0", "acme:TenantOnboarded:1:0"}
    password = scene.wire.bodies("AdminSetUserPassword")[-1]["Password"]
    assert password in scene.wire.bodies("SendEmail")[-1]["Content"]["Simple"]["Body"]["Text"]["Data"]
    assert password not in everything(clients)
