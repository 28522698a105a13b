"""The welcome email comes again to whom has not signed in yet: one email, one working password, neither in any log."""

import io
import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from handlers import welcome
from handlers.runtime import settings as made_settings
from orchestrator import operations
from orchestrator.aws.clients import READ_TIMEOUT_SECONDS, Clients
from orchestrator.aws.errors import ConfigurationError, OnboardingError, ResourceMissingError, TransientError
from orchestrator.aws.settings import Settings
from orchestrator.operations import Resent
from orchestrator.tenants import lifecycle
from orchestrator.welcome import resending
from orchestrator.welcome.resending import PAUSE_SECONDS, resend
from tenant_onboarding.cdk_function import FUNCTION_TIMEOUT_SECONDS
from tenant_onboarding.names import PREFIX
from tests.unit.cli.command_line import Run, refusal
from tests.unit.cli.command_line import run as run_command
from tests.unit.cli.command_line import stack as deployed
from tests.unit.every_tier import CASES, Case, World, world
from tests.unit.faults import (
    DeathError,
    death_after,
    death_before,
    lost_response,
    preceded_by,
    refused,
    server_error,
    throttled,
)
from tests.unit.handlers.logs_and_metrics import log
from tests.unit.simulated_aws import Stack

__all__ = ["deployed", "log", "run_command", "world"]

LOCAL = {name: case for name, case in CASES.items() if not case.providers}
FEDERATED = {name: case for name, case in CASES.items() if case.providers}
SENT = Resent("acme", "its welcome email was sent again", sent=True)
JUST_NOW = Resent("acme", "its email was sent just now, or is being sent; try again in 60 seconds")
SIGNED_IN = Resent("acme", "its admin has signed in already; a lost password is reset at the sign-in page")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in seconds; nothing lets it pass by itself."""
    now = [time.time()]
    monkeypatch.setattr(resending, "time", SimpleNamespace(time=lambda: now[0]))
    return now


@pytest.fixture
def asked(world: World, clock: list[float]) -> Callable[[], Resent]:
    """Ask for acme's email again, as an invocation of its own."""
    owners = iter(range(100))
    return lambda: resend(world.clients, world.settings, "acme", f"invocation-{next(owners)}")


Asked = Callable[[], Resent]


def mails(world: World) -> list[dict[str, Any]]:
    """Return what was handed to SES, refused or lost calls included."""
    return world.wire.bodies("SendEmail")


def passwords(world: World) -> list[str]:
    return [body["Password"] for body in world.wire.bodies("AdminSetUserPassword")]


def sign_in(world: World, case: Case) -> None:
    pool_id = world.stack.record()["resources"]["userPoolId"]
    world.clients.cognito.admin_set_user_password(
        UserPoolId=pool_id, Username=case.username, Password="Own-3f9c!Secret", Permanent=True
    )


@pytest.mark.parametrize("case", LOCAL.values(), ids=LOCAL)
def test_an_admin_who_has_not_signed_in_gets_another_email_with_the_password_that_works(
    world: World, asked: Asked, case: Case
) -> None:
    before = world.onboard(case)
    assert asked() == SENT
    first, second = mails(world)
    assert first["Destination"] == second["Destination"] == {"ToAddresses": ["admin@acme.example"]}
    assert len(set(passwords(world))) == 2
    assert passwords(world)[1] in second["Content"]["Simple"]["Body"]["Text"]["Data"]
    after = world.stack.record()
    assert after["resources"].pop("welcomeMessageId") != before["resources"].pop("welcomeMessageId")
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"actions", "welcomeResent", "welcomeResentAt"}
    assert not [value for value in passwords(world) if value in json.dumps(after, default=str)]


@pytest.mark.parametrize("case", LOCAL.values(), ids=LOCAL)
def test_an_admin_who_has_signed_in_gets_neither_password_nor_email(world: World, asked: Asked, case: Case) -> None:
    world.onboard(case)
    sign_in(world, case)
    number = len(passwords(world))
    assert [asked(), asked()] == [SIGNED_IN, SIGNED_IN]
    assert len(mails(world)) == 1
    assert len(passwords(world)) == number


@pytest.mark.parametrize("case", FEDERATED.values(), ids=FEDERATED)
def test_a_federated_tenant_is_told_again_how_to_connect(world: World, asked: Asked, case: Case) -> None:
    world.onboard(case)
    assert asked() == SENT
    first, second = mails(world)
    assert first == second
    assert passwords(world) == []


@pytest.mark.parametrize("status", [status for status in lifecycle.STATUSES if status != lifecycle.COMPLETED])
def test_only_a_completed_tenant_is_mailed_again(world: World, asked: Asked, status: str) -> None:
    world.onboard(CASES["pool"])
    world.stack.change(status=status)
    before = world.stack.record()
    assert asked() == Resent("acme", f"is {status}; only a COMPLETED tenant is mailed again")
    assert world.stack.record() == before
    assert len(mails(world)) == 1


