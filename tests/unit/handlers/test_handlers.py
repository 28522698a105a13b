"""Handlers decode, call one function of the domain and encode; what leaves them names no person."""

import json
import time
import traceback
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError, ReadTimeoutError
from pydantic import ValidationError

import orchestrator.aws.errors
from handlers import capacity, intake, outcome, parameters, placement, reconcile, removal, routing, runtime, welcome
from handlers import step as step_handler
from orchestrator import steps
from orchestrator.aws.clients import READ_TIMEOUT_SECONDS, Clients
from orchestrator.aws.errors import (
    ConfigurationError,
    OnboardingError,
    PermanentError,
    RetryableError,
    ThrottledError,
    TransientError,
    UnexpectedError,
)
from orchestrator.aws.settings import Settings
from orchestrator.identity import shared_pools
from orchestrator.onboarding import quota_pace, throttling
from orchestrator.steps import StepContext, create_tenant_group
from orchestrator.tenants import lifecycle, tiers
from orchestrator.tenants.ledger import LEASE_MARGIN_SECONDS, Made, Turn
from tenant_onboarding.contracts.fields import TIERS
from tenant_onboarding.names import PREFIX
from tests.unit import simulated_aws
from tests.unit.conftest import message, tenant_created
from tests.unit.faults import DeathError, Wire, death_after, death_before, refused, server_error
from tests.unit.handlers.invocations import CONTEXT, SECRET, STEP, invocation, onboarded, returned, sqs
from tests.unit.handlers.logs_and_metrics import log
from tests.unit.identity.shared_pool_rows import put_row
from tests.unit.onboarding import life
from tests.unit.simulated_aws import Stack, arn_of, ended

__all__ = ["log"]

REQUIRED = sorted(name for name, field in Settings.model_fields.items() if field.is_required() and name != "region")


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The functions' environment, in an execution environment that has made nothing yet."""
    for name, value in settings.model_dump(exclude={"region"}).items():
        monkeypatch.setenv(f"{PREFIX}{name.upper()}", written(value))
    runtime.clients.cache_clear()
    runtime.settings.cache_clear()
    intake.pace.cache_clear()
    yield
    runtime.clients.cache_clear()
    runtime.settings.cache_clear()
    intake.pace.cache_clear()


def written(value: object) -> str:
    """Return a setting as it stands in the environment."""
    if isinstance(value, dict):
        return ",".join(f"{name}={chosen}" for name, chosen in value.items())
    return ",".join(value) if isinstance(value, tuple) else str(value)


@pytest.fixture
def stack(
    clients: Clients,
    settings: Settings,
    wire: Wire,
    published: Callable[[], list[dict[str, Any]]],
    environment: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Stack:
    """A stack whose functions speak through the same wire as the tests."""
    for module in (capacity, intake, outcome, parameters, reconcile, step_handler):
        monkeypatch.setattr(module, "clients", lambda: clients)
    return Stack(clients, settings, wire, published)


# Settings


def test_the_functions_read_their_settings_from_the_environment(environment: None, settings: Settings) -> None:
    assert runtime.settings() == settings
    assert runtime.settings() is runtime.settings()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("regions", "", ()),
        ("regions", "eu-west-1,us-east-1", ("eu-west-1", "us-east-1")),
        ("auth_flows", "ALLOW_USER_PASSWORD_AUTH", ("ALLOW_USER_PASSWORD_AUTH",)),
        ("oauth_scopes", "openid,acme/read", ("openid", "acme/read")),
        ("plans", "", {}),
        ("plans", "basic=pool,gold plan=silo", {"basic": "pool", "gold plan": "silo"}),
    ],
)
def test_a_setting_of_several_values_is_separated_by_commas(
    environment: None, monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: object
) -> None:
    monkeypatch.setenv(f"{PREFIX}{name.upper()}", text)
    assert getattr(runtime.settings(), name) == value


@pytest.mark.parametrize("plans", ["basic", "basic=gold", "basic="])
def test_a_plan_without_a_tier_is_named(environment: None, monkeypatch: pytest.MonkeyPatch, plans: str) -> None:
    monkeypatch.setenv(f"{PREFIX}PLANS", plans)
    with pytest.raises(ValidationError) as caught:
        runtime.settings()
    assert [error["loc"] for error in caught.value.errors()] == [("plans", "basic")]


