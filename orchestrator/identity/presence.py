"""Whether something is gone from Cognito: what is gone is denied, as a role of ours may use user pools by their tag.

A user pool that is gone bears no tag, so AWS answers as if a permission were missing. Listing user pools asks for no
tag: what no listing has, at two looks, is gone. So is one that is not found, which may be just a read that lags.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

GONE = ("ResourceNotFoundException", "UserNotFoundException")
DENIED = "AccessDeniedException"

T = TypeVar("T")


class Presence:
    """Tells what is gone from what may not be touched, of the user pools of one Region."""

    def __init__(self, cognito: "CognitoIdentityProviderClient", wait_seconds: float) -> None:
        self._cognito = cognito
        self._wait_seconds = wait_seconds
        self._gone: set[str] = set()

    def unless_gone(self, call: Callable[[], T], user_pool_id: str | None) -> T | None:
        """Return what a call about a user pool answers, None where what it is about is not there.

        Raises what the call raises where that is a denial and the user pool is there.
        """
        try:
            return call()
        except ClientError as error:
            if not self.is_gone(error, user_pool_id):
                raise
            return None

    def is_gone(self, error: ClientError, user_pool_id: str | None) -> bool:
        """Tell whether what AWS answered means that something is not there: itself, or the user pool around it."""
        code = error.response["Error"]["Code"]
        return code in GONE or bool(code == DENIED and user_pool_id and self.lacks(user_pool_id))

    def lacks(self, user_pool_id: str) -> bool:
        """Tell whether a user pool is gone, by two listings a while apart: Cognito promises no read after create."""
        if user_pool_id not in self._gone:
            if self._is_listed(user_pool_id):
                return False
            time.sleep(self._wait_seconds)
            if self._is_listed(user_pool_id):
                return False
            self._gone.add(user_pool_id)
        return True

    def _is_listed(self, user_pool_id: str) -> bool:
        pages = self._cognito.get_paginator("list_user_pools").paginate(PaginationConfig={"PageSize": 60})
        return any(listed["Id"] == user_pool_id for page in pages for listed in page["UserPools"])
