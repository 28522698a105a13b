"""Find or create in Amazon Cognito, with every setting explicit.

Here is what has no natural key (user pools, app clients): its create is never repeated by the SDK, and in doubt it is
looked for by its deterministic name and owner first. What has one is in `natural_keys`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import is_code
from orchestrator.identity import lost_answers, natural_keys, server_client_settings
from orchestrator.identity.lists import look_through
from orchestrator.identity.marks import OWNER_TAG, STACK_TAG
from orchestrator.identity.presence import shown
from orchestrator.identity.user_pool_addresses import in_region
from orchestrator.tenants.notes import Notes
from tenant_onboarding.names import TENANT_ID, TENANT_ROLE, TENANT_TIER, USER_ID

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings
    from tenant_onboarding.contracts.tenant_created import Security

READ_ATTRIBUTES = ["email", "email_verified", "name", TENANT_ID, TENANT_TIER, TENANT_ROLE, USER_ID]
WRITE_ATTRIBUTES = ["name"]
"""What a signed-in user may change: no tenant attribute, and not the address, which is part of the user's name."""
REFRESH = "ALLOW_REFRESH_TOKEN_AUTH"
BY_OUR_SERVER = "ALLOW_ADMIN_USER_PASSWORD_AUTH"
"""The flow by which the account API signs in; it takes our credentials, so nobody else can use it."""
FACTORS = (
    "SmsMfaConfiguration",
    "SoftwareTokenMfaConfiguration",
    "EmailMfaConfiguration",
    "WebAuthnConfiguration",
)
"""What SetUserPoolMfaConfig takes beside whether MFA is asked for."""
NOT_IN_THE_SCHEMA = "read attributes"
"""In what Cognito says of an app client that is to read an attribute that its user pool has not."""


def _as_every_other() -> "Security":
    """Return the security settings that nobody chose; whoever opens no user pool need not import them."""
    from tenant_onboarding.contracts.tenant_created import Security

    return Security()


@dataclass(frozen=True)
class NewUserPool:
    """A user pool that is to be: its deterministic name, the owner by which it is known again, and what it asks."""

    name: str
    owner: str
    region: str
    security: "Security" = field(default_factory=_as_every_other)


@dataclass(frozen=True)
class NewAppClient:
    """An app client that is to be; without callback addresses it is for password sign-in by the SDK alone."""

    user_pool_id: str
    name: str
    callback_urls: Sequence[str] = ()
    logout_urls: Sequence[str] = ()
    identity_providers: Sequence[str] = ()
    """Their names in Cognito; a client with any takes no local user, neither by redirect nor by password."""
    mapped_attributes: Sequence[str] = ()
    """What those providers fill in; Cognito refuses a sign-in that writes what the client may not."""
    for_server: bool = False
    """Whether only our server signs people in at it, and nobody's product."""


def ensure_user_pool(
    clients: "Clients", settings: "Settings", new: NewUserPool, *, in_doubt: bool, notes: Notes | None = None
) -> str:
    """Return the id of the one user pool, created, or in doubt adopted; `clients` are those of its Region.

    Raises what `find_or_create` raises.
    """
    notes = notes or Notes()
    return lost_answers.find_or_create(
        in_doubt=in_doubt,
        find=lambda: find_user_pools(clients.cognito, new, notes),
        create=lambda: create_user_pool(clients, settings, new),
        wait_seconds=settings.in_doubt_wait_seconds,
        what=f"user pool {new.name}",
        notes=notes,
    )


def create_user_pool(clients: "Clients", settings: "Settings", new: NewUserPool) -> str:
    """Create a user pool and return its id; `clients` are those of its Region."""
    pool = clients.cognito_once.create_user_pool(**user_pool_parameters(settings, new))
    return pool["UserPool"]["Id"]


