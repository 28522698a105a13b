"""What became of an email, as Amazon SES reports it: delivered, bounced, complained of.

SES publishes such reports at best once or several times, late and in any order; `tell` composes the one conditional
write of a report, so that whatever comes when, what is known of the last email ends up the same:

* of two emails the one that SES took later counts, so an old one's bounce never hides that a new one arrived;
* of one email the graver report counts: a delivery ends a delay, a bounce may follow a delivery, a complaint follows
  all.

A report quotes addresses and the mail server's own words; of these the codes alone are kept.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orchestrator.aws.dynamodb import Change
from orchestrator.tenants.ledger import timestamp
from tenant_onboarding.names import is_tenant_id

if TYPE_CHECKING:
    from types_boto3_sesv2.type_defs import MessageTagTypeDef

TENANT_TAG = "tenantId"
KIND_TAG = "email"
WELCOME, PEOPLE = "welcome", "people"
"""The kinds of email by which the rules tell ours from others that a configuration set may be used for."""

SENT = "SENT"
DELAYED = "DELAYED"
DELIVERED = "DELIVERED"
BOUNCED = "BOUNCED"
REJECTED = "REJECTED"
COMPLAINED = "COMPLAINED"
STATUSES = (SENT, DELAYED, DELIVERED, BOUNCED, REJECTED, COMPLAINED)
FAILED = (BOUNCED, REJECTED, COMPLAINED)
"""Its reader did not get the email, or did not want it."""
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
GRAVITY = {SENT: 0, DELAYED: 1, DELIVERED: 3, BOUNCED: 4, REJECTED: 4, COMPLAINED: 5}
GRAVITY_OF_TRANSIENT = 2

CODE = re.compile(r"[A-Za-z][A-Za-z-]{0,39}")
STATUS_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
REPLY_CODE = re.compile(r"(?:^|\s)([245]\d\d)(?=[\s-])")


class UnreadableError(Exception):
    """An event that is not as SES documents it; the message names what is wrong, and quotes nothing."""


@dataclass(frozen=True)
class Report:
    """What one event says of one email, whose kind and tenant its tags name."""

    kind: str
    tenant_id: str
    tags: Mapping[str, str]
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


def tags(kind: str, named: Mapping[str, str]) -> "list[MessageTagTypeDef]":
    """Return the tags by which an email's reports lead back to what it is about.

    SES: letters a-z and A-Z, digits, hyphens and underscores, at most 256.
    """
    return [{"Name": name, "Value": value} for name, value in ({KIND_TAG: kind} | dict(named)).items()]


def read(text: str) -> Report:
    """Return what an event says, which is JSON; raises UnreadableError."""
    try:
        event = json.loads(text)
        status, more = DETAIL_TYPES[event["detail-type"]]
        mail = event["detail"]["mail"]
        about = event["detail"][more]
        named = {str(name): str(values[0]) for name, values in mail["tags"].items()}
        report = Report(
            kind={WELCOME: WELCOME, PEOPLE: PEOPLE}[named[KIND_TAG]],
            tenant_id=named[TENANT_TAG],
            tags=named,
            message_id=str(mail["messageId"]),
            mailed_at=_moment(mail["timestamp"]),
            status=status,
            at=_moment(about.get("timestamp", event["time"])),
            reason=" ".join(dict.fromkeys(_codes(about))),
            gravity=GRAVITY_OF_TRANSIENT if about.get("bounceType") == TRANSIENT else GRAVITY[status],
        )
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise UnreadableError(type(error).__name__) from None
    if not is_tenant_id(report.tenant_id):
        raise UnreadableError(TENANT_TAG)
    return report


def tell(change: Change, name: str, report: Report, told_by: str) -> Change:
    """Let a change set the attribute `name` to what a report says, and require that this is news.

    `told_by` is the message of the queue that told it, by which its own writing is known again.
    """
    said = {"messageId": report.message_id, "mailedAt": report.mailed_at, "gravity": report.gravity}
    said |= {"status": report.status, "at": report.at, "reason": report.reason, "toldBy": told_by}
    return change.set(name, said).require(
        f"attribute_not_exists([{name}]) OR ([{name}.messageId] <> ? AND [{name}.mailedAt] < ?)"
        f" OR ([{name}.messageId] = ? AND [{name}.gravity] < ?)",
        report.message_id,
        report.mailed_at,
        report.message_id,
        report.gravity,
    )


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
