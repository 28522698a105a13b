"""Calls within every rule, and what they meet."""

from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from moto.moto_api._internal.models import moto_api_backend

SCHEMA = [
    {"Name": "email", "AttributeDataType": "String", "Required": True, "Mutable": True},
    {
        "Name": "code",
        "AttributeDataType": "String",
        "Mutable": False,
        "StringAttributeConstraints": {"MinLength": "2", "MaxLength": "5"},
    },
    {"Name": "role", "AttributeDataType": "String", "Mutable": True},
]
SOURCE = "arn:aws:ses:eu-central-1:123456789012:identity/app.example"
FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:claims:live"
TRIGGER = {"PreTokenGenerationConfig": {"LambdaArn": FUNCTION, "LambdaVersion": "V2_0"}}
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"
POOL = {
    "PoolName": "Acme Inc., eu=1",
    "MfaConfiguration": "OFF",
    "Schema": SCHEMA,
    "AutoVerifiedAttributes": ["email"],
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
    "UserPoolTags": {"owner": "acme"},
    "EmailConfiguration": {"EmailSendingAccount": "DEVELOPER", "SourceArn": SOURCE},
    "LambdaConfig": TRIGGER,
}
OIDC = {
    "client_id": "id",
    "authorize_scopes": "openid email",
    "oidc_issuer": "https://idp.example",
    "attributes_request_method": "GET",
}
GOOGLE = {"client_id": "id", "client_secret": "secret", "authorize_scopes": "openid email"}
PROVIDER = {"ProviderName": "Corporate", "ProviderType": "OIDC", "ProviderDetails": OIDC}
CLIENT = {
    "ClientName": "web",
    "SupportedIdentityProviders": ["COGNITO", "Existing"],
    "ReadAttributes": ["sub", "email", "email_verified", "nickname", "custom:code"],
    "WriteAttributes": ["email", "nickname", "custom:role"],
    "CallbackURLs": ["https://app.example/cb", "http://localhost:3000/cb", "http://127.0.0.1", "myapp://cb"],
    "LogoutURLs": ["https://app.example/#bye", "http://[::1]:80/"],
    "DefaultRedirectURI": "myapp://cb",
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid", "email", "api/read"],
    "AccessTokenValidity": 5,
    "IdTokenValidity": 1,
    "RefreshTokenValidity": 60,
    "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "hours", "RefreshToken": "minutes"},
}
VALID: dict[str, list[dict[str, Any]]] = {
    "CreateUserPool": [
        POOL,
        {"PoolName": "p", "MfaConfiguration": "ON", "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::1:role/sms"}},
        {
            "PoolName": "p",
            "UserPoolTier": "LITE",
            "LambdaConfig": {
                "PreTokenGeneration": FUNCTION,
                "PreTokenGenerationConfig": {"LambdaArn": FUNCTION, "LambdaVersion": "V1_0"},
            },
        },
    ],
    "UpdateUserPool": [{"AutoVerifiedAttributes": ["email"], "DeletionProtection": "ACTIVE"}],
    "DeleteUserPool": [{}],
    "CreateUserPoolDomain": [
        {"Domain": "t-0a1b"},
        {"Domain": "login.acme.example", "CustomDomainConfig": {"CertificateArn": CERTIFICATE}},
    ],
    "CreateGroup": [{"GroupName": "acme"}, {"GroupName": "Zürich/«ß»+1"}],
    "AdminCreateUser": [
        {
            "Username": "acme/admin@acme.example",
            "TemporaryPassword": "Correct-Horse-1",
            "UserAttributes": [{"Name": "custom:code", "Value": "ab"}, {"Name": "email", "Value": "a@acme.example"}],
        },
    ],
    "AdminUpdateUserAttributes": [
        {
            "Username": "known",
            "UserAttributes": [{"Name": "custom:role", "Value": "admin"}, {"Name": "name", "Value": ""}],
        },
    ],
    "CreateIdentityProvider": [
        PROVIDER | {"AttributeMapping": {"username": "sub", "email": "mail", "custom:role": "role"}},
        PROVIDER | {"ProviderName": "A_b-cd", "IdpIdentifiers": ["acme.example"]},
        {"ProviderName": "Saml", "ProviderType": "SAML", "ProviderDetails": {"MetadataFile": "<xml/>"}},
        {"ProviderName": "Google", "ProviderType": "Google", "ProviderDetails": GOOGLE},
    ],
    "UpdateIdentityProvider": [{"ProviderName": "Existing", "AttributeMapping": {"email": "mail"}}],
    "CreateUserPoolClient": [
        CLIENT,
        {"ClientName": "the default is 30 days", "RefreshTokenValidity": 0},
        {"ClientName": "unused flows", "AllowedOAuthFlows": ["client_credentials"]},
    ],
    "UpdateUserPoolClient": [CLIENT],
}


@dataclass(frozen=True)
class Start:
    """A client, and the ids of a user pool with a provider, a resource server, a user and an app client."""

    client: Any
    ids: dict[str, str]

    def call(self, operation: str, arguments: dict[str, Any]) -> None:
        """Make a call on what there is."""
        accepted = self.client.meta.service_model.operation_model(operation).input_shape.members
        named = {name: value for name, value in self.ids.items() if name in accepted}
        getattr(self.client, xform_name(operation))(**named | arguments)


def start(client: Any) -> Start:
    """Forget what there was and make what the calls meet."""
    moto_api_backend.reset()
    pool = {"UserPoolId": client.create_user_pool(**POOL)["UserPool"]["Id"]}
    existing = {"ProviderName": "Existing", "ProviderType": "OIDC", "ProviderDetails": OIDC}
    client.create_identity_provider(**pool, **existing, IdpIdentifiers=["existing.example"])
    scopes = [{"ScopeName": "read", "ScopeDescription": "Read"}]
    client.create_resource_server(**pool, Identifier="api", Name="api", Scopes=scopes)
    client.admin_create_user(**pool, Username="known")
    app_client = client.create_user_pool_client(**pool, ClientName="existing")["UserPoolClient"]
    return Start(client, pool | {"ClientId": app_client["ClientId"]})
