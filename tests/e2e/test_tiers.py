"""Every tier on the deployed template, mixed in one stack: what it makes, who can sign in, where its keys lead."""

from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from orchestrator.local import authenticator, saml_provider
from orchestrator.local.first_sign_in import sign_in, sign_in_with_code, temporary_password
from tenant_onboarding.authorizer import registry
from tests.e2e.inventory import every
from tests.e2e.most_calls import MORE_ELSEWHERE, MOST_CALLS
from tests.e2e.world import METADATA, SECRET, SILO_REGION, World, federated, oidc, saml, tenant


@dataclass(frozen=True)
class Found:
    """What Cognito has of a tenant, counted from outside."""

    user_pool: dict[str, Any]
    clients: list[dict[str, Any]]
    groups: list[str]
    users: list[str]
    providers: list[dict[str, Any]]


def look(page: dict[str, Any]) -> Found:
    """Ask Cognito, in the tenant's Region, for everything that bears the tenant's id."""
    tenant_id, pool_id = page["tenantId"], page["resources"]["userPoolId"]
    region = page["resources"]["region"]
    cognito: Any = boto3.client("cognito-idp", region_name=region)
    clients = every("list_user_pool_clients", "UserPoolClients", region, UserPoolId=pool_id)
    groups = every("list_groups", "Groups", region, UserPoolId=pool_id)
    users = every("list_users", "Users", region, UserPoolId=pool_id)
    return Found(
        cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"],
        [
            cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=client["ClientId"])["UserPoolClient"]
            for client in clients
            if client["ClientName"] == f"TenantOnboarding-tenant-{tenant_id}"
        ],
        [group["GroupName"] for group in groups if group["GroupName"] == tenant_id],
        [user["Username"] for user in users if tenant_id in user["Username"]],
        [
            cognito.describe_identity_provider(UserPoolId=pool_id, ProviderName=name)["IdentityProvider"]
            for name in page["resources"]["identityProviders"]
        ],
    )


def leads_to(world: World, key: str) -> tuple[str, ...] | None:
    """Return tenant, user pool and app client of a route."""
    found = registry.resolve(world.stack.clients.dynamodb, world.stack.settings.routes_table, key)
    return (found["tenantId"], found["userPoolId"], found["appClientId"]) if found else None


def assert_registered(world: World, page: dict[str, Any]) -> None:
    """The subdomain, the code and the app client lead to the tenant."""
    tenant_id, resources = page["tenantId"], page["resources"]
    pool_id, client_id = resources["userPoolId"], resources["appClientId"]
    for key in (f"subdomain#{tenant_id}", f"code#{tenant_id.upper()}", registry.client_key(pool_id, client_id)):
        assert leads_to(world, key) == (tenant_id, pool_id, client_id), key


def test_a_bridge_tenant_has_an_app_client_of_its_own_in_the_shared_user_pool(everything: World) -> None:
    extra = "https://intranet.bridged.example/signed-in"
    page = everything.onboard(tenant("bridged", tier="standard", appClient={"callbackUrls": [extra]}))
    assert page["tier"] == "bridge"
    found = look(page)
    assert "-shared-" in found.user_pool["Name"]
    (client,) = found.clients
    assert client["ClientId"] == page["resources"]["appClientId"]
    assert client["CallbackURLs"] == ["https://bridged.app.example/auth/callback", extra]
    assert client["LogoutURLs"] == ["https://bridged.app.example/"]
    assert (found.groups, found.users) == (["bridged"], ["bridged/first.user@bridged.example"])
    assert_registered(everything, page)
    (mail,) = everything.mails_to("first.user@bridged.example")
    user = sign_in(
        everything.stack.clients, everything.stack.ministack.endpoint, page["resources"], temporary_password(mail)
    )
    assert (user.claims["custom:tenantId"], user.claims["custom:tenantTier"]) == ("bridged", "bridge")
    assert user.claims["aud"] == client["ClientId"]


def test_two_federated_bridge_tenants_have_providers_of_one_name_and_each_its_own(everything: World) -> None:
    pages = [everything.onboard(federated(tenant_id)) for tenant_id in ("federated-a", "federated-b")]
    assert pages[0]["resources"]["userPoolId"] == pages[1]["resources"]["userPoolId"]
    for page in pages:
        tenant_id, found = page["tenantId"], look(page)
        (client,), (provider,) = found.clients, found.providers
        assert found.users == []
        assert found.groups == [tenant_id]
        assert client["SupportedIdentityProviders"] == [provider["ProviderName"]]
        assert provider["ProviderName"].endswith("-Sso")
        assert provider["ProviderDetails"]["MetadataFile"] == METADATA.format(tenant_id)
        assert_registered(everything, page)
        (mail,) = everything.mails_to(f"first.user@{tenant_id}.example")
        assert "password" not in mail["BodyText"].replace("holds no password", "").replace("gets a password", "")
        endpoint, callback = everything.stack.ministack.endpoint, client["CallbackURLs"][0]
        redirect = saml_provider.authorize(endpoint, page["resources"], callback)
        assert redirect.address == f"https://idp.{tenant_id}.example/sso"
        assert redirect.entity_id in mail["BodyText"]
        assert redirect.acs_address in mail["BodyText"]
        user = saml_provider.sign_in(endpoint, page["resources"], callback, redirect, f"u@{tenant_id}.example")
        assert user.claims["identities"][0]["providerName"] == provider["ProviderName"]
    names = {page["resources"]["identityProviders"][0] for page in pages}
    assert len(names) == 2


