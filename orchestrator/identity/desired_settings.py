"""How each user pool and app client is to be, and what a description of one lacks of that.

What is wanted are the very parameters by which `cognito` creates them, so creating and converging cannot disagree. The
tables below say of each what becomes of a value that is found instead. What they do not name is left as it is found.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from orchestrator.identity import cognito
from tenant_onboarding.names import TENANT_ID, TENANT_ROLE, TENANT_TIER, USER_ID

if TYPE_CHECKING:
    from orchestrator.aws.settings import Settings

LOCAL_USERS = "COGNITO"
"""What a client's providers call users that are in the user pool itself."""
STRICTER = {"OFF": 0, "OPTIONAL": 1, "ON": 2}
"""How strict a user pool is about MFA."""
SHORTER_IS_STRICTER = ("TemporaryPasswordValidityDays",)
CUSTOM = "custom:"
NEVER_WRITTEN = (TENANT_ID, TENANT_TIER, TENANT_ROLE, USER_ID)
"""What no app client may write, whatever somebody has let it."""
ONLY_IF_MAPPED = "email"
"""What earlier releases let every app client write; who changes it takes another person's address."""


class Rule(Enum):
    """What becomes of a value that is not the one wanted."""

    OURS = auto()
    """It is set to what is wanted: release and deployment alone say what it is."""
    AT_LEAST = auto()
    """What is wanted is added; what somebody has added stays."""
    AS_STRICT = auto()
    """It is made as strict as the tenant asked; where somebody has made it stricter, it stays."""
    KEPT = auto()
    """It stays, as somebody has changed it for the tenant since; it is set only where there is none."""
    AT_CREATION = auto()
    """It stays: Cognito takes it at creation only, or a change would end what tokens and people rest on."""


OF_USER_POOL = {
    "PoolName": Rule.OURS,
    "UserPoolTier": Rule.OURS,
    "LambdaConfig": Rule.OURS,
    "DeletionProtection": Rule.OURS,
    "IssuerConfiguration": Rule.AT_CREATION,  # another issuer ends every token, and every route that names the issuer
    "UsernameConfiguration": Rule.AT_CREATION,
    "AutoVerifiedAttributes": Rule.AT_LEAST,
    "MfaConfiguration": Rule.AS_STRICT,
    "AdminCreateUserConfig": Rule.OURS,
    "AccountRecoverySetting": Rule.OURS,
    "UserAttributeUpdateSettings": Rule.AT_LEAST,
    "Policies": Rule.AS_STRICT,
    "EmailConfiguration": Rule.OURS,
    "Schema": Rule.AT_LEAST,
    "UserPoolTags": Rule.OURS,
}
"""Of each parameter by which a user pool is created. In a structure only what we name in it is compared."""
OF_APP_CLIENT = {
    "UserPoolId": Rule.AT_CREATION,
    "ClientName": Rule.OURS,
    "GenerateSecret": Rule.AT_CREATION,
    "ExplicitAuthFlows": Rule.OURS,
    "SupportedIdentityProviders": Rule.KEPT,
    "AllowedOAuthFlowsUserPoolClient": Rule.OURS,
    "AllowedOAuthFlows": Rule.OURS,
    "AllowedOAuthScopes": Rule.OURS,
    "CallbackURLs": Rule.AT_LEAST,
    "DefaultRedirectURI": Rule.KEPT,
    "LogoutURLs": Rule.AT_LEAST,
    "ReadAttributes": Rule.AT_LEAST,
    "WriteAttributes": Rule.OURS,
    "PreventUserExistenceErrors": Rule.OURS,
    "EnableTokenRevocation": Rule.OURS,
    "EnablePropagateAdditionalUserContextData": Rule.OURS,
    "AuthSessionValidity": Rule.OURS,
    "AccessTokenValidity": Rule.OURS,
    "IdTokenValidity": Rule.OURS,
    "RefreshTokenValidity": Rule.OURS,
    "TokenValidityUnits": Rule.OURS,
}
"""Of each parameter by which an app client is created."""
DESCRIBED_AS = {"PoolName": "Name", "Schema": "SchemaAttributes"}
"""Where a description calls a parameter otherwise."""


@dataclass(frozen=True)
class Difference:
    """A setting that is not as it is to be; `found` is None where there is none. Neither is a secret, ever."""

    setting: str
    """Its path in the request: `LambdaConfig.PreTokenGenerationConfig.LambdaVersion`."""
    found: Any  # Any: JSON
    wanted: Any  # Any: JSON

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"setting": self.setting, "found": self.found, "wanted": self.wanted}


