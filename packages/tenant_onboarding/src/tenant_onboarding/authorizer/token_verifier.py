"""Verifies a token of Amazon Cognito for a product's API: it is of the tenant that it says, and of no other.

Nothing that a token says is believed before its signature is verified. Until then it only says where to look: its user
pool and app client lead to a route of the registry, and that route alone says whose keys are fetched.
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import jwt

from tenant_onboarding.authorizer import registry, resolver
from tenant_onboarding.authorizer.key_sets import KeySets, KeysUnavailableError, UnknownKeyError
from tenant_onboarding.authorizer.registry import Route
from tenant_onboarding.names import is_tenant_id

if TYPE_CHECKING:
    from jwt.types import Options

Claims = dict[str, Any]

CLIENT_CLAIMS = {"access": "client_id", "id": "aud"}
"""The uses of a token, each with the claim that names its app client."""
LEEWAY_SECONDS = 30
"""Two clocks of AWS never differ by more; it is little beside the five minutes that a token lives at least."""
MOST_CHARACTERS = 10_240
"""API Gateway takes so many bytes of request line and headers."""
TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
KEY_ID = re.compile(r"[!-~]{1,128}")
"""Cognito's have 44 characters of base64."""
ISSUER = re.compile(
    r"https://(?:issuer-)?cognito-idp\.[a-z0-9-]{1,32}\.amazonaws\.com/([A-Za-z0-9-]{1,32}_[A-Za-z0-9]{1,32})"
)
"""Both forms that Cognito has, ORIGINAL and UPDATED; which one a user pool's tokens have, the registry says."""
CLIENT_ID = re.compile(r"[A-Za-z0-9+_]{1,128}")
"""The service model: at most 128 of these."""
USER_ID = KEY_ID
"""A ULID, or Cognito's own id."""
PORT = re.compile(r":[0-9]{1,5}$")
ALGORITHM = "RS256"
"""The only one that Cognito signs with."""
SHARED_TIER = "pool"
"""Its tenants share an app client, so the token says which it is, and the tenant's own route that there is one."""
OPTIONS: "Options" = {
    "require": ["exp", "iat", "sub", "token_use"],
    "strict_aud": True,
    "enforce_minimum_key_length": True,
}


class Reason(StrEnum):
    """Why a request is refused; for the log, never for whoever asks."""

    UNKNOWN_EVENT = "UNKNOWN_EVENT"
    NO_TOKEN = "NO_TOKEN"  # noqa: S105  # a reason
    MALFORMED_TOKEN = "MALFORMED_TOKEN"  # noqa: S105  # a reason
    UNKNOWN_ISSUER = "UNKNOWN_ISSUER"
    UNKNOWN_CLIENT = "UNKNOWN_CLIENT"
    UNKNOWN_KEY = "UNKNOWN_KEY"
    KEYS_UNAVAILABLE = "KEYS_UNAVAILABLE"
    INVALID_TOKEN = "INVALID_TOKEN"  # noqa: S105  # a reason
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    WRONG_USE = "WRONG_USE"
    NO_TENANT = "NO_TENANT"
    OTHER_TENANT = "OTHER_TENANT"
    OTHER_TIER = "OTHER_TIER"
    UNKNOWN_TENANT = "UNKNOWN_TENANT"
    BEFORE_TENANT = "BEFORE_TENANT"
    UNKNOWN_HOST = "UNKNOWN_HOST"
    OTHER_HOST = "OTHER_HOST"
    ERROR = "ERROR"


class RefusedError(Exception):
    """A request is not let in: for which reason, and what may be logged of it."""

    def __init__(self, reason: Reason, **about: str | None) -> None:
        super().__init__(reason)
        self.reason, self.about = reason, about


@dataclass(frozen=True)
class Identity:
    """Whose request it is, by a verified token."""

    tenant_id: str
    tier: str
    role: str
    groups: tuple[str, ...]
    user_id: str
    """The user, for the product: as the deployment knows it, or else as Cognito does."""
    subject: str
    """The user, by Cognito's own id."""


