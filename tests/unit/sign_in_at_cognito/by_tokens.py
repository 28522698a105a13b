"""What a user does by the own access token, and administrators to the user's authenticator.

An authenticator that is begun by a token belongs to the user, not to the token: that another token verifies it, also
after the first was revoked, is NC.
"""

from typing import Any

import jwt
from moto.cognitoidp.models import CognitoIdpUser, CognitoIdpUserPool

from tests.unit.sign_in_at_cognito import authenticators, people
from tests.unit.sign_in_at_cognito.cognito import NOT_AUTHORIZED, Cognito, named, new_secret
from tests.unit.sign_in_at_cognito.tokens import SELF_SERVICE
from tests.unit.strict_cognito.call import Call, RefusalError

NO_MFA = "SoftwareTokenMFANotFoundException"


def associate(cognito: Cognito, call: Call) -> dict[str, Any]:
    """AssociateSoftwareToken by an access token: the user has a secret to verify, in the place of any before [D]."""
    pool, user = _bearer(cognito, call)
    if pool.mfa_config == "OFF":
        raise RefusalError("Software Token MFA is not enabled for the userPool.", NO_MFA)  # [M]
    cognito.begun[pool.id, user.username] = secret = new_secret()
    return {"SecretCode": secret}


def verify(cognito: Cognito, call: Call) -> dict[str, Any]:
    """VerifySoftwareToken by an access token: another authenticator gives way; nothing asks for it yet [D]."""
    pool, user = _bearer(cognito, call)
    secret, code = cognito.begun.get((pool.id, user.username)), call.body["UserCode"]
    if secret is None:
        raise RefusalError("Software Token MFA has not been begun.", NO_MFA)  # NC
    if not authenticators.fits(secret, code, cognito.now()):
        raise RefusalError("Code mismatch", "EnableSoftwareTokenMFAException")  # [I]
    del cognito.begun[pool.id, user.username]
    cognito.authenticators[pool.id, user.username] = secret
    cognito.used_codes.add((secret, code))
    return {"Status": "SUCCESS"}


def prefer(cognito: Cognito, call: Call) -> dict[str, Any]:
    """AdminSetUserMFAPreference: a factor that is verified is asked for, or no more [D].

    That none is turned off where the user pool demands one is NC.
    """
    pool, user = _named(call)
    wanted = call.body["SoftwareTokenMfaSettings"]["Enabled"]
    if wanted and (pool.id, user.username) not in cognito.authenticators:
        raise RefusalError("User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA")  # [I]
    if pool.mfa_config == "OFF" or (pool.mfa_config == "ON" and not wanted):
        raise RefusalError("The user pool's MFA does not allow this preference")  # NC
    (cognito.preferred.add if wanted else cognito.preferred.discard)((pool.id, user.username))
    return {}


def delete(cognito: Cognito, call: Call) -> dict[str, Any]:
    """AdminDeleteSoftwareToken: the user has no authenticator any more, and can set up another [D]."""
    pool, user = _named(call)
    cognito.authenticators.pop((pool.id, user.username), None)
    cognito.preferred.discard((pool.id, user.username))
    return {}


def _named(call: Call) -> tuple[CognitoIdpUserPool, CognitoIdpUser]:
    pool = call.backend.user_pools.get(call.body["UserPoolId"])
    if pool is None:
        raise RefusalError(f"User pool {call.body['UserPoolId']} does not exist.", "ResourceNotFoundException")
    user = named(pool, call.body["Username"])
    if user is None:
        raise RefusalError("User does not exist.", "UserNotFoundException")
    return pool, user


def _bearer(cognito: Cognito, call: Call) -> tuple[CognitoIdpUserPool, CognitoIdpUser]:
    """Return whose access token a call brings: it is good, not revoked, and has the scope of self-service [D; I]."""
    token = call.body["AccessToken"]
    grant = cognito.access.get(token)
    if grant is None:
        raise RefusalError("Invalid Access Token", NOT_AUTHORIZED)
    if grant.revoked:
        raise RefusalError("Access Token has been revoked", NOT_AUTHORIZED)
    claims = jwt.decode(token, options={"verify_signature": False})
    if claims["exp"] <= cognito.now():
        raise RefusalError("Access Token has expired", NOT_AUTHORIZED)
    if SELF_SERVICE not in claims.get("scope", "").split():
        raise RefusalError("Access Token does not have required scopes", NOT_AUTHORIZED)
    pool = call.backend.user_pools[grant.at[0]]
    user = named(pool, grant.user)
    if user is None:
        raise RefusalError("User does not exist.", "UserNotFoundException")
    people.check_enabled(user)
    return pool, user
