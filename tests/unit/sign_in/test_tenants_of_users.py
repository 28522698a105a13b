"""Whose user somebody is, never by the user's tier: tenants of each tier against users who say anything, all of them.

And while a tenant moves, its people get tokens in the old place and in the new one, and nobody else does.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Any, NamedTuple

import pytest

from orchestrator.sign_in import token_claims
from orchestrator.sign_in.token_claims import RefusedError, SignIn
from tenant_onboarding.authorizer import registry
from tests.unit.sign_in.token_events import REGION, event_of

OLD_POOL, OTHER_POOL = "us-east-1_SHARED1", "us-east-1_SHARED2"
NOW = datetime(2027, 1, 1, tzinfo=UTC)
LATER, EARLIER = "2027-01-01T00:00:00.001Z", "2027-01-01T00:00:00.000Z"


class Place(NamedTuple):
    """Where a tenant's users are, and the app client that they sign in at."""

    tier: str
    pool: str
    client: str


HOMES = {
    "acme": Place("pool", OLD_POOL, "shared1"),
    "globex": Place("pool", OLD_POOL, "shared1"),
    "soylent": Place("pool", OTHER_POOL, "shared2"),
    "hooli": Place("bridge", OLD_POOL, "hooli"),
    "initech": Place("bridge", OLD_POOL, "initech"),
    "tyrell": Place("silo", "us-east-1_TYRELL", "tyrell"),
    "umbrella": Place("silo", "us-east-1_UMBRELLA", "umbrella"),
}
"""Two of each tier, and one in another shared user pool."""
TIERS = ("pool", "bridge", "silo", "", None)
SAID = (*HOMES, "nobody", "", None)
NAMES = (*(f"{tenant_id}/jane@acme.example" for tenant_id in HOMES), "jane@acme.example")

Item = dict[str, Any]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "now", lambda: NOW)


def target(place: Place, until: str = "") -> Item:
    found = {"region": REGION, "userPoolId": place.pool, "appClientId": place.client, "tier": place.tier}
    return found | ({"until": until} if until else {})


def key_of(tenant_id: str, place: Place) -> str:
    """Return the key by which a token's tenant is found in a place, as an app client's owner or as one that shares."""
    own = registry.client_key(place.pool, place.client)
    return registry.tenant_key(tenant_id) if place.tier == "pool" else own


def items() -> dict[str, Item]:
    """Return the registry: each app client, and each tenant that shares one."""
    found = {}
    for tenant_id, place in HOMES.items():
        shared = {"state": "ACTIVE", "target": target(place)}
        found[registry.client_key(place.pool, place.client)] = shared
        found[key_of(tenant_id, place)] = shared | {"tenantId": tenant_id}
    return found


def claims_of(registered: dict[str, Item], at: Place, name: str, **attributes: str | None) -> dict[str, str] | None:
    """Return the claims of a local user who signs in at an app client; None if there is no token."""
    said = {f"custom:{key}": value for key, value in attributes.items() if value is not None}
    where: Any = {"region": REGION, "userPoolId": at.pool, "callerContext": {"clientId": at.client}}
    sign_in = SignIn.from_event(event_of(said, userName=name, **where))

    def find(key: str) -> list[registry.Route]:
        return registry.in_force(registry.led_by(key, registered.get(key, {})))

    try:
        return token_claims.claims(find, sign_in)
    except RefusedError:
        return None


def owner(pool: str, said: str | None, name: str) -> str | None:
    """Return whose user it is: in a shared user pool by its id and its name, elsewhere by the user pool."""
    alone = next((tenant_id for tenant_id, home in HOMES.items() if (home.tier, home.pool) == ("silo", pool)), None)
    if alone:
        return alone if said in {alone, None} else None
    is_so = said in HOMES and HOMES[said].pool == pool and name.startswith(f"{said}/")
    return said if is_so else None


def everybody() -> Iterator[tuple[Place, str | None, str | None, str]]:
    """Return every app client with every user of its user pool: what the user says of tenant and tier, and its name."""
    yield from product(dict.fromkeys(HOMES.values()), SAID, TIERS, NAMES)


