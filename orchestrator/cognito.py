"""Find or create in Amazon Cognito, with every setting explicit.

Creates without a natural key (user pools, app clients) are never repeated by the SDK; in doubt they are looked for by
their deterministic name and owner first. Creates with a natural key (groups, users, domains) take "it exists already"
for success only after checking that the owner is the same.
"""

import hashlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from orchestrator.dynamodb import is_code
from orchestrator.errors import AmbiguousResourceError, TenantConflictError

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

    from orchestrator.clients import Clients
    from orchestrator.settings import Settings

OWNER_TAG = "tenant-onboarding:owner"
STACK_TAG = "tenant-onboarding:stack"
TEMPORARY_PASSWORD_DAYS = 7
MINIMUM_PASSWORD_LENGTH = 12
TENANT_ID = "custom:tenantId"
TENANT_TIER = "custom:tenantTier"
TENANT_ROLE = "custom:tenantRole"
READ_ATTRIBUTES = ["email", "email_verified", "name", TENANT_ID, TENANT_TIER, TENANT_ROLE]
WRITE_ATTRIBUTES = ["email", "name"]
"""What a signed-in user may change; no tenant attribute is among them."""

T = TypeVar("T")


def find_or_create(
    *, in_doubt: bool, find: Callable[[], list[T]], create: Callable[[], T], wait_seconds: float, what: str
) -> T:
    """Return the one resource: created, or adopted if a lost answer left one behind.

    In doubt it looks, waits, and looks again before it creates, as Cognito promises no read after create.
    Raises AmbiguousResourceError if there are several: a person decides then.
    """
    if in_doubt:
        for pause in (wait_seconds, 0.0):
            found = find()
            if len(found) > 1:
                raise AmbiguousResourceError(f"There are {len(found)} of {what}: {', '.join(map(str, found))}")
            if found:
                return found[0]
            time.sleep(pause)
    return create()


def create_user_pool(clients: "Clients", settings: "Settings", name: str, owner: str) -> str:
    """Create a user pool and return its id."""
    pool = clients.cognito_once.create_user_pool(**user_pool_parameters(settings, name, owner))
    return pool["UserPool"]["Id"]


def user_pool_parameters(settings: "Settings", name: str, owner: str) -> Any:  # Any: the stubs' 20-field TypedDict
    """Return every parameter of CreateUserPool; what is omitted there would be AWS's choice and could change."""
    return {
        "PoolName": name,
        "UserPoolTier": settings.feature_plan,
        "DeletionProtection": "ACTIVE",
        "UsernameConfiguration": {"CaseSensitive": False},
        "AutoVerifiedAttributes": ["email"],
        "MfaConfiguration": "OFF",
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
        "AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]},
        "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
        "Policies": {
            "PasswordPolicy": {
                "MinimumLength": MINIMUM_PASSWORD_LENGTH,
                "RequireUppercase": True,
                "RequireLowercase": True,
                "RequireNumbers": True,
                "RequireSymbols": True,
                "TemporaryPasswordValidityDays": TEMPORARY_PASSWORD_DAYS,
            }
        },
        "EmailConfiguration": {
            "EmailSendingAccount": "DEVELOPER",
            "SourceArn": settings.sender_identity_arn,
            "From": settings.sender,
        },
        "Schema": [
            _string_attribute("tenantId", mutable=False),
            _string_attribute("tenantTier", mutable=False),
            _string_attribute("tenantRole", mutable=True),
        ],
        "UserPoolTags": {OWNER_TAG: owner, STACK_TAG: settings.stack_name},
    }


def find_user_pools(cognito: "CognitoIdentityProviderClient", name: str, owner: str) -> list[str]:
    """Return the ids of the user pools of that name whose tag names that owner."""
    pages = cognito.get_paginator("list_user_pools").paginate(PaginationConfig={"PageSize": 60})
    named = [pool["Id"] for page in pages for pool in page["UserPools"] if pool.get("Name") == name]
    return [pool_id for pool_id in named if _owner(cognito, pool_id) == owner]


def set_mfa(cognito: "CognitoIdentityProviderClient", user_pool_id: str, mfa: str) -> None:
    """Offer or demand one-time codes from an authenticator app; safe to repeat."""
    cognito.set_user_pool_mfa_config(
        UserPoolId=user_pool_id,
        MfaConfiguration=mfa,  # type: ignore[arg-type]  # OFF, OPTIONAL or ON
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )


def domain_prefix(*parts: str) -> str:
    """Return a domain prefix that no name can collide with or read like: domain prefixes are public and global."""
    return "t-" + hashlib.sha256("/".join(parts).encode()).hexdigest()[:24]


