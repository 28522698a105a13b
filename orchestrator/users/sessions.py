"""Sessions: who signs in at a tenant's host gets tokens of that tenant, and never of another.

Amazon Cognito signs in, at the tenant's own app client (pool: the shared one). Every token that it answers with is
verified and held to the host's tenant before it leaves. Whatever goes wrong with a name or a password is one refusal,
by the same calls, so nobody learns who is a user.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.users import hosts, sealed_sessions, session_keys
from orchestrator.users.host_tokens import HostTokens, OtherTenantError
from orchestrator.users.hosts import FederatedError
from orchestrator.users.sealed_sessions import Challenged, SealBrokenError

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings
    from tenant_onboarding.authorizer.key_sets import KeySets
    from tenant_onboarding.authorizer.registry import Route

NOT_LET_IN = frozenset(
    {
        "CodeMismatchException",
        "EnableSoftwareTokenMFAException",
        "ExpiredCodeException",
        "ForbiddenException",
        "NotAuthorizedException",
        "PasswordResetRequiredException",
        "UnsupportedTokenTypeException",
        "UserLambdaValidationException",
        "UserNotConfirmedException",
        "UserNotFoundException",
    }
)
"""What Cognito says of somebody whom it does not let in, whatever the reason is."""
NEW_PASSWORD = "NEW_PASSWORD_REQUIRED"  # noqa: S105  # a challenge
MFA_SETUP = "MFA_SETUP"
ANSWERS: dict[str, dict[str, str]] = {
    NEW_PASSWORD: {"newPassword": "NEW_PASSWORD"},
    "SOFTWARE_TOKEN_MFA": {"code": "SOFTWARE_TOKEN_MFA_CODE"},
    "EMAIL_OTP": {"code": "EMAIL_OTP_CODE"},
    "SMS_MFA": {"code": "SMS_MFA_CODE"},
    "SELECT_MFA_TYPE": {"factor": "ANSWER"},
    MFA_SETUP: {"code": ""},
}
"""The challenges that can be answered, each with its answers as callers name them and as Cognito does."""
PROTECTED_PLAN = "PLUS"
"""The feature plan whose threat protection looks at where somebody signs in from."""


class RefusedError(Exception):
    """Nobody is let in; `reason` is for the log alone, and names nobody."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class WrongAnswersError(Exception):
    """The challenge asks for other answers; `wanted` names them."""

    def __init__(self, wanted: tuple[str, ...]) -> None:
        super().__init__()
        self.wanted = wanted


class NewPasswordRefusedError(Exception):
    """Cognito does not take a new password."""


@dataclass(frozen=True)
class Tokens:
    """What somebody signed in with; `expires_in` in seconds."""

    access_token: str = field(repr=False)
    id_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int


@dataclass(frozen=True)
class Challenge:
    """What somebody must answer first; `secret_code` is what an authenticator app is set up with."""

    challenge: str
    session: str = field(repr=False)
    secret_code: str = field(default="", repr=False)


@dataclass(frozen=True)
class Caller:
    """Where a request comes from, as API Gateway knows it."""

    address: str
    user_agent: str = ""


@dataclass(frozen=True)
class Door:
    """What signing in at a host needs: the tenant's route, and where its user pool is."""

    clients: "Clients"
    settings: "Settings"
    route: "Route"
    tokens: HostTokens

    @property
    def cognito(self) -> "CognitoIdentityProviderClient":
        """The client of the user pool's Region."""
        return self.clients.in_region(self.route["region"]).cognito_once

    @property
    def client(self) -> dict[str, str]:
        """The user pool and app client, as Cognito's operations name them."""
        return {"UserPoolId": self.route["userPoolId"], "ClientId": self.route["appClientId"]}

    def context(self, caller: Caller) -> dict[str, Any]:
        """Return what Cognito is told of a caller, where its feature plan makes use of it."""
        if self.settings.feature_plan != PROTECTED_PLAN:
            return {}
        headers = [{"headerName": "User-Agent", "headerValue": caller.user_agent}] if caller.user_agent else []
        server = self.route["signInAddress"].removeprefix("https://")
        about = {"IpAddress": caller.address, "ServerName": server, "ServerPath": "/", "HttpHeaders": headers}
        return {"ContextData": about}


def door(clients: "Clients", settings: "Settings", keys: "KeySets", host: str) -> Door:
    """Return what signing in at a host needs, by one read.

    Raises RefusedError for a host that leads nowhere, FederatedError and SuspendedError of `hosts`, and what AWS
    answers.
    """
    route = hosts.route_of(clients.registry, settings, host)
    if route is None:
        raise RefusedError("UnknownHost")
    if hosts.is_federated(route):
        raise FederatedError(route["signInAddress"])
    return Door(clients, settings, route, HostTokens(route, keys, settings.token_use))