class Said(NamedTuple):
    """What a token says of where it comes from."""

    key_id: str
    issuer: str
    user_pool_id: str
    use: str
    client_id: str


class Routes(Protocol):
    """Where routes are found, as `RouteCache` finds them."""

    def find(self, key: str) -> list[Route]:
        """Return an active key's tenant with each target in force; none if it leads nowhere."""


class TokenVerifier:
    """Says whose a token is, and raises RefusedError for every one that it cannot say it of."""

    def __init__(self, routes: Routes, keys: KeySets, *, token_uses: Collection[str], app_domain: str | None) -> None:
        """Take tokens of these uses; with `app_domain` only at the host of the token's own tenant."""
        if not token_uses or not set(token_uses) <= CLIENT_CLAIMS.keys():
            raise ValueError(f"token uses are {' and '.join(CLIENT_CLAIMS)}, not {', '.join(token_uses)}")
        self._routes, self._keys = routes, keys
        self._token_uses, self._app_domain = frozenset(token_uses), app_domain

    def verify(self, token: str, host: str | None) -> Identity:
        """Return whose token it is; raises RefusedError, and what the SDK raises if the registry cannot be read."""
        said = _read(token)
        found = self._routes.find(registry.client_key(said.user_pool_id, said.client_id))
        route = registry.leading_to((said.user_pool_id, said.client_id), found)
        if route is None or registry.is_internal(route):
            raise RefusedError(Reason.UNKNOWN_CLIENT)
        known = {name: route[name] for name in ("userPoolId", "appClientId", "tenantId")}
        try:
            claims = self._verified(token, said, route)
            known["user"] = claims["sub"]
            identity = _bound(claims, route)
            known["tenantId"] = identity.tenant_id
            if route["tenantId"] is None:
                self._check_tenant(identity, int(claims["iat"]), route)
            if self._app_domain is not None:
                self._check_host(self._app_domain, host or "", identity, route)
        except RefusedError as refusal:
            refusal.about |= known
            raise
        return identity

    def _verified(self, token: str, said: Said, route: Route) -> Claims:
        """Return the claims of a token that the route's own user pool has signed for the use that it says."""
        if said.issuer != route["issuer"]:
            raise RefusedError(Reason.UNKNOWN_ISSUER)
        try:
            key = self._keys.find(route["issuer"], route["region"], route["userPoolId"], said.key_id)
        except UnknownKeyError:
            raise RefusedError(Reason.UNKNOWN_KEY) from None
        except KeysUnavailableError as error:
            raise RefusedError(Reason.KEYS_UNAVAILABLE, error=str(error)) from None
        claims = _decode(token, key, route["issuer"], said.client_id if said.use == "id" else None)
        if claims["token_use"] != said.use or said.use not in self._token_uses:
            raise RefusedError(Reason.WRONG_USE)
        return claims

    def _check_tenant(self, identity: Identity, issued_at: int, route: Route) -> None:
        """Refuse a shared app client's token of a tenant that is not there, or was not when the token was issued.

        A tenant's id may be used again once it is abandoned.
        """
        found = registry.leading_to(
            registry.client_of(route), self._routes.find(registry.tenant_key(identity.tenant_id))
        )
        if found is None or found["tenantId"] != identity.tenant_id:
            raise RefusedError(Reason.UNKNOWN_TENANT)
        if issued_at + LEEWAY_SECONDS < datetime.fromisoformat(found["activatedAt"]).timestamp():
            raise RefusedError(Reason.BEFORE_TENANT)

    def _check_host(self, app_domain: str, host: str, identity: Identity, route: Route) -> None:
        key = resolver.route_key(app_domain, "host", PORT.sub("", host))
        found = self._routes.find(key) if key else []
        if not found:
            raise RefusedError(Reason.UNKNOWN_HOST)
        there = registry.leading_to(registry.client_of(route), found)
        if there is None or there["tenantId"] != identity.tenant_id:
            raise RefusedError(Reason.OTHER_HOST, hostTenantId=found[0]["tenantId"])


