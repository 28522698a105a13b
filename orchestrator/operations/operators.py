"""The operators' user pool from its administrators' side: who is let in, and into which group."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orchestrator.identity.temporary_passwords import WAITING_FOR_FIRST_SIGN_IN, temporary_password
from orchestrator.tenants.ledger import timestamp

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

PASSWORD_LENGTH = 20
Document = dict[str, Any]


def add(
    cognito: "CognitoIdentityProviderClient",
    user_pool_id: str,
    email: str,
    group: str,
    groups: Iterable[str],
    *,
    mailed: bool = True,
) -> str | None:
    """Let somebody in as one of `group` and of no other of `groups`; whoever has not signed in yet is invited anew.

    Returns the temporary password if one was made and is not mailed.
    """
    password = create_user(cognito, user_pool_id, email, mailed=mailed)
    user: Any = {"UserPoolId": user_pool_id, "Username": email}
    cognito.admin_add_user_to_group(**user, GroupName=group)
    for other in groups:
        if other != group:
            cognito.admin_remove_user_from_group(**user, GroupName=other)
    return password


def create_user(
    cognito: "CognitoIdentityProviderClient", user_pool_id: str, email: str, *, mailed: bool = True
) -> str | None:
    """Create a user, or give one who has not signed in yet a new temporary password; leave any other as they are.

    Returns the temporary password if one was made and is not mailed.
    """
    password = None if mailed else temporary_password(PASSWORD_LENGTH)
    try:
        _invite(cognito, user_pool_id, email, password)
    except cognito.exceptions.UsernameExistsException:
        if not awaits_first_sign_in(cognito, user_pool_id, email):
            return None
        _invite(cognito, user_pool_id, email, password, again=True)
    return password


def awaits_first_sign_in(cognito: "CognitoIdentityProviderClient", user_pool_id: str, email: str) -> bool:
    """Tell whether somebody has a temporary password and has not used it."""
    user = cognito.admin_get_user(UserPoolId=user_pool_id, Username=email)
    return user["UserStatus"] == WAITING_FOR_FIRST_SIGN_IN


def list_(
    cognito: "CognitoIdentityProviderClient", user_pool_id: str, groups: Iterable[str], limit: int
) -> list[Document]:
    """Return who is let in, by email address: at most `limit` people, whether or not they are in one of `groups`."""
    of_pool: Any = {"UserPoolId": user_pool_id}
    members = {
        group: {
            user["Username"]
            for page in cognito.get_paginator("list_users_in_group").paginate(**of_pool, GroupName=group)
            for user in page["Users"]
        }
        for group in groups
    }
    pages = cognito.get_paginator("list_users").paginate(**of_pool, PaginationConfig={"MaxItems": limit})
    users: Iterable[Any] = (user for page in pages for user in page["Users"])
    return sorted((_person(user, members) for user in users), key=lambda person: str(person["email"]))


def _person(user: Any, members: dict[str, set[str]]) -> Document:  # Any: as Cognito lists it
    attributes = {each["Name"]: each.get("Value") for each in user["Attributes"]}
    return {
        "email": attributes.get("email"),
        "groups": [group for group, names in members.items() if user["Username"] in names],
        "awaitsFirstSignIn": user["UserStatus"] == WAITING_FOR_FIRST_SIGN_IN,
        "enabled": user["Enabled"],
        "createdAt": timestamp(user["UserCreateDate"].timestamp()),
    }


def remove(cognito: "CognitoIdentityProviderClient", user_pool_id: str, email: str) -> None:
    """Let somebody in no more; a token that was issued before is good until it ends."""
    cognito.admin_delete_user(UserPoolId=user_pool_id, Username=email)


def reset_mfa(cognito: "CognitoIdentityProviderClient", user_pool_id: str, email: str) -> None:
    """Forget somebody's authenticator app, so that the next sign-in asks for one anew, and end their sessions."""
    user: Any = {"UserPoolId": user_pool_id, "Username": email}
    cognito.admin_get_user(**user)  # whoever is unknown is named as such, also where the next call is not known
    cognito.admin_delete_software_token(**user)
    cognito.admin_user_global_sign_out(**user)


def _invite(
    cognito: "CognitoIdentityProviderClient",
    user_pool_id: str,
    email: str,
    password: str | None,
    *,
    again: bool = False,
) -> None:
    """Create a user, or let Cognito give one a new password, by email unless there is a password to be told."""
    quietly: Any = {"TemporaryPassword": password} if password else {}
    if again and password:  # a message that is sent again cannot be suppressed as well
        cognito.admin_set_user_password(UserPoolId=user_pool_id, Username=email, Password=password, Permanent=False)
        return
    if again or password:
        quietly["MessageAction"] = "RESEND" if again else "SUPPRESS"
    cognito.admin_create_user(
        UserPoolId=user_pool_id,
        Username=email,
        UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
        DesiredDeliveryMediums=["EMAIL"],
        **quietly,
    )
