"""A token is let in for its own tenant alone; whatever else is tried is refused, and asks nobody for keys it names."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.identity.user_pool_addresses import issuer
from orchestrator.tenants.ledger import timestamp
from tenant_onboarding.authorizer.key_sets import KeySets
from tenant_onboarding.authorizer.route_cache import RouteCache
from tenant_onboarding.authorizer.token_verifier import Identity, Reason, TokenVerifier
from tests.unit.conftest import REGION
from tests.unit.faults import Wire
from tests.unit.kept_aws import KeptAws
from tests.unit.tenant_onboarding.user_pools import (
    CLIENTS,
    DOMAIN,
    POOL_CLIENT,
    SILO,
    SILO_CLIENT,
    SUBJECT,
    TIERS,
    Door,
    open_door,
    routes,
    send,
    token_of,
    user_pool,
)

USES = ("access", "id")


@pytest.fixture
def door(clients: Clients, wire: Wire, kept: KeptAws) -> Iterator[Door]:
    with open_door(clients, wire, kept) as door:
        yield door


def route_of(key: str) -> dict[str, Any]:
    return next(item for item in routes() if item["routeKey"] == key)


@pytest.mark.parametrize("host", CLIENTS)
@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("tenant_id", CLIENTS)
def test_a_token_opens_its_own_tenants_host_and_no_other(tenant_id: str, use: str, host: str, door: Door) -> None:
    token = token_of(tenant_id, use)
    if host != tenant_id:
        assert door.reason(token, host) == Reason.OTHER_HOST
        return
    assert door.new().verify(token, f"{host}.{DOMAIN}") == Identity(
        tenant_id=tenant_id, tier=TIERS[tenant_id], role="admin", groups=(tenant_id,), user_id=SUBJECT, subject=SUBJECT
    )


@pytest.mark.parametrize("host", [f"ACME.{DOMAIN}", f"acme.{DOMAIN}.", f"acme.{DOMAIN}:8443"])
def test_a_host_may_be_written_as_browsers_do(host: str, door: Door) -> None:
    assert door.new().verify(token_of("acme"), host).tenant_id == "acme"


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "nobody",
        "later",
        "app.product.example",
        "acme.elsewhere.example",
        "acme.app.product.example.elsewhere.example",
        "a.acme.app.product.example",
        "acme.app.product.example:",
        "acme.app.product.example:443:443",
        "acme.app.product.example,globex.app.product.example",
        "globex.app.product.example@acme.app.product.example",
        "acme.app.product.example/",
        " acme.app.product.example",
        "\u212aacme.app.product.example",
        "a" * 5_000,
    ],
)
def test_any_other_host_is_nobodys(host: str | None, door: Door) -> None:
    reason, about = door.refusal(token_of("acme"), host)
    assert reason == Reason.UNKNOWN_HOST
    assert (about["tenantId"], about["user"]) == ("acme", SUBJECT)


def test_a_host_that_moved_to_another_app_client_is_not_its_old_ones(door: Door, clients: Clients) -> None:
    item = route_of("subdomain#hooli")
    item["target"] = item["target"] | {"appClientId": POOL_CLIENT}
    clients.dynamodb.put_item(TableName="routes", Item=item)
    assert door.reason(token_of("hooli"), "hooli") == Reason.OTHER_HOST


def test_a_route_of_no_tenant_is_nobodys_but_on_the_tier_that_shares_it(door: Door, clients: Clients) -> None:
    item = route_of(f"client#{SILO}#{CLIENTS['tyrell']}")
    del item["tenantId"]
    clients.dynamodb.put_item(TableName="routes", Item=item)
    assert door.reason(token_of("tyrell"), "tyrell") == Reason.OTHER_TENANT


def test_without_the_check_of_hosts_none_is_needed(door: Door) -> None:
    assert door.new(app_domain=None).verify(token_of("acme"), None).tenant_id == "acme"
    assert door.wire.operations() == ["GetItem", "GetItem"]


@pytest.mark.parametrize("app_domain", [None, DOMAIN])
def test_a_pool_tenant_that_is_not_there_is_let_in_nowhere(app_domain: str | None, door: Door) -> None:
    reason, about = door.refusal(token_of("acme", tenantId="initech"), app_domain=app_domain)
    assert (reason, about["tenantId"], about["user"]) == (Reason.UNKNOWN_TENANT, "initech", SUBJECT)


TENANT_ROUTES: dict[str, dict[str, Any]] = {
    "not active": {"state": "RESERVED"},
    "of another tenant": {"tenantId": "globex"},
    "in another user pool": {"target": {"userPoolId": SILO, "appClientId": POOL_CLIENT}},
    "with another app client": {"target": {"userPoolId": user_pool("acme"), "appClientId": CLIENTS["hooli"]}},
}


@pytest.mark.parametrize("changes", TENANT_ROUTES.values(), ids=TENANT_ROUTES)
def test_a_pool_tenants_own_route_must_be_active_and_lead_to_the_tokens_app_client(
    changes: dict[str, Any], door: Door, clients: Clients
) -> None:
    clients.dynamodb.put_item(TableName="routes", Item=route_of("tenant#acme") | changes)
    assert door.reason(token_of("acme"), app_domain=None) == Reason.UNKNOWN_TENANT


@pytest.mark.parametrize(
    ("tenant_id", "seconds", "reason"),
    [
        ("acme", -3_000, Reason.BEFORE_TENANT),
        ("acme", -32, Reason.BEFORE_TENANT),
        ("acme", -28, None),
        ("acme", 1, None),
        ("hooli", -3_000, None),
    ],
)
def test_a_token_from_before_the_tenant_is_of_whoever_had_the_id_then(
    tenant_id: str, seconds: int, reason: Reason | None, door: Door, clients: Clients
) -> None:
    """Not where the app client is the tenant's own: that goes with the tenant."""
    now = int(time.time())
    activated = {"activatedAt": timestamp(now - 100)}
    for key in ("tenant#acme", f"client#{user_pool('hooli')}#{CLIENTS['hooli']}"):
        clients.dynamodb.put_item(TableName="routes", Item=route_of(key) | activated)
    token = token_of(tenant_id, iat=now - 100 + seconds)
    if reason:
        assert door.reason(token, app_domain=None) == reason
    else:
        assert door.new(app_domain=None).verify(token, None).tenant_id == tenant_id


