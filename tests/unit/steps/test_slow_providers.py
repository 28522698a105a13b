"""Identity providers take their time: each that is made is noted, and the next try goes on with the others."""

from typing import Any

import pytest

from orchestrator import operations
from orchestrator.aws.errors import TransientError
from orchestrator.onboarding.outcome import record_outcome
from orchestrator.steps.create_identity_providers import MADE_SO_FAR
from orchestrator.tenants.notes import NOT_DONE_YET
from tests.unit import faults
from tests.unit.conftest import carry_out, turn
from tests.unit.every_tier import CASES, World, world
from tests.unit.simulated_aws import arn_of, ended

__all__ = ["world"]

CASE = CASES["silo with social providers"]
STEP = "CreateIdentityProviders"
BEFORE = ("CreateUserPool", "ConfigureUserPool", "CreateTenantGroup")


@pytest.fixture
def before(world: World) -> World:
    """A tenant whose providers are to be made next."""
    world.claim(CASE)
    world.run(*BEFORE)
    world.wire.attempts.clear()
    return world


def made(world: World) -> list[str]:
    return [body["ProviderName"] for body in world.wire.bodies("CreateIdentityProvider")]


def try_once(world: World, number: int, **which: Any) -> None:
    """Try the step in a function that has time for one provider only."""
    carry_out(
        world.clients,
        world.settings,
        "acme",
        turn(STEP, f"try-{number}", lease=1, **which),
    )


def test_each_try_makes_what_is_left(before: World) -> None:
    for number in range(3):
        with pytest.raises(TransientError) as stopped:
            try_once(before, number)
        assert stopped.value.code == NOT_DONE_YET
    try_once(before, 3)
    assert sorted(made(before)) == sorted(CASE.provider_names)
    entry = before.stack.record()["steps"][STEP]
    assert (entry["status"], "notes" in entry) == ("DONE", False)
    assert {each["name"] for each in before.stack.record()["resources"]["identityProviders"]} == CASE.provider_names


def test_a_function_that_dies_loses_one_at_most(before: World) -> None:
    with before.wire.strikes("CreateIdentityProvider", faults.death_after, spare=2), pytest.raises(faults.DeathError):
        before.run(STEP)
    steps_then = before.stack.record()["steps"]
    assert len(steps_then[STEP]["notes"][MADE_SO_FAR]) == 2
    before.stack.change(steps=steps_then | {STEP: steps_then[STEP] | {"leaseUntil": 1}})
    before.run(STEP)
    first, second, third, *again = made(before)
    assert again[0] == third
    assert {first, second, *again} == CASE.provider_names
    assert len(again) == 2


def test_another_attempt_gives_each_its_secret_anew(before: World) -> None:
    """An operator may have mended it."""
    with pytest.raises(TransientError):
        try_once(before, 0)
    record_outcome(before.clients, before.settings, ended(arn_of()))
    assert operations.retry(before.clients, before.settings, "acme").attempt == 2
    before.run(STEP, attempt=2)
    assert len(made(before)) == 1 + len(CASE.providers)
    assert before.wire.count("UpdateIdentityProvider") == 1


def test_a_single_provider_costs_no_call_more(world: World) -> None:
    world.claim(CASES["bridge with SAML"])
    world.run("AssignSharedPool", "CreateTenantGroup")
    world.wire.attempts.clear()
    world.run(STEP)
    assert world.wire.operations() == ["UpdateItem", "GetItem", "CreateIdentityProvider", "UpdateItem"]
