"""What becomes of people's mail stands beside the proof of the address, in whatever order it is told; bounces count."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from handlers import mail_feedback as handler
from handlers import metrics
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.emails.reports import BOUNCED, COMPLAINED, DELIVERED, UnreadableError
from orchestrator.users import mail_reports
from tests.unit.emails.ses_events import ADDRESS, SAMPLES, Event, automatic_answer, read
from tests.unit.emails.ses_events import about as said
from tests.unit.faults import Wire, lost_response, server_error
from tests.unit.handlers.invocations import CONTEXT, returned, sqs
from tests.unit.handlers.logs_and_metrics import Told, log, told
from tests.unit.users.users_table import everything

__all__ = ["log", "told"]

HASHED = "5f" * 32
REQUEST = "01ARYZ6S41TSV4RRFFQ69G5FAV"
TAGS = {"email": ["people"], "tenantId": ["acme"], "address": [HASHED], "requestId": [REQUEST]}
KEY = {"tenantId": "acme", "item": f"PROOF#{HASHED}"}
FIRST = SAMPLES["bounce"]["detail"]["mail"]["messageId"]
LATER = {"messageId": "newer", "timestamp": "2017-08-06T00:00:00.100Z"}
Shown = Callable[[], dict[str, Any] | None]


def about(name: str, **mail: Any) -> Event:
    """Return an event about an email to a person."""
    return said(name, **({"tags": TAGS} | mail))


def answer() -> Event:
    """Return what SES tells of an answer that a mailbox gives by itself."""
    return automatic_answer(tags=TAGS)


@pytest.fixture
def proof(clients: Clients, settings: Settings) -> dict[str, Any]:
    """The proof of an address, in the table."""
    item: dict[str, Any] = KEY | {"proofStatus": "IN_PROGRESS", "attempt": 1}
    clients.dynamodb.put_item(TableName=settings.users_table, Item=item)
    return item


@pytest.fixture
def hears(clients: Clients, settings: Settings) -> Callable[[Event], bool]:
    """Return what records an event, each time told by another message, and tells whether it was news."""
    messages = itertools.count()
    return lambda event: mail_reports.record(
        clients.dynamodb, settings.users_table, read(event), f"message {next(messages)}"
    )


@pytest.fixture
def shown(clients: Clients, settings: Settings) -> Shown:
    """Return what tells what is known of the last email to the address."""
    return lambda: mail_reports.last(clients.dynamodb, settings.users_table, "acme", HASHED)


def bounces(clients: Clients) -> dict[str, int]:
    """Return how many emails bounced, by the day on which they were sent."""
    counters = [item for item in everything(clients) if item["tenantId"].startswith("MAIL#DAY#")]
    return {item["tenantId"].removeprefix("MAIL#DAY#"): int(item["mailed"]) for item in counters}


@pytest.mark.parametrize("order", list(itertools.permutations(["delivery_delay", "delivery", "bounce", "complaint"])))
def test_in_whatever_order_and_however_often_it_is_told_it_ends_up_the_same(
    order: tuple[str, ...],
    proof: dict[str, Any],
    hears: Callable[[Event], bool],
    shown: Shown,
    clients: Clients,
) -> None:
    """And the bounce is counted once, even if it is no news any more."""
    for name in order:
        hears(about(name))
        assert not hears(about(name))
    complaint = {"status": COMPLAINED, "at": "2017-08-05T00:41:02.669Z", "reason": "abuse", "messageId": FIRST}
    assert shown() == complaint
    assert bounces(clients) == {"2017-08-05": 1}


def test_an_older_emails_bounce_hides_nothing_of_a_newer_one_and_is_counted(
    proof: dict[str, Any], hears: Callable[[Event], bool], shown: Shown, clients: Clients
) -> None:
    assert hears(about("delivery", **LATER))
    assert not hears(about("bounce"))
    known = shown()
    assert known
    assert (known["status"], known["messageId"]) == (DELIVERED, "newer")
    assert bounces(clients) == {"2017-08-05": 1}


def test_each_email_that_bounces_is_counted_to_the_day_on_which_it_was_sent(
    proof: dict[str, Any], hears: Callable[[Event], bool], clients: Clients
) -> None:
    for _ in range(2):
        hears(about("bounce"))
        hears(about("bounce", **LATER))
        hears(about("bounce", **LATER | {"messageId": "another"}))
    assert bounces(clients) == {"2017-08-05": 1, "2017-08-06": 2}


@pytest.mark.parametrize("order", list(itertools.permutations(["answer", "delivery"])))
def test_an_automatic_answer_takes_nothing_from_a_delivery_and_is_no_bounce(
    order: tuple[str, ...], proof: dict[str, Any], hears: Callable[[Event], bool], shown: Shown, clients: Clients
) -> None:
    for name in order:
        hears(answer() if name == "answer" else about("delivery"))
    assert (shown() or {})["status"] == DELIVERED
    assert bounces(clients) == {}


@pytest.mark.parametrize(
    ("kind", "subtype", "counted"),
    [
        ("Permanent", "General", 1),
        ("Permanent", "Suppressed", 1),
        ("Permanent", "OnAccountSuppressionList", 0),
        ("Undetermined", "Undetermined", 0),
        ("Transient", "MailboxFull", 0),
    ],
)
def test_a_bounce_counts_where_ses_counts_it(
    proof: dict[str, Any],
    hears: Callable[[Event], bool],
    shown: Shown,
    clients: Clients,
    kind: str,
    subtype: str,
    counted: int,
) -> None:
    """It is shown in any case."""
    event = about("bounce")
    event["detail"]["bounce"] |= {"bounceType": kind, "bounceSubType": subtype}
    assert hears(event)
    assert (shown() or {})["status"] == BOUNCED
    assert sum(bounces(clients).values()) == counted


def test_news_of_a_proof_that_is_gone_makes_none_but_the_bounce_counts(
    hears: Callable[[Event], bool], shown: Shown, clients: Clients
) -> None:
    assert not hears(about("bounce"))
    assert shown() is None
    assert bounces(clients) == {"2017-08-05": 1}


def test_nothing_is_known_of_an_address_that_was_mailed_nothing(proof: dict[str, Any], shown: Shown) -> None:
    assert shown() is None


@pytest.mark.parametrize("address", [None, [ADDRESS], ["5F" * 32], ["5f" * 31], [HASHED + "\n"]])
def test_a_report_that_names_no_hashed_address_is_told_from_one_that_does(
    hears: Callable[[Event], bool], clients: Clients, address: Any
) -> None:
    """And nothing is written by it."""
    tags = {name: value for name, value in (TAGS | {"address": address}).items() if value}
    with pytest.raises(UnreadableError) as refused:
        hears(about("bounce", tags=tags))
    assert ADDRESS not in str(refused.value)
    assert everything(clients) == []


@pytest.mark.parametrize(("named", "known"), [([REQUEST], REQUEST), ([ADDRESS], ""), (None, "")])
def test_a_request_is_named_by_its_id_or_not_at_all(named: Any, known: str) -> None:
    tags = {name: value for name, value in (TAGS | {"requestId": named}).items() if value}
    assert mail_reports.request_of(read(about("delivery", tags=tags))) == known


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch, clients: Clients, settings: Settings) -> Callable[..., list[str]]:
    """The function, in the stack of the tests: given events it returns which messages, `m0` and on, come back."""
    monkeypatch.setattr(handler, "clients", lambda: clients)
    for module in (handler, metrics):
        monkeypatch.setattr(module, "settings", lambda: settings)
    return lambda *events: returned(handler.handler(sqs(*map(json.dumps, events)), CONTEXT))


def test_the_function_tells_peoples_mail_from_welcome_emails_and_logs_no_address(
    proof: dict[str, Any],
    function: Callable[..., list[str]],
    log: list[Event],
    told: Callable[[], Told],
    shown: Shown,
) -> None:
    """One of the two kinds is a tenant that there is not, the other somebody who is."""
    assert function(about("delivery"), said("bounce"), about("bounce"), about("bounce")) == []
    assert told() == [("PeopleEmailsFailed", {}, 1), ("PeopleEmailsFailed", {"Status": BOUNCED}, 1)]
    assert (shown() or {})["status"] == BOUNCED
    of_people = [line for line in log if "requestId" in line]
    assert {(line["tenantId"], line["requestId"], line["emailMessageId"]) for line in of_people} == {
        ("acme", REQUEST, FIRST)
    }
    assert len(of_people) == 3
    assert ADDRESS not in json.dumps(log)
    assert HASHED not in json.dumps(log)


@pytest.mark.parametrize("other", ["newsletter", ADDRESS])
def test_another_kind_of_email_comes_back(function: Callable[..., list[str]], log: list[Event], other: str) -> None:
    assert function(about("bounce", tags=TAGS | {"email": [other]})) == ["m0"]
    assert ADDRESS not in json.dumps(log)


@pytest.mark.parametrize("operation", ["UpdateItem", "TransactWriteItems"])
@pytest.mark.parametrize("fault", [lost_response, server_error], ids=["lost", "fails"])
def test_a_bounce_whose_writing_was_not_answered_is_written_and_counted_once(
    proof: dict[str, Any],
    function: Callable[..., list[str]],
    wire: Wire,
    told: Callable[[], Told],
    shown: Shown,
    clients: Clients,
    operation: str,
    fault: Any,
) -> None:
    """The SDK tries three times, then the message comes back."""
    with wire.strikes(operation, fault, times=3):
        assert function(about("bounce")) == ["m0"]
    assert told() == []
    assert function(about("bounce")) == []
    assert (shown() or {})["status"] == BOUNCED
    assert bounces(clients) == {"2017-08-05": 1}
    assert told() == [("PeopleEmailsFailed", {}, 1), ("PeopleEmailsFailed", {"Status": BOUNCED}, 1)]
