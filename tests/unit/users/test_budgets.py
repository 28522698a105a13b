"""No more people's mail than its budgets leave, whoever asks at once, and no registration takes an invitation's."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.users import budgets
from orchestrator.users.works import INVITATION, REGISTRATION, RESET, Purpose
from tests.unit.faults import ALWAYS, Wire, access_denied, answered, unreachable
from tests.unit.users.users_table import everything

NOON = 1_793_534_400.0  # 2026-11-01T12:00:00Z
HOUR, DAY = 3_600, 86_400


def hashed(number: int) -> str:
    """Return an address as keys have it."""
    return f"{number:064x}"


class Desk:
    """Whoever mails links: charges each, and counts what is refused by the budget that was used up."""

    def __init__(self, clients: Clients, settings: Settings) -> None:
        self.clients, self.settings = clients, settings
        self.answers: Counter[str | None] = Counter()

    def ask(
        self, address: int = 0, purpose: Purpose = REGISTRATION, tenant: str = "acme", now: float = NOON
    ) -> str | None:
        """Charge one mail; return whose budget is used up."""
        actions = budgets.charge(self.clients, self.settings, tenant, hashed(address), purpose, now)
        answer: str | None = None
        try:
            writes.transact(self.clients.dynamodb, actions)
        except ClientError as error:
            answer = budgets.refused(error.response["CancellationReasons"])
            assert answer
        self.answers[answer] += 1
        return answer

    def is_closed(self, now: float = NOON) -> bool:
        """Tell whether registration is."""
        return budgets.registration_is_closed(self.clients, self.settings, now)

    def bounce(self, number: int, now: float = NOON) -> None:
        """Let an email that was sent at a moment bounce."""
        writes.transact(self.clients.dynamodb, budgets.bounced(self.settings.users_table, f"message-{number}", now))


@pytest.fixture
def desk(clients: Clients, settings: Settings) -> Desk:
    return Desk(clients, settings)


def quota(sent: float = 0.0, most: float = 50_000.0) -> Any:
    """Return a strike that answers what SES lets an account send in 24 hours, and has sent."""
    return answered(SendQuota={"Max24HourSend": most, "MaxSendRate": 14.0, "SentLast24Hours": sent})


def test_an_address_gets_three_mails_an_hour_over_all_tenants(desk: Desk) -> None:
    assert [desk.ask(tenant=tenant) for tenant in ("acme", "globex", "acme", "initech")] == [None] * 3 + ["address"]
    assert desk.ask(address=1) is None


def test_a_tenant_gets_as_many_mails_a_day_as_the_setting_says(desk: Desk) -> None:
    desk.settings = desk.settings.model_copy(update={"mails_per_tenant_day": 5})
    assert [desk.ask(address=number) for number in range(6)] == [None] * 5 + ["tenant"]
    assert desk.ask(address=7, tenant="globex") is None


def test_the_deployment_uses_its_share_of_what_ses_sends_a_day(desk: Desk, wire: Wire) -> None:
    with wire.strikes("GetAccount", quota(most=10), times=ALWAYS):
        answers = [desk.ask(address=number, tenant=f"tenant-{number}") for number in range(7)]
    assert answers == [None] * 5 + ["deployment"] * 2


@pytest.mark.parametrize("fault", [access_denied("ses:GetAccount"), unreachable], ids=["denied", "unreachable"])
def test_what_ses_does_not_say_is_no_bound_and_closes_nothing(
    desk: Desk, wire: Wire, fault: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and asked again a minute later, not at each mail."""
    with wire.strikes("GetAccount", fault, times=ALWAYS):
        assert [desk.ask(address=number) for number in range(9)] == [None] * 9
        assert not desk.is_closed()
    assert len(caplog.records) == 1
    assert "sending quota not read" in caplog.text


def test_ses_is_asked_once_a_minute(desk: Desk, wire: Wire) -> None:
    for second in range(0, 120, 10):
        desk.is_closed(NOON + second)
        desk.ask(address=second, now=NOON + second)
    assert wire.count("GetAccount") == 2


def test_without_a_bound_at_ses_the_deployment_has_none(desk: Desk, wire: Wire) -> None:
    with wire.strikes("GetAccount", quota(sent=1e6, most=-1), times=ALWAYS):
        assert desk.ask() is None
        assert not desk.is_closed()


def test_the_next_hour_and_the_next_day_begin_with_nothing_charged(desk: Desk) -> None:
    """The last moment of an hour or a day is its own."""
    desk.settings = desk.settings.model_copy(update={"mails_per_tenant_day": 4})
    midnight = NOON + DAY / 2
    late = midnight - 0.001
    assert [desk.ask(now=late) for _ in range(4)] == [None] * 3 + ["address"]
    assert [desk.ask(address=each, now=late) for each in (1, 2)] == [None, "tenant"]
    assert [desk.ask(now=midnight) for _ in range(4)] == [None] * 3 + ["address"]
    assert [desk.ask(now=midnight + HOUR) for _ in range(2)] == [None, "tenant"]