def user_pool_parameters(settings: "Settings", new: NewUserPool) -> Any:  # Any: the stubs' 20-field TypedDict
    """Return the parameters of CreateUserPool; what is omitted would be AWS's choice and could change.

    MFA is OFF until `set_mfa`: CreateUserPool takes it with SMS settings only.
    """
    policy = new.security.password_policy
    history = {"PasswordHistorySize": policy.password_history_size} if policy.password_history_size else {}
    arn = in_region(settings.token_claims_arn, new.region)
    trigger = {"LambdaVersion": settings.trigger_version, "LambdaArn": arn}
    return {
        "PoolName": new.name,
        "UserPoolTier": settings.feature_plan,
        "LambdaConfig": {
            "PreTokenGenerationConfig": trigger,
            "PreSignUp": in_region(settings.pre_sign_up_arn, new.region),
        },
        "DeletionProtection": "ACTIVE",
        "IssuerConfiguration": {"Type": "ORIGINAL"},
        "UsernameConfiguration": {"CaseSensitive": False},
        "AutoVerifiedAttributes": ["email"],
        "MfaConfiguration": "OFF",
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
        "AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "admin_only"}]},
        "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
        "Policies": {
            "PasswordPolicy": {
                "MinimumLength": policy.minimum_length,
                "RequireUppercase": policy.require_uppercase,
                "RequireLowercase": policy.require_lowercase,
                "RequireNumbers": policy.require_numbers,
                "RequireSymbols": policy.require_symbols,
                "TemporaryPasswordValidityDays": policy.temporary_password_validity_days,
                **history,
            }
        },
        "EmailConfiguration": {
            "EmailSendingAccount": "DEVELOPER",
            "SourceArn": in_region(settings.sender_identity_arn, new.region),
            "From": settings.sender,
        },
        "Schema": [
            _string_attribute("tenantId", mutable=False),
            _string_attribute("tenantTier", mutable=False),
            _string_attribute("tenantRole", mutable=True),
            _string_attribute("userId", mutable=False),
        ],
        "UserPoolTags": {OWNER_TAG: new.owner, STACK_TAG: settings.stack_name},
    }


def find_user_pools(
    cognito: "CognitoIdentityProviderClient", new: NewUserPool, notes: Notes | None = None
) -> list[str]:
    """Return the ids of the user pools of that name whose tag names that owner; raises what `look_through` raises."""

    def of_that_name(pool: Any) -> str:  # Any: the stubs' TypedDict
        return str(pool["Id"]) if pool.get("Name") == new.name else ""

    named = look_through(cognito.list_user_pools, "UserPools", of_that_name, notes or Notes())
    return [pool_id for pool_id in named if _owner(cognito, pool_id) == new.owner]


def configure_user_pool(
    cognito: "CognitoIdentityProviderClient", settings: "Settings", new: NewUserPool, user_pool_id: str
) -> str:
    """Set the user pool's MFA, give it a domain and return the domain's prefix; safe to repeat."""
    prefix = domain_prefix(settings.account_id, new.region, new.owner)
    set_mfa(cognito, user_pool_id, new.security.mfa)
    natural_keys.create_domain(cognito, user_pool_id, prefix)
    return prefix


def set_mfa(cognito: "CognitoIdentityProviderClient", user_pool_id: str, mfa: str) -> None:
    """Offer, demand or switch off one-time codes from an authenticator app; safe to repeat."""
    cognito.set_user_pool_mfa_config(UserPoolId=user_pool_id, **mfa_config(mfa, {}))