def test_the_tenants_route_is_asked_for_once_the_token_is_verified(door: Door) -> None:
    """So made-up tenants cost no reads."""
    forged = token_of("acme", tenantId="initech")[:-8] + "AAAAAAAA"
    assert door.reason(forged) == Reason.INVALID_TOKEN
    assert door.wire.operations() == ["GetItem"]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: token_of("hooli", tenantId="tyrell"), Reason.OTHER_TENANT),
        (lambda: token_of("hooli", tenantId="globex", tenantTier="pool"), Reason.OTHER_TENANT),
        (lambda: token_of("tyrell", tenantId="hooli"), Reason.OTHER_TENANT),
        (lambda: token_of("hooli", client_id=POOL_CLIENT), Reason.OTHER_TIER),
        (lambda: token_of("acme", tenantTier="silo"), Reason.OTHER_TIER),
        (lambda: token_of("acme", tenantTier=None), Reason.OTHER_TIER),
        (lambda: token_of("acme", tenantTier=["pool"]), Reason.OTHER_TIER),
        (lambda: token_of("acme", tenantId=None), Reason.NO_TENANT),
        (lambda: token_of("hooli", tenantId=None), Reason.NO_TENANT),
        (lambda: token_of("acme", tenantId=""), Reason.NO_TENANT),
        (lambda: token_of("acme", tenantId="ACME"), Reason.NO_TENANT),
        (lambda: token_of("acme", tenantId=["acme"]), Reason.NO_TENANT),
        (lambda: token_of("acme", tenantId=True), Reason.NO_TENANT),
        (lambda: token_of("acme", tenantRole=None), Reason.NO_TENANT),
        (lambda: token_of("acme", tenantRole=["admin"]), Reason.NO_TENANT),
    ],
)
def test_a_token_is_bound_to_its_app_clients_tenant(make: Callable[..., str], reason: Reason, door: Door) -> None:
    assert door.reason(make(), app_domain=None) == reason


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": -31}, Reason.EXPIRED),
        ({"exp": -3_600}, Reason.EXPIRED),
        ({"iat": 60}, Reason.NOT_YET_VALID),
        ({"nbf": 60}, Reason.NOT_YET_VALID),
    ],
)
def test_a_token_is_good_in_its_time_only(claims: dict[str, int], reason: Reason, door: Door) -> None:
    assert door.reason(token_of("acme", **{name: int(time.time()) + at for name, at in claims.items()})) == reason


