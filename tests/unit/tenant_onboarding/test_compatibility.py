"""Authorizer and registry are deployed apart: each version of the one gets along with the older one of the other.

`tests/compatibility/README.md` says what there was before.
"""

import json
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from tenant_onboarding.authorizer import registry
from tests.unit.every_tier import CASES, World
from tests.unit.faults import Wire
from tests.unit.kept_aws import KeptAws
from tests.unit.tenant_onboarding.deployed_authorizers import AUTHORIZERS, FOLDER, Item, Items, Request, answers
from tests.unit.tenant_onboarding.user_pools import SUBJECT, key_server, segment, signed

BEFORE: Items = json.loads((FOLDER / "registry-3b1e3f1.json").read_text())
TENANTS = {"acme": "pool", "globex": "pool", "hooli": "bridge", "umbrella": "bridge with SAML", "tyrell": "silo"}
"""Those of the older registry; a tenant called later has only reserved its keys."""


@pytest.fixture
def now(clients: Clients, settings: Settings, wire: Wire, run: Any, published: Any, kept: KeptAws) -> Items:
    """The registry as it is written now, of tenants like those of the older one."""
    from tests.unit.simulated_aws import Stack

    world = World(clients, settings, wire, run, Stack(clients, settings, wire, published), kept)
    for tenant_id, case in TENANTS.items():
        world.onboard(CASES[case], tenant_id)
    world.claim(CASES["pool"], "later")
    return [dict(item) for item in clients.dynamodb.scan(TableName="routes")["Items"]]


def places(items: Items) -> dict[str, Item]:
    """Return the target of each tenant that has a host."""
    kept = (item for item in items if item["routeKey"].startswith("subdomain#"))
    return {item["tenantId"]: item["target"] for item in kept if item["state"] == registry.ACTIVE}


def claims(tenant_id: str, target: Item, **changes: Any) -> dict[str, Any]:
    """Return what an access token of a tenant says; `changes` replace claims, and None leaves one out."""
    moment = int(time.time())
    said = {
        "sub": SUBJECT,
        "iss": target["issuer"],
        "client_id": target["appClientId"],
        "token_use": "access",
        "iat": moment,
        "exp": moment + 3_600,
        "tenantId": tenant_id,
        "tenantTier": target["tier"],
        "tenantRole": "admin",
        "cognito:groups": [tenant_id],
    } | changes
    return {name: value for name, value in said.items() if value is not None}


def requests(items: Items) -> Iterator[Request]:
    """Yield each tenant's token at each host, and whatever must not let its own tenant in."""
    found = places(items)
    assert found.keys() == TENANTS.keys()
    for (tenant_id, target), host in product(found.items(), [*found, "later", "nobody"]):
        token = signed(claims(tenant_id, target), target["userPoolId"])
        yield Request("a token", token, host, tenant_id if host == tenant_id else None)
    for tenant_id, target in found.items():
        yield from _own(tenant_id, target)
        yield from _wrong(tenant_id, target, found)


def _own(tenant_id: str, target: Item) -> Iterator[Request]:
    ulid, pool = "01JDXJ3Z5Y8V6W2K4M7N9P1Q3R", target["userPoolId"]
    yield Request("an id", signed(claims(tenant_id, target, userId=ulid), pool), tenant_id, tenant_id, ulid)
    old = signed(claims(tenant_id, target, iat=1_700_000_000), pool)
    yield Request("from before", old, tenant_id, None if target["tier"] == "pool" else tenant_id)


