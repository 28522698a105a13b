"""People's mail brings a link and nothing that an unproved caller has typed, and its reports find back."""

import json
from typing import Any

import pytest

from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.emails import reports
from orchestrator.tenants.records import read_item
from orchestrator.users import mail, mail_reports, works
from orchestrator.users.works import INVITATION, REGISTRATION, RESET, Purpose
from tests.unit.conftest import CONFIGURATION_SET, SENDER
from tests.unit.emails.ses_events import about
from tests.unit.faults import ALWAYS, Wire, server_error, unreachable

ADDRESS = "5f" * 32
REQUEST = "01ARYZ6S41TSV4RRFFQ69G5FAV"
TOKEN = "5vX0mJ7cQ2qk4bN1tR8wZg"
ENDS = 1_793_534_700.0  # 2026-11-01T12:05:00Z
TENANT = {"tenantId": "acme", "tenantName": "Acme Inc.", "routing": {"subdomain": "acme"}}
OF_A_STRANGER = "Win a prize at http://prize.example"
COMMON: dict[str, Any] = {"to": "ada@acme.example", "locale": "en", "request_id": REQUEST, "address": ADDRESS}
each_purpose = pytest.mark.parametrize(
    ("purpose", "action"), [(REGISTRATION, "confirm"), (INVITATION, "confirm"), (RESET, "reset")]
)


def link(clients: Clients, settings: Settings, purpose: Purpose, **changes: Any) -> str:
    """Mail a link, and return the message's id."""
    chosen = COMMON | {"purpose": purpose, "token": TOKEN, "expires_at": ENDS} | changes
    return mail.send_link(clients, settings, TENANT, **chosen)


def sent(wire: Wire) -> tuple[dict[str, Any], str]:
    """Return the only email that was sent, and all that its reader sees of it."""
    (email,) = wire.bodies("SendEmail")
    shown = email["Content"]["Simple"]
    return email, "\n".join([shown["Subject"]["Data"], shown["Body"]["Text"]["Data"], shown["Body"]["Html"]["Data"]])


@each_purpose
def test_a_link_leads_to_the_tenants_own_address_with_the_secret_in_its_fragment(
    clients: Clients, settings: Settings, wire: Wire, purpose: Purpose, action: str
) -> None:
    link(clients, settings, purpose)
    text = sent(wire)[0]["Content"]["Simple"]["Body"]["Text"]["Data"]
    assert f"\nhttps://acme.app.product.example/#action={action}&token={TOKEN}\n" in text


@each_purpose
def test_it_says_until_when_it_works_that_it_works_once_and_what_to_do_if_nobody_asked(
    clients: Clients, settings: Settings, wire: Wire, purpose: Purpose, action: str
) -> None:
    link(clients, settings, purpose)
    body = sent(wire)[0]["Content"]["Simple"]["Body"]
    for part in (body["Text"]["Data"], body["Html"]["Data"]):
        words = " ".join(part.split())
        assert "works once, until 2026-11-01 12:05 UTC" in words
        assert "ignore it" in words


@pytest.mark.parametrize("purpose", [REGISTRATION, RESET])
def test_a_name_that_anybody_may_have_typed_is_mailed_to_nobody(
    clients: Clients, settings: Settings, wire: Wire, purpose: Purpose
) -> None:
    link(clients, settings, purpose, name=OF_A_STRANGER)
    assert "prize" not in json.dumps(sent(wire)[0])


def test_an_invitation_greets_by_the_name_that_its_tenant_gave(
    clients: Clients, settings: Settings, wire: Wire
) -> None:
    link(clients, settings, INVITATION, name="Ada <Lovelace>")
    text = sent(wire)[1]
    assert "Hello Ada <Lovelace>," in text
    assert "Hello Ada &lt;Lovelace&gt;," in text


def test_who_has_an_account_is_told_where_to_sign_in_and_gets_no_link(
    clients: Clients, settings: Settings, wire: Wire
) -> None:
    mail.already_known(clients, settings, TENANT, **COMMON)
    text = sent(wire)[1]
    assert "https://acme.app.product.example\n" in text
    assert "token=" not in text


def test_an_email_comes_from_the_sender_by_peoples_configuration_set_to_one_address(
    clients: Clients, settings: Settings, wire: Wire
) -> None:
    link(clients, settings, REGISTRATION)
    email = sent(wire)[0]
    assert (email["FromEmailAddress"], email["Destination"]) == (SENDER, {"ToAddresses": ["ada@acme.example"]})
    assert email["ConfigurationSetName"] == CONFIGURATION_SET


def test_the_reports_of_an_email_lead_back_to_the_proof_of_its_address(
    clients: Clients, settings: Settings, wire: Wire
) -> None:
    """SES gives back the tags of the email, and the id that it answered with."""
    message_id = link(clients, settings, INVITATION)
    tags = {tag["Name"]: [tag["Value"]] for tag in sent(wire)[0]["EmailTags"]}
    report = reports.read(json.dumps(about("bounce", messageId=message_id, tags=tags)))
    assert (report.kind, report.tenant_id, report.message_id) == ("people", "acme", message_id)
    assert (mail_reports.address_of(report), mail_reports.request_of(report)) == (ADDRESS, REQUEST)


def test_an_email_is_in_the_locale_that_is_asked_for_or_the_last_resort(
    clients: Clients, settings: Settings, wire: Wire
) -> None:
    link(clients, settings, RESET, locale="fr-CA")
    assert "Reset your password for Acme Inc." in sent(wire)[1]


def proved(clients: Clients, settings: Settings) -> dict[str, str | None] | None:
    """Return what the proof of the address says of its last email."""
    found = read_item(clients.dynamodb, settings.users_table, works.proof_key("acme", ADDRESS))
    return mail_reports.of(found)


def test_what_was_sent_last_is_known_until_ses_reports_more(clients: Clients, settings: Settings) -> None:
    """An earlier email's report then changes nothing, and a report that came before is kept."""
    clients.dynamodb.put_item(TableName=settings.users_table, Item=dict(works.proof_key("acme", ADDRESS)))
    first = link(clients, settings, INVITATION)
    second = link(clients, settings, INVITATION)
    known = proved(clients, settings)
    assert known
    assert (known["status"], known["messageId"], known["reason"]) == (reports.SENT, second, None)
    tags = {tag["Name"]: [tag["Value"]] for tag in mail_reports.tags("acme", ADDRESS, REQUEST)}
    for message_id in (first, second):
        event = about("bounce", messageId=message_id, tags=tags)
        mail_reports.record(clients.dynamodb, settings.users_table, reports.read(json.dumps(event)), "message-1")
    mail_reports.note_sent(clients.dynamodb, settings.users_table, ("acme", ADDRESS), second)
    known = proved(clients, settings)
    assert known
    assert (known["status"], known["messageId"]) == (reports.BOUNCED, second)


@pytest.mark.parametrize("fault", [server_error, unreachable], ids=["fails", "unreachable"])
def test_an_email_that_was_sent_and_cannot_be_noted_is_sent_all_the_same(
    clients: Clients, settings: Settings, wire: Wire, fault: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with wire.strikes("UpdateItem", fault, times=ALWAYS):
        assert link(clients, settings, REGISTRATION)
    assert len(wire.bodies("SendEmail")) == 1
    assert "not noted" in caplog.text
    assert proved(clients, settings) is None
