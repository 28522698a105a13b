"""Parameters: each onboarded tenant gets its SSM parameter, off the critical path."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.runtime import clients, logged, logger, reported, settings
from orchestrator.routing.parameters import write_parameter

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Write a batch of parameters; failed messages alone come back from the queue."""
    return process_partial_response(event=event, record_handler=_write, processor=processor, context=context)


def _write(record: SQSRecord) -> None:
    logger.append_keys(messageId=record.message_id)
    with reported("parameter"):
        name = write_parameter(clients(), settings(), record.body)
    logger.info("parameter written", extra={"parameter": name})
