"""What was created in doubt is looked at once more, as a list that lags may have hidden a twin."""

import time
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from orchestrator.aws.errors import NOT_SEEN_YET, AmbiguousResourceError, OnboardingError, TransientError
from orchestrator.identity import shared_pools
from orchestrator.identity.lost_answers import LISTED_WITHIN_SECONDS, find_or_create
from orchestrator.operations import abandon, retry
from orchestrator.tenants import lifecycle, notes
from orchestrator.tenants.notes import MADE, MADE_AGAIN, Notes
from tests.unit import faults
from tests.unit.every_tier import CASES, OWN_CLIENT, SHARED_POOL, World, world
from tests.unit.identity.user_pools import app_clients, delete_pool, pools
from tests.unit.operations.undoing import Undoing, undoing

__all__ = ["undoing", "world"]

NOTHING: dict[str, Any] = {
    "ListUserPools": faults.answered(UserPools=[]),
    "ListUserPoolClients": faults.answered(UserPoolClients=[]),
}
CREATES = {"CreateUserPool": ("silo", "ListUserPools"), "CreateAppClient": ("bridge", "ListUserPoolClients")}
OPERATIONS = {"CreateUserPool": "CreateUserPool", "CreateAppClient": "CreateUserPoolClient"}
each_create = pytest.mark.parametrize("step", CREATES)


def lose(world: World, step: str, strike: Any = faults.lost_response) -> str:
    """Let a step's create take effect and its answer be lost, or what else strikes it; return the list to look at."""
    case, listing = CREATES[step]
    world.lead_to(step, CASES[case])
    with world.wire.strikes(OPERATIONS[step], strike), pytest.raises(TransientError):
        world.run(step)
    return listing


def there(world: World, step: str) -> list[str]:
    """Return the ids of what the step makes."""
    if step == "CreateUserPool":
        return pools(world.clients)
    pool_id = user_pools_id(world)
    listed = world.clients.cognito.list_user_pool_clients(UserPoolId=pool_id, MaxResults=60)["UserPoolClients"]
    return [each["ClientId"] for each in listed if each["ClientName"] == OWN_CLIENT]


def user_pools_id(world: World) -> str:
    (row,) = shared_pools.list_rows(world.clients, world.settings)
    return str(row["resources"]["userPoolId"])


@each_create
def test_two_of_a_kind_are_reported_and_not_taken_for_one(step: str, world: World) -> None:
    """The list lags until the second one is made."""
    listing = lose(world, step)
    with world.wire.strikes(listing, NOTHING[listing], times=2), pytest.raises(AmbiguousResourceError) as told:
        world.run(step)
    twins = there(world, step)
    assert len(twins) == 2
    assert all(twin in told.value.message for twin in twins)
    assert world.stack.record()["steps"][step]["status"] == "FAILED"


@each_create
@pytest.mark.parametrize("which", [0, 1])
def test_whichever_of_two_is_deleted_the_other_one_is_adopted(which: int, step: str, world: World) -> None:
    listing = lose(world, step)
    with world.wire.strikes(listing, NOTHING[listing], times=2), pytest.raises(AmbiguousResourceError):
        world.run(step)
    twins = there(world, step)
    if step == "CreateUserPool":
        delete_pool(world.clients, twins[which])
    else:
        pool_id = user_pools_id(world)
        world.clients.cognito.delete_user_pool_client(UserPoolId=pool_id, ClientId=twins[which])
    world.run(step)
    name = "userPoolId" if step == "CreateUserPool" else "appClientId"
    assert there(world, step) == [world.stack.record()["resources"][name]] == [twins[1 - which]]


@each_create
def test_what_no_list_shows_yet_is_waited_for_and_not_made_again(step: str, world: World) -> None:
    listing = lose(world, step, faults.unreachable)
    world.wire.attempts.clear()
    with world.wire.strikes(listing, NOTHING[listing], times=faults.ALWAYS):
        for _ in range(3):
            with pytest.raises(TransientError) as waiting:
                world.run(step)
            assert waiting.value.code == NOT_SEEN_YET
    assert world.wire.count(OPERATIONS[step]) == 1
    assert world.wire.count(listing) == 2 + 3
    world.run(step)
    assert world.wire.count(OPERATIONS[step]) == 1
    assert len(there(world, step)) == 1
    assert "notes" not in world.stack.record()["steps"][step]


def test_what_was_made_in_doubt_is_known_to_the_next_attempt_too(undoing: Undoing) -> None:
    lose_sight(undoing)
    undoing.fail()
    assert retry(undoing.world.clients, undoing.world.settings, "acme").attempt == 2
    undoing.run("CreateUserPool")
    assert undoing.world.wire.count("CreateUserPool") == 2
    assert pools(undoing.world.clients) == [undoing.record["resources"]["userPoolId"]]


def lose_sight(undoing: Undoing) -> str:
    """Let a user pool be made in doubt that no list shows; return its id."""
    undoing.world.claim(CASES["silo"])
    with undoing.world.wire.strikes("CreateUserPool", faults.unreachable), pytest.raises(TransientError):
        undoing.run("CreateUserPool")
    nothing = NOTHING["ListUserPools"]
    with undoing.world.wire.strikes("ListUserPools", nothing, times=faults.ALWAYS), pytest.raises(TransientError):
        undoing.run("CreateUserPool")
    made, _ = undoing.record["steps"]["CreateUserPool"]["notes"][MADE]
    return str(made)


