"""Cognito promises no read after create: what it does not show just after it was made is neither gone nor another's.

Each step that goes on building is tried again then, by the workflow; what is not shown for longer is gone.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from orchestrator.aws.errors import NOT_SEEN_YET, OnboardingError, TransientError
from orchestrator.tenants import records
from tests.unit import faults
from tests.unit.every_tier import CASES, World, world

__all__ = ["world"]

MISSING = faults.refused("ResourceNotFoundException", "It does not exist.")
NO_USER = faults.refused("UserNotFoundException", "User does not exist.")
NO_DOMAIN = faults.answered(DomainDescription={})
DENIED = faults.access_denied("cognito-idp")
TAKEN = faults.refused("InvalidParameterException", "Domain already associated with another user pool.")
Strike = Callable[..., Any]

EXISTS: dict[str, tuple[str, str, str, str, Strike]] = {
    "a domain": ("silo", "ConfigureUserPool", "CreateUserPoolDomain", "DescribeUserPoolDomain", NO_DOMAIN),
    "a group": ("pool", "CreateTenantGroup", "CreateGroup", "GetGroup", MISSING),
    "a user": ("pool", "CreateTenantAdmin", "AdminCreateUser", "AdminGetUser", NO_USER),
    "a provider": (
        "bridge with SAML",
        "CreateIdentityProviders",
        "CreateIdentityProvider",
        "DescribeIdentityProvider",
        MISSING,
    ),
    "a social provider": (
        "silo with social providers",
        "CreateIdentityProviders",
        "CreateIdentityProvider",
        "UpdateIdentityProvider",
        MISSING,
    ),
}
"""By what a lost answer made: a case, its step, the create, the read that does not show it, and what that says."""


def up_to(world: World, case: str, step: str) -> None:
    world.lead_to(step, CASES[case])


def code_of(world: World, step: str, *strikes: tuple[str, Strike]) -> str:
    """Run a step whose calls meet faults; return the code that it ends with."""
    with ExitStack() as struck:
        for operation, strike in strikes:
            struck.enter_context(world.wire.strikes(operation, strike))
        with pytest.raises(OnboardingError) as ended:
            world.run(step)
    return ended.value.code


@pytest.mark.parametrize("what", EXISTS)
def test_what_exists_and_is_not_shown_is_waited_for(what: str, world: World) -> None:
    """The SDK's repeat of a create whose answer was lost finds that it exists."""
    case, step, create, read, unseen = EXISTS[what]
    up_to(world, case, step)
    refused = [(create, TAKEN)] if what == "a domain" else []
    assert code_of(world, step, (create, faults.lost_response), *refused, (read, unseen)) == NOT_SEEN_YET
    world.run(step)
    assert world.stack.record()["steps"][step]["status"] == "DONE"


DIRECTLY_AFTER: list[tuple[str, str, str, Strike]] = [
    ("silo", "ConfigureUserPool", "SetUserPoolMfaConfig", MISSING),
    ("silo", "ConfigureUserPool", "SetUserPoolMfaConfig", DENIED),
    ("silo", "ConfigureUserPool", "CreateUserPoolDomain", MISSING),
    ("silo", "CreateTenantGroup", "CreateGroup", MISSING),
    ("pool", "CreateTenantGroup", "CreateGroup", MISSING),
    ("pool", "CreateTenantGroup", "CreateGroup", DENIED),
    ("bridge", "CreateAppClient", "CreateUserPoolClient", MISSING),
    ("pool", "CreateTenantAdmin", "AdminAddUserToGroup", MISSING),
    ("pool", "SendWelcomeEmail", "AdminSetUserPassword", NO_USER),
    (
        "bridge with SAML",
        "CreateAppClient",
        "CreateUserPoolClient",
        faults.refused("InvalidParameterException", "The provider 29747449-AcmeSSO does not exist for User Pool x."),
    ),
]
each_read = pytest.mark.parametrize(
    ("case", "step", "operation", "strike"),
    DIRECTLY_AFTER,
    ids=[f"{case}-{operation}-{number}" for number, (case, _, operation, _) in enumerate(DIRECTLY_AFTER)],
)


@each_read
def test_what_was_made_a_moment_ago_is_waited_for(
    case: str, step: str, operation: str, strike: Strike, world: World
) -> None:
    up_to(world, case, step)
    named = faults.refused("InvalidParameterException", f"The provider {provider_of(world)} does not exist")
    chosen = named if operation == "CreateUserPoolClient" and provider_of(world) else strike
    assert code_of(world, step, (operation, chosen)) == NOT_SEEN_YET
    world.run(step)


def provider_of(world: World) -> str:
    made = world.stack.record()["resources"].get("identityProviders", [])
    return made[0]["name"] if made else ""


@each_read
def test_what_was_made_longer_ago_is_gone(
    case: str, step: str, operation: str, strike: Strike, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    up_to(world, case, step)
    monkeypatch.setattr(records, "SHOWN_WITHIN_SECONDS", 0.0)
    assert code_of(world, step, (operation, strike)) != NOT_SEEN_YET


def test_a_user_that_this_very_try_made_is_waited_for_however_long_it_takes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    up_to(world, "pool", "CreateTenantAdmin")
    monkeypatch.setattr(records, "SHOWN_WITHIN_SECONDS", 0.0)
    assert code_of(world, "CreateTenantAdmin", ("AdminAddUserToGroup", NO_USER)) == NOT_SEEN_YET


def test_a_denial_after_something_was_made_in_the_user_pool_is_a_denial(world: World) -> None:
    up_to(world, "silo", "CreateTenantAdmin")
    assert code_of(world, "CreateTenantAdmin", ("AdminCreateUser", DENIED)) == "AccessDeniedException"


def test_a_shared_user_pool_that_has_been_open_for_long_is_no_new_one(world: World) -> None:
    world.onboard(CASES["pool"], "globex")
    (row,) = world.clients.dynamodb.scan(TableName="shared-pools")["Items"]
    steps: Any = row["steps"]
    steps["CreateAppClient"]["finishedAt"] = "2026-01-01T00:00:00.000Z"
    world.clients.dynamodb.put_item(TableName="shared-pools", Item=row | {"steps": steps})
    up_to(world, "pool", "CreateTenantGroup")
    assert code_of(world, "CreateTenantGroup", ("CreateGroup", DENIED)) == "AccessDeniedException"


@pytest.mark.parametrize("operation", ["SetUserPoolMfaConfig", "CreateUserPoolDomain", "CreateUserPoolClient"])
@pytest.mark.parametrize("strike", [MISSING, DENIED], ids=["missing", "denied"])
def test_a_shared_user_pool_that_is_being_opened_is_waited_for(operation: str, strike: Strike, world: World) -> None:
    world.claim(CASES["pool"])
    with world.wire.strikes(operation, strike), pytest.raises(TransientError) as ended:
        world.run("AssignSharedPool")
    assert ended.value.code == NOT_SEEN_YET
    world.run("AssignSharedPool")
