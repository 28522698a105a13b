"""What signing in takes and gives at the account API: who asks names a host and what proves a user, and no tenant."""

from typing import Annotated, Literal

from pydantic import Field

from orchestrator.users.contract import BASE_PATH, OfAHost
from orchestrator.users.sealed_sessions import MOST_CHARACTERS
from tenant_onboarding.contracts.base import Contract
from tenant_onboarding.contracts.fields import EmailAddress

SIGN_IN = f"{BASE_PATH}/auth/sign-in"
CHALLENGE = f"{BASE_PATH}/auth/challenge"
REFRESH = f"{BASE_PATH}/auth/refresh"
SIGN_OUT = f"{BASE_PATH}/auth/sign-out"

Password = Annotated[str, Field(min_length=1, max_length=256)]
"""Cognito: at most 256 characters."""
RefreshToken = Annotated[str, Field(min_length=1, max_length=7_168)]
"""Whatever text: one that no session goes on by is answered like one that has ended."""
Code = Annotated[str, Field(pattern="^[0-9]{6,8}$", description="What the authenticator app shows, or a message says.")]
Session = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)]


class SignIn(OfAHost):
    """Somebody signs in."""

    email: EmailAddress
    password: Password


class Answers(Contract):
    """What a challenge asks for: the one of these that goes with it."""

    new_password: Annotated[Password | None, Field(description="For NEW_PASSWORD_REQUIRED.")] = None
    code: Annotated[Code | None, Field(description="For SOFTWARE_TOKEN_MFA, MFA_SETUP, EMAIL_OTP, SMS_MFA.")] = None
    factor: Annotated[
        Literal["SOFTWARE_TOKEN_MFA", "EMAIL_OTP", "SMS_MFA"] | None, Field(description="For SELECT_MFA_TYPE.")
    ] = None


class ChallengeAnswer(OfAHost):
    """Somebody answers a challenge."""

    session: Session
    answers: Answers


class GoingOn(OfAHost):
    """Somebody brings the refresh token of a session, to go on or to get out."""

    refresh_token: RefreshToken


class SignedIn(Contract):
    """The tokens of a session; `expiresIn` is how long, in seconds, the access token is good."""

    access_token: str
    id_token: str
    refresh_token: str
    expires_in: int


class Challenged(Contract):
    """What is asked for first, and the session to answer in, good for 15 minutes."""

    challenge: str
    session: str


class AuthenticatorSetup(Challenged):
    """The challenge MFA_SETUP, which an authenticator app must be set up for: with this code."""

    secret_code: str
