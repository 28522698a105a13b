"""A tenant's app client, as people sign in at it through us; what Cognito answers is sorted here, once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws.errors import TransientError
from orchestrator.users.passwords import NOT_TAKEN, REFUSED_BY_COGNITO, PasswordRefusedError

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings
    from orchestrator.users.server_client import ServerClient
    from tenant_onboarding.authorizer.registry import Route

Answer = Mapping[str, Any]  # Any: of Cognito's operations

NOT_LET_IN = frozenset(
    {
        "CodeMismatchException",
        "EnableSoftwareTokenMFAException",
        "ExpiredCodeException",
        "ForbiddenException",
        "MFAMethodNotFoundException",
        "NotAuthorizedException",
        "PasswordResetRequiredException",
        "SoftwareTokenMFANotFoundException",
        "UserLambdaValidationException",
        "UserNotConfirmedException",
        "UserNotFoundException",
    }
)
"""What Cognito says of somebody whom it does not let in, whatever the reason is."""
NOT_FOR_NOW = frozenset({"InvalidLambdaResponseException", "OperationNotEnabledException", "UnexpectedLambdaException"})
"""What it says while the trigger does not answer, or the user pool is restored: 4xx, and nobody's fault."""
NOTHING_TO_END = frozenset(
    {
        "InvalidParameterException",
        "NotAuthorizedException",
        "UnauthorizedException",
        "UnsupportedTokenTypeException",
    }
)
"""What it says of a token that no session goes on by."""
LIKE_A_TOKEN = re.compile(r"[\w=.-]+", re.ASCII)
"""What it takes for a token at all (service model)."""
A_CODE = re.compile("[0-9]{6}")
"""What an authenticator app shows; Cognito calls anything else a mistake of ours."""
PROTECTED_PLAN = "PLUS"
"""The feature plan whose threat protection looks at where somebody signs in from."""


class RefusedError(Exception):
    """Nobody is let in; `reason` is for the log alone, and names nobody."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Caller:
    """Where a request comes from, as API Gateway knows it."""

    address: str
    user_agent: str = ""


@dataclass(frozen=True)
class AppClient:
    """The app client that a tenant's route leads to, or `server` in its place: our server's own of that user pool.

    Each call is made once: what Cognito counts, or takes once only, is not repeated by us; but `revoke` is. All raise
    RefusedError, TransientError, and what AWS answers.
    """

    clients: "Clients"
    settings: "Settings"
    route: "Route"
    server: "ServerClient | None" = None

    def initiate(self, flow: Any, parameters: Mapping[str, str], caller: Caller) -> Answer:  # Any: the stubs' literals
        """Begin a flow."""
        return _asked(
            self._cognito.admin_initiate_auth,
            **self._ids,
            AuthFlow=flow,
            AuthParameters=self._named(parameters),
            **self._context(caller),
        )

    def respond(self, challenge: str, session: str, responses: Mapping[str, str], caller: Caller) -> Answer:
        """Answer a challenge; raises also PasswordRefusedError."""
        return _asked(
            self._cognito.admin_respond_to_auth_challenge,
            **self._ids,
            ChallengeName=challenge,
            ChallengeResponses=self._named(responses),
            Session=session,
            **self._context(caller),
        )

    def associate(self, session: str) -> tuple[str, str]:
        """Begin to set up an authenticator app; return the session that goes on, and what the app is given."""
        answer = _asked(self._cognito.associate_software_token, Session=session)
        return answer["Session"], answer["SecretCode"]

    def verify(self, session: str, code: str) -> str:
        """End setting up an authenticator app by its first code; return the session that goes on."""
        if not A_CODE.fullmatch(code):
            raise RefusedError("CodeMismatch")
        answer = _asked(self._cognito.verify_software_token, Session=session, UserCode=code)
        if answer["Status"] != "SUCCESS":
            raise RefusedError("AuthenticatorNotVerified")
        return str(answer["Session"])

    def associate_by(self, access_token: str) -> str:
        """Begin to set up an authenticator app for whose token it is; return what the app is given."""
        return str(_asked(self._cognito.associate_software_token, AccessToken=access_token)["SecretCode"])

    def verify_by(self, access_token: str, code: str) -> None:
        """End setting up an authenticator app by its first code, six digits."""
        answer = _asked(self._cognito.verify_software_token, AccessToken=access_token, UserCode=code)
        if answer["Status"] != "SUCCESS":
            raise RefusedError("EnableSoftwareTokenMFAException")

    def revoke(self, refresh_token: str) -> None:
        """End the session that goes on by a refresh token; a text that none goes on by ends none."""
        if not LIKE_A_TOKEN.fullmatch(refresh_token):
            return
        try:
            self._region.cognito.revoke_token(Token=refresh_token, ClientId=self._client_id, **self._secret)
        except ClientError as error:
            if error.response["Error"]["Code"] not in NOTHING_TO_END:
                raise

    @property
    def _cognito(self) -> "CognitoIdentityProviderClient":
        return self._region.cognito_once

    @property
    def _region(self) -> "Clients":
        return self.clients.in_region(self.route["region"])

    @property
    def _ids(self) -> dict[str, str]:
        return {"UserPoolId": self.route["userPoolId"], "ClientId": self._client_id}

    @property
    def _client_id(self) -> str:
        return self.server.client_id if self.server else self.route["appClientId"]

    @property
    def _secret(self) -> dict[str, str]:
        return {"ClientSecret": self.server.secret} if self.server else {}

    def _named(self, parameters: Mapping[str, str]) -> dict[str, str]:
        """Return what names a user with what an app client with a secret wants beside the name."""
        proof = {"SECRET_HASH": self.server.secret_hash(parameters["USERNAME"])} if self.server else {}
        return {**parameters, **proof}

    def _context(self, caller: Caller) -> dict[str, Any]:
        """Return what Cognito is told of a caller, where its feature plan makes use of it."""
        if self.settings.feature_plan != PROTECTED_PLAN:
            return {}
        headers = [{"headerName": "User-Agent", "headerValue": caller.user_agent}] if caller.user_agent else []
        server = self.route["signInAddress"].removeprefix("https://")
        about = {"IpAddress": caller.address, "ServerName": server, "ServerPath": "/", "HttpHeaders": headers}
        return {"ContextData": about}


def _asked(operation: Callable[..., Any], **arguments: Any) -> Answer:  # Any: of Cognito's operations
    try:
        return dict(operation(**arguments))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in REFUSED_BY_COGNITO:
            raise PasswordRefusedError([NOT_TAKEN]) from None
        if code in NOT_FOR_NOW:
            raise TransientError("Cognito signs nobody in for now", code=code) from None
        if code in NOT_LET_IN:
            raise RefusedError(code) from None
        raise
