"""What becomes of a welcome email is on its tenant's record, in whatever order SES tells it, and nobody's address."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from handlers import mail_feedback as handler
from handlers import metrics
from orchestrator import status
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.emails.reports import BOUNCED, COMPLAINED, DELIVERED, SENT
from orchestrator.status.contract import Onboarding
from orchestrator.tenants import lifecycle
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import read_record, record_key
from orchestrator.welcome import mail_feedback
from tests.unit.emails.ses_events import ADDRESS, SAMPLES, Event, about, automatic_answer, read
from tests.unit.every_tier import CASES, Case, World, world
from tests.unit.faults import Wire, lost_response, refused, server_error
from tests.unit.handlers.invocations import CONTEXT, returned, sqs
from tests.unit.handlers.logs_and_metrics import Told, log, told

__all__ = ["log", "told", "world"]

Shown = Callable[[], tuple[str, str] | None]
LONG_AFTER = "2099-01-01T00:00:00.000Z"


@pytest.fixture
def record_of(clients: Clients, settings: Settings) -> Callable[..., Record]:
    """Return what puts a tenant's record into the table: its email has the sample's message id unless told."""

    def put(**changes: Any) -> Record:  # Any: DynamoDB
        record: Record = {
            **record_key("acme"),
            "status": lifecycle.COMPLETED,
            "attempt": 1,
            "federated": False,
            "resources": {"welcomeMessageId": SAMPLES["bounce"]["detail"]["mail"]["messageId"]},
            "steps": {"SendWelcomeEmail": {"status": "DONE", "finishedAt": "2017-08-05T00:40:02.100Z"}},
            **changes,
        }
        clients.dynamodb.put_item(TableName=settings.tenants_table, Item=record)
        return record

    return put


@pytest.fixture
def hears(clients: Clients, settings: Settings) -> Callable[[Event], bool]:
    """Return what records an event, each time told by another message, and tells whether it was news."""
    messages = itertools.count()
    return lambda event: mail_feedback.record(
        clients.dynamodb, settings.tenants_table, read(event), f"message {next(messages)}"
    )


@pytest.fixture
def shown(clients: Clients, settings: Settings) -> Shown:
    """Return what tells status and message id of what is shown of the tenant's email."""

    def shown() -> tuple[str, str] | None:
        record = read_record(clients.dynamodb, settings.tenants_table, "acme")
        assert record is not None
        known = mail_feedback.of(record)
        return (str(known["status"]), str(known["messageId"])) if known else None

    return shown


@pytest.mark.parametrize("order", list(itertools.permutations(["delivery_delay", "delivery", "bounce", "complaint"])))
def test_in_whatever_order_and_however_often_it_is_told_the_record_ends_up_the_same(
    order: tuple[str, ...],
    record_of: Callable[..., Record],
    hears: Callable[[Event], bool],
    shown: Shown,
) -> None:
    record_of()
    for name in order:
        hears(SAMPLES[name])
        assert not hears(SAMPLES[name])
    assert shown() == (COMPLAINED, SAMPLES["bounce"]["detail"]["mail"]["messageId"])


@pytest.mark.parametrize("order", list(itertools.permutations(["answer", "delivery"])))
def test_an_automatic_answer_takes_nothing_from_a_delivery(
    order: tuple[str, ...],
    record_of: Callable[..., Record],
    hears: Callable[[Event], bool],
    shown: Shown,
) -> None:
    record_of()
    events = {"answer": automatic_answer(), "delivery": SAMPLES["delivery"]}
    for name in order:
        hears(events[name])
    assert shown() == (DELIVERED, SAMPLES["bounce"]["detail"]["mail"]["messageId"])


def test_an_older_emails_bounce_hides_nothing_of_a_newer_one(
    record_of: Callable[..., Record], hears: Callable[[Event], bool], shown: Shown
) -> None:
    """Before the newer one is told of, when it is, and after."""
    record_of(resources={"welcomeMessageId": "newer"}, welcomeResentAt="2017-08-06T00:00:00.200Z")
    assert hears(SAMPLES["bounce"])
    assert shown() == (SENT, "newer")
    assert hears(about("delivery", messageId="newer", timestamp="2017-08-06T00:00:00.100Z"))
    assert not hears(SAMPLES["complaint"])
    assert shown() == (DELIVERED, "newer")


