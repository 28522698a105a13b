"""People who know their password and are not let in all the same: how each comes about, and what Cognito says."""

from collections.abc import Callable
from typing import Any

import pytest
from moto.cognitoidp.models import cognitoidp_backends

from orchestrator.users.app_client import RefusedError
from tests.unit.conftest import ACCOUNT, REGION
from tests.unit.users.sign_ins import SignIns

TENANT = "acme"


def locked(people: SignIns) -> None:
    """Let somebody have come with a wrong password too often."""
    for _ in range(5):
        with pytest.raises(RefusedError):
            people.sign_in(TENANT, "wrong")


def disabled(people: SignIns) -> None:
    """Let an administrator have disabled the user."""
    people.clients.cognito.admin_disable_user(**people.user(TENANT))


def not_confirmed(people: SignIns) -> None:
    """Let the user be one that has not confirmed."""
    _held(people).status = "UNCONFIRMED"


def reset_by_an_administrator(people: SignIns) -> None:
    """Let the password be one that an administrator has reset."""
    _held(people).status = "RESET_REQUIRED"


def ended(people: SignIns) -> None:
    """Let the password be a temporary one that ran out."""
    people.make_temporary(TENANT)
    people.cognito.ahead = 8 * 86_400


def of_another_tenant(people: SignIns) -> None:
    """Let the user be another tenant's by its attributes, so that the trigger refuses."""
    _held(people).attribute_lookup["custom:tenantId"] = "globex"


def _held(people: SignIns) -> Any:  # Any: moto's user
    named = people.user(TENANT)
    return cognitoidp_backends[ACCOUNT][REGION].user_pools[named["UserPoolId"]].users[named["Username"]]


BARRED: dict[str, tuple[Callable[[SignIns], None], str]] = {
    "locked": (locked, "NotAuthorizedException"),
    "disabled": (disabled, "NotAuthorizedException"),
    "not yet confirmed": (not_confirmed, "UserNotConfirmedException"),
    "reset": (reset_by_an_administrator, "PasswordResetRequiredException"),
    "ended": (ended, "NotAuthorizedException"),
    "of another tenant": (of_another_tenant, "UserLambdaValidationException"),
}
"""Each with what makes a user of acme one, and the reason that the log has."""
