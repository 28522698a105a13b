"""What the account API takes and gives: whoever asks says nothing of roles or tenants, only at which host, and who."""

from typing import Annotated

from pydantic import Field

from tenant_onboarding.contracts.base import Contract
from tenant_onboarding.contracts.fields import EmailAddress, Name
from tenant_onboarding.names import DOMAIN_MAX

BASE_PATH = "/account/v1"
OPENAPI_PATH = f"{BASE_PATH}/openapi.json"
REGISTER = f"{BASE_PATH}/auth/register"
FORGOT_PASSWORD = f"{BASE_PATH}/auth/forgot-password"
CONFIRM = f"{BASE_PATH}/auth/confirm"
RESET_PASSWORD = f"{BASE_PATH}/auth/reset-password"

Host = Annotated[
    str,
    Field(
        min_length=1,
        max_length=DOMAIN_MAX,
        description="The tenant's host name; left out where the API itself is asked at that host.",
    ),
]
Token = Annotated[str, Field(min_length=1, max_length=256, description="The `token` of the link in the mail.")]
"""Of whatever form: one that cannot be ours is answered as one that has ended."""
Password = Annotated[str, Field(min_length=1, max_length=256, description="By the tenant's own rules.")]
"""Cognito: at most 256 characters."""


class OfAHost(Contract):
    """A request that names its tenant's host."""

    host: Host | None = None


class LinkRequest(OfAHost):
    """Somebody wants a link mailed."""

    email: EmailAddress


class Registration(LinkRequest):
    """Somebody wants to become a user."""

    name: Name | None = None


class Proof(OfAHost):
    """Somebody brings the secret of a link, and the password that is to be."""

    token: Token
    password: Password


class Accepted(Contract):
    """Nothing: whether a mail is sent is told to nobody but whom it is for."""


class Confirmed(Contract):
    """The user that there is now."""

    user_id: str
