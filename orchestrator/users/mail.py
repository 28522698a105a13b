"""The mail that people get: a link by which they prove their address, or word that there is nothing to prove.

What an unproved caller has typed is never mailed, or anybody could have us write to strangers; the invited person's
name comes from whoever invites. The link's secret stands in the fragment of its address, which no server logs.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orchestrator.emails.rendering import Email, render
from orchestrator.routing import routes
from orchestrator.users import mail_reports
from orchestrator.users.works import INVITATION, REGISTRATION, RESET, Purpose

if TYPE_CHECKING:
    from types_boto3_sesv2.type_defs import MessageTagTypeDef, MessageTypeDef

    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings
    from orchestrator.tenants.ledger import Record

EMAIL_OF: dict[Purpose, Email] = {REGISTRATION: "registration", INVITATION: "invitation", RESET: "reset"}
"""The email that brings a link, by what the link is for."""
ACTION_OF: dict[Purpose, str] = {REGISTRATION: "confirm", INVITATION: "confirm", RESET: "reset"}
"""What the product's page is to do with the secret."""


def send_link(  # noqa: PLR0913  # what the email shows, and what its reports are known by
    clients: "Clients",
    settings: "Settings",
    record: "Record",
    *,
    purpose: Purpose,
    to: str,
    locale: str | None,
    token: str,
    expires_at: float,
    request_id: str,
    address: str,
    name: str | None = None,
) -> str:
    """Mail a link that works until `expires_at` (epoch seconds); return the message's id. Raises what the SDK raises.

    `record` is the tenant's, `address` is `to` as keys have it, hashed. `name` is shown in an invitation alone.
    """
    mail = render(
        EMAIL_OF[purpose],
        locale,
        **_addressed(settings, record, name if purpose == INVITATION else None),
        link=f"{routes.address(settings, record)}/#action={ACTION_OF[purpose]}&token={token}",
        valid_until=datetime.fromtimestamp(expires_at, UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    tags = mail_reports.tags(record["tenantId"], address, request_id)
    message_id = _send(clients, settings, to, mail, tags)
    mail_reports.note_sent(clients.dynamodb, settings.users_table, (record["tenantId"], address), message_id)
    return message_id


def already_known(  # noqa: PLR0913  # as above
    clients: "Clients",
    settings: "Settings",
    record: "Record",
    *,
    to: str,
    locale: str | None,
    request_id: str,
    address: str,
) -> str:
    """Mail somebody who has an account, and asked for one, where to sign in; return the message's id.

    Raises what the SDK raises.
    """
    mail = render("already_registered", locale, **_addressed(settings, record))
    return _send(clients, settings, to, mail, mail_reports.tags(record["tenantId"], address, request_id))


def _addressed(settings: "Settings", record: "Record", name: str | None = None) -> dict[str, object]:
    return {
        "tenant_name": record["tenantName"],
        "admin_name": name,
        "sign_in_address": routes.address(settings, record),
    }


def _send(
    clients: "Clients", settings: "Settings", to: str, mail: "MessageTypeDef", tags: "list[MessageTagTypeDef]"
) -> str:
    sent = clients.ses_once.send_email(
        FromEmailAddress=settings.sender,
        Destination={"ToAddresses": [to]},
        Content={"Simple": mail},
        ConfigurationSetName=settings.configuration_set,
        EmailTags=tags,
    )
    return sent["MessageId"]
