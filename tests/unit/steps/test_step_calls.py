"""What each step asks of AWS on every tier, to the last parameter."""

import hashlib
from typing import Any

import botocore.session
import pytest
from botocore.validate import validate_parameters

from orchestrator.aws.errors import TenantConflictError
from tenant_onboarding.names import TENANT_ID, TENANT_ROLE, TENANT_TIER, USER_ID
from tests.unit.conftest import ACCOUNT, REGION
from tests.unit.every_tier import CASES, OWN_CLIENT, SHARED_POOL, SILO_POOL, Case, World, each_case, world
from tests.unit.faults import Wire
from tests.unit.identity.providers import ACME, DETAILS
from tests.unit.identity.user_pools import APP_CLIENT, SERVER_CLIENT, USER_POOL
from tests.unit.users.users_table import rows

__all__ = ["world"]


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
    of_server, *made = [body for operation, body in calls if operation == "CreateUserPoolClient"]
    assert len(made) == (2 if case.tier == "bridge" else 1)
    pool = SILO_POOL if case.tier == "silo" else SHARED_POOL
    pool_id = made[0]["UserPoolId"]
    assert of_server == SERVER_CLIENT | {"UserPoolId": pool_id, "ClientName": f"{pool}-server"}
    mapped: set[str] = set()
    for body in (body for operation, body in calls if operation == "CreateIdentityProvider"):
        mapped |= set(body["AttributeMapping"])
    ours = {TENANT_ID, TENANT_TIER, TENANT_ROLE, USER_ID}
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
BY_REDIRECT_ONLY = {"ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"], "WriteAttributes": ["email", "name"]}
"""Providers fill in the address, so the app client may write it."""
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
    *_, client = world.wire.bodies("CreateUserPoolClient")
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
    (row,) = rows(world.clients)
    assert sent == {
        "UserPoolId": record["resources"]["userPoolId"],
        "Username": "admin@acme.example" if tier == "silo" else "acme/admin@acme.example",
        "UserAttributes": [
            {"Name": "email", "Value": "admin@acme.example"},
            {"Name": "email_verified", "Value": "true"},
            {"Name": "custom:tenantId", "Value": "acme"},
            {"Name": "custom:tenantTier", "Value": tier},
            {"Name": "custom:tenantRole", "Value": "admin"},
            {"Name": "custom:userId", "Value": row["userId"]},
            {"Name": "name", "Value": "Acme Admin"},
        ],
        "MessageAction": "SUPPRESS",
    }


STEP_CALLS: dict[str, tuple[str, list[str]]] = {
    "CreateUserPool": ("silo", ["CreateUserPool"]),
    "ConfigureUserPool": ("silo", ["SetUserPoolMfaConfig", "CreateUserPoolDomain", "CreateUserPoolClient"]),
    "CreateTenantGroup": ("silo", ["CreateGroup"]),
    "CreateAppClient": ("silo", ["GetItem", "CreateUserPoolClient"]),
    "CreateTenantAdmin": ("silo", ["GetSecretValue", "AdminCreateUser", "AdminAddUserToGroup"]),
    "SendWelcomeEmail": ("silo", ["AdminSetUserPassword", "SendEmail"]),
    "CreateIdentityProviders": (
        "silo with OIDC and SAML",
        ["GetItem", "GetSecretValue", "CreateIdentityProvider", "UpdateItem", "CreateIdentityProvider"],
    ),
}


@pytest.mark.parametrize("step", STEP_CALLS)
def test_a_step_makes_its_calls_between_begin_and_finish_and_no_more(step: str, world: World) -> None:
    case, calls = STEP_CALLS[step]
    world.lead_to(step, CASES[case])
    world.wire.attempts.clear()
    world.run(step)
    finish = "TransactWriteItems" if step == "CreateTenantAdmin" else "UpdateItem"
    assert world.wire.operations() == ["UpdateItem", *calls, finish]


@pytest.mark.parametrize("tier", ["bridge", "silo"])
def test_routing_of_an_own_app_client_is_registered_in_one_transaction(tier: str, world: World) -> None:
    world.lead_to("RegisterRouting", CASES[tier])
    world.wire.attempts.clear()
    world.run("RegisterRouting")
    assert world.wire.operations() == ["UpdateItem", "TransactWriteItems"]


def test_routing_is_not_registered_while_the_app_client_is_another_tenants(world: World) -> None:
    world.lead_to("RegisterRouting", CASES["bridge"])
    resources = world.stack.record()["resources"]
    key = f"client#{resources['userPoolId']}#{resources['appClientId']}"
    world.clients.dynamodb.put_item(TableName="routes", Item={"routeKey": key, "tenantId": "globex", "state": "ACTIVE"})
    with pytest.raises(TenantConflictError, match=key):
        world.run("RegisterRouting")
    assert world.stack.routes()["subdomain#acme"]["state"] == "RESERVED"


def test_routing_is_not_registered_while_the_tenants_own_key_is_anothers(world: World) -> None:
    world.lead_to("RegisterRouting", CASES["pool"])
    foreign = {"routeKey": "tenant#acme", "tenantId": "globex", "state": "ACTIVE"}
    world.clients.dynamodb.put_item(TableName="routes", Item=foreign)
    with pytest.raises(TenantConflictError, match="tenant#acme"):
        world.run("RegisterRouting")
    assert world.stack.routes()["tenant#acme"] == foreign
    assert world.stack.routes()["subdomain#acme"]["state"] == "RESERVED"