def test_an_email_of_which_only_ses_knows_is_shown(
    record_of: Callable[..., Record], hears: Callable[[Event], bool], shown: Shown
) -> None:
    """Its taking was never answered; and news may come before the answer is written down."""
    record_of(resources={}, steps={})
    assert shown() is None
    assert hears(SAMPLES["bounce"])
    assert shown() == (BOUNCED, SAMPLES["bounce"]["detail"]["mail"]["messageId"])
    assert hears(about("delivery", messageId="lost", timestamp=LONG_AFTER))
    assert shown() == (DELIVERED, "lost")


def test_news_of_a_former_tenant_is_no_news_of_the_next(
    record_of: Callable[..., Record], hears: Callable[[Event], bool], clients: Clients, settings: Settings
) -> None:
    record_of(attempt=2, firstAttempt=2)
    assert not hears(SAMPLES["bounce"])
    mine = about("bounce")
    mine["detail"]["mail"]["tags"]["attempt"] = ["2"]
    assert hears(mine)


def test_news_of_nobody_makes_nobody(hears: Callable[[Event], bool], clients: Clients, settings: Settings) -> None:
    assert not hears(SAMPLES["bounce"])
    assert read_record(clients.dynamodb, settings.tenants_table, "acme") is None


@pytest.mark.parametrize("name", SAMPLES)
def test_what_does_not_arrive_says_what_to_do_next(name: str) -> None:
    news = read(SAMPLES[name])
    said = mail_feedback.next_action(
        {"tenantId": "acme", "status": "COMPLETED"}, {"status": news.status, "reason": news.reason}
    )
    assert bool(said) == news.is_bad


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_events_of_an_email_that_was_sent_lead_back_to_its_tenant(
    case: Case, world: World, hears: Callable[[Event], bool]
) -> None:
    """SES gives back the tags of the email, and the id that it answered with."""
    record = world.onboard(case)
    (mail,) = world.wire.bodies("SendEmail")
    assert mail["ConfigurationSetName"] == world.settings.configuration_set
    event = about("bounce", messageId=record["resources"]["welcomeMessageId"])
    tags = {tag["Name"]: [tag["Value"]] for tag in mail["EmailTags"]}
    event["detail"]["mail"]["tags"] = {"ses:configuration-set": [mail["ConfigurationSetName"]], **tags}
    before = status.show(world.clients, world.settings, "acme")
    assert before is not None
    assert before["welcomeEmail"]["status"] == SENT
    assert hears(event)
    after = status.show(world.clients, world.settings, "acme")
    assert after is not None
    assert after.pop("welcomeEmail")["status"] == BOUNCED
    assert after == {name: value for name, value in before.items() if name != "welcomeEmail"}
    Onboarding.model_validate(after | {"welcomeEmail": before["welcomeEmail"]})


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch, clients: Clients, settings: Settings) -> Callable[..., list[str]]:
    """The function, in the stack of the tests: given events it returns which messages, `m0` and on, come back."""
    monkeypatch.setattr(handler, "clients", lambda: clients)
    for module in (handler, metrics):
        monkeypatch.setattr(module, "settings", lambda: settings)
    return lambda *events: returned(handler.handler(sqs(*map(json.dumps, events)), CONTEXT))


def test_the_function_counts_each_failure_once_and_logs_no_address(
    record_of: Callable[..., Record],
    function: Callable[..., list[str]],
    log: list[Event],
    told: Callable[[], Told],
) -> None:
    record_of()
    assert function(SAMPLES["delivery"], SAMPLES["bounce"], SAMPLES["bounce"]) == []
    assert told() == [("WelcomeEmailsFailed", {}, 1), ("WelcomeEmailsFailed", {"Status": BOUNCED}, 1)]
    recorded, known = "mail feedback recorded", "mail feedback known"
    assert [(line["message"], line["messageId"]) for line in log] == [(recorded, "m0"), (recorded, "m1"), (known, "m2")]
    assert {line["tenantId"] for line in log} == {"acme"}
    assert {line["welcomeMessageId"] for line in log} == {SAMPLES["bounce"]["detail"]["mail"]["messageId"]}
    assert ADDRESS not in json.dumps(log)


