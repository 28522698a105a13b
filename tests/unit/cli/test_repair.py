"""Retrying many from the command line: which, how fast, what is said, and how it ends."""

import io
import json
import time
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from orchestrator import operations
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.cli import terminal
from orchestrator.cli.times import moment
from orchestrator.operations import Retried, bulk_retries, deployment
from orchestrator.operations.bulk_retries import ERRORS, STEPS, Which
from orchestrator.tenants import tiers
from orchestrator.tenants.ledger import timestamp
from tenant_onboarding.contracts.fields import TIERS
from tests.unit.cli.command_line import Run, document, fail, run, stack, wrong_use
from tests.unit.conftest import tenant_created
from tests.unit.faults import ALWAYS, refused
from tests.unit.kept_aws import KeptAws
from tests.unit.simulated_aws import LONG_AGO, Stack
from tests.unit.start_keys import strict

__all__ = ["run", "stack"]

WRITES = ("TransactWriteItems", "UpdateItem", "PutItem", "StartExecution", "RedriveExecution", "PutEvents")
FAILURES = {
    "old": ("CreateTenantGroup", "ThrottledError", LONG_AGO),
    "denied": ("CreateTenantGroup", "ConfigurationError", "2026-02-01T00:00:00.000Z"),
    "unsent": ("SendWelcomeEmail", "ConfigurationError", "2026-03-01T00:00:00.000Z"),
    "late": ("SendWelcomeEmail", "ThrottledError", "2026-04-01T00:00:00.000Z"),
}
"""Tenants by name: where, why and when they failed, the oldest first."""


