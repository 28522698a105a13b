"""A tenant admin's first minute, from outside: read the mail, sign in with its password, choose one's own."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt
import pyotp
import requests
from pycognito.aws_srp import AWSSRP  # type: ignore[import-untyped]  # has no types

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

    from orchestrator.aws.clients import Clients

PASSWORD_LINE = re.compile(r"^Temporary password:\s+(\S+)$", re.MULTILINE)
OWN_PASSWORD = "A-password-of-my-own-1"  # noqa: S105  # of users that live as long as the local stack
SECONDS = 30

TENANT_CLAIMS = ("tenantId", "tenantTier", "tenantRole")

Mail = dict[str, Any]
Claims = dict[str, Any]


@dataclass(frozen=True)
class SignedIn:
    """Somebody who signed in: the verified claims of the ID token and of the access token, and both as they are."""

    claims: Claims
    access_claims: Claims
    access_token: str
    id_token: str
    refresh_token: str = ""

    @property
    def bindings(self) -> list[dict[str, str | None]]:
        """What the ID token and the access token say of the tenant."""
        return [{name: each.get(name) for name in TENANT_CLAIMS} for each in (self.claims, self.access_claims)]


def delivered_mails(endpoint: str) -> list[Mail]:
    """Return every email that the local SES accepted."""
    messages = requests.get(f"{endpoint}/_ministack/ses/messages", timeout=SECONDS).json()["messages"]
    return [mail for mails in messages.values() for mail in mails]


def temporary_password(mail: Mail) -> str:
    """Return the password in a welcome email; raises LookupError if there is none."""
    found = PASSWORD_LINE.search(mail["BodyText"])
    if not found:
        raise LookupError("the email holds no temporary password")
    return found[1]


def sign_in(clients: "Clients", endpoint: str, resources: dict[str, str], password: str) -> SignedIn:
    """Sign in by SRP and answer NEW_PASSWORD_REQUIRED.

    Raises the SDK's errors for a wrong password, and PyJWT's for a token that is not the user pool's.
    """
    tokens = _srp(clients, resources, password).set_new_password_challenge(OWN_PASSWORD)["AuthenticationResult"]
    return signed_in(endpoint, resources, tokens["IdToken"], tokens["AccessToken"], tokens["RefreshToken"])


def sign_in_again(clients: "Clients", endpoint: str, resources: dict[str, str]) -> SignedIn:
    """Sign in by SRP with one's own password, which is enough; raises KeyError if it is not, else as `sign_in`."""
    tokens = by_password(clients, resources, OWN_PASSWORD)["AuthenticationResult"]
    return signed_in(endpoint, resources, tokens["IdToken"], tokens["AccessToken"], tokens["RefreshToken"])


def renew(clients: "Clients", endpoint: str, resources: dict[str, str], refresh_token: str) -> SignedIn:
    """Get new tokens for a refresh token, which stays as it is; raises as `sign_in`."""
    tokens = _cognito(clients, resources).initiate_auth(
        ClientId=resources["appClientId"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": refresh_token},
    )["AuthenticationResult"]
    return signed_in(endpoint, resources, tokens["IdToken"], tokens["AccessToken"], refresh_token)


def sign_in_with_code(clients: "Clients", endpoint: str, resources: dict[str, str], totp: pyotp.TOTP) -> SignedIn:
    """Sign in by SRP with one's own password, which must not be enough, and a one-time code.

    Raises LookupError if no code is asked for, else as `sign_in`.
    """
    cognito, challenge = _cognito(clients, resources), by_password(clients, resources, OWN_PASSWORD)
    if challenge.get("ChallengeName") != "SOFTWARE_TOKEN_MFA":
        raise LookupError("the user pool asks for no one-time code")
    answer = cognito.respond_to_auth_challenge(
        ClientId=resources["appClientId"],
        ChallengeName="SOFTWARE_TOKEN_MFA",
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": resources["adminUsername"], "SOFTWARE_TOKEN_MFA_CODE": totp.now()},
    )
    tokens = answer["AuthenticationResult"]
    return signed_in(endpoint, resources, tokens["IdToken"], tokens["AccessToken"])


def by_password(clients: "Clients", resources: dict[str, str], password: str) -> dict[str, Any]:
    """Prove to know the password, and return what Cognito answers: tokens or the next question.

    Raises the SDK's errors.
    """
    cognito, srp = _cognito(clients, resources), _srp(clients, resources, password)
    asked = srp.get_auth_params()
    begun = cognito.initiate_auth(ClientId=resources["appClientId"], AuthFlow="USER_SRP_AUTH", AuthParameters=asked)
    answer = cognito.respond_to_auth_challenge(
        ClientId=resources["appClientId"],
        ChallengeName="PASSWORD_VERIFIER",
        ChallengeResponses=srp.process_challenge(begun["ChallengeParameters"], asked),
    )
    return dict(answer)


def signed_in(
    endpoint: str, resources: dict[str, str], id_token: str, access_token: str, refresh_token: str = ""
) -> SignedIn:
    """Return who has these tokens; raises PyJWT's errors unless the tenant's user pool and client issued both."""
    keys = jwt.PyJWKClient(f"{endpoint}/{resources['userPoolId']}/.well-known/jwks.json")
    client_id, issuer = resources["appClientId"], resources["issuer"]
    key = keys.get_signing_key_from_jwt(id_token)
    claims: Claims = jwt.decode(id_token, key, algorithms=["RS256"], audience=client_id, issuer=issuer)
    key = keys.get_signing_key_from_jwt(access_token)
    access_claims: Claims = jwt.decode(access_token, key, algorithms=["RS256"], issuer=issuer)
    if (access_claims["token_use"], access_claims["client_id"]) != ("access", client_id):
        raise jwt.InvalidAudienceError("the access token is of another app client, or none")
    return SignedIn(claims, access_claims, access_token, id_token, refresh_token)


def _cognito(clients: "Clients", resources: dict[str, str]) -> "CognitoIdentityProviderClient":
    return clients.in_region(resources["region"]).cognito


def _srp(clients: "Clients", resources: dict[str, str], password: str) -> Any:  # Any: has no types
    return AWSSRP(
        username=resources["adminUsername"],
        password=password,
        pool_id=resources["userPoolId"],
        client_id=resources["appClientId"],
        client=_cognito(clients, resources),
    )