def sign_in(at: Door, email: str, password: str, caller: Caller) -> Tokens | Challenge:
    """Sign somebody in by address and password; raises RefusedError and what AWS answers, as all below."""
    username = at.route["userNameTemplate"].format(tenantId=at.route["tenantId"], email=email.lower())
    answer = _asked(
        at.cognito.admin_initiate_auth,
        **at.client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": password},
        **at.context(caller),
    )
    return _outcome(at, answer, username)


def answer(at: Door, session: str, answers: Mapping[str, str], caller: Caller) -> Tokens | Challenge:
    """Answer a challenge; also raises WrongAnswersError and NewPasswordRefusedError, after which it can be repeated."""
    challenged = _unsealed(at, session)
    wanted = ANSWERS[challenged.challenge]
    if answers.keys() != wanted.keys():
        raise WrongAnswersError(tuple(wanted))
    cognitos, of_cognito = {wanted[name]: value for name, value in answers.items()}, challenged.session
    if challenged.challenge == MFA_SETUP:
        verified = _asked(at.cognito.verify_software_token, Session=of_cognito, UserCode=answers["code"])
        cognitos, of_cognito = {}, verified["Session"]
    answered = _asked(
        at.cognito.admin_respond_to_auth_challenge,
        **at.client,
        ChallengeName=challenged.challenge,
        ChallengeResponses={"USERNAME": challenged.username, **cognitos},
        Session=of_cognito,
        **at.context(caller),
    )
    return _outcome(at, answered, challenged.username)


def refresh(at: Door, refresh_token: str, caller: Caller) -> Tokens:
    """Return new tokens for a refresh token, which stays good."""
    answered = _asked(
        at.cognito.admin_initiate_auth,
        **at.client,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": refresh_token},
        **at.context(caller),
    )
    return _tokens(at, answered.get("AuthenticationResult"), refresh_token)


def sign_out(at: Door, refresh_token: str) -> None:
    """End a session: its refresh token is good no more, nor at Cognito are its access tokens. Any other is none."""
    try:
        _asked(at.cognito.revoke_token, Token=refresh_token, ClientId=at.route["appClientId"])
    except RefusedError:
        return


def _outcome(at: Door, answered: Mapping[str, Any], username: str) -> Tokens | Challenge:
    if "AuthenticationResult" in answered:
        return _tokens(at, answered["AuthenticationResult"])
    challenge = answered["ChallengeName"]
    if challenge not in ANSWERS:
        raise RefusedError(f"Challenge:{challenge}")
    session, secret_code = answered["Session"], ""
    if challenge == MFA_SETUP:
        setup = _asked(at.cognito.associate_software_token, Session=session)
        session, secret_code = setup["Session"], setup["SecretCode"]
    sealed = Challenged(at.route["tenantId"], username, challenge, session)
    (key, *_) = session_keys.keys(at.clients, at.settings)
    return Challenge(challenge, sealed_sessions.seal(key, sealed, time.time()), secret_code)


def _unsealed(at: Door, session: str) -> Challenged:
    keys = session_keys.keys(at.clients, at.settings)
    try:
        challenged = sealed_sessions.unseal(keys, session, time.time())
    except SealBrokenError:
        raise RefusedError("Session") from None
    if challenged.tenant_id != at.route["tenantId"]:
        raise RefusedError("SessionOfAnotherTenant")
    return challenged


def _tokens(at: Door, result: Mapping[str, Any] | None, refresh_token: str = "") -> Tokens:
    """Return tokens that are the host's tenant's; those of another leave this function as a refusal."""
    if result is None:
        raise RefusedError("NoTokens")
    try:
        at.tokens.check(result["AccessToken"], result["IdToken"])
    except OtherTenantError as error:
        raise RefusedError(f"TokenOf:{error}") from None
    return Tokens(
        access_token=result["AccessToken"],
        id_token=result["IdToken"],
        refresh_token=result.get("RefreshToken") or refresh_token,
        expires_in=int(result["ExpiresIn"]),
    )


def _asked(operation: Callable[..., Any], **arguments: Any) -> Mapping[str, Any]:  # Any: of Cognito's operations
    try:
        return dict(operation(**arguments))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "InvalidPasswordException":
            raise NewPasswordRefusedError from None
        if code in NOT_LET_IN:
            raise RefusedError(code) from None
        raise
