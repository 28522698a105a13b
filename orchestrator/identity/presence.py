"""Whether something is gone from Cognito: what is gone is denied, as a role of ours may use user pools by their tag.

A user pool that is gone bears no tag, so AWS answers as if a permission were missing. Listing user pools asks for no
tag: what no listing has, at two looks, is gone. So is one that is not found, which may be just a read that lags.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from orchestrator.aws.errors import NOT_SEEN_YET, TransientError
from orchestrator.identity.lists import look_through
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.notes import Notes
from orchestrator.tenants.records import made_lately

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

GONE = ("ResourceNotFoundException", "UserNotFoundException")
DENIED = "AccessDeniedException"

T = TypeVar("T")


def not_seen_yet(what: str) -> TransientError:
    """Return the error for something that Cognito says is there, and does not show."""
    return TransientError(f"Cognito says that {what} is there and does not show it", code=NOT_SEEN_YET)


def shown(call: Callable[..., Any], what: str, **which: str) -> Any:  # Any: what the call answers
    """Return something that is there, as Cognito shows it; raises TransientError while it does not."""
    try:
        return call(**which)
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise
        raise not_seen_yet(what) from None


def excused(error: ClientError, record: Record, maker: str) -> Exception:
    """Return the error for what a call was refused with: it passes if the call missed what a step has just made."""
    code = error.response["Error"]["Code"]
    if code in (*GONE, DENIED) and made_lately(record, maker):
        return TransientError(f"{error}; {maker} made it a moment ago", code=NOT_SEEN_YET)
    return error


class Presence:
    """Tells what is gone from what may not be touched, of the user pools of one Region."""

    def __init__(self, cognito: "CognitoIdentityProviderClient", wait_seconds: float, notes: Notes) -> None:
        self._cognito = cognito
        self._wait_seconds = wait_seconds
        self._notes = notes
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
        def itself(listed: Any) -> str:  # Any: the stubs' TypedDict
            return user_pool_id if listed["Id"] == user_pool_id else ""

        return bool(look_through(self._cognito.list_user_pools, "UserPools", itself, self._notes, most=1))
