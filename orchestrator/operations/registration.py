"""Registration: the admin of a tenant that an earlier version onboarded comes into the register.

Its row is what CreateTenantAdmin writes today, of what Amazon Cognito has of the user now; of a federated tenant, what
CompleteOnboarding writes. Whoever is registered stays as registered.
"""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import CONDITION_FAILED, Item
from orchestrator.aws.errors import cancellation_codes
from orchestrator.identity import natural_keys, tenant_region
from orchestrator.identity.desired_settings import Difference
from orchestrator.identity.paced_calls import PacedCalls
from orchestrator.sign_in.token_claims import DEFAULT_ROLE
from orchestrator.tenants import fence, lifecycle
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.users import addresses, first_admin, seats, statuses, store
from orchestrator.users.store import User
from tenant_onboarding import names

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings


def has_admin(record: Record) -> bool:
    """Tell whether a tenant has an admin who is to be registered, whom nobody has erased from its record.

    That is a local one once made, or of a federated tenant whoever its event named, once it is completed.
    """
    is_there = record["status"] in lifecycle.LIVE if record["federated"] else "adminUsername" in record["resources"]
    return is_there and "admin" in record


def lacking(clients: "Clients", settings: "Settings", record: Record, paced: PacedCalls) -> User | None:
    """Return the admin of a tenant that has one who is not registered; None otherwise.

    Whom somebody has invited meanwhile is registered by the link, and stays an admin. Raises what Cognito answers:
    UserNotFoundException if somebody has deleted the user.
    """
    made, tenant_id = record["resources"], str(record["tenantId"])
    if record["federated"]:
        invited = first_admin.of_federated(clients, settings, record)
        return None if _known(clients, settings, invited) else invited
    address = addresses.hashed(clients, settings, record["admin"]["email"])
    if store.find(clients.dynamodb, settings.users_table, tenant_id, address):
        return None
    cognito = tenant_region.clients_there(clients, settings, record).cognito_once
    which = {"UserPoolId": made["userPoolId"], "Username": made["adminUsername"]}
    there = paced(cognito.admin_get_user, **which)
    attributes = natural_keys.values(there["UserAttributes"])
    email = _address(record, attributes)
    user = User(
        user_id=attributes.get(names.USER_ID) or attributes["sub"],
        tenant_id=tenant_id,
        email=email,
        address=addresses.hashed(clients, settings, email),
        name=attributes.get("name", ""),
        role=attributes.get(names.TENANT_ROLE) or DEFAULT_ROLE,
        status=statuses.ACTIVE if there["Enabled"] else "DISABLED",
        created_at=timestamp(there["UserCreateDate"].timestamp()),
        user_pool_id=made["userPoolId"],
        username=made["adminUsername"],
        sub=attributes["sub"],
    )
    return None if _known(clients, settings, user) else user


def _known(clients: "Clients", settings: "Settings", user: User) -> Item | None:
    return store.find(clients.dynamodb, settings.users_table, user.tenant_id, user.address)


def counted(clients: "Clients", settings: "Settings", tenant_id: str, *, dry_run: bool) -> tuple[Difference, ...]:
    """Let all people of a tenant be counted by the next run of reconcile; return what that changes, if anything."""
    is_due = seats.to_be_counted(clients, settings, tenant_id, dry_run=dry_run)
    return (Difference("count", "admins", "everybody"),) if is_due else ()


def shown(user: User) -> str:
    """Return what is told of somebody who comes into the register: the id, or that there is none in Cognito yet."""
    return user.user_id if user.sub else user.status


def register(clients: "Clients", settings: "Settings", record: Record, user: User) -> bool:
    """Register a user unless the tenant is not as it was seen; tell whether somebody has the address now.

    Another operator may have registered somebody meanwhile, who stays as registered.
    """
    seen, table = fence.as_seen(settings.tenants_table, record), settings.users_table
    actions = store.invited(table, user) if user.status == statuses.INVITED else store.entered(table, user)
    try:
        writes.transact(clients.dynamodb, [seen, *actions])
    except ClientError as error:
        if CONDITION_FAILED not in cancellation_codes(error):
            raise
        return _known(clients, settings, user) is not None
    return True


def _address(record: Record, attributes: dict[str, str]) -> str:
    """Return the address that the user has proved to have; until then, the one that the tenant's event named."""
    is_verified = attributes.get("email_verified") == "true"
    return (is_verified and attributes.get("email")) or str(record["admin"]["email"])
