"""Enforcement: what each operation does to a user in Amazon Cognito, so that it is there as the register's row says.

All of it is safe to repeat. A user whom somebody has deleted in Cognito behind the register's back is no error: there
is nobody to whom anything could be done.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import Item, is_code
from orchestrator.users.refusals import GONE
from tenant_onboarding import names

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

Calls = tuple[Callable[..., object], dict[str, Any]]


def apply(cognito: "CognitoIdentityProviderClient", what: str, row: Item, who: dict[str, str]) -> None:
    """Let a user be in Cognito as the row says; `who` is the user pool and the user's name there."""
    for operation, arguments in _calls(cognito, what, row):
        try:
            operation(**who, **arguments)
        except ClientError as error:
            if not is_code(error, GONE):
                raise


def _calls(cognito: "CognitoIdentityProviderClient", what: str, row: Item) -> list[Calls]:
    match what:
        case "DISABLE":
            return [(cognito.admin_disable_user, {}), (cognito.admin_user_global_sign_out, {})]
        case "ENABLE":
            return [(cognito.admin_enable_user, {})]
        case "ROLE":
            return [_attribute(cognito, names.TENANT_ROLE, row["role"])]
        case "NAME":
            return [_attribute(cognito, "name", row["name"])]
        case "REMOVE":
            return [(cognito.admin_delete_user, {})]
    raise KeyError(what)


def _attribute(cognito: "CognitoIdentityProviderClient", name: str, value: str) -> Calls:
    return cognito.admin_update_user_attributes, {"UserAttributes": [{"Name": name, "Value": value}]}