@pytest.fixture
def four(stack: Stack, kept: KeptAws, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A stack with four tenants that failed, and one that runs."""

    def let_fail() -> None:
        for tenant_id, (step, error, since) in reversed(FAILURES.items()):
            fail(stack, tenant_id)
            failure = stack.record(tenant_id)["failure"] | {"step": step, "error": error}
            stack.change(tenant_id, failure=failure, statusChangedAt=since)
        stack.receive(tenant_created("running"), "event-running")

    kept.once("four that failed, and one that runs", let_fail)
    stack.wire.attempts.clear()
    monkeypatch.setattr(deployment, "Clients", lambda _: stack.clients)
    return stack


def retried(ran: Any) -> list[str]:
    return [line.split(":")[0] for line in ran.out.splitlines()[:-1]]


# Which


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), ["old", "denied", "unsent", "late"]),
        (("--step", "CreateTenantGroup"), ["old", "denied"]),
        (("--error", "ThrottledError"), ["old", "late"]),
        (("--error", "ThrottledError", "--step", "SendWelcomeEmail"), ["late"]),
        (("--since", "2026-02-01"), ["denied", "unsent", "late"]),
        (("--since", "2026-02-01T00:00:00.001Z"), ["unsent", "late"]),
        (("--limit", "2"), ["old", "denied"]),
        (("--limit", "1", "--error", "ConfigurationError"), ["denied"]),
        (("--error", "QuotaExceededError"), []),
        (("--error", "States.Runtime"), []),
    ],
)
def test_all_that_failed_are_retried_the_oldest_first_or_those_that_are_meant(
    four: Stack, run: Run, options: tuple[str, ...], expected: list[str]
) -> None:
    ran = run("retry", "--all-failed", *options)
    assert (ran.code, ran.err) == (0, "")
    assert retried(ran) == expected
    number = len(expected)
    assert ran.out.splitlines()[-1] == (f"{number} of {number} retried" if expected else "no such tenant FAILED")
    assert {name for name in FAILURES if four.record(name)["attempt"] == 2} == set(expected)
    assert four.record("running")["attempt"] == 1


def test_tenants_whose_abandonment_failed_are_not_meant(four: Stack, run: Run) -> None:
    four.change("unsent", failure=four.record("unsent")["failure"] | {"step": "RemoveAppClient"})
    assert "unsent" not in retried(run("retry", "--all-failed"))


def test_those_that_fail_again_meanwhile_are_not_retried_for_ever(
    four: Stack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were not listed at the beginning, or failed after it."""
    fail_again = bulk_retries.failed(four.clients, four.settings, Which(until=timestamp(time.time())))
    four.change("old", statusChangedAt=timestamp(time.time() + 60))
    assert sorted(fail_again) == sorted(FAILURES)
    assert retried(run("retry", "--all-failed")) == ["denied", "unsent", "late"]


def test_the_pages_of_the_index_are_read_on_and_nothing_is_scanned(
    four: Stack, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = four.clients.dynamodb.query
    monkeypatch.setattr(four.clients.dynamodb, "query", lambda **of: query(**of, Limit=1))
    found = bulk_retries.failed(four.clients, settings, Which(until=timestamp(time.time())))
    assert found == list(FAILURES)
    assert set(four.wire.operations()) == {"Query"}
    four.wire.attempts.clear()
    two = bulk_retries.failed(four.clients, settings, Which(until=timestamp(time.time())), limit=2)
    assert two == ["old", "denied"]
    assert four.wire.count("Query") == 2


def test_the_pages_go_on_among_those_that_failed_at_the_very_last_moment_meant(
    four: Stack, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DynamoDB goes on from no end of a range that a query runs towards."""
    query, last = four.clients.dynamodb.query, timestamp(time.time())
    for name in FAILURES:
        four.change(name, statusChangedAt=last)
    monkeypatch.setattr(four.clients.dynamodb, "query", lambda **of: query(**of, Limit=1))
    with four.wire.strikes("Query", strict, times=ALWAYS):
        found = bulk_retries.failed(four.clients, settings, Which(until=last))
    assert sorted(found) == sorted(FAILURES)


# How fast


@pytest.mark.parametrize(
    ("options", "pause"), [((), 0.5), (("--per-second", "0.1"), 10.0), (("--per-second", "10"), 0.1)]
)
def test_retries_are_paced(
    four: Stack, run: Run, naps: list[float], monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], pause: float
) -> None:
    now = [1000.0]
    begun: list[float] = []

    def sleep(seconds: float) -> None:
        now[0] += seconds

    def retry(clients: Clients, settings: Settings, tenant_id: str, **_: object) -> Retried:
        begun.append(now[0])
        now[0] += 0.05
        return Retried(tenant_id, 2, "attempt 2 started", "started")

    monkeypatch.setattr(operations, "retry", retry)
    monkeypatch.setattr(bulk_retries, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    assert run("retry", "--all-failed", *options).code == 0
    assert begun[0] == 1000.0
    assert [round(later - earlier, 6) for earlier, later in pairwise(begun)] == [pause] * 3


def test_a_slow_tenant_is_not_made_up_for_by_a_burst() -> None:
    now = [0.0]
    begun: list[float] = []
    took = iter([3.0, 0.0, 0.0])

    def retry(tenant_id: str) -> Retried:
        begun.append(now[0])
        now[0] += next(took)
        return Retried(tenant_id, 1, "")

    with pytest.MonkeyPatch.context() as patch:
        passes = SimpleNamespace(monotonic=lambda: now[0], sleep=lambda seconds: now.append(now.pop() + seconds))
        patch.setattr(bulk_retries, "time", passes)
        list(bulk_retries.one_by_one("abc", retry, a_second=1))
    assert begun == [0.0, 3.0, 4.0]


# What is said


def test_one_that_cannot_be_retried_is_told_counted_and_ends_with_1(
    four: Stack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    four.change("denied", abandonment={"since": LONG_AGO})
    ran = run("retry", "--all-failed")
    assert (ran.code, ran.err) == (1, "")
    assert "denied: its abandonment was begun; run: onboard abandon denied" in ran.out.splitlines()
    assert ran.out.splitlines()[-1] == "3 of 4 retried"


def test_an_error_at_one_is_told_and_the_others_are_retried(four: Stack, run: Run) -> None:
    with four.wire.strikes("TransactWriteItems", refused("AccessDeniedException", "no right"), spare=1):
        ran = run("retry", "--all-failed")
    assert ran.code == 1
    assert ran.err.startswith("onboard: denied: AWS refused or did not answer: ")
    assert retried(ran) == ["old", "unsent", "late"]
    assert ran.out.splitlines()[-1] == "3 of 4 retried"


def test_json_is_one_document_and_the_progress_goes_to_stderr(four: Stack, run: Run) -> None:
    four.change("denied", abandonment={"since": LONG_AGO})
    ran = run("retry", "--all-failed", "--json", "--limit", 2)
    assert ran.code == 1
    message = "its abandonment was begun; run: onboard abandon denied"
    assert json.loads(ran.out) == {
        "dryRun": False,
        "retried": 1,
        "notRetried": 1,
        "tenants": [
            {"tenantId": "old", "attempt": 2, "how": "started", "message": "attempt 2 started"},
            {"tenantId": "denied", "attempt": None, "how": None, "message": message},
        ],
    }
    assert ran.err.splitlines() == ["old: attempt 2 started", f"denied: {message}"]


def test_an_error_is_part_of_the_document(four: Stack, run: Run) -> None:
    with four.wire.strikes("TransactWriteItems", refused("AccessDeniedException", "no right")):
        ran = run("retry", "old", "--json")
    assert ran.code == 1
    [row] = json.loads(ran.out)["tenants"]
    assert (row["tenantId"], row["attempt"]) == ("old", None)
    assert "no right" in row["message"]


def test_where_nothing_failed_the_document_says_so(stack: Stack, run: Run) -> None:
    assert document(run("retry", "--all-failed", "--json")) == {
        "dryRun": False,
        "retried": 0,
        "notRetried": 0,
        "tenants": [],
    }


def test_a_dry_run_says_what_would_be_done_and_makes_no_call_that_writes(four: Stack, run: Run) -> None:
    before = four.items()
    four.wire.attempts.clear()
    ran = run("retry", "--all-failed", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        *(f"{name}: would start attempt 2 from AssignSharedPool on" for name in FAILURES),
        "4 of 4 would be retried",
    ]
    assert not set(four.wire.operations()) & set(WRITES)
    assert four.items() == before


def test_a_dry_run_waits_for_nobody(four: Stack, run: Run, naps: list[float]) -> None:
    """It looks only; the pace is for what retries make in AWS."""
    run("retry", "--all-failed", "--dry-run")
    assert naps == []
    run("retry", "--all-failed")
    assert len(naps) == len(FAILURES) - 1


def test_a_dry_run_ends_with_1_where_a_retry_would(four: Stack, run: Run) -> None:
    ran = run("retry", "old", "running", "nobody", "--dry-run", "--json")
    assert ran.code == 1
    found = json.loads(ran.out)
    assert (found["dryRun"], found["retried"], found["notRetried"]) == (True, 1, 2)


def test_on_a_terminal_a_bar_on_stderr_shows_how_many_are_done(
    four: Stack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(terminal, "err", Console(file=screen, force_terminal=True, width=100))
    ran = run("retry", "--all-failed")
    assert retried(ran) == list(FAILURES)
    assert "retrying" in screen.getvalue()
    assert "%" in screen.getvalue()


def test_a_step_is_redone_from_the_command_line(four: Stack, run: Run) -> None:
    step = four.record("unsent")["steps"]["CreateTenantGroup"]
    four.change("unsent", **{"steps.CreateTenantGroup": step | {"status": "DONE", "begun": 1, "settled": 1}})
    ran = run("retry", "unsent", "--redo", "CreateTenantGroup", "--dry-run")
    assert (ran.code, ran.out) == (0, "unsent: would start attempt 2 from AssignSharedPool on\n")
    assert run("retry", "unsent", "--redo", "CreateTenantGroup").code == 0
    assert four.record("unsent")["steps"]["CreateTenantGroup"]["status"] == "PENDING"


# What is refused


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "give either ids of tenants or --all-failed"),
        (("acme", "--all-failed"), "give either ids of tenants or --all-failed"),
        (("acme", "--step", "CreateTenantGroup"), "--step, --error, --since and --limit go with --all-failed"),
        (("acme", "--limit", "1"), "--step, --error, --since and --limit go with --all-failed"),
        (("--all-failed", "--redo", "CreateUserPool"), "--redo needs the ids of the tenants, not --all-failed"),
        (("--all-failed", "--step", "Nonsense"), "--step Nonsense: must be one of ChooseTier, AssignSharedPool,"),
        (("--all-failed", "--error", "Nonsense"), "--error Nonsense: must be one of AbandonmentError,"),
        (("acme", "--redo", "Nonsense"), "--redo Nonsense: must be one of"),
        (("--all-failed", "--since", "yesterday"), "--since yesterday: must be ISO 8601 such as"),
        (("--all-failed", "--since", "2w"), "or a span such as 30m, 2h or 1d"),
        (("--all-failed", "--since", "2999-01-01"), "--since 2999-01-01: must not be in the future"),
    ],
)
def test_what_means_nothing_is_one_line_that_names_the_option_and_nothing_is_done(
    four: Stack, run: Run, arguments: tuple[str, ...], says: str
) -> None:
    assert says in wrong_use(run("retry", *arguments))
    assert four.wire.operations() == []


@pytest.mark.parametrize("option", [("--limit", "0"), ("--per-second", "0"), ("--per-second", "1000")])
def test_a_figure_out_of_bounds_is_refused(four: Stack, run: Run, option: tuple[str, str]) -> None:
    ran = run("retry", "--all-failed", *option)
    assert (ran.code, ran.out) == (2, "")
    assert option[0] in ran.err
    assert four.wire.operations() == []


def test_each_step_and_error_that_is_recorded_can_be_asked_for() -> None:
    for tier in TIERS:
        for federated in (True, False):
            assert set(tiers.path(tier, federated=federated)) <= set(STEPS)
    assert {"ThrottledError", "UnexpectedError", "UnknownTier", "States.Timeout", "Aborted"} <= set(ERRORS)
    assert not {"OnboardingError", "PermanentError", "RetryableError"} & set(ERRORS)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30m", 1_800_000_000 - 1800),
        ("2h", 1_800_000_000 - 7200),
        ("1d", 1_800_000_000 - 86400),
        ("2026-01-31T09:30", 1_769_851_800),
        ("2026-01-31T09:30Z", 1_769_851_800),
        ("2026-01-31T10:30:00+01:00", 1_769_851_800),
        ("2026-01-31", 1_769_817_600),
    ],
)
def test_a_time_is_a_point_or_a_span_that_ends_now(text: str, seconds: float) -> None:
    assert moment(text, 1_800_000_000) == seconds


@pytest.mark.parametrize("text", ["", "h", "2 h", "-2h", "2x", "1e3h", "9999999d", "31.01.2026", "٢h"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be ISO 8601"):
        moment(text, 1_800_000_000)
