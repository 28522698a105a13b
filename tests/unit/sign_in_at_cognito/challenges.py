"""The way to tokens: a flow is begun, and each challenge is answered in a session of its own, which is used once.

Left out as NC: whether a wrong code uses a session up. It does not here, as reports of people who try again have it.
"""

import secrets
from typing import Any

from moto.cognitoidp.models import CognitoIdpUser, UserStatus

from tests.unit.sign_in_at_cognito import authenticators, by_tokens, people, tokens
from tests.unit.sign_in_at_cognito.cognito import (
    MINUTE,
    NOT_AUTHORIZED,
    Cognito,
    Place,
    Session,
    named,
    new_secret,
    place,
    required,
)
from tests.unit.strict_cognito.call import INVALID, Call, RefusalError

FLOWS = {"ADMIN_USER_PASSWORD_AUTH": "ALLOW_ADMIN_USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH": "ALLOW_REFRESH_TOKEN_AUTH"}
NEW_PASSWORD, MFA, MFA_SETUP = "NEW_PASSWORD_REQUIRED", "SOFTWARE_TOKEN_MFA", "MFA_SETUP"
INVALID_SESSION = "Invalid session for the user."


def initiate(cognito: Cognito, call: Call) -> dict[str, Any]:
    """AdminInitiateAuth: by a password or a refresh token, if the app client allows the flow [M; I]."""
    at, given = place(call), dict(call.body.get("AuthParameters", {}))
    flow = call.body["AuthFlow"]
    if flow not in FLOWS or FLOWS[flow] not in at.flows:
        raise RefusalError("Auth flow not enabled for this client", INVALID)
    if flow == "REFRESH_TOKEN_AUTH":
        return tokens.refreshed(cognito, at, given)
    name, password = required(given, "USERNAME"), required(given, "PASSWORD")
    people.check_secret(at, given, name)
    user = people.let_in(cognito, at, name, password)
    if user.status == people.FORCED:
        return _challenge(cognito, at, user, NEW_PASSWORD)
    return _after_password(cognito, at, user, "Authentication")


def respond(cognito: Cognito, call: Call) -> dict[str, Any]:
    """AdminRespondToAuthChallenge: by the user whose challenge it is, at the app client that it was made at [D]."""
    at, given = place(call), dict(call.body.get("ChallengeResponses", {}))
    name, challenge = required(given, "USERNAME"), call.body["ChallengeName"]
    people.check_secret(at, given, name)
    session = _session(cognito, required(call.body, "Session"), challenge)
    user = named(at.pool, name)
    if user is None or (session.user, session.at) != (user.username, at.ids):
        raise RefusalError(INVALID_SESSION, NOT_AUTHORIZED)
    people.check_enabled(user)
    if challenge == NEW_PASSWORD:
        password = required(given, "NEW_PASSWORD")
        people.check_password(at.pool, user, password)
        session.used, user.password, user.status = True, password, UserStatus.CONFIRMED
        return _after_password(cognito, at, user, "NewPasswordChallenge")
    if challenge == MFA:
        _check_code(cognito, user, required(given, "SOFTWARE_TOKEN_MFA_CODE"))
    elif not session.verified:
        raise RefusalError(INVALID_SESSION, NOT_AUTHORIZED)
    session.used = True
    return tokens.issued(cognito, at, user, "Authentication")


def associate(cognito: Cognito, call: Call) -> dict[str, Any]:
    """AssociateSoftwareToken: by the session of MFA_SETUP, which another takes the place of, or an access token [D]."""
    if _is_by_token(call):
        return by_tokens.associate(cognito, call)
    session = _session(cognito, required(call.body, "Session"), MFA_SETUP)
    session.used, secret = True, new_secret()
    return {"SecretCode": secret, "Session": _again(cognito, session, secret=secret)}


