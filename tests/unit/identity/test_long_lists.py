"""A list that takes longer than a function may run is looked through in several tries, each from where one stopped."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from orchestrator.aws.errors import TransientError
from orchestrator.identity.lists import look_through
from orchestrator.tenants import lifecycle
from orchestrator.tenants.notes import NOT_DONE_YET, Notes
from tests.unit import faults
from tests.unit.conftest import carry_out, turn
from tests.unit.every_tier import CASES, World, user_pools, world
from tests.unit.identity.user_pools import pools
from tests.unit.operations.undoing import Undoing, undoing

__all__ = ["undoing", "world"]

PAGES = 7
"""Of other user pools, before and after the pages that moto answers itself."""


def many(request: AWSPreparedRequest) -> AWSResponse:
    """List many other user pools; those that there are come on the last page."""
    asked = json.loads(request.body or b"{}")  # type: ignore[arg-type]  # no files here
    page = int(asked.get("NextToken", "page-0").removeprefix("page-"))
    if page < PAGES:
        others = [{"Id": f"eu-central-1_{page}x{number}", "Name": "another's"} for number in range(60)]
        return faults.answered(UserPools=others, NextToken=f"page-{page + 1}")(request)
    asked.pop("NextToken", None)
    request.body = json.dumps(asked).encode()
    return faults.answer(request)


def tokens(world: World) -> list[str]:
    return [body.get("NextToken", "page-0") for body in world.wire.bodies("ListUserPools")]


def lose_the_user_pool(world: World, strike: Callable[..., Any] = faults.lost_response) -> None:
    world.claim(CASES["silo"])
    with world.wire.strikes("CreateUserPool", strike), pytest.raises(TransientError):
        world.run("CreateUserPool")
    world.wire.attempts.clear()


def try_once(world: World, number: int, **which: Any) -> str:
    """Try the step in a function that has time for one page only; return the code it ends with, empty if done."""
    claim = turn("CreateUserPool", f"try-{number}", lease=1, **which)
    try:
        carry_out(world.clients, world.settings, "acme", claim)
    except TransientError as error:
        return error.code
    return ""


def test_each_try_goes_on_where_the_one_before_stopped(world: World) -> None:
    lose_the_user_pool(world)
    with world.wire.strikes("ListUserPools", many, times=faults.ALWAYS):
        ended = [try_once(world, number) for number in range(PAGES + 1)]
    assert ended == [NOT_DONE_YET] * PAGES + [""]
    assert tokens(world) == [f"page-{page}" for page in range(PAGES + 1)]
    assert world.stack.record()["resources"]["userPoolId"] in pools(world.clients)
    assert len(pools(world.clients)) == 1
    assert "notes" not in world.stack.record()["steps"]["CreateUserPool"]


def test_so_does_each_look_before_and_after_a_create(world: World) -> None:
    """Two before, one after, and no page is asked for twice within a look."""
    lose_the_user_pool(world, faults.unreachable)
    with world.wire.strikes("ListUserPools", many, times=faults.ALWAYS):
        ended = [try_once(world, number) for number in range(4 * PAGES)]
    assert (ended.index(""), world.wire.count("CreateUserPool")) == (3 * PAGES, 1)
    assert tokens(world) == [f"page-{page}" for page in range(PAGES + 1)] * 3
    assert len(pools(world.clients)) == 1


def test_a_place_that_cognito_knows_no_longer_is_given_up(world: World) -> None:
    lose_the_user_pool(world)
    with world.wire.strikes("ListUserPools", many, times=faults.ALWAYS):
        assert try_once(world, 0) == NOT_DONE_YET
    expired = faults.refused("InvalidParameterException", "Invalid pagination token.")
    with world.wire.strikes("ListUserPools", expired):
        assert try_once(world, 1) == ""
    assert len(pools(world.clients)) == 1


def test_another_attempt_begins_at_the_first_page(world: World) -> None:
    lose_the_user_pool(world)
    with world.wire.strikes("ListUserPools", many, times=faults.ALWAYS):
        assert try_once(world, 0) == NOT_DONE_YET
        world.stack.change(attempt=2)
        world.wire.attempts.clear()
        assert try_once(world, 1, attempt=2) == NOT_DONE_YET
    assert tokens(world) == ["page-0"]


def test_a_look_that_has_what_it_wants_asks_for_no_more(world: World) -> None:
    with world.wire.strikes("ListUserPools", many, times=faults.ALWAYS):
        operation = world.clients.cognito.list_user_pools
        found = look_through(operation, "UserPools", lambda pool: str(pool["Id"]), Notes(), most=1)
    assert (len(found), len(tokens(world))) == (60, 1)


def test_an_abandonment_tells_a_lost_user_pool_among_many(undoing: Undoing) -> None:
    undoing.fail_before(CASES["silo"], "SendWelcomeEmail")
    undoing.abandon()
    with undoing.world.wire.strikes("ListUserPools", many, times=faults.ALWAYS):
        assert undoing.undo() == lifecycle.FAILED
        assert undoing.told[-1].code == NOT_DONE_YET
        undoing.world.wire.attempts.clear()
        undoing.abandon()
        assert undoing.undo() == lifecycle.FAILED
    assert tokens(undoing.world) == [f"page-{page}" for page in range(4)]
    undoing.abandon()
    assert undoing.undo() == lifecycle.ABANDONED
    assert user_pools(undoing.world.clients) == {}
