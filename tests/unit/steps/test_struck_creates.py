"""Whatever happens to a call that makes something, there is exactly one of everything in the end."""

from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.aws.errors import OnboardingError, TransientError
from orchestrator.tenants import records
from tests.unit import faults
from tests.unit.conftest import REGION, carry_out, turn
from tests.unit.every_tier import CASES, OWN_CLIENT, SHARED_POOL, SILO_POOL, Case, World, until_done, user_pools, world
from tests.unit.identity.user_pools import delete_pool

__all__ = ["world"]

FAULTS: dict[str, tuple[Callable[..., Any], int]] = {
    "a lost response": (faults.lost_response, 1),
    "two lost responses in a row": (faults.lost_response, 2),
    "an error inside AWS after the effect": (faults.server_error_after_effect, 1),
    "a death after the effect": (faults.death_after, 1),
    "throttling": (faults.throttled, 3),
    "a denial": (faults.access_denied("cognito-idp"), 1),
}
WITHOUT_EFFECT = ("throttling", "a denial")
STRUCK: list[tuple[str, str, str, int]] = [
    ("silo with OIDC and SAML", "CreateUserPool", "CreateUserPool", 0),
    ("silo with OIDC and SAML", "ConfigureUserPool", "SetUserPoolMfaConfig", 0),
    ("silo with OIDC and SAML", "ConfigureUserPool", "CreateUserPoolDomain", 0),
    ("silo", "ConfigureUserPool", "CreateUserPoolClient", 0),
    ("silo with OIDC and SAML", "CreateIdentityProviders", "CreateIdentityProvider", 0),
    ("silo with OIDC and SAML", "CreateIdentityProviders", "CreateIdentityProvider", 1),
    ("silo", "CreateAppClient", "CreateUserPoolClient", 0),
    ("bridge with SAML", "CreateIdentityProviders", "CreateIdentityProvider", 0),
    ("bridge with SAML", "CreateAppClient", "CreateUserPoolClient", 0),
    ("bridge", "RegisterRouting", "TransactWriteItems", 0),
]
"""A case, a step of its path, and an operation of that step which is struck after so many of them passed."""
WITHOUT_NATURAL_KEY = ("CreateUserPool", "CreateUserPoolClient")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("case", "step", "operation", "spare"), STRUCK)
def test_whatever_happens_to_a_create_the_repeat_leads_to_exactly_one_of_everything(
    case: str, step: str, operation: str, spare: int, fault: str, world: World
) -> None:
    path = world.lead_to(step, CASES[case])
    world.wire.attempts.clear()
    strike, times = FAULTS[fault]
    with world.wire.strikes(operation, strike, times=times, spare=spare) as struck:
        for name in path[path.index(step) : path.index("SendWelcomeEmail")]:
            until_done(world.run, name)
    assert struck.struck >= 1
    listed = world.wire.count("ListUserPools") + world.wire.count("ListUserPoolClients")
    in_doubt = operation in WITHOUT_NATURAL_KEY or (step, fault) == ("ConfigureUserPool", "a death after the effect")
    assert bool(listed) == (in_doubt and fault not in WITHOUT_EFFECT)
    exactly_one_of_everything(CASES[case], world)


def exactly_one_of_everything(case: Case, world: World) -> None:
    """Assert that there is what acme needs, once, and nothing beside, and that the record and its route say so."""
    record = world.stack.record()
    assert set(user_pools(world.clients)) == {SILO_POOL if case.tier == "silo" else SHARED_POOL}
    (pool,) = user_pools(world.clients).values()
    assert set(pool["clients"]) == {OWN_CLIENT} | ({SHARED_POOL} if case.tier == "bridge" else set())
    assert (pool["groups"], pool["users"], pool["providers"]) == ({"acme"}, case.users, case.provider_names)
    resources = record["resources"]
    assert (resources["userPoolId"], resources["appClientId"]) == (pool["id"], pool["clients"][OWN_CLIENT])
    assert pool["server"] == resources.get("serverClientId", pool["server"])
    assert resources["domain"] == f"{pool['domain']}.auth.{REGION}.amazoncognito.com"
    assert {each["name"] for each in resources.get("identityProviders", [])} == case.provider_names
    configured: Any = world.clients.cognito.get_user_pool_mfa_config(UserPoolId=pool["id"])
    assert configured["MfaConfiguration"] == "OPTIONAL"
    holders = {key: route.get("tenantId") for key, route in world.stack.routes().items() if key.startswith("client#")}
    assert holders == {
        f"client#{pool['id']}#{pool['server']}": "acme" if case.tier == "silo" else None,
        f"client#{pool['id']}#{resources['appClientId']}": "acme",
    }