def create_domain(cognito: "CognitoIdentityProviderClient", user_pool_id: str, prefix: str) -> None:
    """Give a user pool its domain; a taken one is success only if it is this pool's. Safe to repeat.

    Raises TenantConflictError if another user pool has the prefix.
    """
    try:
        cognito.create_user_pool_domain(Domain=prefix, UserPoolId=user_pool_id)
    except ClientError as error:
        if not is_code(error, "InvalidParameterException"):
            raise
        holder = cognito.describe_user_pool_domain(Domain=prefix)["DomainDescription"].get("UserPoolId")
        if not holder:
            raise
        if holder != user_pool_id:
            raise TenantConflictError(f"The domain prefix {prefix} belongs to user pool {holder}") from None


def create_app_client(clients: "Clients", settings: "Settings", user_pool_id: str, name: str) -> str:
    """Create an app client for password sign-in and return its id."""
    client = clients.cognito_once.create_user_pool_client(**app_client_parameters(settings, user_pool_id, name))
    return client["UserPoolClient"]["ClientId"]


def app_client_parameters(settings: "Settings", user_pool_id: str, name: str) -> Any:  # Any: the stubs' TypedDict
    """Return every parameter of CreateUserPoolClient; nobody may write a tenant attribute through it."""
    return {
        "UserPoolId": user_pool_id,
        "ClientName": name,
        "GenerateSecret": False,
        "ExplicitAuthFlows": settings.auth_flows.split(","),
        "SupportedIdentityProviders": ["COGNITO"],
        "AllowedOAuthFlowsUserPoolClient": False,
        "ReadAttributes": READ_ATTRIBUTES,
        "WriteAttributes": WRITE_ATTRIBUTES,
        "PreventUserExistenceErrors": "ENABLED",
        "EnableTokenRevocation": True,
        "AuthSessionValidity": 3,
        "AccessTokenValidity": 60,
        "IdTokenValidity": 60,
        "RefreshTokenValidity": 30,
        "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "days"},
    }


def find_app_clients(cognito: "CognitoIdentityProviderClient", user_pool_id: str, name: str) -> list[str]:
    """Return the ids of a user pool's app clients of that name; our names carry their owner."""
    pages = cognito.get_paginator("list_user_pool_clients").paginate(
        UserPoolId=user_pool_id, PaginationConfig={"PageSize": 60}
    )
    return [client["ClientId"] for page in pages for client in page["UserPoolClients"] if client["ClientName"] == name]


def create_group(cognito: "CognitoIdentityProviderClient", user_pool_id: str, name: str, owner: str) -> None:
    """Create a group; an existing one is success only if its description names the same owner. Safe to repeat.

    Raises TenantConflictError if the group is somebody else's.
    """
    description = f"{OWNER_TAG}={owner}"
    try:
        cognito.create_group(UserPoolId=user_pool_id, GroupName=name, Description=description)
    except ClientError as error:
        if not is_code(error, "GroupExistsException"):
            raise
        group = cognito.get_group(UserPoolId=user_pool_id, GroupName=name)["Group"]
        if group.get("Description") != description:
            raise TenantConflictError(f"The group {name} in {user_pool_id} was not made for {owner}") from None


def create_user(
    cognito: "CognitoIdentityProviderClient", user_pool_id: str, username: str, attributes: dict[str, str]
) -> None:
    """Create a user who cannot sign in yet; an existing one is success only if it is the same tenant's.

    Cognito generates a password that nobody learns. Raises TenantConflictError if the user is another tenant's.
    """
    try:
        cognito.admin_create_user(
            UserPoolId=user_pool_id,
            Username=username,
            UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
            MessageAction="SUPPRESS",
        )
    except ClientError as error:
        if not is_code(error, "UsernameExistsException"):
            raise
        user = cognito.admin_get_user(UserPoolId=user_pool_id, Username=username)
        found = {attribute["Name"]: attribute.get("Value") for attribute in user["UserAttributes"]}
        if found.get(TENANT_ID) != attributes[TENANT_ID]:
            raise TenantConflictError(f"The user {username} in {user_pool_id} belongs to another tenant") from None


def issuer(region: str, user_pool_id: str) -> str:
    """Return the exact `iss` of a user pool's tokens."""
    return f"https://cognito-idp.{region}.amazonaws.com/{user_pool_id}"


def _owner(cognito: "CognitoIdentityProviderClient", user_pool_id: str) -> str | None:
    return cognito.describe_user_pool(UserPoolId=user_pool_id)["UserPool"].get("UserPoolTags", {}).get(OWNER_TAG)


def _string_attribute(name: str, *, mutable: bool) -> dict[str, object]:
    return {
        "Name": name,
        "AttributeDataType": "String",
        "Mutable": mutable,
        "Required": False,
        "DeveloperOnlyAttribute": False,
        "StringAttributeConstraints": {"MinLength": "1", "MaxLength": "64"},
    }
