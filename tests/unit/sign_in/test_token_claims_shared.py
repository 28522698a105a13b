"""Where tenants share a user pool or an app client: the registry has the tenant there, and names say the same."""

import json
from typing import Any

import pytest

from tests.unit.sign_in.token_events import (
    PROVIDER,
    acme,
    claims,
    federated,
    identity,
    reason,
    route,
    tenant_route,
    user,
)


@pytest.mark.parametrize(
    ("tenant", "why"),
    [
        (None, "UnknownTenant"),
        (tenant_route(userPoolId="us-east-1_OTHER"), "TenantOfAnotherAppClient"),
        (tenant_route(appClientId="other"), "TenantOfAnotherAppClient"),
        (tenant_route(region="eu-west-1"), "TenantOfAnotherAppClient"),
        (tenant_route(tenantId="globex"), "TenantOfAnotherAppClient"),
        (tenant_route(tenantId=None), "TenantOfAnotherAppClient"),
    ],
)
def test_a_tenant_that_the_registry_has_not_at_the_shared_app_client_gets_no_token(
    tenant: dict[str, Any] | None, why: str
) -> None:
    assert reason(user("pool"), route("pool"), tenant=tenant) == why


@pytest.mark.parametrize("tier", ["bridge", "silo"])
def test_a_tenants_own_app_client_needs_no_route_of_the_tenant(tier: str) -> None:
    assert claims(user(tier), route(tier), tenant=None) == acme(tier)


STRANGE_NAMES = [
    "globex/jane@acme.example",
    "jane@acme.example",
    "acme",
    "acme2/jane",
    "acmejane",
    " acme/jane",
    "",
    "/",
]


@pytest.mark.parametrize("tier", ["pool", "bridge"])
@pytest.mark.parametrize("name", STRANGE_NAMES)
def test_in_a_shared_user_pool_a_local_users_name_says_the_same_tenant(tier: str, name: str) -> None:
    assert reason(user(tier), route(tier), name=name) == "UserNameOfAnotherTenant"
    assert claims(user(tier), route(tier), name="ACME/Jane@acme.example") == acme(tier)


@pytest.mark.parametrize("name", STRANGE_NAMES)
def test_a_name_has_no_say_in_a_tenants_own_user_pool_nor_where_a_provider_gave_it(name: str) -> None:
    assert claims(user("silo"), route("silo"), name=name) == acme("silo")
    assert claims(federated(identity(PROVIDER)), route(), name=name) == acme("bridge")


def test_a_local_user_with_a_linked_identity_still_bears_the_tenants_name() -> None:
    linked = json.dumps([identity(PROVIDER, primary=False)])
    assert reason(user("bridge", identities=linked), route(), name="globex/jane") == "UserNameOfAnotherTenant"