def test_clocks_may_differ_a_little(door: Door) -> None:
    now = int(time.time())
    assert door.new().verify(token_of("acme", exp=now - 20, iat=now + 20, nbf=now + 20), f"acme.{DOMAIN}")


@pytest.mark.parametrize("claim", ["exp", "iat", "sub", "token_use"])
def test_a_token_without_a_claim_that_it_needs_is_invalid(claim: str, door: Door) -> None:
    assert door.reason(token_of("acme", **{claim: None})) == Reason.INVALID_TOKEN


@pytest.mark.parametrize(
    "claims", [{"exp": "soon"}, {"exp": float("nan")}, {"exp": float("inf")}, {"iat": []}, {"nbf": {}}, {"sub": 7}]
)
def test_a_claim_of_another_kind_is_invalid(claims: dict[str, Any], door: Door) -> None:
    assert door.reason(token_of("acme", **claims)) == Reason.INVALID_TOKEN


@pytest.mark.parametrize("use", USES)
def test_a_use_that_is_not_wanted_is_refused(use: str, door: Door) -> None:
    (other,) = set(USES) - {use}
    assert door.reason(token_of("acme", use), token_uses=[other]) == Reason.WRONG_USE


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("claimed", ["access", "id", "refresh", "", "ACCESS", ["access"], True])
def test_a_use_that_does_not_go_with_the_claim_of_the_app_client_is_refused(
    use: str, claimed: object, door: Door
) -> None:
    if claimed != use:
        assert door.reason(token_of("acme", use, token_use=claimed)) == Reason.WRONG_USE


@pytest.mark.parametrize("uses", [[], [""], ["access", ""], ["refresh"]])
def test_only_known_uses_can_be_wanted(uses: list[str], door: Door) -> None:
    with pytest.raises(ValueError, match="token uses"):
        door.new(token_uses=uses)


def test_without_keys_nobody_is_let_in(door: Door) -> None:
    door.keys.answer = lambda request: send(request, b"<html>", 200)
    reason, about = door.refusal(token_of("tyrell"), "tyrell")
    assert (reason, about["error"], about["tenantId"]) == (Reason.KEYS_UNAVAILABLE, "JSONDecodeError", "tyrell")


UPDATED = issuer(REGION, SILO).replace("https://", "https://issuer-")
"""The form of a user pool's issuer that Cognito recommends by now."""


def updated(clients: Clients) -> None:
    """Let the silo tenant's user pool have the newer issuer."""
    for key in (f"client#{SILO}#{SILO_CLIENT}", "subdomain#tyrell"):
        item = route_of(key)
        clients.dynamodb.put_item(TableName="routes", Item=item | {"target": item["target"] | {"issuer": UPDATED}})


def test_a_user_pool_may_have_either_form_of_issuer(door: Door, clients: Clients) -> None:
    """Its keys are fetched from where that issuer has them."""
    updated(clients)
    keys = KeySets(f"{door.keys.address}?of={{issuer}}")
    verifier = TokenVerifier(RouteCache(clients.registry, "routes"), keys, token_uses=USES, app_domain=DOMAIN)
    assert verifier.verify(token_of("tyrell", iss=UPDATED), f"tyrell.{DOMAIN}").tenant_id == "tyrell"
    assert door.keys.asked == [f"/{SILO}/jwks.json?of={UPDATED}"]