def test_registrations_keep_no_invitation_from_going_out(desk: Desk, wire: Wire) -> None:
    """Neither by the address's budget nor by the tenant's or the deployment's."""
    desk.settings = desk.settings.model_copy(update={"mails_per_tenant_day": 3})
    with wire.strikes("GetAccount", quota(most=6), times=ALWAYS):
        for _ in range(9):
            desk.ask()
            desk.ask(address=1, tenant="globex")
        assert [desk.ask(purpose=INVITATION) for _ in range(4)] == [None] * 3 + ["address"]
        assert desk.ask(address=2, purpose=INVITATION) == "tenant"
        assert desk.ask(address=2, purpose=INVITATION, tenant="globex") is None


@pytest.mark.parametrize("purpose", [REGISTRATION, RESET, INVITATION])
def test_what_is_used_up_for_one_purpose_is_not_for_another(purpose: Purpose, desk: Desk) -> None:
    """So a flood of registrations keeps nobody's forgotten password, and no invitation, from being mailed."""
    desk.settings = desk.settings.model_copy(update={"mails_per_tenant_day": 3})
    assert [desk.ask(purpose=purpose) for _ in range(4)][-1]
    assert [desk.ask(purpose=each) for each in (REGISTRATION, RESET, INVITATION) if each != purpose] == [None, None]


def test_a_refused_mail_is_charged_to_no_budget(desk: Desk) -> None:
    desk.settings = desk.settings.model_copy(update={"mails_per_tenant_day": 4})
    for _ in range(9):
        desk.ask()
    assert desk.ask(address=1) is None


@pytest.mark.parametrize("bounced", [4, 5])
def test_a_few_bounces_of_few_mails_close_nothing(desk: Desk, bounced: int) -> None:
    for number in range(9):
        desk.ask(address=number)
    for number in range(bounced):
        desk.bounce(number)
    assert desk.is_closed() == (bounced >= budgets.BOUNCES_AT_LEAST)


def test_three_percent_of_bounces_close_registration_until_the_day_ends(desk: Desk) -> None:
    for number in range(200):
        desk.ask(address=number, purpose=REGISTRATION if number % 2 else INVITATION)
    for number in range(5):
        desk.bounce(number)
    assert not desk.is_closed()
    desk.bounce(5)
    assert [desk.is_closed(NOON + DAY / 2 + after) for after in (-0.001, 0)] == [True, False]
    desk.bounce(6, NOON - DAY)
    assert desk.is_closed(NOON - DAY) is False


def test_half_of_what_ses_sends_a_day_closes_registration_until_it_is_less(desk: Desk, wire: Wire) -> None:
    closed = []
    for minute, sent in enumerate((24_999, 25_000, 24_999)):
        with wire.strikes("GetAccount", quota(sent=sent)):
            closed.append(desk.is_closed(NOON + minute * 60))
    assert closed == [False, True, False]


def test_simultaneous_requests_never_exceed_a_bound(desk: Desk, naps: list[float]) -> None:
    """A hundred by eight threads, to one address and to many."""
    desk.settings = desk.settings.model_copy(update={"mails_per_tenant_day": 20})
    start = threading.Barrier(8)

    def hurry(thread: int) -> None:
        start.wait()
        for number in range(6):
            desk.ask()
            desk.ask(address=1 + thread * 6 + number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(hurry, range(8)))
    assert desk.answers[None] == 20
    counted = {item["item"]: int(item["mailed"]) for item in everything(desk.clients) if "mailed" in item}
    assert max(counted.values()) == 20
    to_one = [item for item in everything(desk.clients) if item["tenantId"] == f"MAIL#ADDRESS#{hashed(0)}"]
    assert [int(item["mailed"]) for item in to_one] == [3]


def test_counters_end_by_themselves_once_nothing_asks_for_them(desk: Desk) -> None:
    """And none before its hour or day is over, nor holds an address."""
    desk.ask()
    desk.ask(purpose=INVITATION)
    desk.bounce(0)
    counters = everything(desk.clients)
    assert len(counters) == 7
    assert {NOON + DAY <= item["expiresAt"] <= NOON + 2 * DAY for item in counters} == {True}


def test_another_refusal_is_no_budgets(desk: Desk) -> None:
    taken = {"Code": "ConditionalCheckFailed", "Item": {"tenantId": {"S": "acme"}, "item": {"S": "LINK#1"}}}
    assert budgets.refused([{"Code": "None"}, taken, {"Code": "ConditionalCheckFailed"}]) is None
