"""Who becomes a user on the deployed template: the function is asked, at each tenant, and says what the tenant says."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from handlers.pre_sign_up import REFUSAL
from orchestrator.local import saml_provider
from orchestrator.routing import routes
from orchestrator.tenants import open_sign_up
from tests.e2e.social import Resources, ask, social
from tests.e2e.world import World, federated, tenant


@pytest.fixture(scope="module")
def tenants(running_world: World) -> dict[str, Resources]:
    """What is a tenant's, by its id: one that says each word, and one with a provider of its own."""
    details = [
        social(running_world, "joins-open", "OPEN"),
        social(running_world, "joins-domains", "EMAIL_DOMAINS"),
        social(running_world, "joins-invited", "INVITE_ONLY"),
        federated("joins-company"),
        tenant("joins-shared"),
    ]
    return {detail["tenantId"]: running_world.onboard(detail)["resources"] for detail in details}


def test_of_these_tenants_the_open_one_alone_is_found_to_be(everything: World, tenants: dict[str, Resources]) -> None:
    """Other tests' tenants may be open, too."""
    stack = everything.stack
    found = open_sign_up.tenants(stack.clients.dynamodb, stack.settings.tenants_table)
    assert tenants.keys() & set(found) == {"joins-open"}


def test_a_social_providers_people_come_in_as_their_tenant_says(
    everything: World, tenants: dict[str, Resources]
) -> None:
    stranger = "jane@elsewhere.example"
    found = {name: ask(everything, tenants[name], stranger) for name in tenants if name != "joins-company"}
    assert found == {name: None if name == "joins-open" else REFUSAL for name in found}


def test_an_address_at_the_tenants_domain_counts_once_that_is_verified(
    everything: World, tenants: dict[str, Resources]
) -> None:
    own, settings = tenants["joins-domains"], everything.stack.settings
    at_domain = "jane@joins-domains.example"
    assert ask(everything, own, at_domain) == REFUSAL
    key = "domain#joins-domains.example"
    item: Any = {"routeKey": key, "tenantId": "joins-domains", "state": "ACTIVE", "target": {}}
    everything.stack.clients.dynamodb.put_item(TableName=settings.routes_table, Item=item)
    assert ask(everything, own, at_domain) is None
    assert ask(everything, own, at_domain, verified="false") == REFUSAL
    assert ask(everything, tenants["joins-invited"], at_domain) == REFUSAL


def test_who_is_invited_comes_in_there_and_nowhere_else(everything: World, tenants: dict[str, Resources]) -> None:
    invited = "jane@invited.example"
    own = tenants["joins-invited"]
    action = routes.invitation(
        table=everything.stack.settings.routes_table,
        tenant_id="joins-invited",
        user_pool_id=own["userPoolId"],
        address=invited,
        until="2099-01-01T00:00:00.000Z",
        now="2026-01-01T00:00:00.000Z",
    )
    everything.stack.clients.dynamodb.transact_write_items(TransactItems=[action])  # type: ignore[list-item]  # the stubs' TypedDict
    assert ask(everything, own, invited) is None
    assert ask(everything, tenants["joins-domains"], invited) == REFUSAL


def test_cognito_asks_for_a_companys_people_and_they_come_in(everything: World, tenants: dict[str, Resources]) -> None:
    own, endpoint = tenants["joins-company"], everything.stack.ministack.endpoint
    callback = "https://joins-company.app.example/auth/callback"
    redirect = saml_provider.authorize(endpoint, own, callback)
    signed_in = saml_provider.sign_in(endpoint, own, callback, redirect, "jane@joins-company.example")
    assert signed_in.bindings[0]["tenantId"] == "joins-company"


def test_nobody_signs_up_by_a_call_of_his_own(everything: World, tenants: dict[str, Resources]) -> None:
    """Also where the emulator does not mind that only administrators may make users."""
    shared = tenants["joins-shared"]
    with pytest.raises(ClientError, match=REFUSAL):
        boto3.client("cognito-idp").sign_up(
            ClientId=shared["appClientId"], Username="stranger", Password="Correct-Horse-Battery-1"
        )
