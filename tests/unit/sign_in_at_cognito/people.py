"""Whom Cognito lets go on: names, passwords, and what is refused of a user whose password is right."""

import base64
import hashlib
import hmac
import string
from datetime import UTC
from typing import Any

from moto.cognitoidp.models import CognitoIdpUser, CognitoIdpUserPool

from tests.unit.sign_in_at_cognito.cognito import DAY, MINUTE, NOT_AUTHORIZED, Attempts, Cognito, Place, named
from tests.unit.strict_cognito.call import RefusalError

FREE_ATTEMPTS = 5
FORGOTTEN_SECONDS = 15 * MINUTE
"""After so long without an attempt or a lock, wrong ones are forgotten; no lock is longer [D: lockout behaviour]."""
INCORRECT = "Incorrect username or password."
FORCED = "FORCE_CHANGE_PASSWORD"


def let_in(cognito: Cognito, at: Place, name: str, password: str) -> CognitoIdpUser:
    """Return the user whose name and password these are."""
    user = named(at.pool, name)
    if user is None:
        raise _unknown(at)
    check_lock(cognito, user)
    check_enabled(user)
    if user.password != password:
        wrong(cognito, user)
        raise RefusalError(INCORRECT, NOT_AUTHORIZED)
    cognito.attempts.pop((at.pool.id, user.username), None)
    _check_status(cognito, at.pool, user)
    return user


def _unknown(at: Place) -> RefusalError:
    """A name that nobody has is refused as a wrong password is, if the app client asks for it [D]."""
    if at.client.extended_config.get("PreventUserExistenceErrors") == "ENABLED":
        return RefusalError(INCORRECT, NOT_AUTHORIZED)
    return RefusalError("User does not exist.", "UserNotFoundException")


def check_lock(cognito: Cognito, user: CognitoIdpUser) -> None:
    """After five wrong passwords or codes a user is locked for 1, 2, 4, … seconds, up to 15 minutes [D]."""
    attempts = cognito.attempts.get((user.user_pool_id, user.username), Attempts())
    if cognito.now() < attempts.locked_until:
        raise RefusalError("Password attempts exceeded", NOT_AUTHORIZED)


def wrong(cognito: Cognito, user: CognitoIdpUser) -> None:
    """Count a wrong password or code."""
    attempts = cognito.attempts.setdefault((user.user_pool_id, user.username), Attempts())
    if cognito.now() - max(attempts.last, attempts.locked_until) > FORGOTTEN_SECONDS:
        attempts.wrong = 0
    attempts.wrong, attempts.last = attempts.wrong + 1, cognito.now()
    if attempts.wrong >= FREE_ATTEMPTS:
        lock = min(2.0 ** (attempts.wrong - FREE_ATTEMPTS), FORGOTTEN_SECONDS)
        attempts.locked_until = cognito.now() + lock


def check_enabled(user: CognitoIdpUser) -> None:
    """A disabled user is refused at sign-in, challenge and refresh [D: disabling users]."""
    if not user.enabled:
        raise RefusalError("User is disabled.", NOT_AUTHORIZED)


def _check_status(cognito: Cognito, pool: CognitoIdpUserPool, user: CognitoIdpUser) -> None:
    """Who is not confirmed, whose password was reset, or whose temporary one ran out, is refused [M; D; I]."""
    if user.status == "UNCONFIRMED":
        raise RefusalError("User is not confirmed.", "UserNotConfirmedException")
    if user.status == "RESET_REQUIRED":
        raise RefusalError("Password reset required for the user", "PasswordResetRequiredException")
    days = policy(pool).get("TemporaryPasswordValidityDays", 7)
    since = user.last_modified_date.replace(tzinfo=UTC).timestamp()
    if user.status == FORCED and cognito.now() > since + days * DAY:
        message = "Temporary password has expired and must be reset by an administrator."
        raise RefusalError(message, NOT_AUTHORIZED)


def policy(pool: CognitoIdpUserPool) -> dict[str, Any]:
    """Return what a user pool asks of passwords."""
    return dict(pool.extended_config.get("Policies", {}).get("PasswordPolicy", {}))


def check_password(pool: CognitoIdpUserPool, user: CognitoIdpUser, password: str) -> None:
    """A new password meets the policy, and is none that was used before where the policy says so [M; D]."""
    rules = policy(pool)
    wanted = {
        "RequireUppercase": string.ascii_uppercase,
        "RequireLowercase": string.ascii_lowercase,
        "RequireNumbers": string.digits,
        "RequireSymbols": string.punctuation + " ",
    }
    lacks = [name for name, characters in wanted.items() if rules.get(name) and not {*characters} & {*password}]
    if lacks or not rules.get("MinimumLength", 8) <= len(password) <= 256 or password != password.strip():  # [M]
        raise RefusalError("Password does not conform to policy", "InvalidPasswordException")
    if rules.get("PasswordHistorySize") and password == user.password:
        message = "Password has previously been used"
        raise RefusalError(message, "PasswordHistoryPolicyViolationException")


def check_secret(at: Place, parameters: dict[str, str], name: str) -> None:
    """An app client with a secret wants its hash with the user's name [D: computing secret hashes]."""
    if not at.client.generate_secret:
        return
    if "SECRET_HASH" not in parameters:
        message = f"Client {at.client.id} is configured with secret but SECRET_HASH was not received"
        raise RefusalError(message, NOT_AUTHORIZED)
    right = hmac.digest(at.client.secret.encode(), f"{name}{at.client.id}".encode(), hashlib.sha256)
    if parameters["SECRET_HASH"] != base64.b64encode(right).decode():
        raise RefusalError(f"Unable to verify secret hash for client {at.client.id}", NOT_AUTHORIZED)