@pytest.mark.parametrize("name", REQUIRED)
def test_a_setting_that_is_missing_is_named(environment: None, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(f"{PREFIX}{name.upper()}")
    with pytest.raises(ValidationError) as caught:
        runtime.settings()
    assert [(error["loc"], error["type"]) for error in caught.value.errors()] == [((name,), "missing")]


def test_all_settings_that_are_missing_are_named_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.from_environment({})
    assert {error["loc"] for error in caught.value.errors()} == {(name,) for name in (*REQUIRED, "region")}


@pytest.mark.parametrize(
    ("name", "value"), [("open_shards", "0"), ("feature_plan", "GOLD"), ("in_doubt_wait_seconds", "x")]
)
def test_a_setting_out_of_bounds_is_named(
    environment: None, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"{PREFIX}{name.upper()}", value)
    with pytest.raises(ValidationError) as caught:
        runtime.settings()
    assert [error["loc"] for error in caught.value.errors()] == [(name,)]


@pytest.mark.parametrize(("change", "value"), [("TENANTS_TABLE", None), ("OPEN_SHARDS", SECRET)])
def test_a_step_without_its_settings_names_them_and_no_value(
    environment: None, monkeypatch: pytest.MonkeyPatch, log: list[dict[str, Any]], change: str, value: str | None
) -> None:
    monkeypatch.delenv(f"{PREFIX}{change}")
    if value:
        monkeypatch.setenv(f"{PREFIX}{change}", value)
    error = leaves(placement.handler, invocation())
    assert (type(error), str(error)) == (ConfigurationError, f"{STEP}: Settings")
    assert SECRET not in "".join(traceback.format_exception(error))
    assert [(line["step"], line["code"], line["settings"]) for line in log] == [(STEP, "Settings", [change.lower()])]
    assert SECRET not in json.dumps(log)


# Intake


def test_a_batch_is_received_and_nothing_comes_back(stack: Stack) -> None:
    bodies = [message(tenant_created("acme"), "e1"), message(tenant_created("acme"), "e2"), "nonsense"]
    assert returned(intake.handler(sqs(*bodies), CONTEXT)) == []
    assert simulated_aws.executions() == ["acme-1"]
    assert len(stack.published("TenantOnboardingRejected")) == 1


@pytest.mark.parametrize("bad", range(3))
def test_of_a_batch_only_the_message_that_aws_failed_comes_back(stack: Stack, bad: int) -> None:
    names = ["one", "two", "three"]
    bodies = [message(tenant_created(name), name) for name in names]
    with stack.wire.strikes("StartExecution", server_error, times=3, spare=bad):  # the SDK tries three times
        assert returned(intake.handler(sqs(*bodies), CONTEXT)) == [f"m{bad}"]
    assert sorted(simulated_aws.executions()) == sorted(
        f"{name}-1" for number, name in enumerate(names) if number != bad
    )
    assert returned(intake.handler(sqs(bodies[bad]), CONTEXT)) == []
    assert sorted(simulated_aws.executions()) == ["one-1", "three-1", "two-1"]


def test_a_batch_that_failed_whole_comes_back_whole(stack: Stack) -> None:
    bodies = [message(tenant_created(name), name) for name in ("one", "two")]
    with stack.wire.strikes("TransactWriteItems", server_error, times=99):
        assert returned(intake.handler(sqs(*bodies), CONTEXT)) == ["m0", "m1"]


def test_intake_keeps_its_pace_from_batch_to_batch(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    kept = quota_pace.Pace(
        {quota_pace.IN_ALL: 1.0, quota_pace.IN_SHARED: 1.0}, clock=lambda: 100.0, sleep=pauses.append
    )
    monkeypatch.setattr(intake, "pace", cache(lambda: kept))
    for batch in (("one", "two", "three"), ("three", "four")):
        assert returned(intake.handler(sqs(*[message(tenant_created(name), name) for name in batch]), CONTEXT)) == []
    assert pauses == [0.0, 0.0, 1.0, 2.0]
    assert len(simulated_aws.executions()) == 4


@pytest.mark.parametrize(("at_once", "looks"), [(1.0, 0), (0.0, 1)])
def test_intake_looks_at_what_is_throttled_only_while_tenants_wait(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, at_once: float, looks: int
) -> None:
    rates = {quota_pace.IN_ALL: 4.0, quota_pace.IN_SHARED: 4.0}
    monkeypatch.setattr(intake, "rates", lambda _: rates)
    monkeypatch.setattr(quota_pace, "AT_ONCE_SECONDS", at_once)
    monkeypatch.setattr(quota_pace, "LOOK_SECONDS", 3_600.0)
    bodies = [message(tenant_created(name), name) for name in ("one", "two", "three")]
    assert returned(intake.handler(sqs(*bodies), CONTEXT)) == []
    assert stack.wire.operations().count("UpdateItem") == looks


def test_the_log_of_a_failed_message_names_no_person(stack: Stack, capfd: pytest.CaptureFixture[str]) -> None:
    body = message(tenant_created(admin={"email": SECRET, "name": "Secret Person"}))
    with stack.wire.strikes("StartExecution", refused("AccessDeniedException", f"denied {SECRET}"), times=9):
        assert returned(intake.handler(sqs(body), CONTEXT)) == ["m0"]
    written = capfd.readouterr()
    assert "person" not in (written.out + written.err).lower()


# Steps


def fails(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let the step end in an error."""

    def act(_: StepContext) -> Made:
        raise error

    monkeypatch.setattr(create_tenant_group, "act", act)


def leaves(handler: Callable[[dict[str, Any], LambdaContext], None], event: dict[str, Any]) -> OnboardingError:
    """Return the error that leaves a handler."""
    with pytest.raises(OnboardingError) as caught:
        handler(event, CONTEXT)
    return caught.value


def errors_by_name() -> list[type[OnboardingError]]:
    """Return the classes that the workflow knows by name."""
    found = [value for value in vars(orchestrator.aws.errors).values() if isinstance(value, type)]
    errors = [error for error in found if issubclass(error, OnboardingError)]
    return [error for error in errors if error not in (OnboardingError, RetryableError, PermanentError)]


@pytest.mark.parametrize("kind", errors_by_name())
def test_an_error_leaves_with_its_class_its_step_and_its_code_and_no_more(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, kind: type[OnboardingError]
) -> None:
    stack.receive(tenant_created())
    fails(monkeypatch, kind(f"it was {SECRET}", code="SomeCode"))
    error = leaves(placement.handler, invocation())
    assert type(error) is kind
    assert str(error) == "CreateTenantGroup: SomeCode"
    assert stack.record()["steps"][STEP]["error"]["message"] == f"it was {SECRET}"


def test_a_client_secret_leaves_and_is_logged_in_no_way(
    stack: Stack, log: list[dict[str, Any]], capfd: pytest.CaptureFixture[str]
) -> None:
    text = "3f9c-not-for-your-eyes"
    secret = stack.clients.secrets.create_secret(Name="tenant-onboarding/acme/idp", SecretString=text)
    provider = {
        "name": "AcmeLogin",
        "type": "OIDC",
        "issuer": "https://login.acme.example",
        "clientId": "acme",
        "clientSecretArn": secret["ARN"],
    }
    stack.receive(tenant_created(tier="bridge", identityProviders=[provider]))
    for step in ("AssignSharedPool", "CreateTenantGroup"):
        placement.handler(invocation(step), CONTEXT)
    with stack.wire.strikes("CreateIdentityProvider", refused("InvalidParameterException", f"'{text}' is wrong")):
        error = leaves(placement.handler, invocation("CreateIdentityProviders"))
    assert str(error) == "CreateIdentityProviders: ProviderRefused"
    placement.handler(invocation("CreateIdentityProviders"), CONTEXT)
    written = capfd.readouterr()
    told = ["".join(traceback.format_exception(error)), json.dumps(log), written.out, written.err]
    assert not [each for each in (*told, json.dumps(stack.record(), default=str)) if text in each]
    assert stack.wire.bodies("CreateIdentityProvider")[1]["ProviderDetails"]["client_secret"] == text


@pytest.mark.parametrize(
    ("raised", "kind", "code"),
    [
        (KeyError(SECRET), UnexpectedError, "KeyError"),
        (ValueError(SECRET), UnexpectedError, "ValueError"),
        (RecursionError(SECRET), UnexpectedError, "RecursionError"),
    ],
)
def test_a_defect_leaves_as_such(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, raised: Exception, kind: type[OnboardingError], code: str
) -> None:
    stack.receive(tenant_created())
    fails(monkeypatch, raised)
    error = leaves(placement.handler, invocation())
    assert (type(error), str(error)) == (kind, f"{STEP}: {code}")


@pytest.mark.parametrize(("kind", "counted"), [(ThrottledError, 2), (TransientError, 0)])
def test_what_cognito_throttles_is_counted_where_intake_looks(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, kind: type[OnboardingError], counted: int
) -> None:
    stack.receive(tenant_created())
    fails(monkeypatch, kind("slow down"))
    for _ in range(2):
        leaves(placement.handler, invocation())
    assert throttling.throttled(stack.clients, stack.settings) == counted


def test_what_leaves_shows_nothing_of_what_it_came_from(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.receive(tenant_created())
    fails(monkeypatch, ConfigurationError(f"it was {SECRET}"))
    error = leaves(placement.handler, invocation())
    assert error.__cause__ is None
    assert error.__suppress_context__
    assert SECRET not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize(
    ("operation", "strike", "kind", "code"),
    [
        ("UpdateItem", server_error, TransientError, "InternalErrorException"),
        ("UpdateItem", refused("ThrottlingException", SECRET), ThrottledError, "ThrottlingException"),
        ("UpdateItem", refused("AccessDeniedException", SECRET), ConfigurationError, "AccessDeniedException"),
    ],
)
def test_an_error_of_the_ledgers_own_calls_leaves_in_the_same_way(
    stack: Stack, operation: str, strike: Any, kind: type[OnboardingError], code: str
) -> None:
    stack.receive(tenant_created())
    with stack.wire.strikes(operation, strike, times=99):
        error = leaves(placement.handler, invocation())
    assert (type(error), str(error)) == (kind, f"{STEP}: {code}")


def test_an_error_while_following_a_redrive_leaves_in_the_same_way(stack: Stack) -> None:
    stack.receive(tenant_created())
    denied = refused("AccessDeniedException", f"denied for {SECRET}")
    with stack.wire.strikes("GetItem", denied, times=9):
        error = leaves(placement.handler, invocation(RedriveCount=1))
    assert (type(error), str(error)) == (ConfigurationError, f"{STEP}: AccessDeniedException")
    assert SECRET not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize(
    ("raised", "kind", "code"),
    [
        (ClientError({"Error": {"Code": "Oops", "Message": SECRET}}, "PutItem"), TransientError, "Oops"),
        (ReadTimeoutError(endpoint_url=SECRET), TransientError, "ReadTimeoutError"),
        (KeyError(SECRET), UnexpectedError, "KeyError"),
    ],
)
def test_even_an_error_that_nobody_translated_leaves_in_the_same_way(
    environment: None, monkeypatch: pytest.MonkeyPatch, raised: Exception, kind: type[OnboardingError], code: str
) -> None:
    def run(*_: object) -> None:
        raise raised

    monkeypatch.setattr("orchestrator.steps._run", run)
    error = leaves(placement.handler, invocation())
    assert (type(error), str(error)) == (kind, f"{STEP}: {code}")
    assert SECRET not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize("event_step", ["", "Unknown", "CompleteOnboarding", "__init__", "../x"])
def test_a_step_that_a_function_does_not_offer_is_refused(stack: Stack, event_step: str) -> None:
    stack.receive(tenant_created())
    before = stack.record()
    error = leaves(placement.handler, invocation(event_step))
    assert (type(error), str(error)) == (ConfigurationError, f"{event_step}: UnknownStep")
    assert stack.record() == before


@pytest.fixture
def turns(environment: None, monkeypatch: pytest.MonkeyPatch) -> list[Turn]:
    """The turns that the handler takes, instead of running the step."""
    taken: list[Turn] = []
    monkeypatch.setattr(step_handler, "run", lambda clients, settings, tenant_id, turn, _: taken.append(turn))
    monkeypatch.setattr("handlers.runtime.time.time", lambda: 1_000.0)
    return taken


@pytest.mark.parametrize(("given", "expected"), [({"RedriveCount": 3}, 3), ({"RedriveCount": 0}, 0), ({}, 0)])
def test_the_redrive_count_is_read_from_the_execution(turns: list[Turn], given: dict[str, int], expected: int) -> None:
    event = invocation(attempt=2)
    event["execution"] = {"Id": arn_of(attempt=2)} | given
    placement.handler(event, CONTEXT)
    [turn] = turns
    assert (turn.redrive_count, turn.attempt, turn.step, turn.owner) == (expected, 2, STEP, "request-1")
    assert turn.execution_arn == arn_of(attempt=2)


def test_the_lease_outlives_the_function_and_its_last_call(turns: list[Turn]) -> None:
    placement.handler(invocation(), CONTEXT)
    assert turns[0].lease_until == 1_000 + 20 + READ_TIMEOUT_SECONDS + LEASE_MARGIN_SECONDS


def test_a_redrive_from_the_console_is_followed(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.receive(tenant_created())
    outcome.handler({"detail": {"executionArn": ended(arn_of())}}, CONTEXT)
    assert stack.record()["status"] == lifecycle.FAILED
    monkeypatch.setattr(create_tenant_group, "act", lambda _: Made())
    placement.handler(invocation(RedriveCount=1), CONTEXT)
    record = stack.record()
    assert (record["status"], record["redriveCount"]) == (lifecycle.IN_PROGRESS, 1)
    assert record["steps"][STEP]["status"] == "DONE"


def test_each_step_belongs_to_one_function() -> None:
    modules: list[ModuleType] = [placement, removal, routing, welcome]
    offered = [step for module in modules for step in module.STEPS]
    assert len(offered) == len(set(offered))
    known = {step for tier in TIERS for federated in (False, True) for step in tiers.path(tier, federated=federated)}
    assert set(offered) == known | tiers.REMOVALS
    assert {steps.module_of(step) for step in offered} >= {"orchestrator.steps.create_user_pool"}


# Outcome, reconcile, parameters


def test_a_status_change_is_recorded(stack: Stack) -> None:
    stack.receive(tenant_created())
    outcome.handler({"detail": {"executionArn": ended(arn_of()), "status": "FAILED"}}, CONTEXT)
    assert stack.record()["status"] == lifecycle.FAILED


FOUND_NOTHING = dict.fromkeys(
    (
        "started",
        "recorded",
        "published",
        "over",
        "goingOn",
        "applied",
        "rejected",
        "waiting",
        "people",
        "seats",
        "failed",
    ),
    0,
)


def test_reconcile_returns_what_it_found(stack: Stack) -> None:
    with stack.wire.strikes("StartExecution", death_before), pytest.raises(DeathError):
        stack.receive(tenant_created())
    stack.age()
    assert reconcile.handler({}, CONTEXT) == FOUND_NOTHING | {"started": 1}


def test_reconcile_looks_at_events_that_wait(stack: Stack) -> None:
    """One that waits is kept for its tenant, and rejected after its day; one that fails is counted among failures."""
    life.receive(stack)
    assert reconcile.handler({}, CONTEXT) == FOUND_NOTHING | {"waiting": 1}
    life.let_a_day_pass(stack)
    with stack.wire.strikes("TransactWriteItems", refused("AccessDeniedException"), times=99):
        assert reconcile.handler({}, CONTEXT) == FOUND_NOTHING | {"failed": 1}
    assert reconcile.handler({}, CONTEXT) == FOUND_NOTHING | {"rejected": 1}


def test_reconcile_logs_whom_it_could_not_help_and_why(stack: Stack, log: list[dict[str, Any]]) -> None:
    with stack.wire.strikes("StartExecution", death_before), pytest.raises(DeathError):
        stack.receive(tenant_created())
    stack.age()
    denied = refused("AccessDeniedException", f"denied {SECRET}")
    with stack.wire.strikes("StartExecution", denied, times=99):
        assert reconcile.handler({}, CONTEXT)["failed"] == 2
    failures = [(line["tenantId"], line["error"], line["code"]) for line in log if line["level"] == "WARNING"]
    assert failures == [("acme", "ConfigurationError", "AccessDeniedException")] * 2
    assert SECRET not in json.dumps(log)


def test_capacity_returns_and_logs_what_it_found(stack: Stack, log: list[dict[str, Any]]) -> None:
    put_row(stack.clients, stack.settings, 1, groups=8_000, limits=shared_pools.limits(stack.settings))
    found = {"withRoom": 0, "lacking": 1, "refreshed": 0, "warned": 1, "opened": 1, "failed": 0}
    assert capacity.handler({}, CONTEXT) == found
    assert log[-1].items() >= (found | {"level": "INFO"}).items()


def test_capacity_logs_what_failed_and_why(stack: Stack, log: list[dict[str, Any]]) -> None:
    put_row(stack.clients, stack.settings, 1, groups=8_000)
    quota = refused("LimitExceededException", f"limit {SECRET}")
    with stack.wire.strikes("CreateUserPool", quota):
        assert capacity.handler({}, CONTEXT)["failed"] == 1
    [line] = [line for line in log if line["level"] == "WARNING"]
    assert (line["poolKey"], line["error"], line["code"]) == (
        "the next",
        "QuotaExceededError",
        "LimitExceededException",
    )
    assert SECRET not in json.dumps(log)


def test_capacity_writes_metrics(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    """In CloudWatch's embedded format, each with its dimensions, before anything that could take long."""
    put_row(stack.clients, stack.settings, 1, groups=8_500)
    with stack.wire.strikes("CreateUserPool", death_before), pytest.raises(DeathError):
        capacity.handler({}, CONTEXT)
    fills = metrics(capsys.readouterr().out)
    assert [(each["PoolKey"], each["Counter"], each["SharedPoolFillPercent"]) for each in fills] == [
        ("shared-001", "groups", [85.0]),
        ("shared-001", "appClients", [0.0]),
        ("shared-001", "identityProviders", [0.0]),
    ]
    for each in fills:
        [described] = each["_aws"]["CloudWatchMetrics"]
        assert described["Namespace"] == "TenantOnboarding"
        assert [set(names) for names in described["Dimensions"]] == [{"PoolKey", "Counter"}]
        assert [(metric["Name"], metric["Unit"]) for metric in described["Metrics"]] == [
            ("SharedPoolFillPercent", "Percent")
        ]


@pytest.mark.parametrize(("fails", "failures"), [(False, 0.0), (True, 1.0)])
def test_capacity_counts_what_failed_and_how_many_have_room(
    stack: Stack, capsys: pytest.CaptureFixture[str], *, fails: bool, failures: float
) -> None:
    for number, groups in ((1, 8_500), (2, 9_000)):
        put_row(stack.clients, stack.settings, number, groups=groups)
    with stack.wire.strikes("CreateUserPool", server_error, times=int(fails)):
        capacity.handler({}, CONTEXT)
    counted = [each for each in metrics(capsys.readouterr().out) if "PoolKey" not in each]
    assert [(name, each[name]) for each in counted for name in each if name != "_aws"] == [
        ("SharedPoolsWithRoom", [0.0]),
        ("SharedPoolsLacking", [1.0]),
        ("CapacityFailures", [failures]),
    ]


def metrics(printed: str) -> list[dict[str, Any]]:
    """Return the metrics among what a function printed."""
    lines = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return [line for line in lines if "_aws" in line]


def test_an_invocation_that_lambda_repeats_is_another_owner(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes under the same request id while what its dead predecessor began is still in doubt."""
    turns: list[Turn] = []

    def tick(clients: object, settings: object, turn: Turn, **_: object) -> dict[str, int]:
        turns.append(turn)
        return {"withRoom": 1, "lacking": 0, "failed": 0}

    monkeypatch.setattr(capacity, "tick", tick)
    monkeypatch.setattr("handlers.runtime.time.time", lambda: 1_000.0)
    for _ in range(2):
        capacity.handler({}, CONTEXT)
    assert len({turn.owner for turn in turns}) == 2
    assert {turn.lease_until for turn in turns} == {1_000 + 20 + READ_TIMEOUT_SECONDS + LEASE_MARGIN_SECONDS}


@pytest.mark.parametrize(("lease", "opened"), [(60, 0), (-1, 1)], ids=["lease runs", "lease has ended"])
def test_a_repeated_invocation_makes_no_twin_of_what_the_first_made(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, lease: float, opened: int
) -> None:
    put_row(stack.clients, stack.settings, 1, groups=8_500)
    monkeypatch.setattr(capacity, "lease_until", lambda context: time.time() + lease)
    with stack.wire.strikes("CreateUserPool", death_after), pytest.raises(DeathError):
        capacity.handler({}, CONTEXT)
    found = capacity.handler({}, CONTEXT)
    assert (found["opened"], found["failed"]) == (opened, 0)
    assert stack.wire.count("CreateUserPool") == 1


def test_reconcile_stops_before_the_function_does(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    deadlines: list[float] = []

    def told(*_: object, deadline: float, **__: object) -> dict[str, int]:
        deadlines.append(deadline)
        return dict.fromkeys((*reconcile.FINDS, "failed"), 0)

    def turns(*_: object, until: float, **__: object) -> None:
        deadlines.append(until)

    for each in ("reconcile", "look_after", "look_again"):
        monkeypatch.setattr(reconcile, each, told)
    monkeypatch.setattr(reconcile, "take_turns", turns)
    monkeypatch.setattr("handlers.reconcile.time.monotonic", lambda: 100.0)
    reconcile.handler({}, CONTEXT)
    time = 20 - reconcile.MARGIN_SECONDS
    seats = reconcile.OF_PARKED_EVENTS + reconcile.OF_SEATS
    people = seats + reconcile.OF_PEOPLE
    left = [people + reconcile.OF_WORKS, people, seats, reconcile.OF_PARKED_EVENTS, 0]
    assert deadlines == pytest.approx([100.0 + time - time * each for each in left])


@pytest.mark.parametrize(
    ("handler", "event", "operation"),
    [
        (outcome.handler, {"detail": {"executionArn": arn_of()}}, "DescribeExecution"),
        (reconcile.handler, {}, "Query"),
        (capacity.handler, {}, "Query"),
    ],
)
def test_an_error_leaves_with_its_class_and_its_code_and_no_more(
    stack: Stack, log: list[dict[str, Any]], handler: Any, event: dict[str, Any], operation: str
) -> None:
    stack.receive(tenant_created())
    with stack.wire.strikes(operation, refused("AccessDeniedException", f"denied {SECRET}"), times=9):
        error = leaves(handler, event)
    assert (type(error), str(error)) == (ConfigurationError, "AccessDeniedException")
    assert SECRET not in "".join(traceback.format_exception(error))
    assert [(line["error"], line["code"]) for line in log] == [("ConfigurationError", "AccessDeniedException")]
    assert SECRET not in json.dumps(log)


def test_a_parameter_that_failed_is_logged_with_its_class_and_its_code(
    stack: Stack, log: list[dict[str, Any]], capfd: pytest.CaptureFixture[str]
) -> None:
    bodies = [onboarded("one"), message({"tenantId": SECRET})]
    with stack.wire.strikes("PutParameter", refused("AccessDeniedException", f"denied {SECRET}"), times=9):
        assert returned(parameters.handler(sqs(*bodies), CONTEXT)) == ["m0", "m1"]
    assert [(line["messageId"], line["error"], line["code"]) for line in log] == [
        ("m0", "ConfigurationError", "AccessDeniedException"),
        ("m1", "UnexpectedError", "ValidationError"),
    ]
    written = capfd.readouterr()
    assert SECRET not in json.dumps(log) + written.out + written.err


def test_of_a_batch_of_parameters_only_those_that_failed_come_back(stack: Stack) -> None:
    bodies = [onboarded("one"), message({"tenantId": "two"}), onboarded("three"), "nonsense"]
    assert returned(parameters.handler(sqs(*bodies), CONTEXT)) == ["m1", "m3"]
    names = [parameter["Name"] for parameter in stack.clients.ssm.describe_parameters()["Parameters"]]
    assert sorted(names) == ["/tenant-onboarding/tenants/one", "/tenant-onboarding/tenants/three"]


# What the log says


def test_a_logged_step_names_tenant_attempt_and_code_and_no_person(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, log: list[dict[str, Any]]
) -> None:
    stack.receive(tenant_created())
    fails(monkeypatch, ConfigurationError(f"it was {SECRET}", code="SomeCode"))
    leaves(placement.handler, invocation())
    [line] = log
    assert (line["tenantId"], line["attempt"], line["step"]) == ("acme", 1, STEP)
    assert (line["error"], line["code"]) == ("ConfigurationError", "SomeCode")
    assert SECRET not in json.dumps(line)
