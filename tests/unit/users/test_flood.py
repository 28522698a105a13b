"""A flood of registrations takes no more than its budgets, and an invitation and a welcome email still go out.

A longer one: `python -m benchmarks.registration_flood`.
"""

from collections import Counter
from contextlib import nullcontext

import pytest

from benchmarks import registration_flood
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.users.invitations import Guest, invite
from orchestrator.users.works import INVITATION, REGISTRATION
from orchestrator.welcome.resending import resend
from tests.unit.users.flood import CLOSED, MAILED, Outcome, play
from tests.unit.users.people import ADMIN, People

REQUESTS = 200
SHORT = 500


def test_two_hundred_registrations_end_to_end_hold_the_budgets_and_all_other_mail_goes_out(people: People) -> None:
    """Of forty addresses five times each, where anybody may ask for a hundred mails of the tenant a day."""
    people.settings = people.settings.model_copy(update={"mails_per_tenant_day": 100})
    for number in range(REQUESTS):
        people.ask(REGISTRATION, f"person-{number % 40}@acme.example")
    answers = Counter((each.answer, each.why) for each in people.receive_all())
    assert answers["mailed", ""] == 100
    assert answers.keys() == {("mailed", ""), ("dropped", "BudgetOfTenant"), ("dropped", "BudgetOfAddress")}
    assert len(set(people.tokens())) == 100
    to = Counter(str(mail["to"]) for mail in people.mails())
    assert max(to.values()) == 3

    invite(people.clients, people.settings, people.tenant(), Guest("person-1@acme.example", "Guest"))
    (invited,) = people.receive_all()
    assert invited.answer == "mailed"
    assert people.confirm(people.tokens()[-1])
    people.wire.attempts.clear()
    assert resend(people.clients, people.settings, "acme", "invocation").sent
    assert [body["Destination"]["ToAddresses"] for body in people.wire.bodies("SendEmail")] == [[ADMIN]]


def test_a_flood_of_three_days_is_answered_as_a_ledger_on_paper_says(clients: Clients, settings: Settings) -> None:
    """Each budget is used up in it, registration closes, and invitations go on."""
    outcome = play(clients, settings, SHORT, "one")
    assert outcome.complaints == []
    answers = {answer for _, answer in outcome.answers}
    assert answers == {MAILED, CLOSED, "address", "tenant", "deployment"}
    invitations = {answer: number for (purpose, answer), number in outcome.answers.items() if purpose == INVITATION}
    assert invitations == {MAILED: sum(invitations.values())}


def test_an_answer_that_is_not_as_on_paper_is_noticed(
    clients: Clients, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.users.budgets.registration_is_closed", lambda *_: True)
    outcome = play(clients, settings, 30, "one")
    assert outcome.complaints
    assert "was answered closed, not mailed" in outcome.complaints[0]


def test_the_command_says_how_many_were_right(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right, wrong = (
        Outcome(Counter({(REGISTRATION, MAILED): 3})),
        Outcome(Counter({(REGISTRATION, MAILED): 3}), ["2: x"]),
    )
    monkeypatch.setattr(registration_flood, "running", lambda: nullcontext((None, None)))
    for outcome, status in ((right, 0), (wrong, 1)):
        monkeypatch.setattr(registration_flood, "play", lambda *_, outcome=outcome: outcome)
        assert registration_flood.main(["--requests", "3"]) == status
    assert capsys.readouterr().out.splitlines() == [
        *("REGISTRATION mailed     3", "3 requests: 3 right"),
        *("REGISTRATION mailed     3", "2: x", "3 requests: 2 right"),
    ]
