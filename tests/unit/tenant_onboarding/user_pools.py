"""User pools as a token's verifier meets them: signing keys, a server of key sets on loopback, tokens and routes."""

import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from orchestrator.aws.clients import Clients
from orchestrator.identity.user_pool_addresses import issuer
from tenant_onboarding.authorizer import registry
from tenant_onboarding.authorizer.key_sets import KeySets
from tenant_onboarding.authorizer.route_cache import RouteCache
from tenant_onboarding.authorizer.token_verifier import CLIENT_CLAIMS, Reason, RefusedError, TokenVerifier
from tests.unit.conftest import REGION
from tests.unit.faults import Wire
from tests.unit.kept_aws import KeptAws

Claims = dict[str, Any]

DOMAIN = "app.product.example"
SHARED, SILO = f"{REGION}_Shared001", f"{REGION}_Silo00001"
POOL_CLIENT, BRIDGE_CLIENT, SILO_CLIENT = "1poolclient", "2bridgeclient", "3siloclient"
CLIENTS = {"acme": POOL_CLIENT, "globex": POOL_CLIENT, "hooli": BRIDGE_CLIENT, "tyrell": SILO_CLIENT}
"""The app client of each tenant; the first two share theirs."""
TIERS = {"acme": "pool", "globex": "pool", "hooli": "bridge", "tyrell": "silo"}
ACTIVATED_AT = "2026-01-01T00:00:00.000Z"
SUBJECT = "9f1c2f3e-0000-4000-8000-5d6f7a8b9c0d"


def user_pool(tenant_id: str) -> str:
    """Return the id of the user pool that a tenant is in."""
    return SILO if TIERS[tenant_id] == "silo" else SHARED


@cache
def private_key(user_pool_id: str) -> RSAPrivateKey:
    """Return the key that a user pool signs with."""
    return generate_private_key(public_exponent=65_537, key_size=2_048)


def key_id(user_pool_id: str) -> str:
    """Return the id of the key that a user pool signs with."""
    return f"{user_pool_id}/key="


def public_jwk(user_pool_id: str) -> dict[str, Any]:
    """Return a user pool's public key as Cognito publishes it."""
    jwk = RSAAlgorithm.to_jwk(private_key(user_pool_id).public_key(), as_dict=True)
    return {"kid": key_id(user_pool_id), "alg": "RS256", "use": "sig"} | {name: jwk[name] for name in ("kty", "n", "e")}


def claims_of(tenant_id: str, use: str = "access", /, **changes: Any) -> Claims:
    """Return what Cognito says of a tenant's user; `changes` replace claims, and None leaves one out."""
    now = int(time.time())
    of_use = {"client_id": CLIENTS[tenant_id]} if use == "access" else {"aud": CLIENTS[tenant_id]}
    claims = {
        "sub": SUBJECT,
        "iss": issuer(REGION, user_pool(tenant_id)),
        "token_use": use,
        "iat": now,
        "exp": now + 3_600,
        "tenantId": tenant_id,
        "tenantTier": TIERS[tenant_id],
        "tenantRole": "admin",
        "cognito:groups": [tenant_id],
    }
    return {name: value for name, value in (claims | of_use | changes).items() if value is not None}


def token_of(tenant_id: str, use: str = "access", /, **changes: Any) -> str:
    """Return a token as the tenant's user pool signs it."""
    return signed(claims_of(tenant_id, use, **changes), user_pool(tenant_id))


def signed(claims: Claims, user_pool_id: str, **header: Any) -> str:
    """Return a token with a user pool's signature."""
    return jwt.encode(
        claims, private_key(user_pool_id), "RS256", headers={"typ": None, "kid": key_id(user_pool_id)} | header
    )


def segment(content: object) -> str:
    """Return a part of a token: bytes as they are, everything else as JSON."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def routes() -> list[dict[str, Any]]:
    """Return the registry's items for the tenants' app clients and hosts."""
    targets = {
        tenant_id: {
            "region": REGION,
            "userPoolId": user_pool(tenant_id),
            "appClientId": client,
            "issuer": issuer(REGION, user_pool(tenant_id)),
            "tier": TIERS[tenant_id],
        }
        for tenant_id, client in CLIENTS.items()
    }
    items: dict[str, dict[str, Any]] = {}
    for tenant_id, target in targets.items():
        owner = {"shared": True} if target["tier"] == "pool" else {"tenantId": tenant_id}
        items[registry.client_key(target["userPoolId"], target["appClientId"])] = {"target": target} | owner
        items[registry.subdomain_key(tenant_id)] = {"target": target, "tenantId": tenant_id}
        if target["tier"] == "pool":
            items[registry.tenant_key(tenant_id)] = {"target": target, "tenantId": tenant_id}
    items[registry.subdomain_key("later")] = {"tenantId": "later", "state": "RESERVED"}
    active = {"state": registry.ACTIVE, "activatedAt": ACTIVATED_AT}
    return [{"routeKey": key} | active | item for key, item in items.items()]


@dataclass
class KeyServer:
    """Serves key sets at `/{userPoolId}/jwks.json`; give it an `answer` of its own to let it misbehave."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    answer: Callable[[BaseHTTPRequestHandler], None] | None = None
    leaving: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        """The address of a user pool's keys, as a verifier is told it."""
        return f"http://127.0.0.1:{self.port}/{{userPoolId}}/jwks.json"

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        """Answer a request for keys."""
        self.asked.append(request.path)
        if self.answer:
            self.answer(request)
        else:
            send(request, json.dumps({"keys": [public_jwk(request.path.split("/")[1])]}).encode())


def send(request: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    """Answer with a body."""
    request.send_response(status)
    for name, value in ({"Content-Length": str(len(body))} | headers).items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)


@contextmanager
def key_server() -> Iterator[KeyServer]:
    """Run a server of key sets on a free port of loopback."""
    keys = KeyServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys.serve(self)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Whoever asked has gone, which is what some tests are about."""

    with Server(("127.0.0.1", 0), Handler) as server:
        keys.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield keys
        finally:
            keys.leaving.set()
            server.shutdown()
            thread.join()


@dataclass
class Door:
    """Verifiers that remember nothing yet, the server of their keys and the wire to their registry."""

    new: Callable[..., TokenVerifier]
    keys: KeyServer
    wire: Wire

    def refusal(self, token: str, host: str | None = "acme", **options: Any) -> tuple[Reason, dict[str, Any]]:
        """Return why a token is refused at a tenant's host, or at a whole one, and what is logged of it."""
        at = f"{host}.{DOMAIN}" if host and "." not in host else host
        with pytest.raises(RefusedError) as refused:
            self.new(**options).verify(token, at)
        return refused.value.reason, dict(refused.value.about)

    def reason(self, token: str, host: str | None = "acme", **options: Any) -> Reason:
        """Return why a token is refused."""
        return self.refusal(token, host, **options)[0]


@contextmanager
def open_door(clients: Clients, wire: Wire, kept: KeptAws) -> Iterator[Door]:
    """Give the routes to the simulated AWS, and let verifiers of any options be made."""

    def put() -> None:
        for item in routes():
            clients.dynamodb.put_item(TableName="routes", Item=item)

    kept.once("routes", put)
    wire.attempts.clear()
    with key_server() as keys:

        def new(**options: Any) -> TokenVerifier:
            chosen = {"token_uses": tuple(CLIENT_CLAIMS), "app_domain": DOMAIN} | options
            return TokenVerifier(RouteCache(clients.registry, "routes"), KeySets(keys.address), **chosen)

        yield Door(new, keys, wire)
