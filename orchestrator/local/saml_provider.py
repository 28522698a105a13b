"""A tenant's SAML identity provider, played: it takes the redirect, lets somebody in, and sends the answer back.

The answer is unsigned. The local AWS takes that; Amazon Cognito checks signature, audience, time and more.
"""

import base64
import secrets
import zlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import requests

from orchestrator.local.first_sign_in import SECONDS, SignedIn, signed_in

ANSWER = """<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:s="urn:oasis:names:tc:SAML:2.0:assertion">
<s:Assertion><s:Subject><s:NameID>{user}</s:NameID></s:Subject><s:AttributeStatement>
<s:Attribute Name="{attribute}"><s:AttributeValue>{user}</s:AttributeValue></s:Attribute>
</s:AttributeStatement></s:Assertion></p:Response>"""
EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"


@dataclass(frozen=True)
class Redirect:
    """Where the authorize endpoint sends somebody who wants to sign in, and what it asks the provider for."""

    address: str
    entity_id: str
    acs_address: str
    relay_state: str


def authorize(endpoint: str, resources: dict[str, Any], callback: str) -> Redirect:
    """Begin to sign in at the tenant's first identity provider; raises LookupError if there is no redirect to one."""
    asked = {
        "client_id": resources["appClientId"],
        "response_type": "code",
        "scope": "openid email",
        "redirect_uri": callback,
        "identity_provider": resources["identityProviders"][0],
        "state": secrets.token_urlsafe(),
    }
    answer = requests.get(f"{endpoint}/oauth2/authorize", params=asked, allow_redirects=False, timeout=SECONDS)
    location = urlsplit(answer.headers.get("Location", ""))
    query = {name: values[0] for name, values in parse_qs(location.query).items()}
    if "SAMLRequest" not in query:
        raise LookupError(f"authorize answered {answer.status_code} and no redirect to a provider")
    request = ElementTree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"]), wbits=-15))  # noqa: S314  # our own AWS's
    issuer = request.findtext("{urn:oasis:names:tc:SAML:2.0:assertion}Issuer", "")
    acs_address = request.get("AssertionConsumerServiceURL", "")
    address = f"{location.scheme}://{location.netloc}{location.path}"
    return Redirect(address, issuer, acs_address, query["RelayState"])


def answer_for(user: str) -> str:
    """Return what the provider has a browser post to Cognito once it knows who somebody is."""
    return base64.b64encode(ANSWER.format(user=user, attribute=EMAIL).encode()).decode()


def sign_in(endpoint: str, resources: dict[str, Any], callback: str, redirect: Redirect, user: str) -> SignedIn:
    """Answer for the provider, and exchange the code that comes back for tokens.

    Raises KeyError if there is no code or token, and PyJWT's errors for a token that is not the user pool's.
    """
    # Nobody but AWS is at the real address; the local AWS has the path.
    answer = requests.post(
        f"{endpoint}{urlsplit(redirect.acs_address).path}",
        data={"SAMLResponse": answer_for(user), "RelayState": redirect.relay_state},
        allow_redirects=False,
        timeout=SECONDS,
    )
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    exchange = {
        "grant_type": "authorization_code",
        "client_id": resources["appClientId"],
        "code": code,
        "redirect_uri": callback,
    }
    tokens = requests.post(f"{endpoint}/oauth2/token", data=exchange, timeout=SECONDS).json()
    return signed_in(endpoint, resources, tokens["id_token"], tokens["access_token"], tokens["refresh_token"])
