"""Sessions: who signs in at a tenant's host gets tokens of that tenant, and never of another.

Amazon Cognito signs in, at the tenant's own app client (pool: the shared one). Every token that it answers with is
verified and held to the host's tenant before it leaves. Whatever goes wrong with a name or a password is one refusal,
by the same calls, so nobody learns who is a user.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orchestrator.aws.errors import TransientError
from orchestrator.users import hosts, sealed_sessions, session_keys
from orchestrator.users.app_client import LIKE_A_TOKEN, AppClient, Caller, RefusedError
from orchestrator.users.host_tokens import HostTokens, OtherTenantError, UnverifiableError
from orchestrator.users.hosts import FederatedError
from orchestrator.users.passwords import PasswordRefusedError, broken_rules
from orchestrator.users.sealed_sessions import Challenged, SealBrokenError
from tenant_onboarding.names import USERNAME_MAX

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings
    from tenant_onboarding.authorizer.key_sets import KeySets

NEW_PASSWORD = "NEW_PASSWORD_REQUIRED"  # noqa: S105  # a challenge
MFA_SETUP = "MFA_SETUP"
SOFTWARE_TOKEN = "SOFTWARE_TOKEN_MFA"  # noqa: S105  # a challenge
ANSWERS: dict[str, dict[str, str]] = {
    NEW_PASSWORD: {"newPassword": "NEW_PASSWORD"},
    SOFTWARE_TOKEN: {"code": "SOFTWARE_TOKEN_MFA_CODE"},
    "EMAIL_OTP": {"code": "EMAIL_OTP_CODE"},
    "SMS_MFA": {"code": "SMS_MFA_CODE"},
    "SELECT_MFA_TYPE": {"factor": "ANSWER"},
    MFA_SETUP: {"code": ""},
}
"""The challenges that can be answered, each with its answers as callers name them and as Cognito does."""


class OthersTokensError(RefusedError):
    """Who signs in would have got tokens of another tenant, which must never be: somebody has to look why."""


class WrongAnswersError(Exception):
    """The challenge asks for other answers; `wanted` names them."""

    def __init__(self, wanted: tuple[str, ...]) -> None:
        super().__init__()
        self.wanted = wanted


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
class Door:
    """What signing in at a host needs: its tenant's app client, and the keys that its tokens are verified by."""

    app_client: AppClient
    tokens: HostTokens

    @property
    def tenant_id(self) -> str:
        """The host's tenant."""
        return str(self.app_client.route["tenantId"])

    def check_local(self) -> None:
        """Raise FederatedError of `hosts` for a tenant that has no passwords."""
        route = self.app_client.route
        if hosts.is_federated(route):
            raise FederatedError(route["signInAddress"])


def door(clients: "Clients", settings: "Settings", keys: "KeySets", host: str) -> Door:
    """Return what signing in at a host needs, by one read.

    Raises RefusedError for a host that leads nowhere, SuspendedError of `hosts`, and what AWS answers.
    """
    route = hosts.route_of(clients.registry, settings, host)
    if route is None:
        raise RefusedError("UnknownHost")
    return Door(AppClient(clients, settings, route), HostTokens(route, keys, settings.token_use))


def sign_in(at: Door, email: str, password: str, caller: Caller) -> Tokens | Challenge:
    """Sign somebody in by address and password.

    Raises RefusedError, OthersTokensError, FederatedError of `hosts` for a tenant that has no passwords,
    TransientError, and what AWS answers.
    """
    at.check_local()
    username = hosts.user_name(at.app_client.route, email.lower())
    if len(username) > USERNAME_MAX:
        raise RefusedError("UserNameTooLong")
    asked = {"USERNAME": username, "PASSWORD": password}
    return _outcome(at, at.app_client.initiate("ADMIN_USER_PASSWORD_AUTH", asked, caller), username)


