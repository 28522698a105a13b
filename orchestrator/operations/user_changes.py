"""What operators do to a tenant's people: disable, enable and remove them, give another role, forget authenticators.

Each is an operation of the register, as if an admin of the tenant had asked for it, with the operator's principal.
"""

import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws.dynamodb import Item, is_code
from orchestrator.identity.tenant_region import clients_there
from orchestrator.operations import users
from orchestrator.operations.users import RefusedError
from orchestrator.tenants import lifecycle
from orchestrator.tenants.commands import command
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import read_record
from orchestrator.users import local_users, statuses
from orchestrator.users.hosts import SuspendedError
from orchestrator.users.ids import new_ulid
from orchestrator.users.operations import By, Operations, Wanted, What
from orchestrator.users.refusals import GONE, LastAdminError, NotPossibleError, UnderWayError
from orchestrator.users.works import Claim

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

LEASE_SECONDS = 60.0
"""For the calls of one operation; if the command dies, reconcile goes on after that."""
LONGEST = 200
"""Characters of a principal's ARN that are kept."""
VERBS: dict[What, str] = {"DISABLE": "disabled", "ENABLE": "enabled", "ROLE": "given another role", "REMOVE": "removed"}


def change(
    clients: "Clients", settings: "Settings", tenant_id: str, who: str, wanted: Wanted, principal: str | None
) -> users.Document:
    """Do something to somebody, by address or user id, and return who that is then; done already is no error.

    Raises RefusedError, TransientError, and what AWS answers; what had begun by then is finished by reconcile.
    """
    if wanted.what == "ROLE":
        check_role(settings, wanted.value)
    tenant, row = _found(clients, settings, tenant_id, who)
    by = By((principal or "operator")[:LONGEST])
    claim = Claim(f"onboard/{new_ulid()}", time.time() + LEASE_SECONDS)
    try:
        return users.shown(row | Operations(clients, settings, tenant).change(row, wanted, by, claim))
    except LastAdminError:
        others = command("users list", tenant_id)
        raise RefusedError(
            f"{who} is the last admin of {tenant_id}, and stays; make somebody else one first, see: {others}"
        ) from None
    except NotPossibleError as error:
        see = command("users show", tenant_id, who)
        raise RefusedError(
            f"{who} is {error.status}, and cannot be {VERBS[wanted.what]} in {tenant_id}; see: {see}"
        ) from None
    except UnderWayError:
        see = command("users show", tenant_id, who)
        raise RefusedError(f"Something else is under way with {who}; wait a minute, then look: {see}") from None
    except SuspendedError:
        raise RefusedError(users.not_live(tenant)) from None


def reset_mfa(clients: "Clients", settings: "Settings", tenant_id: str, who: str) -> users.Document:
    """Forget somebody's authenticator app and end the sessions; return who that is. Safe to repeat.

    Where the user pool wants an authenticator, the next sign-in asks for one anew. Tokens that are out stay good until
    they end. Raises RefusedError, and what AWS answers.
    """
    tenant, row = _found(clients, settings, tenant_id, who)
    if not local_users.is_local(tenant, row):
        raise RefusedError(_not_here(tenant, row, who))
    cognito = clients_there(clients, settings, tenant).cognito
    user: Any = {"UserPoolId": row["userPoolId"], "Username": row["username"]}
    try:
        cognito.admin_delete_software_token(**user)
        cognito.admin_user_global_sign_out(**user)
    except ClientError as error:
        if not is_code(error, GONE):
            raise
        remove = command("users remove", tenant_id, who)
        raise RefusedError(f"Amazon Cognito knows no {row['username']} any more; clean up: {remove}") from None
    return users.shown(row)


def check_role(settings: "Settings", role: str) -> None:
    """Raise RefusedError for a role that nobody can be given here."""
    if role not in (there := statuses.roles(settings)):
        raise RefusedError(
            f"{role} is no role of this deployment, which has {', '.join(there)}; others are the setting memberRoles"
        )


def _found(clients: "Clients", settings: "Settings", tenant_id: str, who: str) -> tuple[Record, Item]:
    """Return a tenant's record and somebody's row; raises RefusedError."""
    tenant = read_record(clients.dynamodb, settings.tenants_table, tenant_id)
    row, _ = users.look_up(clients, settings, tenant_id, who)
    if tenant is None or row is None:
        raise RefusedError(users.nobody(tenant, tenant_id, who))
    if tenant["status"] not in lifecycle.LIVE:
        raise RefusedError(users.not_live(tenant))
    return tenant, row


def _not_here(tenant: Record, row: Item, who: str) -> str:
    if row["status"] == statuses.INVITED:
        see = command("users show", tenant["tenantId"], who)
        return f"{who} is INVITED, and has no authenticator yet; see: {see}"
    return f"{who} signs in at an identity provider of {tenant['tenantId']}, which knows the authenticator; ask there"
