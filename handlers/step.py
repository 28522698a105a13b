"""What the functions of the workflow share: one invocation is one step of one tenant."""

from collections.abc import Collection
from contextlib import suppress
from typing import Any, TypedDict

from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from handlers.metrics import entered, throttled
from handlers.runtime import clients, lease_until, logged, logger, settings
from orchestrator.aws.errors import ConfigurationError, OnboardingError, ThrottledError, places
from orchestrator.aws.settings import Settings
from orchestrator.onboarding import throttling
from orchestrator.steps import run
from orchestrator.tenants import kinds
from orchestrator.tenants.ledger import Turn
from orchestrator.tenants.work import Work


class Answer(TypedDict):
    """What a state machine is told that loops on portions."""

    done: bool


@logged
def run_step(
    event: dict[str, Any], context: LambdaContext, offered: Collection[str], *, slows_intake: bool = False
) -> Answer:
    """Run the step that the workflow's state names, and say whether it is done or only a portion of it.

    What leaves is an error of the class that the workflow knows, with step and code and no more: an exception's text
    lands in the execution's history. The record keeps the readable account. With `slows_intake` a throttled step is
    counted where intake looks while a burst waits; if that count fails, the step's own error still leaves.
    """
    step = event["step"]
    logger.append_keys(attempt=event["attempt"], step=step, **_about(event))
    chosen = _settings(step)
    try:
        _check_offered(step, offered)
        done = run(clients(), chosen, _work(event, chosen), _turn(event, context), entered)
    except OnboardingError as error:
        account = {
            "error": type(error).__name__,
            "code": error.code,
            "where": places(error.__cause__) if error.__cause__ else [],
        }
        logger.warning("step failed", extra=account)
        if isinstance(error, ThrottledError):
            throttled(step)
            if slows_intake:
                with suppress(ClientError, BotoCoreError):
                    throttling.throttled(clients(), chosen, more=1)
        raise type(error)(f"{step}: {error.code}") from None
    logger.info("step done" if done else "portion done")
    return Answer(done=done)


def _settings(step: str) -> Settings:
    """Return the settings; what is missing or wrong is logged by name, without values."""
    try:
        return settings()
    except ValidationError as error:
        names = sorted({str(part["loc"][0]) for part in error.errors(include_input=False, include_url=False)})
        account = {"error": ConfigurationError.__name__, "code": "Settings", "settings": names}
        logger.warning("step failed", extra=account)
        raise ConfigurationError(f"{step}: Settings", code="Settings") from None


def _about(event: dict[str, Any]) -> dict[str, str]:
    """Return what the log says of a work: the ids that the state was given."""
    told = event.get("work") or {"tenantId": event["tenantId"]}
    return {name: value for name, value in told.items() if isinstance(value, str)}


def _work(event: dict[str, Any], settings: Settings) -> Work:
    """Return the work that a state's step is of."""
    if "work" not in event:
        return kinds.of_step(settings, event["tenantId"], event["step"])
    work = kinds.named(settings, event["work"])
    if work is None:
        raise ConfigurationError(f"{event['step']}: no such kind of work", code="UnknownStep")
    return work


def _check_offered(step: str, offered: Collection[str]) -> None:
    if step not in offered:
        raise ConfigurationError(f"This function does not run {step}", code="UnknownStep")


def _turn(event: dict[str, Any], context: LambdaContext) -> Turn:
    return Turn(
        step=event["step"],
        owner=context.aws_request_id,
        attempt=event["attempt"],
        redrive_count=event["execution"].get("RedriveCount") or 0,
        lease_until=lease_until(context),
        execution_arn=event["execution"]["Id"],
    )
