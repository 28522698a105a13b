"""User pools in the simulated Cognito: what is in them, and what they and their app clients are made with."""

from typing import Any

import pytest
from moto.cognitoidp.models import cognitoidp_backends

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.identity import cognito
from orchestrator.identity.cognito import NewUserPool
from tenant_onboarding import names
from tests.unit.conftest import ACCOUNT, REGION, SENDER
from tests.unit.faults import Wire

TENANT = {names.TENANT_ID: "acme", names.TENANT_TIER: "pool", names.TENANT_ROLE: "admin"}
TRIGGER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:TenantOnboarding-token-claims:live"
PRE_SIGN_UP = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:TenantOnboarding-pre-sign-up:live"
SHARED = NewUserPool("shared", "shared-001", REGION)
OF_SERVER = "-server"
"""What the name of our server's own app client ends in."""


@pytest.fixture
def pool_id(clients: Clients, settings: Settings, wire: Wire) -> str:
    """A user pool of ours."""
    pool_id = cognito.create_user_pool(clients, settings, SHARED)
    wire.attempts.clear()
    return pool_id


def pools(clients: Clients) -> list[str]:
    """Return the ids of all user pools."""
    return [pool["Id"] for pool in clients.cognito.list_user_pools(MaxResults=60)["UserPools"]]


def delete_pool(clients: Clients, pool_id: str) -> None:
    """Delete a user pool as somebody would in the console: its protection and its domain go first."""
    clients.cognito.update_user_pool(
        UserPoolId=pool_id, DeletionProtection="INACTIVE", AutoVerifiedAttributes=["email"]
    )
    if prefix := clients.cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"].get("Domain"):
        clients.cognito.delete_user_pool_domain(Domain=prefix, UserPoolId=pool_id)
    clients.cognito.delete_user_pool(UserPoolId=pool_id)


def app_clients(clients: Clients, pool_id: str) -> list[str]:
    """Return the ids of a user pool's app clients, our server's own apart."""
    return [each for each, name in _app_clients(clients, pool_id).items() if not name.endswith(OF_SERVER)]


def server_clients(clients: Clients, pool_id: str) -> list[str]:
    """Return the ids of our server's own app clients in a user pool, of which there is to be one."""
    return [each for each, name in _app_clients(clients, pool_id).items() if name.endswith(OF_SERVER)]


def _app_clients(clients: Clients, pool_id: str) -> dict[str, str]:
    found = clients.cognito.list_user_pool_clients(UserPoolId=pool_id, MaxResults=60)
    return {client["ClientId"]: client["ClientName"] for client in found["UserPoolClients"]}


def forget_user_ids(pool_id: str) -> None:
    """Let a user pool be one from before users had ids of ours."""
    cognitoidp_backends[ACCOUNT][REGION].user_pools[pool_id].schema_attributes.pop(names.USER_ID)


def schema_attribute(name: str, *, mutable: bool) -> dict[str, Any]:
    """Return a tenant attribute of a user pool's schema."""
    return {
        "Name": name,
        "AttributeDataType": "String",
        "Mutable": mutable,
        "Required": False,
        "DeveloperOnlyAttribute": False,
        "StringAttributeConstraints": {"MinLength": "1", "MaxLength": "64"},
    }


USER_POOL: dict[str, Any] = {
    "PoolName": "shared",
    "UserPoolTier": "ESSENTIALS",
    "LambdaConfig": {
        "PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": TRIGGER},
        "PreSignUp": PRE_SIGN_UP,
    },
    "DeletionProtection": "ACTIVE",
    "IssuerConfiguration": {"Type": "ORIGINAL"},
    "UsernameConfiguration": {"CaseSensitive": False},
    "AutoVerifiedAttributes": ["email"],
    "MfaConfiguration": "OFF",
    "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
    "AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "admin_only"}]},
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
    "Policies": {
        "PasswordPolicy": {
            "MinimumLength": 12,
            "RequireUppercase": True,
            "RequireLowercase": True,
            "RequireNumbers": True,
            "RequireSymbols": True,
            "TemporaryPasswordValidityDays": 7,
        }
    },
    "EmailConfiguration": {
        "EmailSendingAccount": "DEVELOPER",
        "SourceArn": f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{SENDER}",
        "From": SENDER,
    },
    "Schema": [
        schema_attribute("tenantId", mutable=False),
        schema_attribute("tenantTier", mutable=False),
        schema_attribute("tenantRole", mutable=True),
        schema_attribute("userId", mutable=False),
    ],
    "UserPoolTags": {"tenant-onboarding:owner": "shared-001", "tenant-onboarding:stack": "TenantOnboarding"},
}
"""Every parameter of a shared user pool; others change some of them."""
APP_CLIENT: dict[str, Any] = {
    "ClientName": "shared",
    "GenerateSecret": False,
    "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"],
    "SupportedIdentityProviders": ["COGNITO"],
    "AllowedOAuthFlowsUserPoolClient": False,
    "ReadAttributes": [
        "custom:tenantId",
        "custom:tenantRole",
        "custom:tenantTier",
        "custom:userId",
        "email",
        "email_verified",
        "name",
    ],
    "WriteAttributes": ["name"],
    "PreventUserExistenceErrors": "ENABLED",
    "EnableTokenRevocation": True,
    "EnablePropagateAdditionalUserContextData": False,
    "AuthSessionValidity": 15,
    "AccessTokenValidity": 60,
    "IdTokenValidity": 60,
    "RefreshTokenValidity": 30,
    "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "days"},
}
"""Every parameter of a shared user pool's app client, but for the user pool; others change some of them."""
SERVER_CLIENT: dict[str, Any] = {
    "ClientName": "shared-server",
    "GenerateSecret": True,
    "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    "SupportedIdentityProviders": ["COGNITO"],
    "AllowedOAuthFlowsUserPoolClient": False,
    "ReadAttributes": ["name"],
    "WriteAttributes": ["name"],
    "PreventUserExistenceErrors": "ENABLED",
    "EnableTokenRevocation": True,
    "EnablePropagateAdditionalUserContextData": False,
    "AuthSessionValidity": 3,
    "AccessTokenValidity": 5,
    "IdTokenValidity": 5,
    "RefreshTokenValidity": 60,
    "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "minutes"},
}
"""The same of our server's own app client."""
