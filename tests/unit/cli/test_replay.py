"""`onboard replay` lets archived events of a time go to intake's rule alone, and says what becomes of the replay."""

import json
import re
from typing import Any

import boto3
import pytest

from orchestrator.cli import replay
from orchestrator.operations import deployment
from tests.unit.cli.command_line import Run, refusal, run, stack
from tests.unit.faults import lost_response, preceded_by
from tests.unit.simulated_aws import Stack

__all__ = ["run", "stack"]

ASKED = ("replay", "--since", "2026-01-15T09:00", "--until", "2026-01-15T11:00", "--yes")
PATTERN = json.dumps({"detail-type": ["TenantCreated"]})
RULE = "TenantOnboarding-TenantCreated1A2B3C4D-X"
ARCHIVE = "TenantOnboarding-BusArchive1A2B3C4D-X"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "POLL_SECONDS", 0)


@pytest.fixture
def archived(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A stack with intake's rule, somebody else's, and the archive."""
    monkeypatch.setattr(deployment, "find", lambda _: (stack.clients, stack.settings))
    for name in (RULE, "of-somebody-else"):
        stack.clients.events.put_rule(Name=name, EventBusName=stack.settings.event_bus, EventPattern=PATTERN)
    keep(stack, ARCHIVE)
    return stack


def bus(stack: Stack) -> str:
    return stack.clients.events.describe_event_bus(Name=stack.settings.event_bus)["Arn"]


def keep(stack: Stack, archive: str) -> None:
    stack.clients.events.create_archive(ArchiveName=archive, EventSourceArn=bus(stack), EventPattern=PATTERN)


def replays() -> list[Any]:
    events = boto3.client("events")
    return [events.describe_replay(ReplayName=each["ReplayName"]) for each in events.list_replays()["Replays"]]


def test_a_replay_goes_from_the_stacks_archive_to_intakes_rule_alone(archived: Stack, run: Run) -> None:
    keep(archived, "of-somebody-else")
    ran = run(*ASKED)
    assert ran.code == 0
    (made,) = replays()
    (rule,) = archived.clients.events.list_rules(EventBusName=archived.settings.event_bus, NamePrefix=RULE)["Rules"]
    assert made["Destination"] == {"Arn": bus(archived), "FilterArns": [rule["Arn"]]}
    assert made["EventSourceArn"].endswith(f":archive/{ARCHIVE}")
    assert made["EventStartTime"].isoformat().startswith("2026-01-15T09:00")
    assert made["EventEndTime"].isoformat().startswith("2026-01-15T11:00")
    assert ran.out == f"{made['ReplayName']}: is COMPLETED; for what was rejected see: onboard rejected\n"
    assert "Events of 2026-01-15T09:00:00Z to 2026-01-15T11:00:00Z go from the archive to intake" in ran.err
    assert "repeats are recognised" in ran.err
    assert run("rejected").code == 0


def test_each_replay_has_a_name_of_its_own(archived: Stack, run: Run) -> None:
    assert [run(*ASKED).code for _ in range(2)] == [0, 0]
    names = {each["ReplayName"] for each in replays()}
    assert len(names) == 2
    assert all(re.fullmatch(r"onboard-[0-9]{8}-[0-9]{6}-[0-9a-f]{8}", each) for each in names)


def test_a_replay_whose_start_was_not_answered_is_followed_and_not_made_twice(archived: Stack, run: Run) -> None:
    with archived.wire.strikes("StartReplay", lost_response):
        ran = run(*ASKED, "--json")
    assert ran.code == 0
    (made,) = replays()
    assert json.loads(ran.out).items() >= {"replay": made["ReplayName"], "state": "COMPLETED"}.items()


def test_who_does_not_wait_is_told_how_to_follow(archived: Stack, run: Run) -> None:
    with archived.wire.strikes("DescribeReplay", preceded_by(lambda: end_as("RUNNING"))):
        ran = run(*ASKED, "--no-wait")
    (made,) = replays()
    name = made["ReplayName"]
    assert (ran.code, ran.out) == (
        0,
        f"{name}: is RUNNING; follow it: aws events describe-replay --replay-name {name}\n",
    )


def test_a_replay_that_runs_is_asked_for_until_it_has_ended(archived: Stack, run: Run) -> None:
    states = ["STARTING", "RUNNING", "COMPLETED"]
    goes_on = preceded_by(lambda: end_as(states.pop(0)))
    with archived.wire.strikes("DescribeReplay", goes_on, times=len(states)):
        ran = run(*ASKED)
    assert states == []
    assert (ran.code, "is COMPLETED" in ran.out) == (0, True)


def test_a_replay_that_lasts_is_followed_elsewhere(archived: Stack, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "WAIT_SECONDS", -1)
    with archived.wire.strikes("DescribeReplay", preceded_by(lambda: end_as("RUNNING"))):
        ran = run(*ASKED)
    (made,) = replays()
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith(f"under way; follow it: aws events describe-replay --replay-name {made['ReplayName']}\n")


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_a_replay_that_did_not_complete_is_a_failure(archived: Stack, run: Run, state: str) -> None:
    with archived.wire.strikes("DescribeReplay", preceded_by(lambda: end_as(state))):
        ran = run(*ASKED)
    assert (ran.code, ran.out) == (1, "")
    assert f"is {state}: EventBridge does not say why" in ran.err


def end_as(state: str) -> None:
    """Let the replay that there is be in a state."""
    from moto.events.models import ReplayState, events_backends  # what no API of EventBridge sets

    (made,) = events_backends["123456789012"]["eu-central-1"].replays.values()
    made.state = ReplayState[state]


def off(stack: Stack) -> None:
    stack.clients.events.disable_rule(Name=RULE, EventBusName=stack.settings.event_bus)


def gone(stack: Stack) -> None:
    stack.clients.events.delete_rule(Name=RULE, EventBusName=stack.settings.event_bus)


def unarchived(stack: Stack) -> None:
    boto3.client("events").delete_archive(ArchiveName=ARCHIVE)


def two_of_ours(stack: Stack) -> None:
    keep(stack, "TenantOnboarding-Another")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (off, f"the rule {RULE} is off, so a replay would reach nobody; turn it on first"),
        (gone, "the rule of intake is gone, to which a replay would go; deploy the stack first"),
        (unarchived, "this stage keeps no archive, as its archiveDays is 0: emit what was lost again"),
        (two_of_ours, f"which of its archives is the stack's cannot be told: TenantOnboarding-Another, {ARCHIVE}"),
    ],
)
def test_what_cannot_be_replayed_is_said_and_nothing_starts(archived: Stack, run: Run, spoil: Any, says: str) -> None:
    spoil(archived)
    assert refusal(run(*ASKED)) == says
    assert replays() == []


def test_nothing_is_replayed_unasked(archived: Stack, run: Run) -> None:
    ran = run(*ASKED[:-1])
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith("onboard: a replay onboards whoever is not known: give --yes\n")
    assert replays() == []


def test_whoever_asks_for_the_last_minutes_hears_that_they_may_be_missing(archived: Stack, run: Run) -> None:
    assert "may not be in the archive yet" in run("replay", "--since", "2h", "--until", "5m", "--yes").err
    assert "may not be in the archive yet" not in run("replay", "--since", "2h", "--until", "1h", "--yes").err


def test_a_replay_is_one_document(archived: Stack, run: Run) -> None:
    ran = run(*ASKED, "--json")
    said = json.loads(ran.out)
    assert said["since"] == "2026-01-15T09:00:00Z"
    assert said.keys() == {"replay", "archive", "rule", "since", "until", "state", "replayedUntil"}
