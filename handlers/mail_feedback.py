"""Mail feedback: what Amazon SES tells of our emails, written to tenants' records and beside people's proofs.

An event quotes people's addresses, so no line of the log, and no error that leaves, holds any of it but ids and codes.
"""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers import messages
from handlers.metrics import write
from handlers.runtime import clients, logged, logger, reported, settings
from orchestrator.emails import reports
from orchestrator.emails.reports import Report
from orchestrator.users import mail_reports
from orchestrator.welcome import mail_feedback


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> messages.Answer:
    """Record a batch; failed messages alone come back from the queue."""
    return messages.each(event, _hear)


def _hear(message_id: str, body: str) -> None:
    with logger.append_context_keys(messageId=message_id):
        with reported("mail feedback"):
            report = reports.read(body)
            about = _about(report)
        with logger.append_context_keys(**about):
            _record(report, message_id)


def _about(report: Report) -> dict[str, str | int]:
    of: dict[str, str | int] = {"tenantId": report.tenant_id}
    if report.kind == reports.WELCOME:
        return of | {"attempt": mail_feedback.attempt_of(report), "welcomeMessageId": report.message_id}
    mail_reports.address_of(report)
    return of | {"requestId": mail_reports.request_of(report), "emailMessageId": report.message_id}


def _record(report: Report, told_by: str) -> None:
    with reported("mail feedback"):
        is_news = _written(report, told_by)
    about = {"status": report.status, "reason": report.reason}
    logger.info("mail feedback recorded" if is_news else "mail feedback known", extra=about)
    if is_news and report.is_bad:
        _count(report)


def _count(report: Report) -> None:
    by_status = {"Status": report.status}
    if report.kind == reports.WELCOME:
        write("WelcomeEmailsFailed", MetricUnit.Count, 1, {}, by_status)
    else:
        write("PeopleEmailsFailed", MetricUnit.Count, 1, {}, by_status)


def _written(report: Report, told_by: str) -> bool:
    dynamodb = clients().dynamodb
    if report.kind == reports.WELCOME:
        return mail_feedback.record(dynamodb, settings().tenants_table, report, told_by)
    return mail_reports.record(dynamodb, settings().users_table, report, told_by)