def test_the_form_is_the_one_that_the_registry_says(door: Door, clients: Clients) -> None:
    """Refused before any key is fetched, whichever of the two it is that is not the user pool's."""
    assert door.reason(token_of("tyrell", iss=UPDATED), "tyrell") == Reason.UNKNOWN_ISSUER
    updated(clients)
    assert door.reason(token_of("tyrell"), "tyrell") == Reason.UNKNOWN_ISSUER
    assert door.keys.asked == []


STATES = ("RESERVED", "UNVERIFIED", "SUSPENDED", "MOVING", "active", "", None, True)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (f"client#{user_pool('acme')}#{POOL_CLIENT}", Reason.UNKNOWN_CLIENT),
        ("tenant#acme", Reason.UNKNOWN_TENANT),
        ("subdomain#acme", Reason.UNKNOWN_HOST),
    ],
)
def test_a_route_in_a_state_that_is_not_known_leads_nowhere(
    state: object, key: str, reason: Reason, door: Door, clients: Clients
) -> None:
    item: Any = route_of(key) | {"state": state}
    clients.dynamodb.put_item(TableName="routes", Item=item)
    assert door.reason(token_of("acme")) == reason


@pytest.mark.parametrize("mark", [True, "true", 1, None, "no"])
@pytest.mark.parametrize("within", [True, False])
def test_an_app_client_for_the_deployment_alone_is_unknown_to_a_product(
    mark: object, within: bool, door: Door, clients: Clients
) -> None:
    """Whatever the mark is, but false, and whether the route has it or its target; no key is fetched."""
    item: Any = route_of(f"client#{SILO}#{SILO_CLIENT}")
    marked = {"target": item["target"] | {"internal": mark}} if within else {"internal": mark}
    clients.dynamodb.put_item(TableName="routes", Item=item | marked)
    assert door.refusal(token_of("tyrell"), "tyrell") == (Reason.UNKNOWN_CLIENT, {})
    assert door.keys.asked == []


def test_a_mark_that_says_no_marks_nothing(door: Door, clients: Clients) -> None:
    item: Any = route_of(f"client#{SILO}#{SILO_CLIENT}") | {"internal": False}
    clients.dynamodb.put_item(TableName="routes", Item=item)
    assert door.new().verify(token_of("tyrell"), f"tyrell.{DOMAIN}").tenant_id == "tyrell"


@pytest.mark.parametrize("use", USES)
def test_a_user_is_who_the_deployment_says_or_else_cognito(use: str, door: Door) -> None:
    ulid = "01JDXJ3Z5Y8V6W2K4M7N9P1Q3R"
    for claims, wanted in (({"userId": ulid}, ulid), ({}, SUBJECT)):
        identity = door.new().verify(token_of("acme", use, **claims), f"acme.{DOMAIN}")
        assert (identity.user_id, identity.subject) == (wanted, SUBJECT)


@pytest.mark.parametrize("user_id", ["", " ", "a b", "a\n", "u" * 129, "\u00e9", 7, True, ["id"], {"id": 1}])
def test_a_user_whose_id_is_no_id_is_not_let_in(user_id: object, door: Door) -> None:
    reason, about = door.refusal(token_of("acme", userId=user_id))
    assert (reason, about["error"]) == (Reason.INVALID_TOKEN, "userId")


def test_groups_are_those_of_the_token(door: Door) -> None:
    verifier = door.new(app_domain=None)
    assert verifier.verify(token_of("acme", **{"cognito:groups": None}), None).groups == ()
    assert verifier.verify(token_of("acme", **{"cognito:groups": ["acme", "staff"]}), None).groups == ("acme", "staff")


@pytest.mark.parametrize("tenant_id", CLIENTS)
def test_every_reason_of_a_refusal_names_ids_only(tenant_id: str, door: Door) -> None:
    reason, about = door.refusal(token_of(tenant_id, email="jane@acme.example", username="jane"), "nobody")
    assert reason == Reason.UNKNOWN_HOST
    assert about == {
        "userPoolId": user_pool(tenant_id),
        "appClientId": CLIENTS[tenant_id],
        "tenantId": tenant_id,
        "user": SUBJECT,
    }