def answer(at: Door, session: str, answers: Mapping[str, str], caller: Caller) -> Tokens | Challenge:
    """Answer a challenge.

    Raises as above, and WrongAnswersError and PasswordRefusedError of `passwords`, after which the session is as good
    as it was.
    """
    at.check_local()
    challenged = _unsealed(at, session)
    wanted = ANSWERS[challenged.challenge]
    if answers.keys() != wanted.keys():
        raise WrongAnswersError(tuple(wanted))
    responses, of_cognito = {wanted[name]: value for name, value in answers.items()}, challenged.session
    if challenged.challenge == MFA_SETUP:
        responses, of_cognito = {}, at.app_client.verify(of_cognito, answers["code"])
    named = {"USERNAME": challenged.username, **responses}
    try:
        answered = at.app_client.respond(challenged.challenge, of_cognito, named, caller)
    except PasswordRefusedError as refused:
        raise PasswordRefusedError(_rules(at, answers["newPassword"]) or refused.rules) from None
    return _outcome(at, answered, challenged.username)


def refresh(at: Door, refresh_token: str, caller: Caller) -> Tokens:
    """Return new tokens for a refresh token, which stays good; raises as `sign_in`, but never OthersTokensError.

    Where tenants share an app client, whoever has a token may bring it to any host: that is a refusal like others.
    """
    at.check_local()
    if not LIKE_A_TOKEN.fullmatch(refresh_token):
        raise RefusedError("NoToken")
    answered = at.app_client.initiate("REFRESH_TOKEN_AUTH", {"REFRESH_TOKEN": refresh_token}, caller)
    try:
        return _tokens(at, answered.get("AuthenticationResult"), refresh_token)
    except OthersTokensError as error:
        raise RefusedError(error.reason) from None


def sign_out(at: Door, refresh_token: str) -> None:
    """End a session: its refresh token is good no more, nor at Cognito are its access tokens.

    A text that no session goes on by, or none any more, ends none. Raises what AWS answers.
    """
    at.app_client.revoke(refresh_token)


def _rules(at: Door, password: str) -> list[str]:
    """Return what a password lacks by the tenant's policy; it is read only for whom Cognito has refused one."""
    from orchestrator.identity.tenant_resources import security
    from orchestrator.tenants.records import read_record

    clients, settings = at.app_client.clients, at.app_client.settings
    tenant = read_record(clients.dynamodb, settings.tenants_table, at.tenant_id)
    return broken_rules(password, security(tenant).password_policy) if tenant else []


def _outcome(at: Door, answered: Mapping[str, Any], username: str) -> Tokens | Challenge:
    if "AuthenticationResult" in answered:
        return _tokens(at, answered["AuthenticationResult"])
    challenge = answered["ChallengeName"]
    if challenge not in ANSWERS:
        raise RefusedError(f"Challenge:{challenge}")
    session, secret_code = answered["Session"], ""
    if challenge == MFA_SETUP:
        session, secret_code = at.app_client.associate(session)
    key = session_keys.in_force(at.app_client.clients, at.app_client.settings).seals
    sealed = Challenged(at.tenant_id, username, challenge, session)
    return Challenge(challenge, sealed_sessions.seal(key, sealed, time.time()), secret_code)


def _unsealed(at: Door, session: str) -> Challenged:
    keys = session_keys.in_force(at.app_client.clients, at.app_client.settings).open
    try:
        challenged = sealed_sessions.unseal(keys, session, time.time())
    except SealBrokenError:
        raise RefusedError("Session") from None
    if challenged.tenant_id != at.tenant_id:
        raise RefusedError("SessionOfAnotherTenant")
    return challenged


def _tokens(at: Door, result: Mapping[str, Any] | None, refresh_token: str = "") -> Tokens:
    """Return tokens that are the host's tenant's; those of another leave this function as a refusal."""
    if result is None:
        raise RefusedError("NoTokens")
    try:
        at.tokens.check(result["AccessToken"], result["IdToken"])
    except OtherTenantError as error:
        raise OthersTokensError(f"TokenOf:{error}") from None
    except UnverifiableError as error:
        raise TransientError("tokens cannot be verified", code=str(error), settled=False) from None
    return Tokens(
        access_token=result["AccessToken"],
        id_token=result["IdToken"],
        refresh_token=result.get("RefreshToken") or refresh_token,
        expires_in=int(result["ExpiresIn"]),
    )
