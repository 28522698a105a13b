"""Each fact about an onboarding is counted once, by whoever made it true; what is logged says whose line it is."""

import importlib
import json
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import handlers
from handlers import (
    capacity,
    intake,
    metrics,
    outcome,
    parameters,
    placement,
    reconcile,
    removal,
    routing,
    runtime,
    welcome,
)
from handlers import step as step_handler
from orchestrator.aws.clients import Clients
from orchestrator.aws.errors import OnboardingError
from orchestrator.aws.settings import Settings
from orchestrator.operations import retry
from orchestrator.tenants import kinds, lifecycle, tiers
from tenant_onboarding.contracts.fields import TIERS, Tier
from tests.unit.conftest import message, tenant_created
from tests.unit.faults import DeathError, Wire, death_after, lost_response, refused, server_error
from tests.unit.handlers.invocations import CONTEXT, invocation, onboarded, sqs
from tests.unit.handlers.logs_and_metrics import Told, log, of_line, told
from tests.unit.identity.shared_pool_rows import put_row
from tests.unit.simulated_aws import Stack, arn_of, ended, entry_refused

__all__ = ["log", "told"]

OPERATIONS = (Path(__file__).parents[3] / "docs/operations.md").read_text()
HANDLERS: tuple[ModuleType, ...] = (capacity, intake, outcome, parameters, reconcile, step_handler)
DIMENSIONS = {"Tier", "Step", "Kind", "PoolKey", "Counter", "Status", "Reason", "Check", "Region"}
TRACE = "1-6920a0b1-0123456789abcdef01234567"


