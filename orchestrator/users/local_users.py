"""Local users in Amazon Cognito: those of a tenant who sign in by a password, and not through an identity provider."""

from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.aws.dynamodb import Item
from orchestrator.identity import natural_keys
from orchestrator.identity.temporary_passwords import temporary_password
from orchestrator.tenants import tiers
from orchestrator.tenants.ledger import Record
from orchestrator.users.statuses import ADMIN
from orchestrator.users.store import User
from tenant_onboarding import names

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient


def user_name(tenant: Record, email: str) -> str:
    """Return what the user of an address is called in Cognito; its case makes no difference there."""
    return tiers.USER_NAMES[tenant["tier"]].format(tenantId=tenant["tenantId"], email=email)


def is_local(tenant: Record, row: Item) -> bool:
    """Tell whether a user has a name as we give it: Cognito calls a provider's users after the provider."""
    return bool(row.get("username")) and row["username"].lower() == user_name(tenant, row["email"]).lower()


def attributes(tenant: Record, user: User) -> dict[str, str]:
    """Return the attributes of a user whose address is proved."""
    given = {
        "email": user.email,
        "email_verified": "true",
        names.TENANT_ID: user.tenant_id,
        names.TENANT_TIER: tenant["tier"],
        names.TENANT_ROLE: user.role,
        names.USER_ID: user.user_id,
    }
    return given | ({"name": user.name} if user.name else {})


def make(cognito: "CognitoIdentityProviderClient", tenant: Record, user: User) -> User:
    """Create a user in its tenant's group, with a password that nobody knows; return it as Cognito has it.

    Safe to repeat: one that is there is taken if it is the tenant's, with the id that it has, and gets the name and
    role of this one; but who is an admin there stays one. Raises TenantConflictError if it is not the tenant's.
    """
    from orchestrator.identity.tenant_resources import security  # slow to import, and only who makes users needs it

    made, username = tenant["resources"], user_name(tenant, user.email)
    wanted = attributes(tenant, user)
    unknown_to_all = temporary_password(security(tenant).password_policy.minimum_length)
    there = natural_keys.create_user(cognito, made["userPoolId"], username, wanted, unknown_to_all)
    role = ADMIN if there.get(names.TENANT_ROLE) == ADMIN else user.role
    changeable = {names.TENANT_ROLE: role} | ({"name": user.name} if user.name else {})
    if not changeable.items() <= there.items():
        cognito.admin_update_user_attributes(
            UserPoolId=made["userPoolId"],
            Username=username,
            UserAttributes=[{"Name": name, "Value": value} for name, value in changeable.items()],
        )
    cognito.admin_add_user_to_group(UserPoolId=made["userPoolId"], Username=username, GroupName=made["groupName"])
    return replace(
        user,
        role=role,
        user_id=there.get(names.USER_ID) or there["sub"],
        user_pool_id=made["userPoolId"],
        username=username,
        sub=there["sub"],
    )


def set_password(cognito: "CognitoIdentityProviderClient", user: User, password: str) -> None:
    """Give a user a password to keep; safe to repeat."""
    cognito.admin_set_user_password(
        UserPoolId=user.user_pool_id, Username=user.username, Password=password, Permanent=True
    )


def end_sessions(cognito: "CognitoIdentityProviderClient", user: User) -> None:
    """Let no refresh token of a user be good any more; safe to repeat."""
    cognito.admin_user_global_sign_out(UserPoolId=user.user_pool_id, Username=user.username)
