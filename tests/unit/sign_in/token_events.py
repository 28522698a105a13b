"""Cognito's events before a token is made, what the registry has for them, and the claims that come of it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from orchestrator.sign_in import token_claims
from orchestrator.sign_in.token_claims import Find, RefusedError, SignIn

EVENTS = Path(__file__).parents[2] / "events"
"""What Amazon Cognito's documentation gives as the trigger's events; of V3 for machines it gives the parts only."""
REGION, POOL_ID, CLIENT_ID = "us-east-1", "us-east-1_EXAMPLE", "1example23456789"
SUB = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"
NAME = "acme/jane@acme.example"
VERSIONS = ("v1", "v2", "v3")
PROVIDER, OTHERS_PROVIDER = "0a1b2c3d-Sso", "9f8e7d6c-Sso"
ACME = {"custom:tenantId": "acme", "custom:tenantTier": "bridge", "custom:tenantRole": "admin"}


def documented(version: str = "v2") -> dict[str, Any]:
    """Return an event of Cognito's documentation."""
    event: dict[str, Any] = json.loads((EVENTS / f"pre_token_generation_{version}.json").read_text())
    return event


def event_of(attributes: dict[str, Any], version: str = "v2", **changes: Any) -> dict[str, Any]:
    """Return a documented event of a user with these attributes; `changes` replace top-level fields."""
    event = documented(version) | {"userName": NAME} | changes
    event["request"]["userAttributes"] = {"sub": SUB, "cognito:user_status": "CONFIRMED"} | attributes
    return event


def route(tier: str = "bridge", tenant_id: str | None = "acme", **changes: Any) -> dict[str, Any]:
    """Return what the registry has for the events' app client."""
    found: dict[str, Any] = {
        "routeKey": f"client#{POOL_ID}#{CLIENT_ID}",
        "tenantId": None if tier == "pool" else tenant_id,
        "region": REGION,
        "userPoolId": POOL_ID,
        "appClientId": CLIENT_ID,
        "tier": tier,
    }
    if tier != "pool":
        found["identityProviders"] = [PROVIDER]
    return found | changes


def tenant_route(**changes: Any) -> dict[str, Any]:
    """Return what the registry has for the pool tenant acme itself."""
    return route("pool") | {"routeKey": "tenant#acme", "tenantId": "acme"} | changes


TENANT = tenant_route()


def user(tier: str, **more: str) -> dict[str, Any]:
    """Return the attributes of a local user of the tenant acme."""
    return {"custom:tenantId": "acme", "custom:tenantTier": tier, **more}


def identity(provider: object, *, primary: object = True) -> dict[str, Any]:
    """Return one identity as Cognito keeps it."""
    return {"userId": "4711", "providerName": provider, "providerType": "SAML", "issuer": None, "primary": primary}


def federated(*identities: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the attributes of a user that an identity provider made."""
    return {"identities": json.dumps(identities), "cognito:user_status": "EXTERNAL_PROVIDER", **more}


def claims(
    attributes: dict[str, Any], found: dict[str, Any] | None, name: str = NAME, tenant: dict[str, Any] | None = TENANT
) -> dict[str, str]:
    """Return the claims of a user who signs in through the app client that the registry has that of."""
    registered = {f"client#{POOL_ID}#{CLIENT_ID}": found, "tenant#acme": tenant}
    return token_claims.claims(finding(registered), SignIn.from_event(event_of(attributes, userName=name)))


def finding(registered: Mapping[str, dict[str, Any] | None]) -> Find:
    """Return the look-up in a registry whose keys lead to one place each, or nowhere."""
    return lambda key: [route for route in (registered.get(key),) if route is not None]


def reason(attributes: dict[str, Any], found: dict[str, Any] | None, **more: Any) -> str:
    """Return why there is no token."""
    with pytest.raises(RefusedError) as refused:
        claims(attributes, found, **more)
    return refused.value.reason


def acme(tier: str, role: str = "member", user_id: str = SUB) -> dict[str, str]:
    """Return the claims of a user of acme; one to whom we gave no id has Cognito's own."""
    return {"tenantId": "acme", "tenantTier": tier, "tenantRole": role, "userId": user_id}
