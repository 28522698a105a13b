"""What a user is in the register: which status somebody has, and which role in the tenant."""

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from orchestrator.aws.settings import Settings

Status = Literal["INVITED", "ACTIVE", "DISABLED", "REMOVED"]
"""INVITED, then ACTIVE and DISABLED by turns, at last REMOVED."""
INVITED: Status = "INVITED"
ACTIVE: Status = "ACTIVE"
DISABLED: Status = "DISABLED"
REMOVED: Status = "REMOVED"
ADMIN = "admin"
"""The role of who may do all in a tenant; any other is the product's to know."""
MEMBER = "member"
"""The role of whoever is given none."""
ROLE_PATTERN = "[A-Za-z][A-Za-z0-9_-]{0,63}"
ROLE = re.compile(ROLE_PATTERN)
"""What a role looks like. Cognito: at most the 64 characters that `custom:tenantRole` was made with."""


def roles(settings: "Settings") -> tuple[str, ...]:
    """Return the roles that admins can give to their people: two, and those that the deployment has chosen."""
    return (ADMIN, MEMBER, *settings.member_roles)
