"""UpdateUserPool resets whatever it is not given, so all that a user pool has is sent along with what is to change."""

from collections.abc import Mapping
from typing import Any

SENT_ALONG = (
    "AccountRecoverySetting",
    "AcrConfiguration",
    "AdminCreateUserConfig",
    "AutoVerifiedAttributes",
    "DcrConfiguration",
    "DeletionProtection",
    "DeviceConfiguration",
    "EmailConfiguration",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "IssuerConfiguration",
    "KeyConfiguration",
    "LambdaConfig",
    "MfaConfiguration",
    "Policies",
    "SmsAuthenticationMessage",
    "SmsConfiguration",
    "SmsVerificationMessage",
    "UserAttributeUpdateSettings",
    "UserPoolAddOns",
    "UserPoolTags",
    "UserPoolTier",
    "VerificationMessageTemplate",
)
"""What Cognito describes of a user pool under the name by which it takes it. A text that is empty it does not take."""


def whole(described: Mapping[str, Any], **changes: object) -> Any:  # Any: the stubs' TypedDict
    """Return the parameters of UpdateUserPool that change something of a described user pool, and nothing else."""
    parameters = {name: described[name] for name in SENT_ALONG if described.get(name) not in (None, "")}
    if "Name" in described:
        parameters["PoolName"] = described["Name"]
    policy = described.get("Policies", {}).get("PasswordPolicy", {})
    if "TemporaryPasswordValidityDays" in policy and "AdminCreateUserConfig" in parameters:
        # Cognito describes both and takes one: the older name of the same is refused beside it.
        admin = parameters["AdminCreateUserConfig"]
        parameters["AdminCreateUserConfig"] = {
            name: value for name, value in admin.items() if name != "UnusedAccountValidityDays"
        }
    return parameters | changes
