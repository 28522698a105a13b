"""Parameters: each onboarded tenant gets its SSM parameter, off the critical path."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.runtime import clients, logger, settings
from orchestrator.errors import translate
from orchestrator.parameters import write_parameter

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Write a batch of parameters; failed messages alone come back from the queue."""
    return process_partial_response(event=event, record_handler=_write, processor=processor, context=context)


def _write(record: SQSRecord) -> None:
    logger.structure_logs(append=False, messageId=record.message_id)
    try:
        name = write_parameter(clients(), settings(), record.body)
    except Exception as error:
        failure = translate(error)
        logger.warning("parameter failed", extra={"error": type(failure).__name__, "code": failure.code})
        raise type(failure)(failure.code) from None
    logger.info("parameter written", extra={"parameter": name})