@pytest.mark.parametrize("bad", range(3))
def test_an_event_that_cannot_be_read_comes_back_alone_and_is_logged_without_a_word_of_it(
    record_of: Callable[..., Record],
    function: Callable[..., list[str]],
    log: list[Event],
    shown: Shown,
    bad: int,
) -> None:
    """It says nothing of the tenant before it either, so that nobody looks for the fault there."""
    record_of()
    events = [SAMPLES["delivery"], SAMPLES["bounce"]]
    events.insert(bad, about("bounce", tags={"tenantId": [ADDRESS], "attempt": ["1"]}))
    assert function(*events) == [f"m{bad}"]
    assert shown() == (BOUNCED, SAMPLES["bounce"]["detail"]["mail"]["messageId"])
    (failed,) = [line for line in log if line["message"] == "mail feedback failed"]
    assert (failed["messageId"], failed["error"], failed["code"]) == (f"m{bad}", "UnexpectedError", "UnreadableError")
    assert not failed.keys() & {"tenantId", "attempt", "welcomeMessageId"}
    assert ADDRESS not in json.dumps(log)


@pytest.mark.parametrize(
    "fault", [server_error, refused("ThrottlingException", f"slow down, {ADDRESS}")], ids=["fails", "throttles"]
)
def test_what_the_table_does_not_take_comes_back_and_is_recorded_then(
    record_of: Callable[..., Record],
    function: Callable[..., list[str]],
    wire: Wire,
    log: list[Event],
    told: Callable[[], Told],
    shown: Shown,
    fault: Any,
) -> None:
    """News that arrived meanwhile stays where it is graver; nothing is counted before it is written, or twice."""
    record_of()
    with wire.strikes("UpdateItem", fault, times=6):  # the SDK tries three times
        assert function(SAMPLES["delivery"], SAMPLES["bounce"], SAMPLES["complaint"]) == ["m0", "m1"]
    assert {(line["tenantId"], line["attempt"]) for line in log} == {("acme", 1)}
    assert ADDRESS not in json.dumps(log)
    assert function(SAMPLES["bounce"], SAMPLES["delivery"]) == []
    assert shown() == (COMPLAINED, SAMPLES["bounce"]["detail"]["mail"]["messageId"])
    assert told() == [("WelcomeEmailsFailed", {}, 1), ("WelcomeEmailsFailed", {"Status": COMPLAINED}, 1)]


@pytest.mark.parametrize(("times", "back"), [(1, []), (3, ["m0"])], ids=["the SDK", "the queue"])
def test_a_bounce_whose_writing_was_not_answered_is_counted_when_it_is_repeated(
    record_of: Callable[..., Record],
    function: Callable[..., list[str]],
    wire: Wire,
    told: Callable[[], Told],
    shown: Shown,
    times: int,
    back: list[str],
) -> None:
    """By the SDK, which tries three times, or by the queue."""
    record_of()
    with wire.strikes("UpdateItem", lost_response, times=times):
        assert function(SAMPLES["bounce"]) == back
    if back:
        assert told() == []
        assert function(SAMPLES["bounce"]) == []
    assert shown() == (BOUNCED, SAMPLES["bounce"]["detail"]["mail"]["messageId"])
    assert told() == [("WelcomeEmailsFailed", {}, 1), ("WelcomeEmailsFailed", {"Status": BOUNCED}, 1)]


def test_a_batch_that_failed_whole_comes_back_whole_and_a_bounce_is_recorded_then(
    record_of: Callable[..., Record],
    function: Callable[..., list[str]],
    wire: Wire,
    told: Callable[[], Told],
    shown: Shown,
) -> None:
    record_of()
    with wire.strikes("UpdateItem", server_error, times=99):
        assert function(SAMPLES["bounce"], SAMPLES["delivery"]) == ["m0", "m1"]
    assert told() == []
    assert function(SAMPLES["bounce"], SAMPLES["delivery"]) == []
    assert shown() == (BOUNCED, SAMPLES["bounce"]["detail"]["mail"]["messageId"])
