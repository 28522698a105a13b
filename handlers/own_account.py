"""One's own account: what somebody who is signed in changes of how they sign in.

A token is not enough for it: the password is asked for again, so a page that is left open changes nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from aws_lambda_powertools.metrics import MetricUnit

from handlers import account, account_problems, member_callers, metrics, wrong_requests
from handlers.account_description import DESCRIPTION
from handlers.member_callers import OF_ALL
from handlers.problems import Kind, ProblemError
from handlers.runtime import logger, settings
from orchestrator.users import authenticators, own_password
from orchestrator.users.app_client import RefusedError
from orchestrator.users.authenticators import AuthenticatorError, Reason, WrongCodeError
from orchestrator.users.member_contract import (
    ME_MFA,
    ME_PASSWORD,
    Authenticator,
    AuthenticatorRemoval,
    AuthenticatorSecret,
    PasswordChange,
)
from orchestrator.users.oneself import Oneself
from orchestrator.users.passwords import PasswordRefusedError

ALLOWED = {ME_PASSWORD: ("PUT",), ME_MFA: ("POST", "DELETE")}
PROVED = (ME_MFA,)
"""The paths where what is deleted needs a body, too."""
OF_LOCAL_USERS = (*OF_ALL, account_problems.FEDERATED)
OF_AUTHENTICATORS: dict[Reason, tuple[Kind, str]] = {
    "mfa-off": (account_problems.MFA_OFF, "Ask whoever looks after your account."),
    "authenticator-exists": (account_problems.AUTHENTICATOR_EXISTS, "Remove it first, by the password and its code."),
    "set-up-at-sign-in": (account_problems.SET_UP_AT_SIGN_IN, "Sign in: you are asked to set one up."),
}
AGAIN = "Look at the password and the code, or sign in again."
router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # Powertools leaves it so


@router.put(
    ME_PASSWORD,
    operation_id="changePassword",
    summary="Change one's own password; all sessions end",
    status_code=204,
    responses=DESCRIPTION.answers(
        "The new password is set.", *OF_LOCAL_USERS, account_problems.PASSWORD_REFUSED, success=204
    ),
)
def change_password(asked: Annotated[PasswordChange, Body()]) -> Response[str]:
    """Change the caller's password."""
    asks = _oneself()
    with _refusals():
        own_password.change(asks, asked.current_password, asked.new_password)
    logger.info("password changed")
    return Response(204, body="")


@router.post(
    ME_MFA,
    operation_id="setUpAuthenticator",
    summary="Set up one's own authenticator app: by the password its secret, then by the password and a code it is on",
    responses={
        **DESCRIPTION.answers(
            "",
            *OF_LOCAL_USERS,
            account_problems.MFA_OFF,
            account_problems.AUTHENTICATOR_EXISTS,
            account_problems.SET_UP_AT_SIGN_IN,
        ),
        200: {
            "description": "What the app is set up with, if there was no code.",
            "content": {account.JSON: {"model": AuthenticatorSecret}},
        },
        204: {"description": "The app is set up, and asked for from now on."},
    },
)
def set_up_authenticator(asked: Annotated[Authenticator, Body()]) -> Response[AuthenticatorSecret | str]:
    """Begin or end setting up the caller's authenticator app."""
    asks = _oneself()
    with _refusals():
        if asked.code is None:
            secret = authenticators.begin(asks, asked.password)
            logger.info("authenticator begun")
            return Response(200, account.JSON, AuthenticatorSecret(secretCode=secret))
        authenticators.turn_on(asks, asked.password, asked.code)
    logger.info("authenticator set up")
    return Response(204, body="")


@router.delete(
    ME_MFA,
    operation_id="removeAuthenticator",
    summary="Remove one's own authenticator app",
    status_code=204,
    responses=DESCRIPTION.answers("There is none any more.", *OF_LOCAL_USERS, account_problems.MFA_OFF, success=204),
)
def remove_authenticator(asked: Annotated[AuthenticatorRemoval, Body()]) -> Response[str]:
    """Remove the caller's authenticator app."""
    asks = _oneself()
    with _refusals():
        authenticators.remove(asks, asked.password, asked.code)
    logger.info("authenticator removed")
    return Response(204, body="")


def _oneself() -> Oneself:
    """Return who asks; raises as `member_callers.caller`, and FederatedError for somebody without a password."""
    event = router.current_event.raw_event
    asks = Oneself(member_callers.clients(), settings(), member_callers.caller(event), account.origin(event))
    asks.check_local()
    return asks


@contextmanager
def _refusals() -> Iterator[None]:
    """Let whoever does not prove to be the caller be answered alike inside the block, whatever the reason is."""
    try:
        yield
    except RefusedError as refused:
        logger.info("not proved", extra={"reason": refused.reason})
        metrics.write("SignInsRefused", MetricUnit.Count, 1)
        raise ProblemError(account_problems.NOT_SIGNED_IN, AGAIN) from None
    except PasswordRefusedError as refused:
        raise account_problems.password_refused(refused.rules, "/body/newPassword") from None
    except AuthenticatorError as error:
        raise ProblemError(*OF_AUTHENTICATORS[error.reason]) from None
    except WrongCodeError:
        detail = "is not what the new authenticator shows; begin again by the password alone if it does"
        raise wrong_requests.invalid("code", detail, account.BODY) from None