def mfa_config(mfa: str, found: Mapping[str, Any]) -> Any:  # Any: the stubs' TypedDict
    """Return the parameters of SetUserPoolMfaConfig, all but the user pool's id: what it has of factors is sent along.

    `found` is what GetUserPoolMfaConfig answers.
    """
    factors = {name: found[name] for name in FACTORS if found.get(name)}
    # Cognito refuses to set up a factor while it switches MFA off.
    ours = {} if mfa == "OFF" else {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
    return {"MfaConfiguration": mfa, **factors, **ours}


def domain_prefix(*parts: str) -> str:
    """Return a domain prefix that no name can collide with or read like: domain prefixes are public and global."""
    return "t-" + hashlib.sha256("/".join(parts).encode()).hexdigest()[:24]


def ensure_app_client(
    clients: "Clients", settings: "Settings", new: NewAppClient, *, in_doubt: bool, notes: Notes | None = None
) -> str:
    """Return the id of the one app client, created, or in doubt adopted; `clients` are those of its Region.

    Raises what `find_or_create` raises.
    """
    notes = notes or Notes()
    return lost_answers.find_or_create(
        in_doubt=in_doubt,
        find=lambda: find_app_clients(clients.cognito, new.user_pool_id, new.name, notes),
        create=lambda: create_app_client(clients, settings, new),
        wait_seconds=settings.in_doubt_wait_seconds,
        what=f"app client {new.name}",
        notes=notes,
    )


def create_app_client(clients: "Clients", settings: "Settings", new: NewAppClient) -> str:
    """Create an app client and return its id; `clients` are those of the user pool's Region.

    In a user pool from before users had ids of ours, it reads none.
    """
    parameters, create = app_client_parameters(settings, new), clients.cognito_once.create_user_pool_client
    try:
        client = create(**parameters)
    except ClientError as error:
        if not is_code(error, "InvalidParameterException") or NOT_IN_THE_SCHEMA not in str(error):
            raise
        known = [name for name in parameters["ReadAttributes"] if name != USER_ID]
        client = create(**parameters | {"ReadAttributes": known})
    return client["UserPoolClient"]["ClientId"]


def app_client_parameters(settings: "Settings", new: NewAppClient) -> Any:  # Any: the stubs' TypedDict
    """Return every parameter of CreateUserPoolClient; nobody may write a tenant attribute through it."""
    if new.for_server:
        return server_client_settings.parameters(new.user_pool_id, new.name)
    return {
        "UserPoolId": new.user_pool_id,
        "ClientName": new.name,
        "GenerateSecret": False,
        "ExplicitAuthFlows": [REFRESH] if new.identity_providers else _flows_of_local_users(settings),
        "SupportedIdentityProviders": list(new.identity_providers) or ["COGNITO"],
        **_oauth(settings, new),
        "ReadAttributes": sorted({*READ_ATTRIBUTES, *new.mapped_attributes}),
        "WriteAttributes": sorted({*WRITE_ATTRIBUTES, *new.mapped_attributes}),
        "PreventUserExistenceErrors": "ENABLED",
        "EnableTokenRevocation": True,
        "EnablePropagateAdditionalUserContextData": False,
        "AuthSessionValidity": 15,  # minutes, the most: whoever must install an authenticator first needs some
        "AccessTokenValidity": settings.access_token_minutes,
        "IdTokenValidity": settings.id_token_minutes,
        "RefreshTokenValidity": settings.refresh_token_days,
        "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "days"},
    }


def _flows_of_local_users(settings: "Settings") -> list[str]:
    chosen = list(settings.auth_flows)
    return chosen if BY_OUR_SERVER in chosen else [*chosen, BY_OUR_SERVER]


def _oauth(settings: "Settings", new: NewAppClient) -> dict[str, Any]:
    if not new.callback_urls:
        return {"AllowedOAuthFlowsUserPoolClient": False}
    return {
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": list(settings.oauth_scopes),
        "CallbackURLs": list(new.callback_urls),
        "DefaultRedirectURI": new.callback_urls[0],
        "LogoutURLs": list(new.logout_urls),
    }


def find_app_clients(
    cognito: "CognitoIdentityProviderClient", user_pool_id: str, name: str, notes: Notes | None = None
) -> list[str]:
    """Return the ids of a user pool's app clients of that name; our names say whose they are.

    Raises what `look_through` raises.
    """

    def of_that_name(client: Any) -> str:  # Any: the stubs' TypedDict
        return str(client["ClientId"]) if client["ClientName"] == name else ""

    operation = cognito.list_user_pool_clients
    return look_through(operation, "UserPoolClients", of_that_name, notes or Notes(), UserPoolId=user_pool_id)


def _owner(cognito: "CognitoIdentityProviderClient", user_pool_id: str) -> str | None:
    try:
        answer = shown(cognito.describe_user_pool, f"the user pool {user_pool_id}", UserPoolId=user_pool_id)
    except ClientError as error:
        if not is_code(error, "AccessDeniedException"):
            raise
        return None  # a role of ours may look at our stack's user pools only, so it is somebody else's
    owner: str | None = answer["UserPool"].get("UserPoolTags", {}).get(OWNER_TAG)
    return owner


def _string_attribute(name: str, *, mutable: bool) -> dict[str, object]:
    return {
        "Name": name,
        "AttributeDataType": "String",
        "Mutable": mutable,
        "Required": False,
        "DeveloperOnlyAttribute": False,
        "StringAttributeConstraints": {"MinLength": "1", "MaxLength": "64"},
    }
