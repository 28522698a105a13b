"""What a tenant's people type leads to what signing in needs; everything else to the same nothing."""

from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.routing import routes
from tenant_onboarding.authorizer import registry, resolver
from tenant_onboarding.authorizer.resolver import By
from tests.unit.every_tier import CASES, World, world
from tests.unit.faults import Wire
from tests.unit.tenant_onboarding.resolver_inputs import FOUND, MALFORMED, UNKNOWN, cases

__all__ = ["world"]


def put(clients: Clients, key: str, **fields: Any) -> None:
    item: Any = {"routeKey": key, "tenantId": "acme", "state": registry.ACTIVE, "target": {}} | fields
    clients.dynamodb.put_item(TableName="routes", Item=item)


@pytest.mark.parametrize(("by", "value"), cases(FOUND))
def test_it_leads_there_whatever_its_case_by_one_read(
    by: By, value: str, clients: Clients, settings: Settings, wire: Wire
) -> None:
    for key in ("subdomain#acme", "domain#acme.example", "code#ACME-42"):
        put(clients, key, target={"issuer": "https://i.example"}, override={"by": "somebody", "reason": "because"})
    wire.attempts.clear()
    found = resolver.find(clients.dynamodb, settings, by, value)
    assert found
    assert (found["tenantId"], found["issuer"]) == ("acme", "https://i.example")
    assert found.keys() == {*resolver.TOLD, "identityProvider", "tokenUse"}
    assert wire.operations() == ["GetItem"]


@pytest.mark.parametrize(
    "address", ["admin@bücher.example", "admin@BÜCHER.Example", "admin@Xn--bcher-kva.example", "a@bu\u0308cher.example"]
)
def test_an_address_leads_there_in_whatever_spelling_its_domain_is(
    address: str, clients: Clients, settings: Settings
) -> None:
    put(clients, "domain#xn--bcher-kva.example", target={"issuer": "https://i.example"})
    found = resolver.find(clients.dynamodb, settings, "email", address)
    assert found
    assert found["tenantId"] == "acme"


@pytest.mark.parametrize(("by", "value"), cases(MALFORMED))
def test_what_is_malformed_leads_nowhere_and_costs_no_read(
    by: By, value: str, clients: Clients, settings: Settings, wire: Wire
) -> None:
    assert resolver.find(clients.dynamodb, settings, by, value) is None
    assert wire.operations() == []


@pytest.mark.parametrize("by", resolver.WAYS)
def test_an_unknown_and_a_reserved_key_get_the_same_answer(
    by: By, clients: Clients, settings: Settings, wire: Wire
) -> None:
    value = UNKNOWN[by]
    unknown = resolver.find(clients.dynamodb, settings, by, value)
    key = resolver.route_key(settings.app_domain, by, value)
    assert key
    put(clients, key, state=routes.RESERVED)
    wire.attempts.clear()
    assert (unknown, resolver.find(clients.dynamodb, settings, by, value)) == (
        None,
        None,
    )
    assert wire.operations() == ["GetItem"]


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("pool", "{tenantId}/{email}"),
        ("bridge with SAML", "{tenantId}/{email}"),
        ("silo", "{email}"),
        ("silo with OIDC and SAML", "{email}"),
    ],
)
def test_an_onboarded_tenant_is_found_with_all_that_signing_in_needs(name: str, template: str, world: World) -> None:
    record = world.onboard(CASES[name])
    resources = record["resources"]
    providers = [each["name"] for each in resources.get("identityProviders", [])]
    found = resolver.find(
        world.clients.dynamodb,
        world.settings,
        "host",
        "acme.app.product.example",
    )
    assert found == {
        "tenantId": "acme",
        **{key: resources[key] for key in ("region", "userPoolId", "appClientId", "issuer", "domain")},
        "signInAddress": "https://acme.app.product.example",
        "userNameTemplate": template,
        "identityProviders": providers,
        "identityProvider": providers[0] if len(providers) == 1 else None,
        "tokenUse": "access",
    }
    if "adminUsername" in resources:
        email = record["admin"]["email"]
        assert found["userNameTemplate"].format(tenantId="acme", email=email) == resources["adminUsername"]


def test_the_shared_app_clients_route_knows_no_tenant(world: World) -> None:
    record = world.onboard(CASES["pool"])
    resources = record["resources"]
    route = world.stack.routes()[registry.client_key(resources["userPoolId"], resources["appClientId"])]
    assert route["target"].keys() == set(routes.OF_SHARED_CLIENT)
