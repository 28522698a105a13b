"""What Cognito remembers of sign-ins: challenge sessions, refresh tokens, authenticators, wrong passwords."""

import json
import secrets
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from moto.cognitoidp.models import CognitoIdpUser, CognitoIdpUserPool, CognitoIdpUserPoolClient

from tests.unit.strict_cognito.call import INVALID, Call, RefusalError
from tests.unit.tenant_onboarding.user_pools import key_id, public_jwk, send, signed

NOT_AUTHORIZED = "NotAuthorizedException"
MINUTE = 60.0
DAY = 86_400.0


@dataclass(frozen=True)
class Place:
    """A user pool's app client, as a request names it."""

    pool: CognitoIdpUserPool
    client: CognitoIdpUserPoolClient

    @property
    def ids(self) -> tuple[str, str]:
        """The ids of both."""
        return self.pool.id, self.client.id

    @property
    def flows(self) -> list[str]:
        """The flows that may be used there; the default is that of the API reference."""
        default = ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"]
        return list(self.client.extended_config.get("ExplicitAuthFlows") or default)


@dataclass
class Session:
    """A challenge that somebody has to answer; `secret` and `verified` are of an authenticator that is set up."""

    challenge: str
    user: str
    at: tuple[str, str]
    ends: float
    used: bool = False
    secret: str = ""
    verified: bool = False


@dataclass
class Grant:
    """A refresh token: who signed in where."""

    user: str
    at: tuple[str, str]
    ends: float
    since: int
    revoked: bool = False


@dataclass
class Attempts:
    """Wrong passwords and codes of a user, one after the other."""

    wrong: int = 0
    locked_until: float = 0.0
    last: float = 0.0


@dataclass
class Cognito:
    """The state of the stand-in; `ahead` is by how many seconds its clock differs from this machine's."""

    ahead: float = 0.0
    sessions: dict[str, Session] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    authenticators: dict[tuple[str, str], str] = field(default_factory=dict)
    """The secret of each user's authenticator app, by user pool and user."""
    begun: dict[tuple[str, str], str] = field(default_factory=dict)
    """The secret of each authenticator app that is not verified yet and is set up by an access token."""
    preferred: set[tuple[str, str]] = field(default_factory=set)
    """Whom an authenticator is asked for, where the user pool offers it."""
    access: dict[str, Grant] = field(default_factory=dict)
    """The grant of each access token."""
    used_codes: set[tuple[str, str]] = field(default_factory=set)
    attempts: dict[tuple[str, str], Attempts] = field(default_factory=dict)
    _keys: dict[str, str] = field(default_factory=dict)

    def now(self) -> float:
        """Return the time by its clock, in epoch seconds."""
        return time.time() + self.ahead

    def sign(self, pool: CognitoIdpUserPool, claims: dict[str, Any]) -> str:
        """Return a token with a user pool's signature."""
        return signed(claims, self._key(pool.id), kid=key_id(pool.id))

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        """Answer a request for the keys of a user pool, at `/{userPoolId}/jwks.json`."""
        pool_id = request.path.split("/")[1]
        key = public_jwk(self._key(pool_id)) | {"kid": key_id(pool_id)}
        send(request, json.dumps({"keys": [key]}).encode())

    def enrol(self, pool_id: str, user_name: str) -> str:
        """Let a user have an authenticator app; return its secret."""
        self.authenticators[pool_id, user_name] = secret = new_secret()
        self.preferred.add((pool_id, user_name))
        return secret

    def _key(self, pool_id: str) -> str:
        """Return which key is a user pool's: by turns, as it takes long to make one."""
        return self._keys.setdefault(pool_id, f"key {len(self._keys)}")


def new_secret() -> str:
    """Return a secret as an authenticator app takes it: 32 letters and digits of base 32."""
    return "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(32))


def place(call: Call) -> Place:
    """Return where a call is about; a user pool or app client that is not there is refused [M]."""
    pool = call.backend.user_pools.get(call.body["UserPoolId"])
    if pool is None:
        raise RefusalError(f"User pool {call.body['UserPoolId']} does not exist.", "ResourceNotFoundException")
    client = pool.clients.get(call.body["ClientId"])
    if client is None:
        raise RefusalError(f"User pool client {call.body['ClientId']} does not exist.", "ResourceNotFoundException")
    return Place(pool, client)


def named(pool: CognitoIdpUserPool, name: str) -> CognitoIdpUser | None:
    """Return a user by name, whose case tells no two apart, or by `sub` [D: AdminInitiateAuth]."""
    users: dict[str, CognitoIdpUser] = pool.users
    return next((user for user in users.values() if name.lower() in (user.username.lower(), user.id)), None)


def required(parameters: dict[str, str], name: str) -> str:
    """Return a parameter, which must be there [I: amazon-archives/amazon-cognito-identity-js#365]."""
    if not parameters.get(name):
        raise RefusalError(f"Missing required parameter {name}", INVALID)
    return parameters[name]
