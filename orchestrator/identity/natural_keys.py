"""What has a natural key in Amazon Cognito: domains, groups and users; "it exists already" is success if it is ours.

The SDK repeats these creates by itself, so the one that is there may be of a moment ago, and not shown yet: then the
error is TransientError, as Cognito says itself that it is there.
"""

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import is_code
from orchestrator.aws.errors import TenantConflictError
from orchestrator.identity.marks import OWNER_TAG
from orchestrator.identity.presence import not_seen_yet, shown
from tenant_onboarding.names import TENANT_ID, USER_ID

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient
    from types_boto3_cognito_idp.type_defs import AttributeTypeTypeDef

TAKEN = re.compile(r"already|associated|exist|taken", re.IGNORECASE)
"""In what Cognito says of a domain prefix that somebody has; its code is that of any wrong parameter."""
CLASSIC = 1
"""The hosted pages that need no branding; only 20 app clients of a user pool can have the newer ones."""


def create_domain(cognito: "CognitoIdentityProviderClient", user_pool_id: str, prefix: str) -> None:
    """Give a user pool its domain; a taken one is success only if it is this pool's. Safe to repeat.

    Raises TenantConflictError if another user pool has the prefix.
    """
    try:
        cognito.create_user_pool_domain(UserPoolId=user_pool_id, **domain(prefix))
    except ClientError as error:
        if not is_code(error, "InvalidParameterException"):
            raise
        holder = cognito.describe_user_pool_domain(Domain=prefix)["DomainDescription"].get("UserPoolId")
        if not holder:
            if not TAKEN.search(str(error)):
                raise
            raise not_seen_yet(f"the domain prefix {prefix}") from None
        if holder != user_pool_id:
            raise TenantConflictError(f"The domain prefix {prefix} belongs to user pool {holder}") from None


def domain(prefix: str) -> Any:  # Any: the stubs' TypedDict
    """Return the parameters of CreateUserPoolDomain, all but the user pool's id."""
    return {"Domain": prefix, "ManagedLoginVersion": CLASSIC}


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
        what = f"the group {name} in {user_pool_id}"
        found = shown(cognito.get_group, what, UserPoolId=user_pool_id, GroupName=name)
        if found["Group"].get("Description") != description:
            raise TenantConflictError(f"The group {name} in {user_pool_id} was not made for {owner}") from None


def create_user(
    cognito: "CognitoIdentityProviderClient",
    user_pool_id: str,
    username: str,
    attributes: dict[str, str],
    password: str,
) -> dict[str, str]:
    """Create a user with a temporary password; an existing one is success only if it is the same tenant's.

    Returns the attributes that the user has: of one that exists its own, `sub` with them. In a user pool from before
    users had ids of ours, the user gets none. Raises TenantConflictError if the user is another tenant's, or nobody's.
    """

    def create(given: dict[str, str]) -> dict[str, str]:
        answer = cognito.admin_create_user(
            UserPoolId=user_pool_id,
            Username=username,
            UserAttributes=[{"Name": name, "Value": value} for name, value in given.items()],
            TemporaryPassword=password,
            MessageAction="SUPPRESS",
        )
        return values(answer["User"]["Attributes"])

    try:
        return _without_unknown(create, attributes)
    except ClientError as error:
        if not is_code(error, "UsernameExistsException"):
            raise
        what = f"the user {username} in {user_pool_id}"
        user = shown(cognito.admin_get_user, what, UserPoolId=user_pool_id, Username=username)
        found = values(user["UserAttributes"])
        holder = found.get(TENANT_ID)
        if holder != attributes[TENANT_ID]:
            whose = f"belongs to the tenant {holder}" if holder else "was made by somebody else, for no tenant"
            raise TenantConflictError(f"The user {username} in {user_pool_id} {whose}") from None
        return found


def _without_unknown(create: Callable[[dict[str, str]], dict[str, str]], given: dict[str, str]) -> dict[str, str]:
    """Create with all attributes, or without the id of ours where Cognito says that the user pool has no such one."""
    try:
        return create(given)
    except ClientError as error:
        if not is_code(error, "InvalidParameterException") or USER_ID not in str(error):
            raise
        return create({name: value for name, value in given.items() if name != USER_ID})


def values(attributes: Iterable["AttributeTypeTypeDef"]) -> dict[str, str]:
    """Return the attributes of a user by their names."""
    return {attribute["Name"]: attribute.get("Value", "") for attribute in attributes}
