"""What became of a welcome email, as Amazon SES tells it: delivered, bounced, complained of.

SES publishes such events at best once or several times, late and in any order; `record` writes each to the tenant's
record in one conditional write, so that whatever comes when, the record ends up the same:

* of two emails the one that SES took later counts, so an old one's bounce never hides that a new one arrived;
* of one email the graver news counts: a delivery ends a delay, a bounce may follow a delivery, a complaint follows all;
* news of an email to an earlier tenant of the same id, abandoned since, counts for nothing.

An event quotes addresses and the mail server's own words; of these the record keeps the codes alone.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import CONDITION_FAILED_EXCEPTION, Change, is_code, refused_item
from orchestrator.tenants import lifecycle, verdicts
from orchestrator.tenants.commands import advice, command
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.records import record_key
from orchestrator.tenants.verdicts import Act
from tenant_onboarding.names import is_tenant_id

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sesv2.type_defs import MessageTagTypeDef

TENANT_TAG = "tenantId"
ATTEMPT_TAG = "attempt"
KIND_TAG = "email"
WELCOME = "welcome"
"""The kind of email by which the rule tells ours from others that the configuration set may be used for."""

SENT = "SENT"
DELAYED = "DELAYED"
DELIVERED = "DELIVERED"
BOUNCED = "BOUNCED"
REJECTED = "REJECTED"
COMPLAINED = "COMPLAINED"
STATUSES = (SENT, DELAYED, DELIVERED, BOUNCED, REJECTED, COMPLAINED)
FAILED = (BOUNCED, REJECTED, COMPLAINED)
"""The admin did not get the email, or did not want it."""
TRANSIENT = "Transient"
"""The type of bounce that an automatic answer makes too, after a delivery: it is less than one."""

DETAIL_TYPES = {
    "Email Delivery Delayed": (DELAYED, "deliveryDelay"),
    "Email Delivered": (DELIVERED, "delivery"),
    "Email Bounced": (BOUNCED, "bounce"),
    "Email Rejected": (REJECTED, "reject"),
    "Email Complaint Received": (COMPLAINED, "complaint"),
}
"""EventBridge's names of SES's events, each with what it says and where the event says more."""
GRAVITY = {DELAYED: 1, DELIVERED: 3, BOUNCED: 4, REJECTED: 4, COMPLAINED: 5}
GRAVITY_OF_TRANSIENT = 2

SECONDS_A_DAY = 86_400
CODE = re.compile(r"[A-Za-z][A-Za-z-]{0,39}")
STATUS_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
REPLY_CODE = re.compile(r"(?:^|\s)([245]\d\d)(?=[\s-])")


class UnreadableError(Exception):
    """An event that is not as SES documents it; the message names what is wrong, and quotes nothing."""


@dataclass(frozen=True)
class News:
    """What one event says of one email."""

    tenant_id: str
    attempt: int
    message_id: str
    mailed_at: str
    """When SES took the email, by SES's clock."""
    status: str
    at: str
    reason: str
    gravity: int

    @property
    def is_bad(self) -> bool:
        """Tell whether somebody must look at it."""
        return self.status in FAILED


def tags(tenant_id: str, attempt: int) -> "list[MessageTagTypeDef]":
    """Return the tags by which an email's events lead back to its tenant.

    SES: letters a-z and A-Z, digits, hyphens and underscores, at most 256.
    """
    named = {KIND_TAG: WELCOME, TENANT_TAG: tenant_id, ATTEMPT_TAG: str(int(attempt))}
    return [{"Name": name, "Value": value} for name, value in named.items()]


def read(text: str) -> News:
    """Return what an event says, which is JSON; raises UnreadableError."""
    try:
        event = json.loads(text)
        status, more = DETAIL_TYPES[event["detail-type"]]
        mail = event["detail"]["mail"]
        about = event["detail"][more]
        tenant_id = mail["tags"][TENANT_TAG][0]
        news = News(
            tenant_id=tenant_id,
            attempt=int(mail["tags"][ATTEMPT_TAG][0]),
            message_id=str(mail["messageId"]),
            mailed_at=_moment(mail["timestamp"]),
            status=status,
            at=_moment(about.get("timestamp", event["time"])),
            reason=" ".join(dict.fromkeys(_codes(about))),
            gravity=GRAVITY_OF_TRANSIENT if about.get("bounceType") == TRANSIENT else GRAVITY[status],
        )
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise UnreadableError(type(error).__name__) from None
    if not is_tenant_id(tenant_id):
        raise UnreadableError(TENANT_TAG)
    return news


def record(dynamodb: "DynamoDBClient", table: str, news: News, told_by: str) -> bool:
    """Write news to the tenant's record; return False if it is no news, or there is no such tenant any more.

    `told_by` is the message of the queue that told it: a writing whose answer was lost is news when it is repeated.
    """
    said = {"messageId": news.message_id, "mailedAt": news.mailed_at, "gravity": news.gravity}
    said |= {"status": news.status, "at": news.at, "reason": news.reason, "toldBy": told_by}
    change = Change(table, record_key(news.tenant_id)).set("welcomeFeedback", said)
    change.require("attribute_exists([tenantId])")
    change.require("attribute_not_exists([firstAttempt]) OR [firstAttempt] <= ?", news.attempt)
    change.require(
        "attribute_not_exists([welcomeFeedback]) OR [welcomeFeedback.mailedAt] < ?"
        " OR ([welcomeFeedback.messageId] = ? AND [welcomeFeedback.gravity] < ?)",
        news.mailed_at,
        news.message_id,
        news.gravity,
    )
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


def _codes(about: Mapping[str, Any]) -> Iterator[str]:  # Any: JSON
    """Yield the codes in an event's account: of SES, of RFC 3463, of SMTP; what is said beside them may name people."""
    for name in ("bounceType", "bounceSubType", "delayType", "complaintFeedbackType", "complaintSubType"):
        if CODE.fullmatch(str(about.get(name) or "")):
            yield str(about[name])
    for recipient in about.get("bouncedRecipients") or about.get("delayedRecipients") or ():
        if STATUS_CODE.fullmatch(str(recipient.get("status") or "")):
            yield str(recipient["status"])
        yield from REPLY_CODE.findall(str(recipient.get("diagnosticCode") or ""))[:1]


def _moment(value: object) -> str:
    return timestamp(datetime.fromisoformat(str(value)).timestamp())