def verify(cognito: Cognito, call: Call) -> dict[str, Any]:
    """VerifySoftwareToken: by a code of that authenticator, and AssociateSoftwareToken's session or a token [M]."""
    if _is_by_token(call):
        return by_tokens.verify(cognito, call)
    session, code = _session(cognito, required(call.body, "Session"), MFA_SETUP), call.body["UserCode"]
    if not session.secret:
        raise RefusalError(INVALID_SESSION, NOT_AUTHORIZED)
    if not authenticators.fits(session.secret, code, cognito.now()):
        raise RefusalError("Code mismatch", "EnableSoftwareTokenMFAException")
    session.used = True
    cognito.authenticators[session.at[0], session.user] = session.secret
    cognito.preferred.add((session.at[0], session.user))
    cognito.used_codes.add((session.secret, code))
    return {"Status": "SUCCESS", "Session": _again(cognito, session, verified=True)}


def _is_by_token(call: Call) -> bool:
    """An access token or a session is brought, and not both [D]."""
    if ("AccessToken" in call.body) == ("Session" in call.body):
        raise RefusalError("Either an access token or a session is needed.", INVALID)
    return "AccessToken" in call.body


def _after_password(cognito: Cognito, at: Place, user: CognitoIdpUser, source: str) -> dict[str, Any]:
    """Ask for a second factor where the user has one, or the user pool wants one; or else give tokens [D: MFA]."""
    asked_for = cognito.preferred if at.pool.mfa_config == "OPTIONAL" else cognito.authenticators
    if at.pool.mfa_config != "OFF" and (at.pool.id, user.username) in asked_for:
        return _challenge(cognito, at, user, MFA)
    if at.pool.mfa_config == "ON":
        return _challenge(cognito, at, user, MFA_SETUP, MFAS_CAN_SETUP='["SOFTWARE_TOKEN_MFA"]')
    return tokens.issued(cognito, at, user, source)


def _check_code(cognito: Cognito, user: CognitoIdpUser, code: str) -> None:
    """A code is the authenticator's, and good once; a wrong one counts as a wrong password does [D; I]."""
    people.check_lock(cognito, user)
    secret = cognito.authenticators.get((user.user_pool_id, user.username))
    if secret is None:
        raise RefusalError(
            "Software Token MFA does not exist for the user.", "SoftwareTokenMFANotFoundException"
        )  # [I]
    if not authenticators.fits(secret, code, cognito.now()):
        people.wrong(cognito, user)
        raise RefusalError("Invalid code received for user", "CodeMismatchException")
    if (secret, code) in cognito.used_codes:
        raise RefusalError("Your software token has already been used once.", "ExpiredCodeException")
    cognito.used_codes.add((secret, code))


def _challenge(cognito: Cognito, at: Place, user: CognitoIdpUser, challenge: str, **told: str) -> dict[str, Any]:
    minutes = at.client.extended_config["AuthSessionValidity"]
    session = Session(challenge, user.username, at.ids, cognito.now() + minutes * MINUTE)
    parameters = {"USER_ID_FOR_SRP": user.username, **told}
    return {"ChallengeName": challenge, "Session": _kept(cognito, session), "ChallengeParameters": parameters}


def _again(cognito: Cognito, session: Session, *, secret: str = "", verified: bool = False) -> str:
    after = Session(session.challenge, session.user, session.at, session.ends, secret=secret, verified=verified)
    return _kept(cognito, after)


def _kept(cognito: Cognito, session: Session) -> str:
    text = secrets.token_urlsafe(1_536)  # 2,048 characters, the most that there may be [M]
    cognito.sessions[text] = session
    return text


def _session(cognito: Cognito, text: str, challenge: str) -> Session:
    """Return a session that is there, unused, not at its end, and of that challenge [I]."""
    session = cognito.sessions.get(text)
    if session is None or session.challenge != challenge:
        raise RefusalError(INVALID_SESSION, NOT_AUTHORIZED)
    if session.used:
        raise RefusalError("Invalid session for the user, session can only be used once.", NOT_AUTHORIZED)
    if session.ends <= cognito.now():
        raise RefusalError("Invalid session for the user, session is expired.", NOT_AUTHORIZED)
    return session
