"""The operators' user pool from its administrators' side: who is let in, and into which group."""

from typing import TYPE_CHECKING, Any

from orchestrator.identity.temporary_passwords import temporary_password

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

PASSWORD_LENGTH = 20


def add(
    cognito: "CognitoIdentityProviderClient", user_pool_id: str, email: str, group: str, *, mailed: bool = True
) -> str | None:
    """Let somebody in, or into another group; return the temporary password if one was made and is not mailed."""
    password = create_user(cognito, user_pool_id, email, mailed=mailed)
    cognito.admin_add_user_to_group(UserPoolId=user_pool_id, Username=email, GroupName=group)
    return password


def create_user(
    cognito: "CognitoIdentityProviderClient", user_pool_id: str, email: str, *, mailed: bool = True
) -> str | None:
    """Create a user unless there is one; return the temporary password if one was made and is not mailed."""
    password = None if mailed else temporary_password(PASSWORD_LENGTH)
    quietly: Any = {"MessageAction": "SUPPRESS", "TemporaryPassword": password} if password else {}
    try:
        cognito.admin_create_user(
            UserPoolId=user_pool_id,
            Username=email,
            UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
            DesiredDeliveryMediums=["EMAIL"],
            **quietly,
        )
    except cognito.exceptions.UsernameExistsException:
        return None
    return password