def test_a_tenant_that_nobody_knows_is_not_mailed(world: World, asked: Asked) -> None:
    assert asked() == Resent("acme", "is not known; see: onboard list")


# One email


def test_whoever_asks_again_within_a_minute_is_told_so_and_later_gets_another(
    world: World, asked: Asked, clock: list[float]
) -> None:
    world.onboard(CASES["pool"])
    assert [asked(), asked()] == [SENT, JUST_NOW]
    clock[0] += PAUSE_SECONDS - 0.01
    assert asked() == JUST_NOW
    clock[0] += 0.02
    assert asked() == SENT
    assert len(mails(world)) == 3


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        *(("pool", operation) for operation in ("UpdateItem", "AdminGetUser", "AdminSetUserPassword", "SendEmail")),
        *(("bridge with SAML", operation) for operation in ("UpdateItem", "SendEmail")),
    ],
)
def test_of_two_operators_at_once_one_has_an_email_sent(world: World, asked: Asked, name: str, operation: str) -> None:
    world.onboard(CASES[name])
    answers: list[Resent] = []
    with world.wire.strikes(operation, preceded_by(lambda: answers.append(asked()))):
        answers.append(asked())
    assert sorted(answer.sent for answer in answers) == [False, True]
    assert [answer for answer in answers if not answer.sent] == [JUST_NOW]
    assert len(mails(world)) == 2


def test_the_pause_outlives_a_function_and_its_last_call() -> None:
    assert PAUSE_SECONDS > FUNCTION_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS


def test_a_tenant_that_is_moved_at_that_moment_is_not_mailed(world: World, asked: Asked) -> None:
    world.onboard(CASES["pool"])
    moved = preceded_by(lambda: world.stack.change(status=lifecycle.FAILED))
    with world.wire.strikes("UpdateItem", moved):
        assert not asked().sent
    assert len(mails(world)) == 1


# Faults


@pytest.mark.parametrize("strike", [lost_response, server_error])
def test_a_first_write_whose_answer_was_lost_is_ones_own(world: World, asked: Asked, strike: Any) -> None:
    """The SDK repeats it, and it is already so, by me."""
    world.onboard(CASES["pool"])
    with world.wire.strikes("UpdateItem", strike):
        assert asked() == SENT
    assert len(mails(world)) == 2


@pytest.mark.parametrize(
    ("operation", "strike"),
    [
        ("SendEmail", refused("MessageRejected")),
        ("SendEmail", throttled),
        ("AdminGetUser", refused("AccessDeniedException")),
        ("AdminSetUserPassword", refused("UserNotFoundException")),
    ],
)
def test_what_aws_refused_can_be_asked_for_again_at_once(
    world: World, asked: Asked, operation: str, strike: Any
) -> None:
    world.onboard(CASES["pool"])
    with world.wire.strikes(operation, strike, times=3), pytest.raises(OnboardingError):
        asked()
    assert asked() == SENT


@pytest.mark.parametrize("strike", [lost_response, server_error])
def test_after_an_email_that_may_have_been_sent_nobody_sends_another_for_a_minute(
    world: World, asked: Asked, clock: list[float], strike: Any
) -> None:
    world.onboard(CASES["pool"])
    with world.wire.strikes("SendEmail", strike), pytest.raises(TransientError):
        asked()
    assert asked() == JUST_NOW
    clock[0] += PAUSE_SECONDS + 1
    assert asked() == SENT


@pytest.mark.parametrize("strike", [death_before, death_after])
@pytest.mark.parametrize("operation", ["AdminGetUser", "AdminSetUserPassword", "SendEmail"])
def test_a_function_that_dies_holds_nobody_up_for_more_than_a_minute(
    world: World, asked: Asked, clock: list[float], operation: str, strike: Any
) -> None:
    world.onboard(CASES["pool"])
    with world.wire.strikes(operation, strike), pytest.raises(DeathError):
        asked()
    assert asked() == JUST_NOW
    clock[0] += PAUSE_SECONDS + 1
    assert asked() == SENT


# The function


@pytest.fixture
def function(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], Any]:
    """The Welcome function as it is deployed."""
    for name, value in world.settings.model_dump().items():
        if isinstance(value, str | int | float) and value != "":
            monkeypatch.setenv(f"{PREFIX}{name.upper()}", str(value))
    made_settings.cache_clear()
    monkeypatch.setattr(welcome, "clients", lambda: world.clients)
    monkeypatch.setattr(welcome, "settings", lambda: world.settings)
    context: Any = SimpleNamespace(
        aws_request_id="request-1",
        function_name="welcome",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:welcome",
        get_remaining_time_in_millis=lambda: 30_000,
    )
    return lambda event: welcome.handler(event, context)


