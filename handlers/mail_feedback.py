"""Mail feedback: what Amazon SES tells of a welcome email, written to its tenant's record.

An event quotes people's addresses, so no line of the log, and no error that leaves, holds any of it but ids and codes.
"""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.metrics import write
from handlers.runtime import clients, logged, logger, reported, settings
from orchestrator import mail_feedback


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Record what an event says; raises only errors without a word of it."""
    with reported("mail feedback", eventId=str(event.get("id"))):
        news = mail_feedback.read(event)
        logger.append_keys(tenantId=news.tenant_id, attempt=news.attempt, messageId=news.message_id)
        is_news = mail_feedback.record(clients().dynamodb, settings().tenants_table, news)
    about = {"status": news.status, "reason": news.reason}
    logger.info("mail feedback recorded" if is_news else "mail feedback known", extra=about)
    if is_news and news.is_bad:
        write("WelcomeEmailsFailed", MetricUnit.Count, 1, {}, {"Status": news.status})