def test_a_silo_tenant_has_a_user_pool_with_its_own_policy_and_mfa(everything: World) -> None:
    security = {"mfa": "ON", "passwordPolicy": {"minimumLength": 20, "temporaryPasswordValidityDays": 1}}
    page = everything.onboard(tenant("siloed", tier="silo", security=security))
    found = look(page)
    assert found.user_pool["Name"] == "TenantOnboarding-silo-siloed"
    assert found.user_pool["DeletionProtection"] == "ACTIVE"
    assert found.user_pool["MfaConfiguration"] == "ON"
    assert found.user_pool["Policies"]["PasswordPolicy"]["MinimumLength"] == 20
    assert page["resources"]["domain"] == f"{found.user_pool['Domain']}.auth.us-east-1.amazoncognito.com"
    assert (len(found.clients), found.groups, found.users) == (1, ["siloed"], ["first.user@siloed.example"])
    assert_registered(everything, page)
    (mail,) = everything.mails_to("first.user@siloed.example")
    assert "good for 1 day;" in " ".join(mail["BodyText"].split())
    password = temporary_password(mail)
    assert len(password) >= 20
    aws = everything.stack.clients, everything.stack.ministack.endpoint
    assert sign_in(*aws, page["resources"], password)
    totp = authenticator.enrol(aws[0], everything.stack.settings.routes_table, page["resources"])
    assert sign_in_with_code(*aws, page["resources"], totp).claims["custom:tenantTier"] == "silo"


def test_a_federated_silo_tenant_reads_its_secret_and_keeps_it_nowhere(everything: World) -> None:
    detail = tenant("vaulted", tier="premium")
    page = everything.onboard(detail | {"identityProviders": [oidc(everything, "vaulted"), saml("vaulted")]})
    found = look(page)
    assert [provider["ProviderType"] for provider in found.providers] == ["OIDC", "SAML"]
    assert found.providers[0]["ProviderDetails"]["client_secret"] == SECRET
    (client,) = found.clients
    assert client["SupportedIdentityProviders"] == [provider["ProviderName"] for provider in found.providers]
    assert (found.groups, found.users) == (["vaulted"], [])
    assert_registered(everything, page)
    (mail,) = everything.mails_to("first.user@vaulted.example")
    assert f"https://{page['resources']['domain']}/oauth2/idpresponse" in mail["BodyText"]
    kept = everything.stack.clients.dynamodb.scan(TableName=everything.stack.settings.tenants_table)["Items"]
    assert SECRET not in str(kept)


def test_a_silo_tenant_in_another_region_has_its_user_pool_there_and_all_else_at_home(everything: World) -> None:
    counted = everything.calls_of_one_onboarding(tenant("abroad", tier="silo", region=SILO_REGION))
    assert counted["lambda:GetFunctionConfiguration"] == 1
    assert counted.total() <= MOST_CALLS["silo"] + MORE_ELSEWHERE, counted
    page = everything.show("abroad")
    resources = page["resources"]
    assert resources["region"] == SILO_REGION
    assert resources["userPoolId"].startswith(f"{SILO_REGION}_")
    assert resources["issuer"] == f"https://cognito-idp.{SILO_REGION}.amazonaws.com/{resources['userPoolId']}"
    found = look(page)
    assert (len(found.clients), found.groups, found.users) == (1, ["abroad"], ["first.user@abroad.example"])
    assert_registered(everything, page)
    at_home = [pool["Name"] for pool in every("list_user_pools", "UserPools")]
    assert "TenantOnboarding-silo-abroad" not in at_home
    (mail,) = everything.mails_to("first.user@abroad.example")
    aws = everything.stack.clients, everything.stack.ministack.endpoint
    claims = sign_in(*aws, resources, temporary_password(mail)).claims
    assert claims["iss"] == resources["issuer"]
    assert (claims["tenantId"], claims["tenantTier"], claims["tenantRole"]) == ("abroad", "silo", "admin")


@pytest.mark.parametrize("tier", MOST_CALLS)
def test_an_onboarding_makes_a_bounded_number_of_calls_and_no_more_when_others_are_there(
    everything: World, tier: str
) -> None:
    counted = [everything.calls_of_one_onboarding(tenant(f"counted-{tier}-{number}", tier=tier)) for number in (1, 2)]
    assert counted[0] == counted[1]
    assert counted[0].total() <= MOST_CALLS[tier], counted[0]


def test_a_bridge_tenant_with_a_provider_makes_no_more_calls_than_one_without_may(everything: World) -> None:
    counted = everything.calls_of_one_onboarding(federated("counted-federated"))
    assert counted["cognito-idp:CreateIdentityProvider"] == 1
    assert counted.total() <= MOST_CALLS["bridge"], counted