@dataclass(frozen=True)
class Lacking:
    """What a description lacks: each parameter that is to be given anew, whole, and what differs in it."""

    parameters: dict[str, Any]
    differences: tuple[Difference, ...]


def of_user_pool(settings: "Settings", new: cognito.NewUserPool) -> dict[str, Any]:
    """Return how a user pool is to be once all its steps are done, as parameters of CreateUserPool."""
    parameters: dict[str, Any] = cognito.user_pool_parameters(settings, new)
    return parameters | {"MfaConfiguration": new.security.mfa}


def of_app_client(settings: "Settings", new: cognito.NewAppClient, described: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a described app client is to be, as parameters of CreateUserPoolClient.

    What somebody has given it beside that, and Cognito would refuse a sign-in or the update without, is among them.
    """
    parameters: dict[str, Any] = cognito.app_client_parameters(settings, new)
    if "AllowedOAuthScopes" in parameters:  # those with a slash are of a resource server
        own = [scope for scope in described.get("AllowedOAuthScopes", []) if "/" in scope]
        parameters["AllowedOAuthScopes"] = _with(parameters["AllowedOAuthScopes"], own)
    if set(described.get("SupportedIdentityProviders", [])) - {LOCAL_USERS}:
        # A provider may have been given another mapping since, and fills in only what the client may write.
        refused = {*NEVER_WRITTEN, ONLY_IF_MAPPED}
        filled = [name for name in described.get("WriteAttributes", []) if name not in refused]
        parameters["WriteAttributes"] = sorted(_with(parameters["WriteAttributes"], filled))
    if described.get("RefreshTokenRotation", {}).get("Feature") == "ENABLED":
        # Cognito takes either rotation or this flow.
        flows = [flow for flow in parameters["ExplicitAuthFlows"] if flow != cognito.REFRESH]
        parameters["ExplicitAuthFlows"] = flows
    return parameters


def lacking(
    wanted: Mapping[str, Any], described: Mapping[str, Any], rules: Mapping[str, Rule], *, only: Rule | None = None
) -> Lacking:
    """Return what a description lacks of what is wanted; with `only`, of what has that rule."""
    parameters: dict[str, Any] = {}
    differences: list[Difference] = []
    for name, value in wanted.items():
        rule = rules[name]
        if rule is Rule.AT_CREATION or only not in (None, rule):
            continue
        found = described.get(DESCRIBED_AS.get(name, name))
        if name == "Schema":
            value, found = _missing_attributes(value, found or []), []  # noqa: PLW2901  # what there is cannot change
        brought = _brought_up(name, found, value, rule)
        if found_differences := list(_differences(name, found, brought)):
            parameters[name] = brought
            differences += found_differences
    return Lacking(parameters, tuple(differences))


def _brought_up(name: str, found: Any, wanted: Any, rule: Rule) -> Any:  # Any: JSON
    """Return what is found with what is wanted, as far as the rule goes."""
    if isinstance(wanted, Mapping):
        found = found or {}
        return {**found, **{each: _brought_up(each, found.get(each), value, rule) for each, value in wanted.items()}}
    if not found:
        return wanted
    if rule is Rule.KEPT:
        return found
    if isinstance(wanted, list):
        return _with(found, wanted) if rule is Rule.AT_LEAST or _same(found, wanted) else wanted
    return _stricter(name, found, wanted) if rule is Rule.AS_STRICT else wanted


def _stricter(name: str, found: Any, wanted: Any) -> Any:  # Any: a number, a boolean, or what Cognito calls MFA's
    if name == "MfaConfiguration":
        return max(found, wanted, key=STRICTER.__getitem__)
    return min(found, wanted) if name in SHORTER_IS_STRICTER else max(found, wanted)


def _differences(path: str, found: Any, brought: Any) -> Iterator[Difference]:
    if isinstance(brought, Mapping):
        for name, value in brought.items():
            yield from _differences(f"{path}.{name}", (found or {}).get(name), value)
    elif not _same(found, brought):
        yield Difference(path, found, brought)


def _same(found: Any, wanted: Any) -> bool:
    """Tell whether two values mean the same: lists have no order, and what is empty Cognito need not describe."""
    if isinstance(found, list) and isinstance(wanted, list):
        return sorted(map(_key, found)) == sorted(map(_key, wanted))
    return found == wanted or not (found or wanted)


def _key(value: Any) -> str:
    return repr(sorted(value.items())) if isinstance(value, Mapping) else repr(value)


def _with(found: list[Any], more: list[Any]) -> list[Any]:
    return [*found, *(each for each in more if each not in found)]


def _missing_attributes(schema: list[dict[str, Any]], described: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = {each["Name"] for each in described}
    return [each for each in schema if f"{CUSTOM}{each['Name']}" not in known]