@pytest.fixture
def stack(
    clients: Clients,
    settings: Settings,
    wire: Wire,
    published: Callable[[], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> Stack:
    """A stack whose functions speak through the same wire as the tests."""
    for module in HANDLERS:
        monkeypatch.setattr(module, "clients", lambda: clients)
    for module in (*HANDLERS, metrics):
        if hasattr(module, "settings"):
            monkeypatch.setattr(module, "settings", lambda: settings)
    intake.pace.cache_clear()
    return Stack(clients, settings, wire, published)


def receive(*bodies: str) -> None:
    """Let intake have a batch, whatever becomes of it."""
    intake.handler(sqs(*bodies), CONTEXT)


def do(step: str, *, attempt: int = 1, **execution: Any) -> None:
    """Let the function that offers a step run it."""
    [module] = [each for each in (placement, routing, welcome, removal) if step in each.STEPS]
    module.handler(invocation(step, attempt=attempt, **execution), CONTEXT)


def do_all(tier: Tier = "pool", until: str = "", attempt: int = 1) -> None:
    """Let the workflow go on to its end, or until a step."""
    for step in tiers.path(tier, federated=False):
        if step == until:
            return
        do(step, attempt=attempt)


def fail(attempt: int = 1) -> None:
    """Let the execution have failed, and outcome hear of it."""
    outcome.handler({"detail": {"executionArn": ended(arn_of(attempt=attempt))}}, CONTEXT)


# Once


@pytest.mark.parametrize("tier", TIERS)
def test_an_onboarding_is_counted_started_and_completed_with_its_duration(
    stack: Stack, told: Callable[[], Told], tier: Tier
) -> None:
    receive(message(tenant_created(tier=tier)))
    assert told() == [("OnboardingsStarted", {"Tier": tier}, 1)]
    do_all(tier)
    completed, (name, of, seconds) = told()
    assert completed == ("OnboardingsCompleted", {"Tier": tier}, 1)
    assert (name, of) == ("OnboardingDuration", {"Tier": tier})
    assert 0 <= seconds < 60


def test_what_is_repeated_is_not_counted_again(stack: Stack, told: Callable[[], Told]) -> None:
    for _ in range(2):
        receive(message(tenant_created(), "one"), message(tenant_created(), "two"), "nonsense", "nonsense")
    assert told() == [("OnboardingsStarted", {"Tier": "pool"}, 1), ("EventsRejected", {}, 1)]
    for _ in range(2):
        do_all()
    assert [name for name, _, _ in told()] == ["OnboardingsCompleted", "OnboardingDuration"]


def test_a_failure_is_counted_as_a_whole_by_tier_and_by_step_and_once(stack: Stack, told: Callable[[], Told]) -> None:
    receive(message(tenant_created()))
    do_all(until="CreateTenantGroup")
    told()
    fail()
    fail()
    assert told() == [
        ("OnboardingsFailed", {}, 1),
        ("OnboardingsFailed", {"Tier": "pool"}, 1),
        ("OnboardingsFailed", {"Step": "CreateTenantGroup"}, 1),
    ]


def test_a_tenant_that_had_to_be_retried_counts_as_repaired_and_has_no_duration(
    stack: Stack, told: Callable[[], Told]
) -> None:
    receive(message(tenant_created()))
    fail()
    assert retry(stack.clients, stack.settings, "acme").attempt == 2
    told()
    do_all(attempt=2)
    assert told() == [("OnboardingsCompleted", {"Tier": "pool"}, 1), ("OnboardingsRepaired", {"Tier": "pool"}, 1)]


@pytest.mark.parametrize("redriven", [False, True])
def test_the_first_attempt_of_an_id_that_is_used_again_is_no_repair(
    stack: Stack, told: Callable[[], Told], *, redriven: bool
) -> None:
    metrics.entered(
        lifecycle.COMPLETED,
        {
            "tier": "silo",
            "attempt": 3,
            "firstAttempt": 3,
            "redriveCount": int(redriven),
            "requestedAt": "2026-01-01T00:00:00.000Z",
        },
    )
    assert [name for name, _, _ in told()][1] == ("OnboardingsRepaired" if redriven else "OnboardingDuration")


# Whatever goes wrong around it


def test_a_claim_whose_start_fails_is_counted_by_the_delivery_that_made_it(
    stack: Stack, told: Callable[[], Told]
) -> None:
    with stack.wire.strikes("StartExecution", server_error, times=3):
        receive(message(tenant_created()))
    assert told() == [("OnboardingsStarted", {"Tier": "pool"}, 1)]
    receive(message(tenant_created()))
    assert told() == []


def test_a_completion_is_counted_though_its_event_cannot_be_published(stack: Stack, told: Callable[[], Told]) -> None:
    receive(message(tenant_created()))
    do_all(until="CompleteOnboarding")
    told()
    with stack.wire.strikes("PutEvents", entry_refused, times=9), pytest.raises(OnboardingError):
        do("CompleteOnboarding")
    assert [name for name, _, _ in told()] == ["OnboardingsCompleted", "OnboardingDuration"]
    do("CompleteOnboarding")
    assert told() == []
    assert len(stack.published("TenantOnboarded")) == 1


def test_a_completion_whose_answer_was_lost_is_counted_once(stack: Stack, told: Callable[[], Told]) -> None:
    receive(message(tenant_created()))
    do_all(until="CompleteOnboarding")
    told()
    with stack.wire.strikes("TransactWriteItems", lost_response):
        do("CompleteOnboarding")
    assert [name for name, _, _ in told()] == ["OnboardingsCompleted", "OnboardingDuration"]


def test_a_failure_is_counted_though_its_event_cannot_be_published(stack: Stack, told: Callable[[], Told]) -> None:
    receive(message(tenant_created()))
    told()
    with stack.wire.strikes("PutEvents", entry_refused, times=9), pytest.raises(OnboardingError):
        fail()
    assert len(told()) == 3
    fail()
    assert told() == []


def test_a_rejection_is_counted_though_its_event_cannot_be_published(stack: Stack, told: Callable[[], Told]) -> None:
    with stack.wire.strikes("PutEvents", entry_refused, times=9):
        receive("nonsense")
    assert told() == [("EventsRejected", {}, 1)]
    receive("nonsense")
    assert told() == []


def test_a_function_that_dies_after_the_fact_has_counted_it(stack: Stack, told: Callable[[], Told]) -> None:
    with stack.wire.strikes("StartExecution", death_after), pytest.raises(DeathError):
        receive(message(tenant_created()))
    assert told() == [("OnboardingsStarted", {"Tier": "pool"}, 1)]


def test_a_throttled_try_is_counted_by_step_and_no_other_error_is(stack: Stack, told: Callable[[], Told]) -> None:
    receive(message(tenant_created()))
    told()
    for strike in (refused("ThrottlingException"), server_error, refused("AccessDeniedException")):
        with stack.wire.strikes("UpdateItem", strike, times=99), pytest.raises(OnboardingError):
            do("AssignSharedPool")
    assert told() == [("StepsThrottled", {"Step": "AssignSharedPool"}, 1)]


# Ticks


def test_a_request_for_a_link_that_is_dropped_is_counted_by_reason(stack: Stack, told: Callable[[], Told]) -> None:
    """That registration is closed is also counted by itself, as an alarm takes one metric."""
    metrics.dropped("UnknownHost")
    assert told() == [("LinksDropped", {}, 1), ("LinksDropped", {"Reason": "UnknownHost"}, 1)]
    metrics.dropped("RegistrationClosed")
    assert told()[2:] == [("RegistrationClosed", {}, 1)]


def test_a_tick_of_reconcile_measures_that_all_is_well(stack: Stack, told: Callable[[], Told]) -> None:
    reconcile.handler({}, CONTEXT)
    assert sorted(told(), key=str) == sorted(
        [
            *(("ReconcileFinds", {}, 0) for _ in reconcile.FINDS),
            *(("ReconcileFinds", {"Kind": kind}, 0) for kind in ("started", "recorded", "published")),
            ("ReconcileFailures", {}, 0),
            ("OldestInProgress", {}, 0),
            ("TenantsFailed", {}, 0),
        ],
        key=str,
    )


def test_a_failure_that_reconcile_found_is_counted_as_such_and_as_found(stack: Stack, told: Callable[[], Told]) -> None:
    receive(message(tenant_created()))
    stack.age()
    ended(arn_of())
    told()
    reconcile.handler({}, CONTEXT)
    counted = told()
    for metric in (
        ("OnboardingsFailed", {}, 1),
        ("OnboardingsFailed", {"Step": "AssignSharedPool"}, 1),
        ("ReconcileFinds", {"Kind": "recorded"}, 1),
        ("TenantsFailed", {}, 1),
        ("OldestInProgress", {}, 0),
    ):
        assert metric in counted
    assert sum(value for name, of, value in counted if (name, of) == ("ReconcileFinds", {})) == 1
    reconcile.handler({}, CONTEXT)
    assert "OnboardingsFailed" not in {name for name, _, _ in told()}


def test_what_reconcile_cannot_finish_is_counted_and_the_oldest_measured(
    stack: Stack, told: Callable[[], Told]
) -> None:
    for name in ("acme", "globex"):
        receive(message(tenant_created(name)))
    stack.age("globex")
    told()
    with stack.wire.strikes("DescribeExecution", refused("AccessDeniedException"), times=9):
        reconcile.handler({}, CONTEXT)
    counted = {name: value for name, of, value in told() if not of}
    assert counted["ReconcileFailures"] == 1
    assert counted["OldestInProgress"] > 86_400


@pytest.mark.parametrize("status", lifecycle.STATUSES)
def test_the_oldest_is_measured_of_those_who_are_under_way(stack: Stack, told: Callable[[], Told], status: str) -> None:
    receive(message(tenant_created()))
    stack.change(status=status, statusChangedAt="2026-01-01T00:00:00.000Z")
    told()
    with stack.wire.strikes("DescribeExecution", refused("AccessDeniedException"), times=9):
        reconcile.handler({}, CONTEXT)
    [seconds] = [value for name, _, value in told() if name == "OldestInProgress"]
    assert (seconds > 0) == (status in lifecycle.UNDER_WAY)


def test_a_tick_of_capacity_measures_that_all_is_well(stack: Stack, told: Callable[[], Told]) -> None:
    """A stack without shared user pools, of silo tenants alone or before its first tenant, lacks none."""
    capacity.handler({}, CONTEXT)
    assert told() == [("SharedPoolsWithRoom", {}, 0), ("SharedPoolsLacking", {}, 0), ("CapacityFailures", {}, 0)]


def test_a_shared_user_pool_that_is_due_and_cannot_be_opened_is_lacking(stack: Stack, told: Callable[[], Told]) -> None:
    put_row(stack.clients, stack.settings, 1, groups=8_500)
    with stack.wire.strikes("CreateUserPool", refused("LimitExceededException"), times=9):
        capacity.handler({}, CONTEXT)
    counted = {name: value for name, of, value in told() if not of}
    assert counted == {"SharedPoolsWithRoom": 0, "SharedPoolsLacking": 1, "CapacityFailures": 1}


# What they cost, and what they do not tell


def test_counting_makes_no_call(stack: Stack, told: Callable[[], Told]) -> None:
    receive(message(tenant_created()))
    do_all()
    counted = stack.wire.operations()
    stack.wire.attempts.clear()
    for status in (*lifecycle.STATUSES, lifecycle.REJECTED):
        metrics.entered(status, stack_record(status))
    metrics.throttled("AssignSharedPool")
    metrics.dropped("RegistrationClosed")
    assert len(told()) > 5
    assert stack.wire.operations() == []
    assert not [name for name in counted if name.startswith(("PutMetric", "PutLog", "PutTrace"))]


def stack_record(status: str) -> dict[str, Any]:
    """Return a record with a person in it, as one that enters a status looks."""
    record: dict[str, Any] = {"attempt": 1, "redriveCount": 0, "requestedAt": "2026-01-01T00:00:00.000Z"}
    record |= {"tenantId": "acme", "tenantName": "Acme Inc.", "admin": {"email": "admin@acme.example"}, "tier": "pool"}
    if status == lifecycle.FAILED:
        record["failure"] = {
            "step": "SendWelcomeEmail",
            "error": "X",
            "message": "admin@acme.example",
            "nextAction": "",
        }
    return record


def test_no_metric_names_a_tenant_or_a_person(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    for status in (*lifecycle.STATUSES, lifecycle.REJECTED):
        metrics.entered(status, stack_record(status))
    written = capsys.readouterr().out
    assert "acme" not in written.lower()
    lines = [json.loads(line) for line in written.splitlines()]
    assert {name for line in lines for _, of, _ in of_line(line) for name in of} <= DIMENSIONS
    assert all(set(line) <= {"_aws", *DIMENSIONS, *(name for name, _, _ in of_line(line))} for line in lines)


def written_in_source() -> set[str]:
    """Return the names of all metrics that the handlers write."""
    source = "".join(path.read_text() for path in Path(str(handlers.__path__[0])).glob("*.py"))
    return (
        set(re.findall(r'\bwrite\("(\w+)"', source))
        | {name for kind in kinds.KINDS for name in kind.metrics.values()}
        | {metrics.REJECTIONS}
    )


def test_the_document_lists_every_metric() -> None:
    table = OPERATIONS.split("\n### Metrics\n", 1)[1].split("\n### ", 1)[0]
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\| ([^|]*) \|", table, re.MULTILINE)
    assert {name for name, _ in rows} == written_in_source()
    assert {name for _, cell in rows for name in re.findall(r"`(\w+)`", cell)} == DIMENSIONS


# The log


def test_each_line_says_whose_it_is(stack: Stack, log: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={TRACE};Parent=0123456789abcdef;Sampled=1")
    receive(message(tenant_created()))
    do("AssignSharedPool")
    fail()
    received, step, ending = log
    assert (received["tenantId"], received["messageId"]) == ("acme", "m0")
    assert (step["tenantId"], step["attempt"], step["step"]) == ("acme", 1, "AssignSharedPool")
    assert (ending["tenantId"], ending["attempt"], ending["executionArn"]) == ("acme", "1", arn_of())
    for line in log:
        assert line["xray_trace_id"] == TRACE
        assert line["function_request_id"] == "request-1"
        assert line["cold_start"] in (True, False)


def test_a_line_bears_nothing_of_the_invocation_before(stack: Stack, log: list[dict[str, Any]]) -> None:
    receive(message(tenant_created()))
    do("AssignSharedPool")
    reconcile.handler({}, CONTEXT)
    assert {"tenantId", "attempt", "step", "messageId"} & log[-1].keys() == set()


def test_no_event_is_logged_even_if_the_environment_asks_for_it(
    stack: Stack, log: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is Powertools' to offer, and events have people in them."""
    monkeypatch.setenv("POWERTOOLS_LOGGER_LOG_EVENT", "true")
    receive(message(tenant_created()))
    parameters.handler(sqs(onboarded("one")), CONTEXT)
    written = capsys.readouterr()
    assert "admin@" not in json.dumps(log) + written.out + written.err
    assert len(log) == 2


@pytest.mark.parametrize(("level", "lines"), [("INFO", 1), ("WARNING", 0), ("ERROR", 0)])
def test_the_log_has_the_level_that_was_chosen_and_the_metrics_are_there_at_each(
    stack: Stack,
    settings: Settings,
    log: list[dict[str, Any]],
    told: Callable[[], Told],
    monkeypatch: pytest.MonkeyPatch,
    level: str,
    lines: int,
) -> None:
    chosen = settings.model_copy(update={"log_level": level})
    monkeypatch.setattr(Settings, "from_environment", lambda: chosen)
    runtime.settings.cache_clear()
    try:
        runtime.settings()
        receive(message(tenant_created()))
    finally:
        runtime.logger.setLevel("INFO")
        runtime.settings.cache_clear()
    assert len(log) == lines
    assert told() == [("OnboardingsStarted", {"Tier": "pool"}, 1)]


def test_every_function_logs_whose_line_it_is() -> None:
    """Each handler is one that the logger wraps, or hands over to one that is; the dashboard alone writes no line."""
    modules = [importlib.import_module(f"handlers.{each.name}") for each in pkgutil.iter_modules(handlers.__path__)]
    functions = [module for module in modules if hasattr(module, "handler")]
    assert len(functions) > 8
    bare = [
        module.__name__
        for module in functions
        if not any(hasattr(vars(module).get(name), "__wrapped__") for name in ("handler", "run_step", "_handle"))
    ]
    assert bare == ["handlers.dashboard"]
    assert not hasattr(importlib.import_module("handlers.dashboard"), "logger")
