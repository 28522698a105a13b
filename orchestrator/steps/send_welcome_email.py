"""SendWelcomeEmail: a temporary password is set and mailed in the same breath, and kept nowhere."""

import secrets
import string

from orchestrator.ledger import Made
from orchestrator.steps import StepContext
from orchestrator.welcome import render

WAITING_FOR_FIRST_SIGN_IN = "FORCE_CHANGE_PASSWORD"
PASSWORD_LENGTH = 16
SYMBOLS = "!#%+-=?@_"
"""Symbols that Cognito counts as such, that need no escaping in HTML and that survive being copied."""


def act(context: StepContext) -> Made:
    """Set a new temporary password and mail it; in doubt only while the admin has not signed in with an earlier one."""
    client, resources = context.clients.cognito, context.resources
    user = {"UserPoolId": resources["userPoolId"], "Username": resources["adminUsername"]}
    if context.in_doubt and client.admin_get_user(**user)["UserStatus"] != WAITING_FOR_FIRST_SIGN_IN:
        return Made()
    password = temporary_password()
    client.admin_set_user_password(**user, Password=password, Permanent=False)
    record, settings = context.record, context.settings
    mail = render(
        tenant_name=record["tenantName"],
        admin_name=record["admin"].get("name"),
        sign_in_address=f"https://{record['routing']['subdomain']}.{settings.app_domain}",
        email=record["admin"]["email"],
        password=password,
    )
    sent = context.clients.ses_once.send_email(
        FromEmailAddress=settings.sender,
        Destination={"ToAddresses": [record["admin"]["email"]]},
        Content={"Simple": mail},
    )
    return Made(resources={"welcomeMessageId": sent["MessageId"]})


def temporary_password() -> str:
    """Return a password with every kind of character that the user pools ask for."""
    kinds = (string.ascii_uppercase, string.ascii_lowercase, string.digits, SYMBOLS)
    characters = [secrets.choice(kind) for kind in kinds]
    characters += [secrets.choice("".join(kinds)) for _ in range(PASSWORD_LENGTH - len(kinds))]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)