def _wrong(tenant_id: str, target: Item, found: dict[str, Item]) -> Iterator[Request]:
    moment, pool = int(time.time()), target["userPoolId"]
    changes: dict[str, dict[str, Any]] = {
        "expired": {"exp": moment - 60},
        "not begun": {"nbf": moment + 600},
        "without an end": {"exp": None},
        "an ID token": {"token_use": "id", "client_id": None, "aud": target["appClientId"]},
        "an ID token's use": {"token_use": "id"},
        "the other form of issuer": {"iss": target["issuer"].replace("https://", "https://issuer-")},
        "an issuer elsewhere": {"iss": target["issuer"].replace("amazonaws.com", "keys.example")},
        "an unknown app client": {"client_id": "unknown"},
        "a made-up tenant": {"tenantId": "initech"},
        "no tenant": {"tenantId": None},
        "no role": {"tenantRole": None},
        "another tier": {"tenantTier": "bridge" if target["tier"] == "silo" else "silo"},
    }
    for other, there in found.items():
        if other != tenant_id:
            changes[f"as {other}"] = {"tenantId": other, "tenantTier": there["tier"]}
        if there["appClientId"] != target["appClientId"]:
            changes[f"by {other}'s app client"] = {"client_id": there["appClientId"]}
    for what, change in changes.items():
        yield Request(what, signed(claims(tenant_id, target, **change), pool), tenant_id, None)
    yield Request("a stranger's signature", signed(claims(tenant_id, target), "stranger"), tenant_id, None)
    header, _, signature = signed(claims(tenant_id, target), pool).split(".")
    tampered = f"{header}.{segment(claims(tenant_id, target, tenantRole='owner'))}.{signature}"
    yield Request("tampered", tampered, tenant_id, None)


@pytest.mark.parametrize("authorizer", AUTHORIZERS)
@pytest.mark.parametrize("written", ["before", "now"])
def test_each_authorizer_lets_the_same_in_by_each_registry(
    authorizer: str, written: str, now: Items, tmp_path: Path
) -> None:
    """Its own tenant's token at its own tenant's host, and of all else nothing."""
    items = now if written == "now" else BEFORE
    asked = list(requests(items))
    with key_server() as keys:
        given = answers(authorizer, items, asked, keys, tmp_path)
    wrong = [
        (request.what, request.wanted, request.host, answer)
        for request, answer in zip(asked, given, strict=True)
        if answer != wanted(request, places(items), with_user_id=authorizer == "now")
    ]
    assert wrong == []
    assert len([answer for answer in given if answer["isAuthorized"]]) == 3 * len(TENANTS) - 2


def wanted(request: Request, found: dict[str, Item], *, with_user_id: bool) -> dict[str, Any]:
    """Return how a request must be answered; what was added since is there beside what was."""
    if request.wanted is None:
        return {"isAuthorized": False}
    context = {
        "tenantId": request.wanted,
        "tier": found[request.wanted]["tier"],
        "role": "admin",
        "groups": [request.wanted],
        "subject": SUBJECT,
    }
    return {"isAuthorized": True, "context": context | ({"userId": request.user_id} if with_user_id else {})}


def moving(item: Item) -> Item:
    """Return a route as it is while its tenant moves."""
    return {name: value for name, value in item.items() if name != "target"} | {"targets": [item.get("target")]}


CHANGED: dict[str, Callable[[Item], Item]] = {
    "suspended": lambda item: item | {"state": "SUSPENDED"},
    "in a state that is still to come": lambda item: item | {"state": "MOVING"},
    "with several targets and no single one": moving,
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
@pytest.mark.parametrize("kind", ["client", "tenant", "subdomain"])
def test_what_the_older_authorizer_does_not_know_it_lets_nobody_in_by(
    kind: str, change: Callable[[Item], Item], tmp_path: Path
) -> None:
    """So whoever writes routes like these has customers deploy first."""
    items = [change(item) if item["routeKey"].startswith(f"{kind}#") else item for item in BEFORE]
    asked = [each for each in requests(BEFORE) if each.wanted]
    with key_server() as keys:
        given = answers("before", items, asked, keys, tmp_path)
    let_in = {request.wanted for request, answer in zip(asked, given, strict=True) if answer["isAuthorized"]}
    assert let_in == ({"hooli", "umbrella", "tyrell"} if kind == "tenant" else set())
