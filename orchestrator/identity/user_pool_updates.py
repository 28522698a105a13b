"""UpdateUserPool and UpdateUserPoolClient reset what they are not given, so all that there is is sent along.

Both functions return the parameters of an update that changes something of what Cognito describes, and nothing else.
"""

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
SENT_ALONG_OF_CLIENT = (
    "AccessTokenValidity",
    "AllowedOAuthFlows",
    "AllowedOAuthFlowsUserPoolClient",
    "AllowedOAuthScopes",
    "AnalyticsConfiguration",
    "AuthSessionValidity",
    "CallbackURLs",
    "ClientName",
    "DefaultRedirectURI",
    "EnablePropagateAdditionalUserContextData",
    "EnableTokenRevocation",
    "ExplicitAuthFlows",
    "IdTokenValidity",
    "LogoutURLs",
    "PreventUserExistenceErrors",
    "ReadAttributes",
    "RefreshTokenRotation",
    "RefreshTokenValidity",
    "SupportedIdentityProviders",
    "TokenValidityUnits",
    "WriteAttributes",
)
"""The same of an app client."""
NEVER_SENT_OF_CLIENT = {
    "PublishSecretsInAWSSecretsManager": "says what to do with the secret; Cognito leaves it where it is without that",
}
"""What an update of an app client takes and no description holds, and why nothing is lost."""


def whole(described: Mapping[str, Any], **changes: object) -> Any:  # Any: the stubs' TypedDict
    """Return the parameters of UpdateUserPool, all but the user pool's id; what is changed is given whole."""
    parameters = {name: described[name] for name in SENT_ALONG if described.get(name) not in (None, "")}
    if "Name" in described:
        parameters["PoolName"] = described["Name"]
    parameters |= changes
    policy = parameters.get("Policies", {}).get("PasswordPolicy", {})
    if "TemporaryPasswordValidityDays" in policy and "AdminCreateUserConfig" in parameters:
        # Cognito describes both and takes one: the older name of the same is refused beside it.
        admin = parameters["AdminCreateUserConfig"]
        parameters["AdminCreateUserConfig"] = {
            name: value for name, value in admin.items() if name != "UnusedAccountValidityDays"
        }
    triggers = parameters.get("LambdaConfig", {})
    if "PreTokenGeneration" in triggers and "PreTokenGenerationConfig" in triggers:
        # Cognito describes both and takes them only if they name the same function.
        arn = triggers["PreTokenGenerationConfig"]["LambdaArn"]
        parameters["LambdaConfig"] = {**triggers, "PreTokenGeneration": arn}
    return parameters


def whole_client(described: Mapping[str, Any], **changes: object) -> Any:  # Any: the stubs' TypedDict
    """Return the parameters of UpdateUserPoolClient, all but the ids of user pool and client; no secret is among them.

    What is changed is given whole.
    """
    return {name: described[name] for name in SENT_ALONG_OF_CLIENT if described.get(name) not in (None, "")} | changes
