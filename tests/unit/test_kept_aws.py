"""An AWS that is given back is the one that was made; whatever could make a difference has it made anew."""

from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.steps import create_tenant_group
from orchestrator.tenants import records
from tests.unit import faults, kept_aws
from tests.unit.every_tier import CASES, World, user_pools, world
from tests.unit.kept_aws import KeptAws
from tests.unit.strict_cognito import Limits

__all__ = ["world"]


class Setup:
    """A tenant that is onboarded where AWS is not as it was then, and how often that was."""

    def __init__(self, world: World) -> None:
        self.times = 0
        self._world = world

    def __call__(self) -> dict[str, Any]:
        self.times += 1
        return dict(self._world._onboard(CASES["silo with OIDC and SAML"], "acme"))


@pytest.fixture
def setup(world: World) -> Setup:
    return Setup(world)


@pytest.fixture
def begin_anew(world: World, kept: KeptAws) -> Callable[[], None]:
    """Let AWS be as at the start of the test."""
    state = kept._state()
    assert state

    def begin_anew() -> None:
        world.wire.reset()
        world.secrets.clear()
        kept_aws._give_back(state)

    begin_anew()
    return begin_anew


def everything(world: World) -> list[Any]:
    """Return what there is in tables and user pools, and what the bus has carried since somebody looked."""
    queue = world.clients.sqs.get_queue_url(QueueName="published")["QueueUrl"]
    heard = world.clients.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    return [world.stack.items(), world.stack.routes(), user_pools(world.clients), [each["Body"] for each in heard]]


def test_what_is_given_back_is_what_was_made_and_what_passed_the_wire(
    world: World, setup: Setup, kept: KeptAws, begin_anew: Callable[[], None]
) -> None:
    found = []
    for _ in range(3):
        begin_anew()
        record = kept.once(setup, setup)
        passed = list(world.wire.attempts)
        found.append((record, passed, everything(world)))
        world.onboard(CASES["pool"], "globex")
        world.clients.dynamodb.delete_item(TableName="tenants", Key={"tenantId": "acme", "item": "RECORD"})
    assert setup.times == 1
    assert found[0] == found[1] == found[2]
    record, passed, (items, *_) = found[0]
    assert record["resources"]["userPoolId"]
    assert len(passed) > 30
    assert items["acme", "RECORD"] == record


def test_where_aws_is_another_it_is_made_anew(
    world: World, setup: Setup, kept: KeptAws, begin_anew: Callable[[], None]
) -> None:
    kept.once(setup, setup)
    begin_anew()
    world.clients.dynamodb.put_item(TableName="routes", Item={"routeKey": "code#OTHER"})
    kept.once(setup, setup)
    assert setup.times == 2


def test_anything_else_is_made_anew(setup: Setup, kept: KeptAws, begin_anew: Callable[[], None]) -> None:
    kept.once(setup, setup)
    begin_anew()
    kept.once("anything else", setup)
    assert setup.times == 2


def test_under_a_fault_it_is_made_anew(
    setup: Setup, kept: KeptAws, wire: faults.Wire, begin_anew: Callable[[], None]
) -> None:
    kept.once(setup, setup)
    begin_anew()
    with wire.strikes("CreateGroup", faults.throttled) as fault:
        kept.once(setup, setup)
    assert (setup.times, fault.struck) == (2, 1)


def test_under_other_quotas_it_is_made_anew(setup: Setup, kept: KeptAws, begin_anew: Callable[[], None]) -> None:
    kept.once(setup, setup)
    begin_anew()
    kept.rules.limits = Limits(groups=500)
    kept.once(setup, setup)
    assert setup.times == 2


def test_with_other_code_it_is_made_anew(
    setup: Setup, kept: KeptAws, begin_anew: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.once(setup, setup)
    begin_anew()
    monkeypatch.setattr(create_tenant_group, "act", create_tenant_group.act)
    kept.once(setup, setup)
    assert setup.times == 2


def test_with_another_figure_it_is_made_anew_and_with_the_same_one_given_back(
    setup: Setup, kept: KeptAws, begin_anew: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.once(setup, setup)
    for times, seconds in ((2, 0.5), (2, 0.5), (3, 0.25)):
        begin_anew()
        monkeypatch.setattr(records, "SHOWN_WITHIN_SECONDS", seconds)
        kept.once(setup, setup)
        assert setup.times == times


def test_where_user_pools_are_used_by_their_tag_it_is_made_anew(
    setup: Setup, kept: KeptAws, begin_anew: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.once(setup, setup)
    begin_anew()
    monkeypatch.setattr(kept.rules, "by_tag", True)
    kept.once(setup, setup)
    assert setup.times == 2


def test_what_is_old_is_made_anew(setup: Setup, kept: KeptAws, begin_anew: Callable[[], None]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_aws, "MOST_SECONDS", -1)
        kept.once(setup, setup)
    begin_anew()
    kept.once(setup, setup)
    assert setup.times == 2
