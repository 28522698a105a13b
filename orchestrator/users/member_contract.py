"""What the account API takes and gives of a tenant's people: nothing that is sent names a tenant."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from orchestrator.users.contract import BASE_PATH
from orchestrator.users.contract import Password as NewPassword
from orchestrator.users.session_contract import Password
from orchestrator.users.statuses import MEMBER, ROLE_PATTERN
from tenant_onboarding.contracts.base import Contract
from tenant_onboarding.contracts.fields import EmailAddress, Name

USERS = f"{BASE_PATH}/users"
ME = f"{USERS}/me"
ME_PASSWORD = f"{ME}/password"
ME_MFA = f"{ME}/mfa"
USER = f"{USERS}/<userId>"
RESEND_INVITATION = f"{USER}/resend-invitation"

Role = Annotated[str, Field(pattern=f"^{ROLE_PATTERN}$", description="`admin`, `member`, or one that the stack has.")]


class Member(Contract):
    """Somebody of the tenant; `name` is empty if it is not known."""

    user_id: str
    tenant_id: str
    email: str
    name: str
    role: str
    status: Literal["INVITED", "ACTIVE", "DISABLED"]
    created_at: str


class MemberPage(Contract):
    """Some of the tenant's people; with `nextCursor` null these are the last."""

    users: list[Member]
    next_cursor: str | None


class Invitation(Contract):
    """Somebody is to join."""

    email: EmailAddress
    name: Name | None = None
    role: Role = MEMBER


class MemberChange(Contract):
    """What is to become of somebody: another role, or another status; one of the two."""

    role: Role | None = None
    status: Literal["ACTIVE", "DISABLED"] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.role is None) == (self.status is None):
            raise ValueError("must have one of role and status")
        return self


class OwnChange(Contract):
    """What somebody changes of oneself."""

    name: Name


class PasswordChange(Contract):
    """Somebody wants another password; what the tenant asks of one is judged apart."""

    current_password: Password
    new_password: NewPassword


AuthenticatorCode = Annotated[str, Field(pattern="^[0-9]{6}$", description="What the authenticator app shows.")]


class Authenticator(Contract):
    """Somebody sets up an authenticator app: without `code` that begins, with the app's code it is turned on."""

    password: Password
    code: AuthenticatorCode | None = None


class AuthenticatorRemoval(Contract):
    """Somebody removes the own authenticator app, and proves to have it."""

    password: Password
    code: AuthenticatorCode


class AuthenticatorSecret(Contract):
    """What an authenticator app is set up with; whoever knows it can make codes."""

    secret_code: str
