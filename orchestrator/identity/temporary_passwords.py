"""Temporary passwords: made where they are used, kept nowhere."""

import secrets
import string
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

WAITING_FOR_FIRST_SIGN_IN = "FORCE_CHANGE_PASSWORD"
"""The status in Cognito of a user who has one and has not used it yet."""
MINIMUM_LENGTH = 16
SYMBOLS = "!#%+-=?@_"
"""Symbols that Cognito counts as such, that need no escaping in HTML and that survive being copied."""


def temporary_password(minimum_length: int = MINIMUM_LENGTH) -> str:
    """Return a password that is long enough and has every kind of character that a user pool may ask for."""
    kinds = (string.ascii_uppercase, string.ascii_lowercase, string.digits, SYMBOLS)
    length = max(minimum_length, MINIMUM_LENGTH)
    characters = [secrets.choice(kind) for kind in kinds]
    characters += [secrets.choice("".join(kinds)) for _ in range(length - len(kinds))]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)


def awaits_first_sign_in(cognito: "CognitoIdentityProviderClient", user_pool_id: str, username: str) -> bool:
    """Tell whether somebody has a temporary password and has not used it; nobody has where there is no such user.

    AdminGetUser would say so too, but make a monthly active user of whoever is looked at.
    """
    quoted = username.replace("\\", "\\\\").replace('"', '\\"')
    found = cognito.list_users(UserPoolId=user_pool_id, Filter=f'username = "{quoted}"', Limit=1)["Users"]
    return any(each["UserStatus"] == WAITING_FOR_FIRST_SIGN_IN for each in found)
