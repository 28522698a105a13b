"""The budgets of people's mail: how many links are mailed to an address, for a tenant and for the whole deployment.

Each budget is a counter of the users table, charged in the transaction that also writes down that a link is to be
mailed: so a mail is charged once, and simultaneous ones never exceed a bound. No tenant id is in capitals:

    MAIL#ADDRESS#{address}     {hour}            mails to an address, hashed, whatever tenant they are of
    MAIL#TENANT#{tenantId}     {day}#ASKED       registrations; the same of #RESETS and #INVITED
    MAIL#DAY#{day}             ASKED, RESETS,    the same of all tenants; how many of them bounced
                               INVITED, BOUNCED
    MAIL#MESSAGE#{messageId}   BOUNCED           an email whose bounce is counted

Registrations keep no forgotten password and no invitation from going out: each is held against its own alone.
Hours and days are those of the clock in UTC, so the next one begins with nothing charged.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from orchestrator.aws.dynamodb import CONDITION_FAILED, Change, refused_item
from orchestrator.tenants.counters import hour_of
from orchestrator.tenants.ledger import timestamp
from orchestrator.users import sending_quota
from orchestrator.users.sending_quota import SendingQuota
from orchestrator.users.works import INVITATION, REGISTRATION, RESET, Purpose

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

Budget = Literal["address", "tenant", "deployment"]
OF_MAIL = "MAIL#"
OF_ADDRESS, OF_TENANT, OF_DAY = "MAIL#ADDRESS#", "MAIL#TENANT#", "MAIL#DAY#"
OF_MESSAGE = "MAIL#MESSAGE#"
WHOSE: dict[str, Budget] = {OF_ADDRESS: "address", OF_TENANT: "tenant", OF_DAY: "deployment"}
"""Whose budget a counter is, by the beginning of its key."""
ASKED, RESETS, INVITED, BOUNCED = "ASKED", "RESETS", "INVITED", "BOUNCED"
CLASSES: dict[Purpose, tuple[str, str]] = {
    REGISTRATION: (ASKED, "mailed"),
    RESET: (RESETS, "reset"),
    INVITATION: (INVITED, "invited"),
}
"""What is held against bounds of its own: its item, and its counter of an address. None uses up another's."""
DAY_SECONDS = 86_400
KEPT_SECONDS = 2 * DAY_SECONDS
"""How long a counter is kept after the hour or day that it counts began, unless time to live lags behind."""

BOUNCES_AT_LEAST = 5
"""Fewer bounces close nothing: they are people's slips, and of few mails a large share."""
BOUNCED_SHARE = 0.03
"""From this share of the day's mails on. Amazon SES reviews an account at 5 % and may stop it at 10 %."""
USED_SHARE = 0.5
"""From this share of SES's 24 hours on, whoever used it up: the other half is for invitations and welcome emails."""


def charge(
    clients: "Clients", settings: "Settings", tenant_id: str, address: str, purpose: Purpose, now: float
) -> list[dict[str, Any]]:
    """Return the actions that charge one mail to an address, hashed; TransactWriteItems refuses what is used up.

    `refused` tells by the refusal which budget it was. Where SES does not say what the account may send, the
    deployment's is counted without a bound. `now` is in epoch seconds.
    """
    table, day = settings.users_table, day_of(now)
    item, of_address = CLASSES[purpose]
    to_address = Change(table, _key(f"{OF_ADDRESS}{address}", hour_of(now)))
    of_tenant = Change(table, _key(f"{OF_TENANT}{tenant_id}", f"{day}#{item}"))
    share = None if purpose == INVITATION else _share(clients, settings, now)
    return [
        _counted(to_address, of_address, settings.mails_per_address_hour, now),
        _counted(of_tenant, "mailed", settings.mails_per_tenant_day, now),
        _counted(Change(table, _key(f"{OF_DAY}{day}", item)), "mailed", share, now),
    ]


