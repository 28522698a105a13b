"""Tokens on the deployed template: each tier's say whose tenant they are for, and nobody gets one at another's door."""

import json
from typing import Any

import boto3
import jwt
import pytest
from botocore.exceptions import ClientError
from pycognito.aws_srp import AWSSRP  # type: ignore[import-untyped]  # has no types

from orchestrator.local import saml_provider
from orchestrator.local.first_sign_in import TENANT_CLAIMS, SignedIn, signed_in
from orchestrator.users import server_client
from tests.e2e.inventory import every
from tests.e2e.world import World, federated, tenant

PASSWORD = "Correct-Horse-Battery-1"
TENANT_ATTRIBUTES = {f"custom:{name}" for name in TENANT_CLAIMS}
REFUSAL = "Signing in is not possible here."
TRIGGER = "TenantOnboarding-token-claims"

Resources = dict[str, Any]


@pytest.fixture(scope="module")
def tenants(running_world: World) -> dict[str, Resources]:
    """What is a tenant's, by its id: one of each tier, and another bridge tenant of either kind."""
    details = [
        tenant("said-pool"),
        tenant("said-bridge", tier="bridge"),
        tenant("other-bridge", tier="bridge"),
        federated("said-federated"),
        federated("other-federated"),
        tenant("said-silo", tier="silo"),
    ]
    return {detail["tenantId"]: running_world.onboard(detail)["resources"] for detail in details}


def sign_in(world: World, of: Resources, at: Resources, username: str | None = None) -> SignedIn:
    """Sign a tenant's admin in with a password, at whosever app client that is; raises the SDK's error if refused."""
    cognito, user = boto3.client("cognito-idp"), username or of["adminUsername"]
    cognito.admin_set_user_password(UserPoolId=at["userPoolId"], Username=user, Password=PASSWORD, Permanent=True)
    srp = AWSSRP(
        username=user, password=PASSWORD, pool_id=at["userPoolId"], client_id=at["appClientId"], client=cognito
    )
    answer = srp.authenticate_user()["AuthenticationResult"]
    again = cognito.initiate_auth(
        ClientId=at["appClientId"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": answer["RefreshToken"]},
    )["AuthenticationResult"]
    users = [
        signed_in(world.stack.ministack.endpoint, at, each["IdToken"], each["AccessToken"]) for each in (answer, again)
    ]
    assert users[0].bindings == users[1].bindings
    return users[0]


def federate(world: World, at: Resources, provider: str, tenant_id: str, user: str) -> SignedIn:
    """Let a provider's user in at an app client; raises the SDK's or a look-up error if there are no tokens."""
    endpoint, callback = world.stack.ministack.endpoint, f"https://{tenant_id}.app.example/auth/callback"
    asked = at | {"identityProviders": [provider]}
    return saml_provider.sign_in(endpoint, at, callback, saml_provider.authorize(endpoint, asked, callback), user)


def says(tenant_id: str, tier: str, role: str) -> list[dict[str, str]]:
    """Return what both tokens should say."""
    return [{"tenantId": tenant_id, "tenantTier": tier, "tenantRole": role}] * 2


@pytest.mark.parametrize("tier", ["pool", "bridge", "silo"])
def test_both_tokens_of_a_local_user_say_whose_they_are(
    tier: str, everything: World, tenants: dict[str, Resources]
) -> None:
    own = tenants[f"said-{tier}"]
    assert sign_in(everything, own, own).bindings == says(f"said-{tier}", tier, "admin")


@pytest.mark.parametrize("tier", ["pool", "bridge", "silo"])
def test_at_our_servers_own_app_client_tokens_say_no_tenant_and_are_not_renewed(
    tier: str, everything: World, tenants: dict[str, Resources]
) -> None:
    """So no API takes one, whatever it knows of that app client."""
    own, stack = tenants[f"said-{tier}"], everything.stack
    cognito: Any = boto3.client("cognito-idp")
    at = server_client.find(stack.clients, stack.settings, own)
    where = {"UserPoolId": at.user_pool_id, "ClientId": at.client_id}
    user = own["adminUsername"]
    cognito.admin_set_user_password(UserPoolId=at.user_pool_id, Username=user, Password=PASSWORD, Permanent=True)
    proof = {"SECRET_HASH": at.secret_hash(user)}
    asked = {"USERNAME": user, "PASSWORD": PASSWORD, **proof}
    tokens = cognito.admin_initiate_auth(**where, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters=asked)
    for name in ("AccessToken", "IdToken"):
        said = jwt.decode(tokens["AuthenticationResult"][name], options={"verify_signature": False})
        assert not {"tenantId", "tenantTier", "tenantRole", "userId"} & said.keys()
    again = {"REFRESH_TOKEN": tokens["AuthenticationResult"]["RefreshToken"], **proof}
    with pytest.raises(ClientError, match=REFUSAL):
        cognito.admin_initiate_auth(**where, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=again)


def test_both_tokens_of_a_federated_user_say_whose_they_are(everything: World, tenants: dict[str, Resources]) -> None:
    own = tenants["said-federated"]
    (provider,) = own["identityProviders"]
    user = federate(everything, own, provider, "said-federated", "somebody@said-federated.example")
    assert user.bindings == says("said-federated", "bridge", "member")
    assert "custom:tenantId" not in user.claims


@pytest.mark.parametrize(
    ("whose", "where"),
    [
        ("said-bridge", "other-bridge"),
        ("said-bridge", "said-pool"),
        ("said-pool", "said-bridge"),
    ],
)
def test_a_user_at_another_tenants_door_gets_no_token(
    whose: str, where: str, everything: World, tenants: dict[str, Resources]
) -> None:
    """All of them are in one user pool, with the right password."""
    assert tenants[whose]["userPoolId"] == tenants[where]["userPoolId"]
    with pytest.raises(ClientError, match=REFUSAL):
        sign_in(everything, tenants[whose], tenants[where])
    assert sign_in(everything, tenants[whose], tenants[whose]).bindings[0]["tenantId"] == whose


def test_another_tenants_provider_gives_no_token_even_where_somebody_has_let_it_in(
    everything: World, tenants: dict[str, Resources]
) -> None:
    cognito: Any = boto3.client("cognito-idp")
    own, other = tenants["said-federated"], tenants["other-federated"]
    (provider,), client = (
        own["identityProviders"],
        {"UserPoolId": other["userPoolId"], "ClientId": other["appClientId"]},
    )
    before = cognito.describe_user_pool_client(**client)["UserPoolClient"]
    kept = {name: before[name] for name in ("CallbackURLs", "AllowedOAuthFlows", "AllowedOAuthScopes")}
    kept |= {"AllowedOAuthFlowsUserPoolClient": True, "ReadAttributes": before["ReadAttributes"]}
    both = [provider, *other["identityProviders"]]
    cognito.update_user_pool_client(
        **client, **kept, WriteAttributes=before["WriteAttributes"], SupportedIdentityProviders=both
    )
    with pytest.raises((LookupError, ValueError)):
        federate(everything, other, provider, "other-federated", "intruder@said-federated.example")
    user = federate(everything, other, both[1], "other-federated", "somebody@other-federated.example")
    assert user.bindings == says("other-federated", "bridge", "member")


def test_whoever_is_no_tenants_gets_no_token(everything: World, tenants: dict[str, Resources]) -> None:
    """A user whom somebody has made by hand: no tenant is his."""
    shared, cognito = tenants["said-pool"], boto3.client("cognito-idp")
    cognito.admin_create_user(UserPoolId=shared["userPoolId"], Username="stranger", MessageAction="SUPPRESS")
    for where in ("said-pool", "said-bridge"):
        with pytest.raises(ClientError, match=REFUSAL):
            sign_in(everything, shared, tenants[where], "stranger")


def test_every_user_pool_has_the_trigger_and_no_app_client_may_write_a_tenant_attribute(
    everything: World, tenants: dict[str, Resources]
) -> None:
    """What the emulator does not enforce is asked for: nobody signs up, nobody writes whose user he is."""
    cognito: Any = boto3.client("cognito-idp")
    ids = {resources["userPoolId"] for resources in tenants.values()}
    assert len(ids) == 2
    region, account = everything.stack.clients.cognito.meta.region_name, everything.stack.settings.account_id
    arn = f"arn:aws:lambda:{region}:{account}:function:{TRIGGER}:live"
    for pool_id in ids:
        pool = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
        assert pool["LambdaConfig"] == {
            "PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": arn},
            "PreSignUp": arn.replace("token-claims", "pre-sign-up"),
        }
        assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
        mutable = {each["Name"]: each["Mutable"] for each in pool["SchemaAttributes"]}
        assert (mutable["custom:tenantId"], mutable["custom:tenantTier"]) == (False, False)
        for client in every("list_user_pool_clients", "UserPoolClients", UserPoolId=pool_id):
            found = cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=client["ClientId"])["UserPoolClient"]
            assert found["WriteAttributes"]
            assert not TENANT_ATTRIBUTES & set(found["WriteAttributes"]), client["ClientName"]


