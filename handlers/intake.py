"""Intake: messages of the intake queue become claimed tenants or rejections; only AWS's errors send one back."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers import messages
from handlers.metrics import entered
from handlers.runtime import clients, logged, logger, reported, settings
from orchestrator.onboarding.intake import receive
from orchestrator.onboarding.quota_pace import Pace, Part, rates
from orchestrator.onboarding.throttling import throttled


@cache
def pace() -> Pace:
    """Return the pace of this execution environment."""
    return Pace(rates(settings()), part=Part(lambda: throttled(clients(), settings())))


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> messages.Answer:
    """Receive a batch; failed messages alone come back from the queue."""
    pace().begin()
    return messages.each(event, _receive)


def _receive(message_id: str, body: str) -> None:
    logger.append_keys(messageId=message_id)
    with reported("intake"):
        answer, tenant_id = receive(clients(), settings(), body, pace().wait, observe=entered)
    logger.info("event %s", answer, extra={"tenantId": tenant_id})
