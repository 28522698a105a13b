"""`onboard emit` judges, sends and waits: what it was asked for is done, and how each event ended is said."""

import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli import emit
from orchestrator.onboarding.outcome import record_outcome
from orchestrator.tenants import lifecycle
from tests.unit.cli.advice import command_of
from tests.unit.cli.command_line import Run, document, run, stack, wrong_use
from tests.unit.conftest import tenant_created
from tests.unit.simulated_aws import Stack, arn_of, ended

__all__ = ["run", "stack"]

Write = Callable[[object], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return what puts an event into a file."""
    number = iter(range(100))

    def write(detail: object) -> Path:
        file = tmp_path / f"{next(number)}.json"
        file.write_text(json.dumps(detail), encoding="utf-8")
        return file

    return write


@pytest.fixture
def deliver(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let time pass in steps: with each look, the next of these things happens, which is told what is on the bus."""

    def deliver(*happen: Callable[[list[dict[str, Any]]], object]) -> None:
        left = list(happen)
        monkeypatch.setattr(time, "sleep", lambda _: left.pop(0)(stack.read_bus()))

    return deliver


def intake_of(stack: Stack) -> Callable[[list[dict[str, Any]]], None]:
    def take(bus: list[dict[str, Any]]) -> None:
        for event in bus:
            if event["detail-type"] == "TenantCreated":
                stack.receive(event["detail"], event["id"])

    return take


def test_only_to_check_sends_nothing_and_says_whether_all_would_be_taken(stack: Stack, run: Run, write: Write) -> None:
    good, bad = write(tenant_created()), write(tenant_created(tier="gold"))
    assert run("emit", "--check", good).out == "1 would be taken, as far as their content goes\n"
    ran = run("emit", "--check", good, bad, "--json")
    assert ran.code == 1
    first, second = json.loads(ran.out)["events"]
    assert (first["status"], first["reasons"], first["eventId"]) == (None, [], None)
    assert (second["status"], second["reasons"][0]["field"]) == (lifecycle.REJECTED, "tier")
    assert ran.err.splitlines()[-1] == "onboard: 1 of 2 would be rejected"
    assert stack.published("TenantCreated") == []


def test_an_event_comes_from_stdin(stack: Stack, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(tenant_created())))
    [told] = document(run("emit", "-", "--json"))["events"]
    assert (told["file"], told["tenantId"], told["status"]) == ("-", "acme", None)
    assert told["eventId"]
    assert stack.published("TenantCreated") == [tenant_created()]


@pytest.mark.parametrize("content", ["[1]", '"acme"', "null", "{}", "NaN"])
def test_what_is_no_event_is_refused_before_it_is_sent(stack: Stack, run: Run, tmp_path: Path, content: str) -> None:
    file = tmp_path / "event.json"
    file.write_text(content)
    ran = run("emit", file)
    assert (ran.code, ran.out) == (2 if content == "NaN" else 1, "")
    assert all(line.startswith("onboard: ") for line in ran.err.splitlines())
    assert stack.read_bus() == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--check", "--wait"), "--wait goes with events that are sent, not with --check"),
        (("--source", "aws.foo"), "--source aws.foo: EventBridge lets nobody but AWS speak as aws.*"),
    ],
)
def test_words_that_do_not_go_together_are_wrong_use(run: Run, write: Write, words: tuple[str, ...], says: str) -> None:
    assert wrong_use(run("emit", write(tenant_created()), *words)) == says


def test_who_waits_hears_of_a_tenant_that_completed(
    stack: Stack, run: Run, write: Write, deliver: Callable[..., None]
) -> None:
    deliver(intake_of(stack), lambda _: stack.change("acme", status=lifecycle.COMPLETED))
    file = write(tenant_created())
    ran = run("emit", file, "--wait")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == f"{file}: acme is COMPLETED"


def test_who_waits_hears_where_a_tenant_failed_and_what_to_do(
    stack: Stack, run: Run, write: Write, deliver: Callable[..., None]
) -> None:
    deliver(intake_of(stack), lambda _: record_outcome(stack.clients, stack.settings, ended(arn_of("acme"))))
    ran = run("emit", write(tenant_created()), "--wait", "--json")
    assert (ran.code, ran.err) == (1, "")
    [told] = json.loads(ran.out)["events"]
    assert (told["status"], told["failure"]["command"]) == (lifecycle.FAILED, "retry")


def test_who_waits_hears_every_reason_of_a_rejection(
    stack: Stack, run: Run, write: Write, deliver: Callable[..., None]
) -> None:
    deliver(intake_of(stack))
    ran = run("emit", write({"tenantId": "acme"}), "--wait", "--no-check")
    assert (ran.code, ran.err) == (1, "")
    assert "acme is REJECTED" in ran.out
    assert "\n  tier is required" in ran.out


def test_another_content_of_a_tenant_that_is_there_is_not_taken_for_it(
    stack: Stack, run: Run, write: Write, deliver: Callable[..., None]
) -> None:
    """The tenant's status is the answer to the event that made it."""
    stack.receive(tenant_created())
    stack.change("acme", status=lifecycle.COMPLETED)
    deliver(intake_of(stack))
    ran = run("emit", write(tenant_created(tenantName="Another")), "--wait")
    assert ran.code == 1
    assert "  tenantId is known already, from an event with another content, which holds" in ran.out


def test_the_same_event_again_has_the_answer_of_the_first(stack: Stack, run: Run, write: Write) -> None:
    stack.receive(tenant_created())
    stack.change("acme", status=lifecycle.COMPLETED)
    assert run("emit", write(tenant_created()), "--wait").code == 0


def test_who_waits_too_long_is_told_how_to_follow(
    stack: Stack, run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emit, "WAIT_SECONDS", -1)
    ran = run("emit", write(tenant_created()), "--wait")
    assert ran.code == 1
    assert ran.err == "onboard: 1 of 1 are still under way; follow one: onboard show acme --watch\n"
    stack.receive(tenant_created())
    stack.change("acme", status=lifecycle.COMPLETED)
    assert run(*command_of(ran.err.strip())).code == 0
    ran = run("emit", write({"tenantName": "Acme"}), "--wait", "--no-check")
    assert run(*command_of(ran.err.strip())).code == 0
    assert command_of(ran.err.strip()) == ["rejected"]


def test_a_file_that_was_given_twice_is_wrong_use(run: Run, write: Write) -> None:
    file = write(tenant_created())
    assert wrong_use(run("emit", file, file)) == "each file can be given once"
