"""What became of a welcome email, as Amazon SES reports it, on the tenant's record.

Beside what `reports` says of each report, one of an email to an earlier tenant of the same id, abandoned since, counts
for nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import CONDITION_FAILED_EXCEPTION, Change, is_code, refused_item
from orchestrator.emails import reports
from orchestrator.emails.reports import COMPLAINED, FAILED, REJECTED, SENT, TRANSIENT, Report, UnreadableError
from orchestrator.tenants import lifecycle, verdicts
from orchestrator.tenants.commands import advice, command
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.records import record_key
from orchestrator.tenants.verdicts import Act

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sesv2.type_defs import MessageTagTypeDef

ATTEMPT_TAG = "attempt"
SECONDS_A_DAY = 86_400


def tags(tenant_id: str, attempt: int) -> "list[MessageTagTypeDef]":
    """Return the tags by which a welcome email's reports lead back to its tenant."""
    return reports.tags(reports.WELCOME, {reports.TENANT_TAG: tenant_id, ATTEMPT_TAG: str(int(attempt))})


def attempt_of(report: Report) -> int:
    """Return the attempt whose email a report is of; raises UnreadableError."""
    try:
        return int(report.tags[ATTEMPT_TAG])
    except (KeyError, ValueError):
        raise UnreadableError(ATTEMPT_TAG) from None


def record(dynamodb: "DynamoDBClient", table: str, report: Report, told_by: str) -> bool:
    """Write a report to the tenant's record; return False if it is no news, or there is no such tenant any more.

    `told_by` is the message of the queue that told it: a writing whose answer was lost is news when it is repeated.
    Raises UnreadableError.
    """
    change = reports.tell(Change(table, record_key(report.tenant_id)), "welcomeFeedback", report, told_by)
    change.require("attribute_exists([tenantId])")
    change.require("attribute_not_exists([firstAttempt]) OR [firstAttempt] <= ?", attempt_of(report))
    try:
        writes.in_turn(dynamodb.update_item, **change.arguments())
    except ClientError as error:
        if not is_code(error, CONDITION_FAILED_EXCEPTION):
            raise
        return bool(refused_item(error.response).get("welcomeFeedback", {}).get("toldBy") == told_by)
    return True


def of(record: Record) -> dict[str, str | None] | None:
    """Return what is known of the email that a tenant was sent last; None if none was sent."""
    message_id, feedback = record["resources"].get("welcomeMessageId"), record.get("welcomeFeedback", {})
    step = record["steps"].get("SendWelcomeEmail", {})
    sent_at = max(step.get("finishedAt") or "", record.get("welcomeResentAt") or "")
    # One that SES took, and whose taking was never written down, is later than the last that was.
    if feedback and (feedback["messageId"] == message_id or feedback["mailedAt"] > sent_at):
        known, known_at = (
            {name: feedback[name] for name in ("status", "at", "reason", "messageId")},
            feedback["mailedAt"],
        )
    elif message_id:
        known, known_at = {"status": SENT, "at": sent_at, "reason": "", "messageId": message_id}, sent_at
    else:
        return None
    return {
        **known,
        "reason": known["reason"] or None,
        "passwordExpiresAt": None if record["federated"] else _password_ends(record, max(sent_at, known_at)),
        "nextAction": next_action(record, known),
    }


def _password_ends(record: Record, set_at: str) -> str:
    """Return when a temporary password ends that was mailed then; Cognito counts its days from when it was set."""
    from orchestrator.identity.tenant_resources import security  # only who shows tenants asks

    days = security(record).password_policy.temporary_password_validity_days
    return timestamp(datetime.fromisoformat(set_at).timestamp() + days * SECONDS_A_DAY)


def next_action(record: Record, known: Mapping[str, str]) -> str | None:
    """Return what an operator does about a tenant's email that did not arrive, or was not wanted.

    An email is sent again to COMPLETED tenants alone, so until then no command says so.
    """
    if record["status"] in lifecycle.LEAVING:
        return None
    if known["status"] == COMPLAINED:
        return "Do not resend: ask the tenant, by another way, whether it wants to be onboarded."
    if known["status"] not in FAILED:
        return None
    if known["status"] == REJECTED:
        first = "Amazon SES found a virus in it: look at the templates"
    elif known["reason"].startswith(TRANSIENT):
        first = "Wait until the admin's mailbox takes mail again"
    else:
        first = (
            "Ask the tenant whether its admin's address is right, and if it is not, do not resend. If it is, take it"
            " off the suppression list of Amazon SES once the mailbox takes mail"
        )
    if not verdicts.accepts(record, Act.RESEND):
        return f"{first}, then have it sent again, once the tenant is {lifecycle.COMPLETED}."
    return advice(f"{first}, then resend.", command("resend-welcome", record["tenantId"]))
