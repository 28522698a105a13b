"""Resending: the welcome email once more, by the code that sent it first, to whom has not signed in yet.

Only the Welcome function runs this: it alone sets passwords and sends mail.
"""

import time
from typing import TYPE_CHECKING

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import Change
from orchestrator.aws.errors import translate
from orchestrator.tenants import verdicts
from orchestrator.tenants.actions import TRIES, Action
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.records import read_record, record_key
from orchestrator.tenants.verdicts import Act
from orchestrator.welcome.resent import Resent
from orchestrator.welcome.sending import send

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

PAUSE_SECONDS = 60.0
"""Between two emails to one tenant: longer than the function (30 s) and the last HTTP call it can have under way (8 s),
so that two never send at once, and long enough for somebody who clicks twice."""


def resend(clients: "Clients", settings: "Settings", tenant_id: str, owner: str, by: str | None = None) -> Resent:
    """Mail a COMPLETED tenant anew; a local admin who has signed in gets no password and no email.

    One conditional write says so first, so of two who ask at once one is mailed for. `owner` is the invocation,
    `by` who asks for it. Raises the errors of `orchestrator.aws.errors`.
    """
    try:
        return _resend(clients, settings, tenant_id, owner, Action("resend-welcome", by))
    except Exception as error:
        raise translate(error) from None


def _resend(clients: "Clients", settings: "Settings", tenant_id: str, owner: str, action: Action) -> Resent:
    record = read_record(clients.dynamodb, settings.tenants_table, tenant_id) or {}
    if refusal := verdicts.refusal(record, tenant_id, Act.RESEND):
        return Resent(tenant_id, refusal)
    if not _take(clients, settings, record, owner):
        message = f"its email was sent just now, or is being sent; try again in {PAUSE_SECONDS:.0f} seconds"
        return Resent(tenant_id, message)
    try:  # in doubt: it asks first whether the admin still waits for a first sign-in
        made = send(clients, settings, record, in_doubt=True)
    except Exception as error:
        if translate(error).settled:
            _give_back(clients, settings, tenant_id, owner)
        raise
    message_id = made.resources.get("welcomeMessageId")
    if message_id is None:
        _give_back(clients, settings, tenant_id, owner)
        return Resent(tenant_id, "its admin has signed in already; a lost password is reset at the sign-in page")
    _note_sent(clients, settings, record, owner, str(message_id), action)
    return Resent(tenant_id, "its welcome email was sent again", sent=True)


def _take(clients: "Clients", settings: "Settings", record: Record, owner: str) -> bool:
    """Write down that this invocation is about to mail; return False if another one is, or did so just now."""
    now = round(time.time() * 1000)
    change = Change(settings.tenants_table, record_key(record["tenantId"]))
    change.set("welcomeResent", {"owner": owner, "until": round(now + PAUSE_SECONDS * 1000)})
    change.require("[status] = ?", record["status"])
    change.require(
        "attribute_not_exists([welcomeResent]) OR [welcomeResent.until] < ? OR [welcomeResent.owner] = ?", now, owner
    )
    return writes.if_it_holds(clients.dynamodb.update_item, **change.arguments())


def _give_back(clients: "Clients", settings: "Settings", tenant_id: str, owner: str) -> None:
    """Let the next one ask at once: nothing was sent."""
    change = Change(settings.tenants_table, record_key(tenant_id)).remove("welcomeResent")
    change.require("[welcomeResent.owner] = ?", owner)
    writes.if_it_holds(clients.dynamodb.update_item, **change.arguments())


def _note_sent(
    clients: "Clients", settings: "Settings", record: Record, owner: str, message_id: str, action: Action
) -> None:
    """List the email that was sent; what another action lists meanwhile is kept."""
    tenant_id = str(record["tenantId"])
    for _ in range(TRIES):
        change = Change(settings.tenants_table, record_key(tenant_id))
        action.note(change, record, int(record["attempt"]))
        change.set("resources.welcomeMessageId", message_id).set("welcomeResentAt", timestamp(time.time()))
        change.require("[welcomeResent.owner] = ?", owner)
        if writes.if_it_holds(clients.dynamodb.update_item, **change.arguments()):
            return
        record = read_record(clients.dynamodb, settings.tenants_table, tenant_id) or {}
        if record.get("welcomeResent", {}).get("owner") != owner:
            return
