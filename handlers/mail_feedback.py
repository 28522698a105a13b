"""Mail feedback: what Amazon SES tells of welcome emails, written to their tenants' records.

An event quotes people's addresses, so no line of the log, and no error that leaves, holds any of it but ids and codes.
"""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers import messages
from handlers.metrics import write
from handlers.runtime import clients, logged, logger, reported, settings
from orchestrator.welcome import mail_feedback
from orchestrator.welcome.mail_feedback import News


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> messages.Answer:
    """Record a batch; failed messages alone come back from the queue."""
    return messages.each(event, _hear)


def _hear(message_id: str, body: str) -> None:
    with logger.append_context_keys(messageId=message_id):
        with reported("mail feedback"):
            news = mail_feedback.read(body)
        about = {"tenantId": news.tenant_id, "attempt": news.attempt, "welcomeMessageId": news.message_id}
        with logger.append_context_keys(**about):
            _record(news, message_id)


def _record(news: News, told_by: str) -> None:
    with reported("mail feedback"):
        is_news = mail_feedback.record(clients().dynamodb, settings().tenants_table, news, told_by)
    about = {"status": news.status, "reason": news.reason}
    logger.info("mail feedback recorded" if is_news else "mail feedback known", extra=about)
    if is_news and news.is_bad:
        write("WelcomeEmailsFailed", MetricUnit.Count, 1, {}, {"Status": news.status})
