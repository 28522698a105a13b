"""The people of a tenant, page by page, and who of them has never signed in.

Who is INVITED has not. Of all others only a tenant's first admin may have a first password, which the welcome email
brought; Amazon Cognito says whether it was used. It is asked by ListUsers, since AdminGetUser would make a monthly
active user of whoever is looked at.
"""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from orchestrator.aws.cursor import CursorError
from orchestrator.aws.dynamodb import Item
from orchestrator.identity import temporary_passwords
from orchestrator.identity.tenant_region import clients_there
from orchestrator.operations import users
from orchestrator.operations.users import RefusedError
from orchestrator.tenants.commands import command
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.records import read_item, read_record
from orchestrator.users import counts, members, statuses
from orchestrator.welcome import mail_feedback

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

Document = dict[str, Any]


def page(  # noqa: PLR0913  # a list and what is wanted of it
    clients: "Clients",
    settings: "Settings",
    tenant_id: str,
    limit: int,
    cursor: str | None = None,
    wanted: members.Wanted = members.ALL,
    *,
    never_signed_in: bool = False,
) -> Document:
    """Return some of a tenant's people and the `nextCursor`, null after the last, by four calls at most.

    `people` says how many are ACTIVE, how many of these are admins, and how many are DISABLED; null until counted.
    Each has `nextAction`, which is what lets in whoever waits for a first sign-in; null for all others. With
    `never_signed_in` those alone are listed. Raises RefusedError, and what AWS answers.
    """
    tenant = read_record(clients.dynamodb, settings.tenants_table, tenant_id)
    if tenant is None:
        raise RefusedError(users.no_tenant(tenant_id))
    waiting = ""
    if never_signed_in:
        waiting = _has_a_first_password(clients, settings, tenant)
        wanted = replace(wanted, status=statuses.INVITED, username=waiting)
    try:
        found = members.page(clients, settings, tenant_id, limit, cursor, wanted)
    except CursorError as error:
        raise RefusedError(f"--cursor {error}; begin: {command('users list', tenant_id)}") from None
    made = tenant["resources"].get("adminUsername")
    if not never_signed_in and any(made and row.get("username") == made for row in found.rows):
        waiting = _has_a_first_password(clients, settings, tenant)
    listed = [members.document(row) | {"nextAction": _next(tenant, row, waiting)} for row in found.rows]
    counted = counts.document(read_item(clients.dynamodb, settings.users_table, counts.key(tenant_id)))
    return {"people": counted, "users": listed, "nextCursor": found.cursor}


def _has_a_first_password(clients: "Clients", settings: "Settings", tenant: Record) -> str:
    """Return the user name of a tenant's first admin if it has never signed in; else an empty one."""
    made = tenant["resources"]
    if not (name := made.get("adminUsername")):
        return ""
    cognito = clients_there(clients, settings, tenant).cognito
    return name if temporary_passwords.awaits_first_sign_in(cognito, made["userPoolId"], name) else ""


def _next(tenant: Record, row: Item, waiting: str) -> str | None:
    """Return what lets somebody in who has never signed in; None for anybody else."""
    if row["status"] == statuses.INVITED:
        if tenant["federated"]:
            return "signs in at the identity provider"
        return command("users resend", row["tenantId"], row["email"])
    if not waiting or row.get("username") != waiting:
        return None
    ends = (mail_feedback.of(tenant) or {}).get("passwordExpiresAt")
    said = f"first password ended {ends}" if ends and ends <= timestamp(time.time()) else "has not signed in yet"
    return f"{said}: {command('resend-welcome', row['tenantId'])}"
