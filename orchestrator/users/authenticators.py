"""Authenticators: somebody sets up or removes the own authenticator app, and proves the password once more for it.

Only an access token of the user's own lets Amazon Cognito set one up. It is issued at our server's own app client,
never leaves this module, and its session is ended after the call, whatever happens.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from orchestrator.aws.errors import ConfigurationError
from orchestrator.identity.tenant_resources import security
from orchestrator.users import server_client
from orchestrator.users.app_client import AppClient, RefusedError
from orchestrator.users.oneself import RESULT, Oneself, end
from orchestrator.users.sessions import MFA_SETUP, NEW_PASSWORD, SOFTWARE_TOKEN

Reason = Literal["mfa-off", "authenticator-exists", "set-up-at-sign-in"]
NO_AUTHENTICATOR = "SoftwareTokenMFANotFoundException"
OF_AUTHENTICATORS = ("CodeMismatchException", "EnableSoftwareTokenMFAException", NO_AUTHENTICATOR)
"""What Cognito says of a code that is not the new authenticator's, if none was begun, and where there are none."""


class AuthenticatorError(Exception):
    """No authenticator can be set up or removed this way; the password was right, unless there are none at all."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class WrongCodeError(Exception):
    """The code is not the new authenticator's."""


def begin(asks: Oneself, password: str) -> str:
    """Return what an authenticator app is given to be set up; nothing is asked of anybody by it before `turn_on`.

    Safe to repeat: the last one counts. Raises AuthenticatorError, RefusedError of `app_client` if the password does
    not let in, TransientError, and what AWS answers.
    """
    at = _at(asks)
    with _access_token(asks, at, password) as token:
        try:
            return at.associate_by(token)
        except RefusedError as refused:
            raise _meaning(refused, AuthenticatorError("mfa-off")) from None


def turn_on(asks: Oneself, password: str, code: str) -> None:
    """Have the new authenticator's code asked for at every sign-in from now on; raises as `begin`, and WrongCodeError.

    If it fails after Cognito has taken the code, that is good no more: the next one is, or all begins anew.
    """
    at = _at(asks)
    with _access_token(asks, at, password) as token:
        try:
            at.verify_by(token, code)
        except RefusedError as refused:
            raise _meaning(refused, WrongCodeError()) from None
        _prefer(asks, wanted=True)


def remove(asks: Oneself, password: str, code: str) -> None:
    """Remove the authenticator of whoever proves the password and its code; safe to repeat. Raises as `begin`.

    Where the tenant demands a second factor, the next sign-in sets up another. Who has none needs no code.
    """
    at = _at(asks)
    answered = asks.proved(at, password)
    if RESULT not in answered and answered["ChallengeName"] == SOFTWARE_TOKEN:
        given = {"USERNAME": asks.user.username, "SOFTWARE_TOKEN_MFA_CODE": code}
        try:
            answered = at.respond(SOFTWARE_TOKEN, answered["Session"], given, asks.origin)
        except RefusedError as refused:
            if refused.reason != NO_AUTHENTICATOR:
                raise
    elif RESULT not in answered and answered["ChallengeName"] != MFA_SETUP:
        raise RefusedError(f"Challenge:{answered['ChallengeName']}")
    end(at, answered)
    if security(asks.asks.tenant).mfa == "OPTIONAL":
        _prefer(asks, wanted=False)
    asks.cognito.admin_delete_software_token(UserPoolId=asks.user.user_pool_id, Username=asks.user.username)


def _at(asks: Oneself) -> AppClient:
    """Return our server's own app client, for a tenant that has second factors at all."""
    if security(asks.asks.tenant).mfa == "OFF":
        raise AuthenticatorError("mfa-off")
    at = asks.at_tenants
    return AppClient(at.clients, at.settings, at.route, server_client.find(at.clients, at.settings, at.route))


@contextmanager
def _access_token(asks: Oneself, at: AppClient, password: str) -> Iterator[str]:
    """Give the access token of somebody without an authenticator to the block, and end its session then."""
    answered = asks.proved(at, password)
    if RESULT not in answered:
        challenge = answered["ChallengeName"]
        if challenge == NEW_PASSWORD:
            raise RefusedError(f"Challenge:{challenge}")
        raise AuthenticatorError("set-up-at-sign-in" if challenge == MFA_SETUP else "authenticator-exists")
    try:
        yield answered[RESULT]["AccessToken"]
    finally:
        end(at, answered)


def _meaning(refused: RefusedError, of_authenticators: Exception) -> Exception:
    """Return what it means that Cognito refuses a call by a token that it has just issued to us."""
    if refused.reason in OF_AUTHENTICATORS:
        return of_authenticators
    return ConfigurationError("Cognito does not take a token of our server's own app client", code=refused.reason)


def _prefer(asks: Oneself, *, wanted: bool) -> None:
    asks.cognito.admin_set_user_mfa_preference(
        UserPoolId=asks.user.user_pool_id,
        Username=asks.user.username,
        SoftwareTokenMfaSettings={"Enabled": wanted, "PreferredMfa": wanted},
    )