def test_the_trigger_strips_providers_groups_and_says_nothing_of_why_it_refuses(
    everything: World, tenants: dict[str, Resources]
) -> None:
    """Asked as Cognito asks: the emulator looks for the groups elsewhere in the answer than Cognito does."""
    own = tenants["said-federated"]
    (provider,) = own["identityProviders"]
    identity = {"userId": "4711", "providerName": provider, "primary": True}
    groups = ["said-federated", f"{own['userPoolId']}_{provider}"]
    event: dict[str, Any] = {
        "version": "2",
        "triggerSource": "TokenGeneration_HostedAuth",
        "region": own["region"],
        "userPoolId": own["userPoolId"],
        "userName": "somebody",
        "callerContext": {"awsSdkVersion": "x", "clientId": own["appClientId"]},
        "request": {
            "userAttributes": {
                "sub": "1",
                "cognito:user_status": "EXTERNAL_PROVIDER",
                "identities": json.dumps([identity]),
            },
            "groupConfiguration": {"groupsToOverride": groups, "iamRolesToOverride": [], "preferredRole": None},
        },
        "response": {},
    }

    def ask(asked: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
        answer = everything.stack.clients.functions.invoke(
            FunctionName=f"{TRIGGER}:live", Payload=json.dumps(asked).encode()
        )
        return answer.get("FunctionError"), json.loads(answer["Payload"].read())

    error, answer = ask(event)
    assert error is None
    details = answer["response"]["claimsAndScopeOverrideDetails"]
    assert details["groupOverrideDetails"] == {"groupsToOverride": ["said-federated"], "iamRolesToOverride": []}
    event["callerContext"]["clientId"] = tenants["other-federated"]["appClientId"]
    error, answer = ask(event)
    assert (error is not None, answer["errorMessage"]) == (True, REFUSAL)
    assert provider not in json.dumps(answer)