def test_a_user_gets_tokens_of_its_own_tenant_and_at_its_own_app_client_alone() -> None:
    """A tier that is wrong or missing neither opens another tenant's door nor shuts the user's own."""
    registered, let_in = items(), 0
    for at, said, tier, name in everybody():
        given = claims_of(registered, at, name, tenantId=said, tenantTier=tier)
        of = owner(at.pool, said, name)
        wanted = (of, at.tier) if of and HOMES[of] == at else None
        assert (given and (given["tenantId"], given["tenantTier"])) == wanted, (at, said, tier, name)
        let_in += given is not None
    assert let_in == len(TIERS) * (5 + 2 * 2 * len(NAMES))  # of shared user pools one name each, of silos any name


NEW_PLACES = {
    "to bridge, in its user pool": Place("bridge", OLD_POOL, "acme-own"),
    "to bridge, elsewhere": Place("bridge", OTHER_POOL, "acme-own"),
    "to silo": Place("silo", "us-east-1_ACME", "acme-own"),
    "to another shared user pool": Place("pool", OTHER_POOL, "shared2"),
}


def moving(new: Place, until: str) -> dict[str, Item]:
    """Return the registry while the pool tenant acme moves: its own keys lead to both places, its new client to it."""
    registered, old = items(), HOMES["acme"]
    both = {"state": "ACTIVE", "tenantId": "acme", "targets": [target(new), target(old, until)]}
    registered[registry.tenant_key("acme")] = both
    if new.tier != "pool":
        registered[key_of("acme", new)] = {"state": "ACTIVE", "tenantId": "acme", "target": target(new)}
    return registered


@pytest.mark.parametrize("new", NEW_PLACES.values(), ids=NEW_PLACES)
@pytest.mark.parametrize("tier", TIERS)
def test_while_a_tenant_moves_its_people_get_tokens_in_both_places(tier: str | None, new: Place) -> None:
    """Each with the tier of the place, whatever the one is that the user was made with and can never change."""
    registered, name = moving(new, LATER), NAMES[0]
    for at in (HOMES["acme"], new):
        given = claims_of(registered, at, name, tenantId="acme", tenantTier=tier)
        assert given
        assert (given["tenantId"], given["tenantTier"]) == ("acme", at.tier)


@pytest.mark.parametrize("new", NEW_PLACES.values(), ids=NEW_PLACES)
@pytest.mark.parametrize("until", [EARLIER, "soon"])
def test_the_old_place_gives_no_token_once_its_end_has_come_or_cannot_be_read(until: str, new: Place) -> None:
    registered, name = moving(new, until), NAMES[0]
    assert claims_of(registered, HOMES["acme"], name, tenantId="acme", tenantTier="pool") is None
    assert claims_of(registered, new, name, tenantId="acme", tenantTier="pool")


@pytest.mark.parametrize("new", NEW_PLACES.values(), ids=NEW_PLACES)
def test_moving_opens_no_door_to_anybody_else(new: Place) -> None:
    """Whoever is no user of acme gets the same as before, and nothing where acme goes."""
    before, during = items(), moving(new, LATER)
    for at, said, tier, name in everybody():
        if said != "acme":
            user = (at, name)
            after = claims_of(during, *user, tenantId=said, tenantTier=tier)
            assert after == claims_of(before, *user, tenantId=said, tenantTier=tier)
    strangers = [each for each in product(SAID, NAMES) if each[0] not in {"acme", None}]
    for said, name in strangers:
        given = claims_of(during, new, name, tenantId=said, tenantTier=new.tier)
        assert given is None or (new.tier, given["tenantId"]) == ("pool", "soylent")


def test_an_app_clients_key_that_leads_elsewhere_vouches_for_nobody() -> None:
    """One that leads to two places vouches for its own app client alone, as for the authorizer."""
    own, registered = HOMES["hooli"], items()
    key, strange = key_of("hooli", own), target(HOMES["initech"])
    registered[key] = {"state": "ACTIVE", "tenantId": "hooli", "targets": [strange, target(own, LATER)]}
    assert claims_of(registered, own, "hooli/jane", tenantId="hooli")
    registered[key]["targets"] = [strange]
    assert claims_of(registered, own, "hooli/jane", tenantId="hooli") is None
    registered[key]["targets"] = []
    assert claims_of(registered, own, "hooli/jane", tenantId="hooli") is None
