"""While a tenant moves its keys lead to several places: each is good until its end, and people are shown the first."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.sign_in.token_claims import RefusedError, SignIn, claims
from tenant_onboarding.authorizer import registry, resolver
from tenant_onboarding.authorizer.token_verifier import Reason
from tests.unit.conftest import REGION
from tests.unit.faults import Wire
from tests.unit.kept_aws import KeptAws
from tests.unit.sign_in.token_events import event_of
from tests.unit.tenant_onboarding.user_pools import (
    DOMAIN,
    POOL_CLIENT,
    SHARED,
    SILO,
    SILO_CLIENT,
    SUBJECT,
    Door,
    open_door,
    routes,
    signed,
    token_of,
)

NOW = datetime(2027, 1, 1, tzinfo=UTC)
LATER, EARLIER = "2027-01-01T00:00:00.001Z", "2027-01-01T00:00:00.000Z"
NO_TIMES: tuple[object, ...] = ("", "soon", "2027-06-01T00:00:00", 1_900_000_000, True, None, [LATER])


@pytest.fixture
def door(clients: Clients, wire: Wire, kept: KeptAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    monkeypatch.setattr(registry, "now", lambda: NOW)
    with open_door(clients, wire, kept) as door:
        yield door


def item_of(key: str) -> dict[str, Any]:
    return next(item for item in routes() if item["routeKey"] == key)


def move(clients: Clients, until: object = LATER) -> None:
    """Let the pool tenant acme move to the silo tenant's user pool, where it gets that app client."""
    old = item_of("subdomain#acme")["target"] | {"until": until}
    new = item_of("subdomain#tyrell")["target"] | {"tier": "silo"}
    for key in ("subdomain#acme", "tenant#acme"):
        moving = item_of(key) | {"targets": [new, old]}
        del moving["target"]
        clients.dynamodb.put_item(TableName="routes", Item=moving)
    own = item_of(f"client#{SILO}#{SILO_CLIENT}") | {"tenantId": "acme"}
    clients.dynamodb.put_item(TableName="routes", Item=own)


def token_from_the_new_place() -> str:
    return token_of("tyrell", tenantId="acme")


def test_tokens_of_the_new_and_of_the_old_place_are_good_at_once(door: Door, clients: Clients) -> None:
    move(clients)
    for token in (token_of("acme"), token_from_the_new_place()):
        assert door.new().verify(token, f"acme.{DOMAIN}").tenant_id == "acme"


def test_what_the_trigger_says_in_either_place_the_authorizer_takes(door: Door, clients: Clients) -> None:
    """Of one user, whose own tier is that of the old place and stays so; afterwards the old place gives no token."""
    move(clients)
    find = partial(registry.resolve_all, clients.dynamodb, "routes")
    attributes = {"custom:tenantId": "acme", "custom:tenantTier": "pool"}

    def says(pool: str, client: str) -> dict[str, str]:
        where: Any = {"region": REGION, "userPoolId": pool, "callerContext": {"clientId": client}}
        return claims(find, SignIn.from_event(event_of(attributes, **where)))

    for pool, client in ((SHARED, POOL_CLIENT), (SILO, SILO_CLIENT)):
        own = "acme" if pool == SHARED else "tyrell"
        token = token_of(own, **says(pool, client))
        assert door.new().verify(token, f"acme.{DOMAIN}").tenant_id == "acme"
    move(clients, EARLIER)
    with pytest.raises(RefusedError, match="TenantOfAnotherAppClient"):
        says(SHARED, POOL_CLIENT)


@pytest.mark.parametrize("until", [EARLIER, *NO_TIMES], ids=repr)
def test_a_place_whose_end_has_come_or_cannot_be_read_is_none(until: object, door: Door, clients: Clients) -> None:
    """A number is none either: times are text here."""
    move(clients, until)
    assert door.new().verify(token_from_the_new_place(), f"acme.{DOMAIN}").tenant_id == "acme"
    assert door.reason(token_of("acme"), app_domain=None) == Reason.UNKNOWN_TENANT


def test_the_old_places_token_is_nobodys_at_the_host_once_its_end_has_come(door: Door, clients: Clients) -> None:
    move(clients, EARLIER)
    clients.dynamodb.put_item(TableName="routes", Item=item_of("tenant#acme"))
    assert door.reason(token_of("acme")) == Reason.OTHER_HOST


@pytest.mark.parametrize("host", ["globex", "hooli", "tyrell"])
def test_moving_opens_no_other_tenants_host(host: str, door: Door, clients: Clients) -> None:
    move(clients)
    for token in (token_of("acme"), token_from_the_new_place()):
        assert door.reason(token, host) == Reason.OTHER_HOST


def test_another_tenants_token_is_not_let_in_where_a_tenant_moves_to(door: Door, clients: Clients) -> None:
    """Neither one of the shared app client, nor one that the new user pool signs for another tenant."""
    move(clients)
    assert door.reason(token_of("globex")) == Reason.OTHER_HOST
    assert door.reason(token_of("tyrell")) == Reason.OTHER_TENANT


def test_an_app_clients_route_is_none_but_its_own(door: Door, clients: Clients) -> None:
    """Its targets are judged like any others: one that names another app client vouches for no token of this one."""
    key = f"client#{SHARED}#{POOL_CLIENT}"
    own, strange = item_of(key)["target"], item_of("subdomain#tyrell")["target"]
    moving = item_of(key) | {"targets": [strange, own | {"until": LATER}]}
    clients.dynamodb.put_item(TableName="routes", Item=moving)
    assert door.new().verify(token_of("acme"), f"acme.{DOMAIN}").subject == SUBJECT
    clients.dynamodb.put_item(TableName="routes", Item=moving | {"targets": [strange]})
    assert door.reason(token_of("acme")) == Reason.UNKNOWN_CLIENT
    assert door.reason(signed({"client_id": POOL_CLIENT}, SHARED)) == Reason.UNKNOWN_ISSUER


@pytest.mark.parametrize("targets", [[], [{"until": EARLIER}]])
def test_without_a_place_in_force_a_key_leads_nowhere_whatever_it_led_to(
    targets: list[dict[str, str]], door: Door, clients: Clients, settings: Settings
) -> None:
    item: Any = item_of("subdomain#acme") | {"targets": targets}
    clients.dynamodb.put_item(TableName="routes", Item=item)
    assert door.reason(token_of("acme")) == Reason.UNKNOWN_HOST
    assert registry.resolve(clients.dynamodb, "routes", "subdomain#acme") is None
    assert resolver.find(clients.dynamodb, settings, "host", f"acme.{DOMAIN}") is None


def test_people_are_led_to_the_first_place_in_force(door: Door, clients: Clients, settings: Settings) -> None:
    move(clients)
    found = resolver.find(clients.dynamodb, settings, "host", f"acme.{DOMAIN}")
    assert found
    assert (found["tenantId"], found["userPoolId"], found["appClientId"]) == ("acme", SILO, SILO_CLIENT)
    assert found.keys() == {*resolver.TOLD, "identityProvider", "tokenUse"}
    old_first = item_of("subdomain#acme")
    ended = old_first | {"targets": [old_first["target"] | {"until": EARLIER}, item_of("subdomain#tyrell")["target"]]}
    clients.dynamodb.put_item(TableName="routes", Item=ended)
    assert (resolver.find(clients.dynamodb, settings, "host", f"acme.{DOMAIN}") or {})["userPoolId"] == SILO