def test_the_function_answers_with_a_document_and_logs_neither_address_nor_password(
    world: World, function: Callable[[dict[str, Any]], Any], log: list[dict[str, Any]]
) -> None:
    world.onboard(CASES["silo"])
    log.clear()
    assert function({"resend": "acme"}) == SENT.document()
    assert function({"resend": "acme"}) == JUST_NOW.document()  # even of the same request
    assert [(line["message"], line["tenantId"]) for line in log] == [
        ("resending done", "acme"),
        ("resending refused", "acme"),
    ]
    for secret in (*passwords(world), "admin@acme.example"):
        assert secret not in json.dumps(log)


def test_an_error_leaves_the_function_as_class_and_code_alone(
    world: World, function: Callable[[dict[str, Any]], Any], log: list[dict[str, Any]]
) -> None:
    world.onboard(CASES["pool"])
    rejected = refused("MessageRejected", "Email address is not verified: admin@acme.example")
    with world.wire.strikes("SendEmail", rejected), pytest.raises(ConfigurationError) as left:
        function({"resend": "acme"})
    assert str(left.value) == "MessageRejected"
    assert (log[-1]["message"], log[-1]["code"]) == ("resending failed", "MessageRejected")
    assert "admin@" not in json.dumps(log)


# Asking the function


def answering(settings: Settings, payload: Any, **fields: Any) -> tuple[Any, Settings]:
    """Return clients whose Welcome function answers so, held to Lambda's service model."""
    client = boto3.client("lambda")
    body = json.dumps(payload).encode()
    stub = Stubber(client)
    stub.add_response(
        "invoke",
        {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(body), len(body)), **fields},
        {"FunctionName": "welcome", "Payload": b'{"resend": "acme", "by": "somebody"}'},
    )
    stub.activate()
    return SimpleNamespace(functions=client), settings.model_copy(update={"welcome_function_name": "welcome"})


@pytest.mark.parametrize("answer", [SENT, JUST_NOW, SIGNED_IN])
def test_an_operator_is_told_what_the_function_did(settings: Settings, answer: Resent) -> None:
    aws = answering(settings, answer.document())
    assert operations.resend_welcome(*aws, "acme", "somebody") == answer


@pytest.mark.parametrize(
    ("said", "kind", "says"),
    [
        ({"errorType": "ConfigurationError", "errorMessage": "MessageRejected"}, ConfigurationError, "Amazon SES"),
        (
            {"errorType": "ResourceMissingError", "errorMessage": "UserNotFoundException"},
            ResourceMissingError,
            "deleted",
        ),
        ({"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out"}, TransientError, "ran out of time"),
        ({"errorType": "Runtime.ExitError", "errorMessage": "exit"}, TransientError, "died"),
        ({"errorMessage": "?"}, TransientError, "mend the cause"),
        ({"errorType": "translate", "errorMessage": "no class"}, TransientError, "mend the cause"),
        ({"errorType": "ClientError", "errorMessage": "not ours"}, TransientError, "mend the cause"),
    ],
)
def test_an_error_of_the_function_is_one_of_ours_and_says_what_to_do(
    settings: Settings, said: dict[str, str], kind: type[OnboardingError], says: str
) -> None:
    aws = answering(settings, said, FunctionError="Unhandled")
    with pytest.raises(kind) as failed:
        operations.resend_welcome(*aws, "acme", "somebody")
    assert says in failed.value.next_action
    assert said.get("errorType", "Unknown") in failed.value.message


def test_the_sdk_never_asks_twice_and_waits_until_the_function_has_ended(clients: Clients) -> None:
    config: Any = clients.functions.meta.config
    assert config.retries["total_max_attempts"] == 1
    assert config.read_timeout > FUNCTION_TIMEOUT_SECONDS


# The command


@pytest.mark.parametrize(("answer", "code"), [(SENT, 0), (JUST_NOW, 1), (SIGNED_IN, 1)])
def test_the_command_says_what_came_of_it(
    deployed: Stack, run_command: Run, monkeypatch: pytest.MonkeyPatch, answer: Resent, code: int
) -> None:
    monkeypatch.setattr(operations, "resend_welcome", lambda *_: answer)
    ran = run_command("resend-welcome", "acme")
    assert (ran.code, ran.out, ran.err) == (code, f"acme: {answer.message}\n", "")
    ran = run_command("resend-welcome", "acme", "--json")
    assert (ran.code, json.loads(ran.out), ran.err) == (code, answer.document(), "")


def test_the_command_knows_the_function_by_the_stacks_output(
    deployed: Stack, run_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []

    def resend_welcome(_: Clients, settings: Settings, tenant_id: str, _by: str) -> Resent:
        names.append(settings.welcome_function_name)
        raise TransientError("The Welcome function ended with Sandbox.Timedout")

    monkeypatch.setattr(operations, "resend_welcome", resend_welcome)
    assert "Sandbox.Timedout" in refusal(run_command("resend-welcome", "acme"))
    assert names == ["welcome"]
