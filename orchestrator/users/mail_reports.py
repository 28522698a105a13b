"""What became of people's mail, as Amazon SES reports it: beside the proof of the address, and counted if it bounced.

A report is found back by the email's tags, of which one is the address as keys have it, hashed. A bounce is counted
once for each email, in whatever order reports come: what `budgets` closes registration by.
"""

import logging
import re
import time
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import CONDITION_FAILED, CONDITION_FAILED_EXCEPTION, Change, is_code, refused_item
from orchestrator.aws.errors import cancellation_codes, translate
from orchestrator.emails import reports
from orchestrator.emails.reports import BOUNCED, GRAVITY, SENT, Report, UnreadableError
from orchestrator.tenants.ledger import timestamp
from orchestrator.tenants.records import read_item
from orchestrator.users import budgets, works

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sesv2.type_defs import MessageTagTypeDef

ADDRESS_TAG = "address"
REQUEST_TAG = "requestId"
HASHED = re.compile(r"[0-9a-f]{64}")
ULID = re.compile(r"[0-9A-Z]{26}")
PERMANENT = "Permanent"
ON_SUPPRESSION_LIST = "OnAccountSuppressionList"
"""The type of bounce that SES holds against an account, and the subtype that it does not."""
logger = logging.getLogger(__name__)
SHOWN = ("status", "at", "reason", "messageId")


def tags(tenant_id: str, address: str, request_id: str) -> "list[MessageTagTypeDef]":
    """Return the tags by which an email's reports lead back to the proof of its address, hashed."""
    named = {reports.TENANT_TAG: tenant_id, ADDRESS_TAG: address, REQUEST_TAG: request_id}
    return reports.tags(reports.PEOPLE, named)


def address_of(report: Report) -> str:
    """Return the address, hashed, that a report is of; raises UnreadableError."""
    address = report.tags.get(ADDRESS_TAG, "")
    if not HASHED.fullmatch(address):
        raise UnreadableError(ADDRESS_TAG)
    return address


def request_of(report: Report) -> str:
    """Return the id of the request that an email was sent for; empty if the report names none."""
    named = report.tags.get(REQUEST_TAG, "")
    return named if ULID.fullmatch(named) else ""


def record(dynamodb: "DynamoDBClient", table: str, report: Report, told_by: str) -> bool:
    """Write a report beside the proof of its address; return False if it is no news, or there is no such proof.

    `told_by` is the message of the queue that told it: a writing whose answer was lost is news when it is repeated.
    Raises UnreadableError.
    """
    key = works.proof_key(report.tenant_id, address_of(report))
    if _harms(report):
        _count(dynamodb, table, report)
    change = reports.tell(Change(table, key), "mail", report, told_by)
    change.require("attribute_exists([tenantId])")
    try:
        writes.in_turn(dynamodb.update_item, **change.arguments())
    except ClientError as error:
        if not is_code(error, CONDITION_FAILED_EXCEPTION):
            raise
        return bool(refused_item(error.response).get("mail", {}).get("toldBy") == told_by)
    return True


def note_sent(dynamodb: "DynamoDBClient", table: str, to: tuple[str, str], message_id: str) -> None:
    """Write beside a proof, of a tenant's address, that an email was sent, unless more is known of it; never raises.

    What is shown may so lag; but an error would have the email sent twice.
    """
    sent_at = timestamp(time.time())
    sent = Report(reports.PEOPLE, to[0], {}, message_id, sent_at, SENT, sent_at, "", GRAVITY[SENT])
    change = reports.tell(Change(table, works.proof_key(*to)), "mail", sent, message_id)
    try:
        writes.if_it_holds(dynamodb.update_item, **change.require("attribute_exists([tenantId])").arguments())
    except (BotoCoreError, ClientError) as error:
        logger.warning("an email that was sent is not noted: %s", translate(error).code)


def last(dynamodb: "DynamoDBClient", table: str, tenant_id: str, address: str) -> dict[str, str | None] | None:
    """Return what is known of the last email to a tenant's address, hashed; None if nothing is, or no longer."""
    return of(read_item(dynamodb, table, works.proof_key(tenant_id, address)))


def of(proof: Mapping[str, Any] | None) -> dict[str, str | None] | None:
    """Return the same by the item of the address's proof: `status`, `at`, `reason` or None, `messageId`."""
    mail = (proof or {}).get("mail")
    return {name: mail[name] or None for name in SHOWN} if mail else None


def _harms(report: Report) -> bool:
    """Tell whether an email bounced as SES counts it: for good, and not off its list of those that did before."""
    codes = report.reason.split()
    return report.status == BOUNCED and PERMANENT in codes and ON_SUPPRESSION_LIST not in codes


def _count(dynamodb: "DynamoDBClient", table: str, report: Report) -> None:
    """Count an email that bounced, unless it is counted already."""
    mailed_at = datetime.fromisoformat(report.mailed_at).timestamp()
    try:
        writes.transact(dynamodb, budgets.bounced(table, report.message_id, mailed_at))
    except ClientError as error:
        if CONDITION_FAILED not in cancellation_codes(error):
            raise