@pytest.mark.parametrize(
    ("case", "step", "operation"),
    [
        ("silo", "CreateUserPool", "CreateUserPool"),
        ("silo", "CreateAppClient", "CreateUserPoolClient"),
        ("bridge", "CreateAppClient", "CreateUserPoolClient"),
    ],
)
@pytest.mark.parametrize("strike", [faults.lost_response, faults.throttled, faults.server_error])
def test_the_sdk_never_repeats_a_create_without_a_natural_key(
    case: str, step: str, operation: str, strike: Callable[..., Any], world: World
) -> None:
    world.lead_to(step, CASES[case])
    world.wire.attempts.clear()
    with world.wire.strikes(operation, strike, times=faults.ALWAYS), pytest.raises(OnboardingError):
        world.run(step)
    assert world.wire.count(operation) == 1


@pytest.mark.parametrize("tenant_id", ["shared-001", "silo-xyz", "tenant-xyz"])
@pytest.mark.parametrize(
    ("tier", "step", "operation"),
    [
        ("silo", "CreateUserPool", "CreateUserPool"),
        ("silo", "ConfigureUserPool", "CreateUserPoolClient"),
        ("silo", "CreateAppClient", "CreateUserPoolClient"),
        ("bridge", "CreateAppClient", "CreateUserPoolClient"),
    ],
)
def test_a_tenant_in_doubt_takes_nothing_of_a_shared_user_pool_or_another_tenant_whatever_its_name(
    tenant_id: str, tier: str, step: str, operation: str, world: World
) -> None:
    """Its create never arrived, so all that it could adopt is others'."""
    others = {"globex": "pool", "abc": "bridge", "xyz": "silo"}

    def place() -> None:
        for other, its_tier in others.items():
            placed = world.claim(CASES[its_tier], other)
            world.run(*placed[: placed.index("CreateTenantAdmin")], tenant_id=other)

    world.once("three others", place)
    path = world.claim(CASES[tier], tenant_id)
    world.run(*path[: path.index(step)], tenant_id=tenant_id)
    with world.wire.strikes(operation, faults.unreachable, times=1) as struck, pytest.raises(TransientError):
        world.run(step, tenant_id=tenant_id)
    assert struck.struck == 1
    taken = {value for other in others for value in world.stack.record(other)["resources"].values()}
    world.run(*path[path.index(step) : path.index("CreateTenantAdmin")], tenant_id=tenant_id)
    resources = world.stack.record(tenant_id)["resources"]
    assert resources["appClientId"] not in taken
    assert (resources["userPoolId"] in taken) == (tier == "bridge")
    assert world.wire.count("ListUserPools" if operation == "CreateUserPool" else "ListUserPoolClients") == 3


def test_another_stack_of_the_same_name_does_not_lose_its_user_pool_to_this_one(world: World) -> None:
    """A stack that was deleted leaves its protected user pools behind."""
    world.onboard(CASES["silo"])
    (left,) = user_pools(world.clients).values()
    for table in ("tenants", "routes"):
        for item in world.clients.dynamodb.scan(TableName=table)["Items"]:
            names = ("tenantId", "item") if table == "tenants" else ("routeKey",)
            world.clients.dynamodb.delete_item(TableName=table, Key={name: item[name] for name in names})
    anew = world.settings.model_copy(update={"deployment_id": "2a3b"})
    path = world.claim(CASES["silo"])
    with world.wire.strikes("CreateUserPool", faults.unreachable), pytest.raises(TransientError):
        carry_out(world.clients, anew, "acme", turn(path[0], "anew-1"))
    carry_out(world.clients, anew, "acme", turn(path[0], "anew-2"))
    assert world.stack.record()["resources"]["userPoolId"] != left["id"]


def test_a_user_pool_that_was_deleted_before_its_next_step_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "SHOWN_WITHIN_SECONDS", 0.0)
    path = world.claim(CASES["silo"])
    world.run(path[0])
    delete_pool(world.clients, world.stack.record()["resources"]["userPoolId"])
    with pytest.raises(OnboardingError) as refused:
        world.run(path[1])
    assert type(refused.value).__name__ == "ResourceMissingError"
