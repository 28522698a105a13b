"""What sign-ins meet: a user pool with users whose passwords are known, and how they sign in."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sign_in_at_cognito import authenticators
from tests.unit.sign_in_at_cognito.cognito import Cognito

NAME, PASSWORD, NEW = "acme/jane@acme.example", "Correct-Horse-7", "Another-Horse-8"
POLICY = {
    "MinimumLength": 12,
    "RequireUppercase": True,
    "RequireLowercase": True,
    "RequireNumbers": True,
    "RequireSymbols": True,
    "TemporaryPasswordValidityDays": 7,
    "PasswordHistorySize": 1,
}
CLIENT: dict[str, Any] = {
    "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    "PreventUserExistenceErrors": "ENABLED",
    "AuthSessionValidity": 15,
    "ReadAttributes": ["email"],
}


@dataclass
class Start:
    """A user pool with an app client and a user who has a password of her own."""

    sdk: Any
    cognito: Cognito
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make what there is."""
        pool = self.sdk.create_user_pool(PoolName="p", Policies={"PasswordPolicy": POLICY})["UserPool"]["Id"]
        self.ids = {"UserPoolId": pool}
        self.go_to("one")
        self.user(NAME)
        self.sdk.admin_set_user_password(**self.jane, Password=PASSWORD, Permanent=True)

    @property
    def jane(self) -> dict[str, str]:
        """The user, as administrators name her."""
        return {"UserPoolId": self.ids["UserPoolId"], "Username": NAME}

    def go_to(self, name: str, **settings: Any) -> None:
        """Make another app client, and go on there."""
        there = {"UserPoolId": self.ids["UserPoolId"], "ClientName": name}
        made = self.sdk.create_user_pool_client(**there, **CLIENT | settings)
        self.ids = self.ids | {"ClientId": made["UserPoolClient"]["ClientId"]}

    def want_mfa(self, mfa: str) -> None:
        """Let the user pool offer a second factor, or demand it."""
        factors = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
        self.sdk.set_user_pool_mfa_config(UserPoolId=self.ids["UserPoolId"], MfaConfiguration=mfa, **factors)

    def user(self, name: str) -> None:
        """Make a user with a temporary password."""
        self.sdk.admin_create_user(
            UserPoolId=self.ids["UserPoolId"],
            Username=name,
            TemporaryPassword=PASSWORD,
            UserAttributes=[
                {"Name": "email", "Value": "jane@acme.example"},
                {"Name": "email_verified", "Value": "true"},
            ],
        )

    def begin(self, name: str = NAME, password: str = PASSWORD, **more: str) -> Any:
        """Sign in by a password."""
        given = {"USERNAME": name, "PASSWORD": password, **more}
        return self.sdk.admin_initiate_auth(**self.ids, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters=given)

    def tokens(self) -> Any:
        """Sign in where no second factor is wanted."""
        return self.begin()["AuthenticationResult"]

    def refresh(self, token: str) -> Any:
        """Ask for new tokens."""
        given = {"REFRESH_TOKEN": token}
        return self.sdk.admin_initiate_auth(**self.ids, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=given)

    def revoke(self, token: str) -> None:
        """End a session."""
        self.sdk.revoke_token(ClientId=self.ids["ClientId"], Token=token)

    def john(self) -> str:
        """Let somebody with a temporary password sign in; return the session of the challenge."""
        self.user("john")
        return str(self.begin("john")["Session"])

    def answer(self, session: str, challenge: str = "NEW_PASSWORD_REQUIRED", name: str = "john", **answers: str) -> Any:
        """Answer a challenge, by default with a new password."""
        given = {"USERNAME": name} | (answers or {"NEW_PASSWORD": NEW})
        return self.sdk.admin_respond_to_auth_challenge(
            **self.ids, ChallengeName=challenge, ChallengeResponses=given, Session=session
        )

    @cached_property
    def secret(self) -> str:
        """Let the user pool offer a second factor, and the user have one; return its secret."""
        self.want_mfa("OPTIONAL")
        return self.cognito.enrol(self.ids["UserPoolId"], NAME)

    def code(self, secret: str = "") -> str:
        """Return what an authenticator shows, by default the user's."""
        return authenticators.code(secret or self.secret, self.cognito.now())

    def answer_code(self, code: str) -> Any:
        """Sign in with a second factor."""
        return self.answer(self.begin()["Session"], "SOFTWARE_TOKEN_MFA", NAME, SOFTWARE_TOKEN_MFA_CODE=code)

    def setup_session(self) -> str:
        """Let the user pool demand a second factor, and the user sign in; return the session to set one up in."""
        self.want_mfa("ON")
        return str(self.begin()["Session"])

    def associate(self) -> Any:
        """Begin to set up an authenticator."""
        return self.sdk.associate_software_token(Session=self.setup_session())

    def set_up(self, session: str) -> Any:
        """Say that an authenticator is set up."""
        return self.answer(session, "MFA_SETUP", NAME, NONE="")

    def access(self) -> str:
        """Let the user pool offer a second factor; return an access token of the user."""
        self.want_mfa("OPTIONAL")
        return str(self.tokens()["AccessToken"])

    def begin_by(self, token: str) -> str:
        """Begin to set up an authenticator by an access token; return its secret."""
        return str(self.sdk.associate_software_token(AccessToken=token)["SecretCode"])

    def prefer(self, *, wanted: bool) -> None:
        """Have the user's authenticator asked for, or no more."""
        factor = {"Enabled": wanted, "PreferredMfa": wanted}
        self.sdk.admin_set_user_mfa_preference(**self.jane, SoftwareTokenMfaSettings=factor)

    def fail(self, times: int) -> None:
        """Come with a wrong password so often."""
        for _ in range(times):
            with pytest.raises(ClientError, match="Incorrect"):
                self.begin(password="wrong")


def another(code: str) -> str:
    """Return a code that is not this one."""
    return f"{(int(code) + 1) % 1_000_000:06}"
