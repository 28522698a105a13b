"""A tenant admin's first minute, from outside: read the mail, sign in with its password, choose one's own."""

import json
import re
import urllib.request
from typing import TYPE_CHECKING, Any

import jwt
from pycognito.aws_srp import AWSSRP  # type: ignore[import-untyped]  # has no types

if TYPE_CHECKING:
    from orchestrator.clients import Clients

PASSWORD_LINE = re.compile(r"^Temporary password:\s+(\S+)$", re.MULTILINE)
OWN_PASSWORD = "A-password-of-my-own-1"  # noqa: S105  # of users that live as long as the local stack

Mail = dict[str, Any]
Claims = dict[str, Any]


def delivered_mails(endpoint: str) -> list[Mail]:
    """Return every email that the local SES accepted."""
    with urllib.request.urlopen(f"{endpoint}/_ministack/ses/messages", timeout=5) as answer:  # noqa: S310  # loopback
        messages = json.load(answer)["messages"]
    return [mail for mails in messages.values() for mail in mails]


def temporary_password(mail: Mail) -> str:
    """Return the password in a welcome email; raises LookupError if there is none."""
    found = PASSWORD_LINE.search(mail["BodyText"])
    if not found:
        raise LookupError("the email holds no temporary password")
    return found[1]


def sign_in(clients: "Clients", endpoint: str, resources: dict[str, str], password: str) -> Claims:
    """Sign in by SRP, answer NEW_PASSWORD_REQUIRED, and return the ID token's verified claims.

    Raises the SDK's errors for a wrong password, and PyJWT's for a token that is not the user pool's.
    """
    pool_id, client_id = resources["userPoolId"], resources["appClientId"]
    srp = AWSSRP(
        username=resources["adminUsername"],
        password=password,
        pool_id=pool_id,
        client_id=client_id,
        client=clients.cognito,
    )
    tokens = srp.set_new_password_challenge(OWN_PASSWORD)["AuthenticationResult"]
    keys = jwt.PyJWKClient(f"{endpoint}/{pool_id}/.well-known/jwks.json")
    key = keys.get_signing_key_from_jwt(tokens["IdToken"])
    claims: Claims = jwt.decode(
        tokens["IdToken"], key, algorithms=["RS256"], audience=client_id, issuer=resources["issuer"]
    )
    return claims
