"""Invitations: somebody is registered as INVITED, with a role, and mailed a link; nobody is in Amazon Cognito yet.

The row and the mail are two writes. So the request for the first mail has the id of the user: an invitation that is
repeated completes what a fault interrupted, and mails nobody twice.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import CONDITION_FAILED, Item
from orchestrator.aws.errors import TransientError, cancellation_codes
from orchestrator.tenants import fence, lifecycle
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.users import addresses, at_provider, requests, statuses, store
from orchestrator.users.ids import new_ulid
from orchestrator.users.links import LASTS
from orchestrator.users.refusals import NotAllowedError
from orchestrator.users.requests import Request
from orchestrator.users.works import INVITATION

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

Action = dict[str, Any]
"""Of TransactWriteItems."""
Answer = Literal["invited", "repeated", "user", "not_live"]


@dataclass(frozen=True)
class Guest:
    """Who is invited, as what; the address in any case."""

    email: str
    name: str = ""
    role: str = statuses.MEMBER


@dataclass(frozen=True)
class Invited:
    """What became of an invitation: made now, made before, the address is a user's, or the tenant is not live."""

    answer: Answer
    user_id: str = ""


def invite(
    clients: "Clients", settings: "Settings", tenant: Record, guest: Guest, only_if: Action | None = None
) -> Invited:
    """Invite somebody to a tenant, by its record; safe to repeat.

    `only_if` is a ConditionCheck that must hold, too: that whoever asks is an admin. Raises NotAllowedError of
    `refusals` if it does not, TransientError and what AWS answers.

    It ends when its link does. In a tenant whose people sign in at an identity provider nobody is mailed, and a social
    provider's person with that address is let in for as long.
    """
    if tenant["status"] != lifecycle.COMPLETED:
        return Invited("not_live")
    tenant_id, email = str(tenant["tenantId"]), guest.email.lower()
    address = addresses.hashed(clients, settings, email)
    row = store.find(clients.dynamodb, settings.users_table, tenant_id, address)
    if row is None:
        user = store.User(
            user_id=new_ulid(),
            tenant_id=tenant_id,
            email=email,
            address=address,
            name=guest.name,
            role=guest.role,
            status=statuses.INVITED,
            created_at=timestamp(time.time()),
            ends=int(time.time()) + LASTS[INVITATION],
        )
        row = user.row
        _register(clients, settings, tenant, user, only_if)
        answer: Answer = "invited"
    elif row["status"] == statuses.INVITED:
        answer = "repeated"
    else:
        return Invited("user", row["userId"])
    if tenant["federated"]:
        if answer == "repeated" and (actions := at_provider.let_in(settings, tenant, email)):
            writes.transact(clients.dynamodb, actions)
    else:
        _mail(clients, settings, row, request_id=row["userId"])
    return Invited(answer, row["userId"])


def resend(clients: "Clients", settings: "Settings", row: Item, only_if: Action | None = None) -> None:
    """Mail somebody who is INVITED another link, and let the invitation last as long; the earlier ones stay as good.

    Raises as above; TransientError if it is no invitation any more.
    """
    prolonged = store.prolonged(settings.users_table, row, int(time.time()) + LASTS[INVITATION])
    _transact(clients, [*_check(only_if), *prolonged], only_if, "The invitation changed meanwhile")
    _mail(clients, settings, row, request_id=new_ulid())


def _register(
    clients: "Clients", settings: "Settings", tenant: Record, user: store.User, only_if: Action | None
) -> None:
    """Register somebody as INVITED; raises TransientError if the tenant, or who has the address, changed meanwhile."""
    seen = fence.as_seen(settings.tenants_table, tenant)
    invited = [*store.invited(settings.users_table, user), *at_provider.let_in(settings, tenant, user.email)]
    actions = [*_check(only_if), seen, *invited]
    _transact(clients, actions, only_if, f"{user.tenant_id} changed meanwhile")


def _check(only_if: Action | None) -> list[Action]:
    return [only_if] if only_if else []


def _transact(clients: "Clients", actions: list[Action], only_if: Action | None, changed: str) -> None:
    try:
        writes.transact(clients.dynamodb, actions)
    except ClientError as error:
        codes = cancellation_codes(error)
        if CONDITION_FAILED not in codes:
            raise
        if only_if and codes[0] == CONDITION_FAILED:
            raise NotAllowedError from None
        raise TransientError(changed, code="RecordChanged") from None


def _mail(clients: "Clients", settings: "Settings", row: Item, request_id: str) -> None:
    now = timestamp(time.time())
    request = Request(request_id, INVITATION, row["email"], now, tenant_id=row["tenantId"], name=row.get("name", ""))
    requests.put(clients, settings, request)
