"""The queue of requests for links: each message is handled by itself, and the log tells of nobody but by ids."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from handlers import metrics, proof_requests
from orchestrator.aws import writes
from orchestrator.users import budgets, requests
from orchestrator.users.works import REGISTRATION, RESET, Claim
from tests.unit import faults
from tests.unit.handlers.invocations import CONTEXT, returned, sqs
from tests.unit.handlers.logs_and_metrics import Told, log, told
from tests.unit.users.conftest import live, people, world
from tests.unit.users.people import ADMIN, JANE, People

__all__ = ["live", "log", "people", "told", "world"]

Receive = Callable[..., list[str]]
OTHER_PERSON = "somebody@acme.example"


@pytest.fixture
def receive(people: People, monkeypatch: pytest.MonkeyPatch) -> Receive:
    """Let the function, which speaks through the tests' wire, take a batch; returns what comes back."""
    monkeypatch.setattr(proof_requests, "clients", lambda: people.clients)
    for module in (proof_requests, metrics):
        monkeypatch.setattr(module, "settings", lambda: people.settings)
    return lambda *bodies: returned(proof_requests.handler(sqs(*bodies), CONTEXT))


def asked(people: People, *emails: str) -> list[str]:
    """Return the messages of registrations."""
    for email in emails:
        people.ask(REGISTRATION, email, name="Jane Doe")
    return people.waiting()


def test_whoever_asks_is_mailed_a_link_by_which_a_user_is_made(people: People, receive: Receive) -> None:
    assert receive(*asked(people, JANE, OTHER_PERSON)) == []
    assert len({people.confirm(token) for token in people.tokens()}) == 2


def test_a_message_that_fails_comes_back_alone(people: People, receive: Receive, log: list[dict[str, Any]]) -> None:
    first, second, third = asked(people, JANE, OTHER_PERSON, "third@acme.example")
    with people.wire.strikes("SendEmail", faults.throttled, times=1):
        assert receive(first, "{}", second, third) == ["m0", "m1"]
    assert len(people.mails()) == 3  # what was throttled left its mark, too, on the wire
    assert [line["error"] for line in log if line["level"] == "WARNING"] == ["ThrottledError", "ConfigurationError"]
    assert receive(first, second) == []
    assert [line["message"] for line in log][-2:] == ["link mailed", "link repeated"]


@pytest.mark.parametrize(
    "body", ["", "x", "[]", "null", '{"purpose": "REGISTRATION"}', '{"detail-type": "TenantCreated"}']
)
def test_what_is_no_request_comes_back_and_mails_nobody(people: People, receive: Receive, body: str) -> None:
    assert receive(body) == ["m0"]
    assert people.wire.operations() == []


def test_a_request_that_leads_to_nothing_is_done_and_its_reason_logged(
    people: People, receive: Receive, log: list[dict[str, Any]]
) -> None:
    people.ask(RESET, "nobody@acme.example")
    people.ask(REGISTRATION, host="nowhere.app.product.example")
    assert receive(*people.waiting()) == []
    told = [(line["message"], line["why"], line.get("tenantId")) for line in log]
    assert told == [("link dropped", "UnknownAddress", "acme"), ("link dropped", "UnknownHost", None)]
    assert people.mails() == []


def test_each_request_that_is_dropped_is_counted_by_its_reason(
    people: People, receive: Receive, told: Callable[[], Told]
) -> None:
    assert receive(*asked(people, *[JANE] * 4)) == []
    assert told() == [("LinksDropped", {}, 1), ("LinksDropped", {"Reason": "BudgetOfAddress"}, 1)]


def test_registrations_that_come_while_none_is_taken_ring_and_a_forgotten_password_is_mailed(
    people: People, receive: Receive, told: Callable[[], Told]
) -> None:
    for number in range(budgets.BOUNCES_AT_LEAST):
        bounced = budgets.bounced(people.settings.users_table, f"message-{number}", time.time())
        writes.transact(people.clients.dynamodb, bounced)
    people.ask(RESET, ADMIN)
    assert receive(*asked(people, JANE)) == []
    closed = "RegistrationClosed"
    assert told() == [("LinksDropped", {}, 1), ("LinksDropped", {"Reason": closed}, 1), (closed, {}, 1)]
    assert [mail["to"] for mail in people.mails()] == [[ADMIN]]


def test_no_line_of_the_log_names_anybody(people: People, receive: Receive, log: list[dict[str, Any]]) -> None:
    messages = asked(people, JANE, OTHER_PERSON)
    with people.wire.strikes("SendEmail", faults.refused("MessageRejected", f"{JANE} is not verified"), times=1):
        receive(*messages, json.dumps({"email": JANE}))
    assert len(log) == 3
    assert {line["messageId"] for line in log} == {"m0", "m1", "m2"}
    named = (JANE, OTHER_PERSON, "Jane", "jane", *people.tokens())
    assert not any(word in json.dumps(log) for word in named)


def test_a_claim_lasts_longer_than_the_function(
    people: People, receive: Receive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other invocation begins what this one may still be at; each message is a claim of its own."""
    claims = list[Claim]()

    def received(*given: Any) -> requests.Received:
        claims.append(given[-1])
        return requests.Received("repeated")

    monkeypatch.setattr(requests, "receive", received)
    receive(*asked(people, JANE, OTHER_PERSON))
    assert len({claim.owner for claim in claims}) == 2
    assert all(claim.owner.startswith(CONTEXT.aws_request_id) for claim in claims)
