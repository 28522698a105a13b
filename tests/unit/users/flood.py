"""A flood of requests for links, by a seed, through the budgets and the breaker; a ledger on paper says what must come.

It comes around noon of three days. Addresses are few and tenants fewer, so that every budget is used up; on the second
day mail bounces.
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.clients import Clients
from orchestrator.aws.settings import Settings
from orchestrator.users import budgets
from orchestrator.users.works import INVITATION, REGISTRATION, RESET, Purpose
from tests.unit.simulation import SEND_QUOTA

BEGINS = 1_793_491_200.0  # 2026-11-01T00:00:00Z
DAY, HOUR = 86_400, 3_600
DAYS = 3
BOUNCES = {1: 0.08}
"""Which share of the mail bounces, by day; none on the others."""
NOON, BURST = 12 * HOUR, 1.5 * HOUR
"""When a day's requests come: an hour and a half, of two hours by the clock, with noon in it."""
TENANTS = tuple(f"tenant-{number}" for number in range(5))
CLOSED, MAILED = "closed", "mailed"


@dataclass(frozen=True)
class Asked:
    """One request."""

    at: float
    tenant: str
    address: str
    purpose: Purpose

    @property
    def day(self) -> int:
        """Which day it came on."""
        return int((self.at - BEGINS) // DAY)

    @property
    def hour(self) -> int:
        """Which hour it came in."""
        return int((self.at - BEGINS) // HOUR)


@dataclass
class Paper:
    """What was mailed and what bounced, as somebody would tick it off."""

    settings: Settings
    ticks: Counter[tuple[object, ...]] = field(default_factory=Counter)

    def answer(self, asked: Asked) -> str:
        """Return what must become of a request, and tick it off."""
        kind = asked.purpose
        mailed, bounced = self.of_day(asked.day), self.ticks["bounced", asked.day]
        if asked.purpose == REGISTRATION and bounced >= 5 and bounced >= 0.03 * mailed:  # as the page says
            return CLOSED
        if self.ticks[kind, asked.address, asked.hour] >= self.settings.mails_per_address_hour:
            return "address"
        if self.ticks[kind, asked.tenant, asked.day] >= self.settings.mails_per_tenant_day:
            return "tenant"
        share = int(SEND_QUOTA["Max24HourSend"] * self.settings.people_mail_share)
        if kind != INVITATION and self.ticks[kind, asked.day] >= share:
            return "deployment"
        self.ticks.update([(kind, asked.address, asked.hour), (kind, asked.tenant, asked.day), (kind, asked.day)])
        return MAILED

    def of_day(self, day: int) -> int:
        """Return how many mails went out on a day."""
        return sum(self.ticks[kind, day] for kind in (REGISTRATION, RESET, INVITATION))


@dataclass
class Outcome:
    """How often each answer came, by purpose, and each answer that was not as on paper."""

    answers: Counter[tuple[Purpose, str]] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)


def play(clients: Clients, settings: Settings, number: int, seed: str) -> Outcome:
    """Let so many requests come within three days."""
    chance, outcome = Random(seed), Outcome()  # a game
    settings = settings.model_copy(update={"mails_per_tenant_day": number // 24, "people_mail_share": number / 400_000})
    paper = Paper(settings)
    addresses = [f"{which:064x}" for which in range(max(10, number // 16))]
    moments = sorted(chance.randrange(DAYS) * DAY + NOON + chance.uniform(-BURST / 2, BURST / 2) for _ in range(number))
    for which, moment in enumerate(moments):
        tenant, address = chance.choices(TENANTS, (6, 1, 1, 1, 1))[0], chance.choice(addresses)
        purpose = chance.choices((REGISTRATION, RESET, INVITATION), (90, 5, 5))[0]
        asked = Asked(BEGINS + moment, tenant, address, purpose)
        wanted, came = paper.answer(asked), _ask(clients, settings, asked)
        outcome.answers[purpose, came] += 1
        if wanted != came:
            outcome.complaints.append(f"{which}: {asked} was answered {came}, not {wanted}")
        if came == MAILED and chance.random() < BOUNCES.get(asked.day, 0.0):
            paper.ticks["bounced", asked.day] += 1
            writes.transact(clients.dynamodb, budgets.bounced(settings.users_table, f"message-{which}", asked.at))
    return outcome


def _ask(clients: Clients, settings: Settings, asked: Asked) -> str:
    if asked.purpose == REGISTRATION and budgets.registration_is_closed(clients, settings, asked.at):
        return CLOSED
    actions = budgets.charge(clients, settings, asked.tenant, asked.address, asked.purpose, asked.at)
    try:
        writes.transact(clients.dynamodb, actions)
    except ClientError as error:
        return str(budgets.refused(error.response["CancellationReasons"]))
    return MAILED
