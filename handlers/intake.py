"""Intake: messages of the intake queue become claimed tenants or rejections; only AWS's errors send one back."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.metrics import entered
from handlers.runtime import clients, logged, logger, reported, settings
from orchestrator.onboarding.intake import receive
from orchestrator.onboarding.quota_pace import Pace, Part, rates
from orchestrator.onboarding.throttling import throttled

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@cache
def pace() -> Pace:
    """Return the pace of this execution environment."""
    return Pace(rates(settings()), part=Part(lambda: throttled(clients(), settings())))


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Receive a batch; failed messages alone come back from the queue."""
    pace().begin()
    return process_partial_response(event=event, record_handler=_receive, processor=processor, context=context)


def _receive(record: SQSRecord) -> None:
    logger.append_keys(messageId=record.message_id)
    with reported("intake"):
        answer, tenant_id = receive(clients(), settings(), record.body, pace().wait, observe=entered)
    logger.info("event %s", answer, extra={"tenantId": tenant_id})
