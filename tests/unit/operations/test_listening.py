"""Whoever listens hears what comes out of the stack, and leaves nothing behind, however it ends."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice
from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.cli import exit_status
from orchestrator.operations import listening
from orchestrator.operations.listening import HELD_UNTIL, HOLD_SECONDS, RENEW_SECONDS, SLOTS, ListeningError
from orchestrator.tenants.events import put
from tenant_onboarding.names import SOURCE
from tests.unit.cli.command_line import Run, refusal, run, stack
from tests.unit.faults import DeathError, Wire, death_after, lost_response, refused, unreachable
from tests.unit.simulated_aws import Stack

__all__ = ["run", "stack"]

NOW = 1_800_000_000.0
CALLS = ("CreateQueue", "GetQueueAttributes", "PutRule", "PutTargets", "ReceiveMessage")
"""What a listener calls before the first event, in turn."""


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def listen(clients: Clients, settings: Settings, clock: Clock) -> Callable[..., Any]:
    """Begin to listen, with the clock of the test."""
    return lambda tenant_id=None: listening.listening(clients, settings, tenant_id, clock)


def left(clients: Clients, settings: Settings) -> tuple[list[str], list[str]]:
    """Return the rules and queues of slots that there are."""
    rules = clients.events.list_rules(EventBusName=settings.event_bus)["Rules"]
    urls = clients.sqs.list_queues().get("QueueUrls", [])
    queues = [url.rpartition("/")[2] for url in urls]
    return sorted(each["Name"] for each in rules if "listen" in each["Name"]), sorted(
        each for each in queues if "listen" in each
    )


def say(clients: Clients, settings: Settings, tenant_id: str = "acme", kind: str = "TenantAbandoned") -> None:
    detail = {"tenantId": tenant_id, "tier": "pool", "attempt": 1, "eventKey": f"{tenant_id}:{kind}:1:0"}
    put(clients.events, settings.event_bus, source=SOURCE, detail_type=kind, detail=json.dumps(detail))


def heard(events: Iterator[dict[str, Any]], number: int) -> list[tuple[str, str]]:
    return [(each["detail-type"], each["detail"]["tenantId"]) for each in islice(events, number)]


def test_a_listener_hears_each_kind_that_comes_out_and_nothing_that_names_people(
    clients: Clients, settings: Settings, listen: Callable[..., Any]
) -> None:
    with listen() as events:
        say(clients, settings, kind="TenantCreated")
        for kind in listening.DETAIL_TYPES:
            say(clients, settings, kind=kind)
        assert heard(events, len(listening.DETAIL_TYPES)) == [(kind, "acme") for kind in listening.DETAIL_TYPES]


def test_a_listener_to_one_tenant_hears_that_one_alone(
    clients: Clients, settings: Settings, listen: Callable[..., Any]
) -> None:
    with listen("globex") as events:
        for tenant_id in ("acme", "globex", "acme", "globex"):
            say(clients, settings, tenant_id)
        assert heard(events, 2) == [("TenantAbandoned", "globex")] * 2


def test_listeners_hear_the_same_each_by_a_slot_of_its_own(
    clients: Clients, settings: Settings, listen: Callable[..., Any]
) -> None:
    with listen() as one, listen() as other:
        say(clients, settings)
        assert heard(one, 1) == heard(other, 1) == [("TenantAbandoned", "acme")]


def test_the_queue_takes_from_its_rule_alone_is_encrypted_and_keeps_nothing_for_long(
    clients: Clients, settings: Settings, listen: Callable[..., Any]
) -> None:
    with listen():
        url = clients.sqs.get_queue_url(QueueName=f"{settings.stack_name}-listen-1")["QueueUrl"]
        found = clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        rule = clients.events.describe_rule(Name="listen-1", EventBusName=settings.event_bus)["Arn"]
    assert (found["SqsManagedSseEnabled"], int(found["MessageRetentionPeriod"])) == ("true", listening.KEPT_SECONDS)
    allowed, denied = json.loads(found["Policy"])["Statement"]
    assert allowed["Resource"] == denied["Resource"] == found["QueueArn"]
    assert (allowed["Effect"], allowed["Principal"]) == ("Allow", {"Service": "events.amazonaws.com"})
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": rule}}
    assert (denied["Effect"], denied["Principal"]) == ("Deny", "*")
    assert denied["Condition"] == {"ArnNotEquals": {"aws:SourceArn": rule}}


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_whatever_ends_a_listener_its_rule_and_queue_are_gone(
    error: type[BaseException], clients: Clients, settings: Settings, listen: Callable[..., Any]
) -> None:
    def stop(_: object) -> None:
        assert left(clients, settings) == (["listen-1"], [f"{settings.stack_name}-listen-1"])
        raise error

    with pytest.raises(error), listen() as events:
        stop(events)
    assert left(clients, settings) == ([], [])


@pytest.mark.parametrize("call", CALLS)
def test_a_listener_that_is_killed_after_any_call_leaves_what_the_next_one_removes_once_it_has_ended(
    call: str, clients: Clients, settings: Settings, listen: Callable[..., Any], clock: Clock, wire: Wire
) -> None:
    with ExitStack() as faults:
        faults.enter_context(wire.strikes(call, death_after))
        if call != "GetQueueAttributes":  # the first call of what tidies up, which a killed one never comes to
            faults.enter_context(wire.strikes("GetQueueAttributes", death_after, spare=1))
        with pytest.raises(DeathError), listen() as events:
            next(events)
    (queue,) = (f"{settings.stack_name}-listen-1",)
    assert left(clients, settings)[1] == [queue]
    clock.now += HOLD_SECONDS - 1
    assert listening.remove_ended(clients, settings, clock) == []
    clock.now += 1
    with listen() as events:
        say(clients, settings)
        assert heard(events, 1) == [("TenantAbandoned", "acme")]
    assert left(clients, settings) == ([], [])


@pytest.mark.parametrize("call", ["RemoveTargets", "DeleteRule", "DeleteQueue"])
@pytest.mark.parametrize("fault", [death_after, unreachable, lost_response, refused("AccessDenied")])
def test_what_could_not_be_removed_is_removed_by_the_next_listener(
    call: str, fault: Any, clients: Clients, settings: Settings, listen: Callable[..., Any], clock: Clock, wire: Wire
) -> None:
    with ExitStack() as ended:
        ended.enter_context(wire.strikes(call, fault, times=3))
        if fault is death_after:
            ended.enter_context(pytest.raises(DeathError))
        ended.enter_context(listen())
    clock.now += HOLD_SECONDS
    listening.remove_ended(clients, settings, clock)
    assert left(clients, settings) == ([], [])


def test_a_rule_that_lost_its_queue_is_removed(
    clients: Clients, settings: Settings, listen: Callable[..., Any], clock: Clock
) -> None:
    with listen():
        url = clients.sqs.get_queue_url(QueueName=f"{settings.stack_name}-listen-1")["QueueUrl"]
        clients.sqs.delete_queue(QueueUrl=url)
        listening.remove_ended(clients, settings, clock)
        assert left(clients, settings) == ([], [])


def test_so_many_listen_at_once_and_one_more_is_told_to_wait(
    clients: Clients, settings: Settings, listen: Callable[..., Any]
) -> None:
    with ExitStack() as listeners:
        for _ in range(SLOTS):
            listeners.enter_context(listen())
        with pytest.raises(ListeningError, match=f"all {SLOTS} places to listen are taken"):
            listeners.enter_context(listen())
        assert len(left(clients, settings)[1]) == SLOTS
    assert left(clients, settings) == ([], [])


def test_a_name_that_sqs_does_not_give_again_yet_is_passed_over(
    clients: Clients, settings: Settings, listen: Callable[..., Any], wire: Wire
) -> None:
    """SQS refuses the name of a queue for a minute after it was deleted."""
    recently = refused("AWS.SimpleQueueService.QueueDeletedRecently")
    with wire.strikes("CreateQueue", recently), listen():
        assert left(clients, settings)[0] == ["listen-2"]


def test_a_slot_of_somebody_who_was_faster_is_left_to_them(
    clients: Clients, settings: Settings, listen: Callable[..., Any]
) -> None:
    """Also where SQS answers with the queue that is there instead of refusing."""
    name = f"{settings.stack_name}-listen-1"
    clients.sqs.create_queue(QueueName=name, Attributes={"Policy": json.dumps({"Id": "somebody", "Statement": []})})
    with listen():
        assert left(clients, settings)[0] == ["listen-2"]
    assert left(clients, settings) == ([], [name])


def test_a_queue_that_sqs_does_not_show_yet_is_ones_own(
    clients: Clients, settings: Settings, listen: Callable[..., Any], wire: Wire
) -> None:
    unseen = refused("AWS.SimpleQueueService.NonExistentQueue")
    with wire.strikes("GetQueueAttributes", unseen), listen():
        assert left(clients, settings)[0] == ["listen-1"]
    assert left(clients, settings) == ([], [])


def test_nothing_outside_the_slots_and_no_queue_without_an_end_is_touched(
    clients: Clients, settings: Settings, listen: Callable[..., Any], clock: Clock
) -> None:
    others = ["listen-0", f"listen-{SLOTS + 1}", "listener"]
    for each in others:
        clients.events.put_rule(Name=each, EventBusName=settings.event_bus, EventPattern='{"source": ["billing"]}')
        ended = {HELD_UNTIL: "0"}
        clients.sqs.create_queue(QueueName=f"{settings.stack_name}-{each}", tags=ended)
    mine = f"{settings.stack_name}-listen-2"
    clients.sqs.create_queue(QueueName=mine)
    before = left(clients, settings)
    with listen():
        pass
    listening.remove_ended(clients, settings, clock)
    assert left(clients, settings) == before
    assert mine in before[1]


def test_as_long_as_it_listens_its_slot_does_not_end(
    clients: Clients, settings: Settings, listen: Callable[..., Any], clock: Clock, wire: Wire
) -> None:
    with listen() as events:
        for _ in range(2 * HOLD_SECONDS // RENEW_SECONDS):
            clock.now += RENEW_SECONDS
            say(clients, settings)
            assert next(events)
            assert listening.remove_ended(clients, settings, clock) == []
    assert wire.count("TagQueue") == 2 * HOLD_SECONDS // RENEW_SECONDS


def test_a_listener_that_slept_past_its_end_says_so_and_leaves_the_slot_to_who_has_it_now(
    clients: Clients, settings: Settings, listen: Callable[..., Any], clock: Clock
) -> None:
    with ExitStack() as awake:
        with listen() as events:
            clock.now += HOLD_SECONDS
            other = awake.enter_context(listen())
            with pytest.raises(ListeningError, match="slept"):
                next(events)
        assert left(clients, settings)[0] == ["listen-1"]
        say(clients, settings)
        assert heard(other, 1) == [("TenantAbandoned", "acme")]


def test_events_that_eventbridge_does_not_deliver_are_an_error(
    clients: Clients, settings: Settings, listen: Callable[..., Any], wire: Wire
) -> None:
    failed = refused("", status=200, FailedEntryCount=1, FailedEntries=[{"ErrorMessage": "no such queue"}])
    with wire.strikes("PutTargets", failed), pytest.raises(ListeningError, match="no such queue"), listen():
        pass
    assert left(clients, settings) == ([], [])


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_tells_each_event_in_a_line_and_ctrl_c_ends_it(
    as_json: bool, stack: Stack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoken(*_: object) -> Iterator[dict[str, Any]]:
        for detail_type, detail in TOLD.items():
            yield {"time": "2026-01-31T12:00:07Z", "detail-type": detail_type, "detail": detail}
        raise KeyboardInterrupt

    monkeypatch.setattr(listening, "_events", spoken)
    ran = run("listen", *(["--json"] if as_json else []))
    assert (ran.code, ran.err) == (exit_status.INTERRUPTED, "Listening. Ctrl-C ends it.\n")
    lines = ran.out.splitlines()
    if as_json:
        assert [json.loads(each)["detail"] for each in lines] == list(TOLD.values())
    else:
        assert lines == [
            "12:00:07  TenantOnboardingStarted  acme on pool, attempt 1",
            "12:00:07  TenantOnboarded  acme on pool, user pool eu-central-1_A, app client a1",
            "12:00:07  TenantOnboardingFailed  acme at CreateUserPool: QuotaExceededError: full. Raise it.",
            "12:00:07  TenantOnboardingRejected  tenantId is required; tier is required",
            "12:00:07  TenantSeatsChanged  acme has 12 seats",
            "12:00:07  SharedPoolNearlyFull  shared-001: 8 of 10 groups",
        ]
    assert left(stack.clients, stack.settings) == ([], [])


TOLD: dict[str, dict[str, Any]] = {
    "TenantOnboardingStarted": {"tenantId": "acme", "tier": "pool", "attempt": 1},
    "TenantOnboarded": {"tenantId": "acme", "tier": "pool", "userPoolId": "eu-central-1_A", "appClientId": "a1"},
    "TenantOnboardingFailed": {
        "tenantId": "acme",
        "step": "CreateUserPool",
        "error": "QuotaExceededError",
        "message": "full.",
        "nextAction": "Raise it.",
    },
    "TenantOnboardingRejected": {
        "tenantId": None,
        "reasons": [
            {"field": "tenantId", "message": "is required"},
            {"field": "tier", "message": "is required"},
        ],
    },
    "TenantSeatsChanged": {"tenantId": "acme", "seats": 12, "number": 7},
    "SharedPoolNearlyFull": {"poolKey": "shared-001", "count": 8, "limit": 10, "counter": "groups"},
}


def test_the_command_removes_what_was_left_behind_and_says_what(stack: Stack, run: Run) -> None:
    assert run("listen", "--clean").out == "nothing to remove\n"
    name = f"{stack.settings.stack_name}-listen-3"
    stack.clients.sqs.create_queue(QueueName=name, tags={HELD_UNTIL: "0"})
    assert run("listen", "--clean").out == f"removed {name}\n"
    assert left(stack.clients, stack.settings) == ([], [])


def test_the_command_says_what_may_still_be_in_use_and_when_it_can_be_removed(stack: Stack, run: Run) -> None:
    """A listener that was killed looks like one that listens, until its time is over."""
    with ExitStack() as listeners:
        for _ in range(2):
            listeners.enter_context(listening.listening(stack.clients, stack.settings))
        says = "2 may still be in use; what was killed can be removed in 5 minutes\n"
        assert run("listen", "--clean").out == says
        name = f"{stack.settings.stack_name}-listen-3"
        stack.clients.sqs.create_queue(QueueName=name, tags={HELD_UNTIL: "0"})
        assert run("listen", "--clean").out == f"removed {name}\n{says}"


def test_one_listener_too_many_is_one_line(stack: Stack, run: Run) -> None:
    with ExitStack() as listeners:
        for _ in range(SLOTS):
            listeners.enter_context(listening.listening(stack.clients, stack.settings))
        assert refusal(run("listen")).startswith(f"all {SLOTS} places to listen are taken")
