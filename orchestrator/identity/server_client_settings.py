"""What our server's own app client is created with: a secret, one way in, and the shortest lives that Cognito takes."""

from typing import Any


def parameters(user_pool_id: str, name: str) -> dict[str, Any]:
    """Return every parameter of CreateUserPoolClient; times are in minutes."""
    return {
        "UserPoolId": user_pool_id,
        "ClientName": name,
        "GenerateSecret": True,
        # Cognito takes no app client without refreshes; the trigger gives no token at one.
        "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        "SupportedIdentityProviders": ["COGNITO"],
        "AllowedOAuthFlowsUserPoolClient": False,
        "ReadAttributes": ["name"],  # an empty list might mean all
        "WriteAttributes": ["name"],
        "PreventUserExistenceErrors": "ENABLED",
        "EnableTokenRevocation": True,
        "EnablePropagateAdditionalUserContextData": False,
        "AuthSessionValidity": 3,
        "AccessTokenValidity": 5,
        "IdTokenValidity": 5,
        "RefreshTokenValidity": 60,
        "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "minutes"},
    }
