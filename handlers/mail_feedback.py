"""Mail feedback: what Amazon SES tells of welcome emails, written to their tenants' records.

An event quotes people's addresses, so no line of the log, and no error that leaves, holds any of it but ids and codes.
"""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.metrics import write
from handlers.runtime import clients, logged, logger, reported, settings
from orchestrator.welcome import mail_feedback
from orchestrator.welcome.mail_feedback import News

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Record a batch; failed messages alone come back from the queue."""
    return process_partial_response(event=event, record_handler=_hear, processor=processor, context=context)


def _hear(record: SQSRecord) -> None:
    with logger.append_context_keys(messageId=record.message_id):
        with reported("mail feedback"):
            news = mail_feedback.read(record.body)
        about = {"tenantId": news.tenant_id, "attempt": news.attempt, "welcomeMessageId": news.message_id}
        with logger.append_context_keys(**about):
            _record(news, record.message_id)


def _record(news: News, told_by: str) -> None:
    with reported("mail feedback"):
        is_news = mail_feedback.record(clients().dynamodb, settings().tenants_table, news, told_by)
    about = {"status": news.status, "reason": news.reason}
    logger.info("mail feedback recorded" if is_news else "mail feedback known", extra=about)
    if is_news and news.is_bad:
        write("WelcomeEmailsFailed", MetricUnit.Count, 1, {}, {"Status": news.status})
