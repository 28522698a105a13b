"""A tenant's people, as operators look after them: who is invited, and what became of the mail to whom."""

import time
from typing import TYPE_CHECKING, Any

from orchestrator.routing import routes
from orchestrator.tenants import lifecycle, tiers
from orchestrator.tenants.commands import command
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.records import read_item, read_record
from orchestrator.users import addresses, done_to, invitations, links, mail_reports, statuses, store, works
from orchestrator.users.invitations import Guest
from tenant_onboarding.names import USERNAME_MAX

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.dynamodb import Item
    from orchestrator.aws.settings import Settings

SHOWN = ("userId", "name", "role", "status", "createdAt", "userPoolId", "username")

Document = dict[str, Any]


class RefusedError(Exception):
    """What is asked for is not possible; the text says why, and ends with a command if one helps."""


def invite(clients: "Clients", settings: "Settings", tenant_id: str, guest: Guest) -> Document:
    """Invite somebody, and have a link mailed; return who that is, with `mailed` and whether it is done `again`.

    Safe to repeat: the first invitation stays as it is, and its mail is not sent twice. Raises RefusedError,
    TransientError and what AWS answers.
    """
    tenant = live(clients, settings, tenant_id)
    if len(tiers.USER_NAMES[tenant["tier"]].format(tenantId=tenant_id, email=guest.email)) > USERNAME_MAX:
        raise RefusedError(f"{guest.email} is too long for a user name of {tenant_id}; invite another address")
    invited = invitations.invite(clients, settings, tenant, guest)
    see = command("users show", tenant_id, guest.email)
    if invited.answer == "not_live":
        raise RefusedError(not_live(tenant))
    if invited.answer == "user":
        raise RefusedError(f"{guest.email} is a user of {tenant_id} already; see: {see}")
    row = store.read(clients.dynamodb, settings.users_table, tenant_id, invited.user_id)
    if row is None:
        raise RefusedError(f"The invitation was removed at the same time; see: {see}")
    return shown(row) | {"mailed": not tenant["federated"], "again": invited.answer == "repeated"}


def resend(clients: "Clients", settings: "Settings", tenant_id: str, email: str) -> Document:
    """Have another link mailed to somebody who is invited, beside earlier ones, which stay as good; return who that is.

    Raises RefusedError and what AWS answers.
    """
    tenant = live(clients, settings, tenant_id)
    row = store.find(clients.dynamodb, settings.users_table, tenant_id, addresses.hashed(clients, settings, email))
    if row is None:
        raise RefusedError(
            f"{tenant_id} has invited nobody as {email}; do it: {command('users invite', tenant_id, email)}"
        )
    if row["status"] != statuses.INVITED:
        see = command("users show", tenant_id, email)
        raise RefusedError(f"{email} is {row['status']}, so there is nothing to confirm; see: {see}")
    if tenant["federated"]:
        where = routes.address(settings, tenant)
        raise RefusedError(
            f"{tenant_id} has its own identity provider, so no link is mailed; {email} signs in at {where}"
        )
    invitations.resend(clients, settings, row)
    return shown(row)


def show(clients: "Clients", settings: "Settings", tenant_id: str, who: str) -> Document:
    """Return what is known of somebody, by address or user id; raises RefusedError if nothing is.

    Somebody who registered and has not confirmed is nobody yet, so `userId` and `status` are null; `mail` says what
    became of the last mail, `link` what the last one is for and until when it is good, and
    `operations` what was done to them last, the latest first.
    """
    read = clients.dynamodb, settings.users_table
    row, address = look_up(clients, settings, tenant_id, who)
    proof = read_item(*read, works.proof_key(tenant_id, address)) if address else None
    if row is None and proof is None:
        raise RefusedError(nobody(read_record(clients.dynamodb, settings.tenants_table, tenant_id), tenant_id, who))
    known = shown(row or {"tenantId": tenant_id, "email": who})
    ends = links.good_until(proof, time.time())
    link = {"purpose": proof["purpose"], "goodUntil": timestamp(ends)} if proof and ends else None
    done = done_to.last(clients, settings, row) if row else []
    return known | {"mail": mail_reports.of(proof), "link": link, "operations": done}


def look_up(clients: "Clients", settings: "Settings", tenant_id: str, who: str) -> "tuple[Item | None, str]":
    """Return somebody's row by address or user id, None if a tenant has no such user, and the address, hashed."""
    read = clients.dynamodb, settings.users_table
    if "@" in who:
        address = addresses.hashed(clients, settings, who)
        return store.find(*read, tenant_id, address), address
    row = store.read(*read, tenant_id, who)
    return row, row["address"] if row else ""


def live(clients: "Clients", settings: "Settings", tenant_id: str) -> Record:
    """Return the record of a tenant that people may join; raises RefusedError."""
    record = read_record(clients.dynamodb, settings.tenants_table, tenant_id)
    if record is None:
        raise RefusedError(no_tenant(tenant_id))
    if record["status"] != lifecycle.COMPLETED:
        raise RefusedError(not_live(record))
    return record


def no_tenant(tenant_id: str) -> str:
    """Return what is said where there is no tenant of that id."""
    return f"no tenant {tenant_id}; a rejected event makes none, see: {command('rejected')}"


def nobody(tenant: Record | None, tenant_id: str, who: str) -> str:
    """Return what is said where a tenant, None if there is none, has no user of that address or id."""
    if tenant is None:
        return no_tenant(tenant_id)
    can_be_invited = "@" in who and tenant["status"] == lifecycle.COMPLETED
    return f"{tenant_id} has no user {who}" + (
        f"; to invite: {command('users invite', tenant_id, who)}" * can_be_invited
    )


def not_live(tenant: Record) -> str:
    """Return what is said where nobody joins a tenant, as it is not COMPLETED."""
    see = command("show", tenant["tenantId"])
    return f"{tenant['tenantId']} is {tenant['status']}, and nobody joins a tenant that is not COMPLETED; see: {see}"


def shown(row: "Item") -> Document:
    """Return who somebody is, with null for what is not known."""
    return {"tenantId": row["tenantId"], "email": row["email"]} | {name: row.get(name) for name in SHOWN}