def test_what_no_list_shows_is_removed_all_the_same(undoing: Undoing) -> None:
    made = lose_sight(undoing)
    undoing.fail()
    assert abandon(undoing.world.clients, undoing.world.settings, "acme").attempt == 2
    nothing = NOTHING["ListUserPools"]
    with undoing.world.wire.strikes("ListUserPools", nothing, times=faults.ALWAYS):
        assert undoing.undo() == lifecycle.ABANDONED, undoing.told
    assert made not in pools(undoing.world.clients)


def test_one_that_is_in_no_list_for_an_hour_is_not_there(undoing: Undoing) -> None:
    made = lose_sight(undoing)
    delete_pool(undoing.world.clients, made)
    steps = undoing.record["steps"]
    notes = steps["CreateUserPool"]["notes"]
    aged = notes | {MADE: [made, int(notes[MADE][1]) - LISTED_WITHIN_SECONDS - 1]}
    undoing.world.stack.change(steps=steps | {"CreateUserPool": steps["CreateUserPool"] | {"notes": aged}})
    undoing.run("CreateUserPool")
    assert pools(undoing.world.clients) == [undoing.record["resources"]["userPoolId"]]


def test_of_a_shared_user_pool_two_are_reported_too(world: World) -> None:
    world.claim(CASES["pool"])
    with world.wire.strikes("CreateUserPool", faults.lost_response), pytest.raises(TransientError):
        world.run("AssignSharedPool")
    nothing = NOTHING["ListUserPools"]
    with world.wire.strikes("ListUserPools", nothing, times=2), pytest.raises(AmbiguousResourceError) as told:
        world.run("AssignSharedPool")
    assert SHARED_POOL in told.value.message


def test_a_note_needs_the_lease(world: World) -> None:
    """Whoever has lost it writes nothing down, and ends so."""
    lose(world, "CreateUserPool")

    def meanwhile(request: AWSPreparedRequest) -> AWSResponse:
        entry = world.stack.record()["steps"]
        taken = entry["CreateUserPool"] | {"leaseOwner": "another"}
        world.stack.change(steps=entry | {"CreateUserPool": taken})
        return faults.answer(request)

    nothing = NOTHING["ListUserPools"]
    with (
        world.wire.strikes("ListUserPools", nothing, times=2),
        world.wire.strikes("CreateUserPool", meanwhile),
        pytest.raises(OnboardingError) as ended,
    ):
        world.run("CreateUserPool")
    assert ended.value.code == "LeaseLost"
    assert not ended.value.settled


def test_a_tenant_that_is_not_in_doubt_looks_at_no_list_and_notes_nothing(world: World) -> None:
    world.onboard(CASES["silo"])
    assert not [each for each in world.wire.operations() if each.startswith("List")]
    assert not [body for body in world.wire.bodies("UpdateItem") if "notes = " in body["UpdateExpression"]]
    assert app_clients(world.clients, world.stack.record()["resources"]["userPoolId"])


@each_create
def test_that_a_create_was_repeated_is_known_to_the_next_attempt_too(step: str, world: World) -> None:
    listing = lose(world, step)
    nothing, lost = world.wire.strikes(listing, NOTHING[listing], times=2), faults.lost_response
    with nothing, world.wire.strikes(OPERATIONS[step], lost), pytest.raises(TransientError):
        world.run(step)
    assert len(there(world, step)) == 2
    entry = world.stack.record()["steps"][step]
    assert MADE_AGAIN in notes.of(entry, time.time(), attempt=2, redrive=0)


def test_a_twin_is_reported_too_where_the_answer_of_the_second_create_was_lost_as_well() -> None:
    """The list shows the second one first: whoever finds it alone gives the first one its time to be shown."""
    shown, kept = iter([[], [], ["second"], ["second", "first"]]), Notes()

    def find_or_lose() -> str:
        return find_or_create(
            in_doubt=True, find=lambda: next(shown), create=lose_it, wait_seconds=3.0, what="it", notes=kept
        )

    def lose_it() -> str:
        raise TransientError("its answer was lost", settled=False)

    with pytest.raises(TransientError):
        find_or_lose()
    with pytest.raises(AmbiguousResourceError, match="There are 2 of it: second, first"):
        find_or_lose()


def test_the_only_one_that_is_shown_once_all_had_their_time_is_adopted(naps: list[float]) -> None:
    shown, kept = iter([[], [], ["first"], ["first"], [], ["first"]]), Notes()

    def lose_it() -> str:
        raise TransientError("it never arrived", settled=False)

    how: Any = {"in_doubt": True, "find": lambda: next(shown), "wait_seconds": 3.0, "what": "it", "notes": kept}
    with pytest.raises(TransientError):
        find_or_create(create=lose_it, **how)
    naps.clear()
    assert find_or_create(create=lose_it, **how) == "first"
    assert naps == [3.0] * 3


def test_a_twin_that_is_shown_later_than_what_was_made_after_it_is_reported_too() -> None:
    """No list needs to show first what was made first."""
    shown = iter([[], [], ["second"], ["second", "first"]])
    with pytest.raises(AmbiguousResourceError, match="There are 2 of it: second, first"):
        find_or_create(
            in_doubt=True,
            find=lambda: next(shown),
            create=lambda: "second",
            wait_seconds=3.0,
            what="it",
            notes=Notes(),
        )