def invited_key(tenant_id: str, now: float) -> dict[str, str]:
    """Return the key of the counter of a tenant's invitations of the day."""
    return _key(f"{OF_TENANT}{tenant_id}", f"{day_of(now)}#{INVITED}")


def refused(reasons: Iterable[Mapping[str, Any]]) -> Budget | None:
    """Return whose budget is used up, by the cancellation reasons of a transaction; None if none is."""
    for reason in reasons:
        key = str(refused_item(reason).get("tenantId", "")) if reason.get("Code") == CONDITION_FAILED else ""
        for beginning, budget in WHOSE.items():
            if key.startswith(beginning):
                return budget
    return None


def registration_is_closed(clients: "Clients", settings: "Settings", now: float) -> bool:
    """Tell whether registrations are to be dropped for now, so that SES goes on taking all other mail.

    By bounces it is closed until the day ends, in UTC; by what SES has sent, until that is less than half again. What
    SES does not say closes nothing.
    """
    return bool(_used_up(sending_quota.read(clients, now)) or _bounced_off(of_day(clients, settings, now)))


def closed_by(quota: SendingQuota | None, counted: Counter[str]) -> str:
    """Return why registration is closed, by SES's quota and the counters `of_day`; empty if it is not."""
    return _used_up(quota) or _bounced_off(counted)


def of_day(clients: "Clients", settings: "Settings", now: float) -> Counter[str]:
    """Return how many mails of the day were ASKED for, INVITED and BOUNCED, of all tenants."""
    found = clients.dynamodb.query(
        TableName=settings.users_table,
        KeyConditionExpression="tenantId = :day",
        ExpressionAttributeValues={":day": f"{OF_DAY}{day_of(now)}"},
    )
    return Counter({str(item["item"]): int(str(item["mailed"])) for item in found["Items"]})


def _used_up(quota: SendingQuota | None) -> str:
    if quota is None or quota.most is None or quota.sent < quota.most * USED_SHARE:
        return ""
    return f"{quota.sent:.0f} of the {quota.most:.0f} emails that Amazon SES allows in 24 hours are sent"


def _bounced_off(counted: Counter[str]) -> str:
    bounced, mailed = counted[BOUNCED], counted[ASKED] + counted[RESETS] + counted[INVITED]
    if bounced < max(BOUNCES_AT_LEAST, BOUNCED_SHARE * mailed):
        return ""
    return f"{bounced} of {mailed} emails to people bounced today"


def bounced(table: str, message_id: str, mailed_at: float) -> list[dict[str, Any]]:
    """Return the actions that count a bounce, to the day on which the email was sent (`mailed_at`, epoch seconds).

    They are refused if the email's bounce is counted already.
    """
    once = Change(table, _key(f"{OF_MESSAGE}{message_id}", BOUNCED)).set("expiresAt", int(mailed_at) + KEPT_SECONDS)
    day = Change(table, _key(f"{OF_DAY}{day_of(mailed_at)}", BOUNCED))
    return [once.require("attribute_not_exists([tenantId])").action(), _counted(day, "mailed", None, mailed_at)]


def day_of(seconds: float) -> str:
    """Return the UTC day that a moment, in epoch seconds, is in, as ISO 8601."""
    return timestamp(seconds)[:10]


def _counted(change: Change, name: str, most: int | None, now: float) -> dict[str, Any]:
    change.increase(name).set("expiresAt", int(now) + KEPT_SECONDS)
    if most is not None:
        change.require(f"attribute_not_exists([{name}]) OR [{name}] < ?", most)
    return change.action()


def _share(clients: "Clients", settings: "Settings", now: float) -> int | None:
    quota = sending_quota.read(clients, now)
    return None if quota is None or quota.most is None else max(1, int(quota.most * settings.people_mail_share))


def _key(partition: str, item: str) -> dict[str, str]:
    return {"tenantId": partition, "item": item}