def _read(token: str) -> Said:
    """Return what a token says, which is to be verified."""
    if len(token) > MOST_CHARACTERS or not TOKEN.fullmatch(token):
        raise RefusedError(Reason.MALFORMED_TOKEN)
    try:
        header, claims = (json.loads(urlsafe_b64decode(f"{part}==")) for part in token.split(".")[:2])
    except (ValueError, RecursionError):
        raise RefusedError(Reason.MALFORMED_TOKEN) from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise RefusedError(Reason.MALFORMED_TOKEN)
    if header.get("alg") != ALGORITHM or "crit" in header or not _like(KEY_ID, header.get("kid")):
        raise RefusedError(Reason.MALFORMED_TOKEN)
    return Said(header["kid"], *_issuer_of(claims), *_client_of(claims))


def _decode(token: str, key: jwt.PyJWK, issuer: str, audience: str | None) -> Claims:
    try:
        return jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            issuer=issuer,
            audience=audience,
            leeway=LEEWAY_SECONDS,
            options=OPTIONS,
        )
    except jwt.ExpiredSignatureError:
        raise RefusedError(Reason.EXPIRED) from None
    except jwt.ImmatureSignatureError:
        raise RefusedError(Reason.NOT_YET_VALID) from None
    except jwt.PyJWTError as error:
        raise RefusedError(Reason.INVALID_TOKEN, error=type(error).__name__) from None


def _client_of(claims: Claims) -> tuple[str, str]:
    """Return a token's use by where it names its app client, and that; one that is named twice is none.

    Cognito gives an access token an `aud` too if it is for a resource server, which a product's API is not.
    """
    named = [(use, claims[claim]) for use, claim in CLIENT_CLAIMS.items() if claim in claims]
    if len(named) != 1 or not _like(CLIENT_ID, named[0][1]):
        raise RefusedError(Reason.UNKNOWN_CLIENT)
    return named[0]


def _issuer_of(claims: Claims) -> tuple[str, str]:
    """Return a token's issuer, which looks like a user pool's, and that user pool's id."""
    issuer = claims.get("iss")
    match = ISSUER.fullmatch(issuer) if isinstance(issuer, str) else None
    if match is None:
        raise RefusedError(Reason.UNKNOWN_ISSUER)
    return match[0], match[1]


def _bound(claims: Claims, route: Route) -> Identity:
    """Return whose a verified token is, if its tenant is the app client's, or the app client is shared."""
    tenant_id, role, groups = claims.get("tenantId"), claims.get("tenantRole"), claims.get("cognito:groups", [])
    if not is_tenant_id(tenant_id) or not isinstance(role, str):
        raise RefusedError(Reason.NO_TENANT)
    shared = route["tenantId"] is None and route["tier"] == SHARED_TIER
    if not shared and tenant_id != route["tenantId"]:
        raise RefusedError(Reason.OTHER_TENANT)
    if claims.get("tenantTier") != route["tier"]:
        raise RefusedError(Reason.OTHER_TIER)
    return Identity(
        tenant_id=str(tenant_id),
        tier=route["tier"],
        role=role,
        groups=tuple(groups),
        user_id=_user_id(claims),
        subject=claims["sub"],
    )


def _user_id(claims: Claims) -> str:
    """Return the id that the deployment gave a user, or Cognito's where it gave none."""
    user_id = claims.get("userId")
    if user_id is None:
        return str(claims["sub"])
    if not _like(USER_ID, user_id):
        raise RefusedError(Reason.INVALID_TOKEN, error="userId")
    return str(user_id)


def _like(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
