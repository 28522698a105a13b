"""What there is of a tenant in Amazon Cognito: found by its deterministic name, and its own only if the owner is it.

A step may have made what it did not write down. So nothing is taken from the record alone: whatever has a natural key
is looked for by it, and in doubt user pools and app clients are listed, as they are where they are created.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from orchestrator.aws.errors import AbandonmentError
from orchestrator.identity import cognito, identity_providers
from orchestrator.identity.temporary_passwords import WAITING_FOR_FIRST_SIGN_IN
from orchestrator.identity.tenant_resources import app_client_name, regional, user_pool
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import left_in_doubt
from tenant_onboarding import names

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

GONE = ("ResourceNotFoundException", "UserNotFoundException")
NOT_OURS = "AccessDeniedException"
"""A role of ours may look at our stack's user pools only."""

User = dict[str, Any]
T = TypeVar("T")


def unless_gone(call: Callable[..., Any], **arguments: object) -> Any:  # Any: what the call answers
    """Return what a call answers, None where what it is about is not there."""
    try:
        return call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise
        return None


class TenantInventory:
    """What there is of a tenant now; every look asks Cognito anew.

    `everywhere` lists user pools and app clients also where no step is in doubt, for the look that verifies.
    """

    def __init__(self, clients: "Clients", settings: "Settings", record: Record, *, everywhere: bool = False) -> None:
        self.client = regional(clients, settings, record).cognito
        self.user_pool_id: str | None = record["resources"].get("userPoolId")
        """Where the tenant was placed; without one nothing can have been made in a shared user pool."""
        self.tenant_id = str(record["tenantId"])
        self._settings, self._record = settings, record
        self._everywhere = everywhere
        self._patience = settings.in_doubt_wait_seconds

    def user_pools(self) -> list[str]:
        """Return the ids of a silo tenant's own user pools."""
        if self._record["tier"] != "silo":
            return []
        own = user_pool(self._settings, self._record)
        listed = self._listed("CreateUserPool", lambda: cognito.find_user_pools(self.client, own))
        recorded = self.user_pool_id
        if recorded and recorded not in listed and self._owner(recorded) == own.owner:
            listed.append(recorded)
        return listed

    def app_clients(self) -> list[str]:
        """Return the ids of the tenant's own app clients in a shared user pool, never of the shared one."""
        pool, name = self.user_pool_id, app_client_name(self._settings, self.tenant_id)
        if not pool or self._record["tier"] != "bridge":
            return []
        listed = self._listed("CreateAppClient", lambda: cognito.find_app_clients(self.client, pool, name))
        recorded = self._record["resources"].get("appClientId")
        if recorded and recorded not in listed:
            found = unless_gone(self.client.describe_user_pool_client, UserPoolId=pool, ClientId=recorded)
            if found and found["UserPoolClient"]["ClientName"] == name:
                listed.append(recorded)
        return listed

    def identity_providers(self) -> list[str]:
        """Return the names of the tenant's identity providers in a shared user pool, whatever was asked for by now."""
        pool = self.user_pool_id
        if not pool or not self._begun("CreateIdentityProviders"):
            return []
        return self._sought(
            "CreateIdentityProviders",
            lambda: identity_providers.find_own(self.client, pool, self.tenant_id),
        )

    def groups(self) -> list[str]:
        """Return the name of the tenant's group in a shared user pool, if it is there and this tenant's."""
        pool, name = self.user_pool_id, self.tenant_id
        if not pool:
            return []

        def find() -> list[str]:
            found = unless_gone(self.client.get_group, UserPoolId=pool, GroupName=name)
            own = found and found["Group"].get("Description") == f"{cognito.OWNER_TAG}={name}"
            return [name] if own else []

        return self._sought("CreateTenantGroup", find)

    def users(self) -> list[User]:
        """Return who uses a shared user pool as this tenant: by its names, in its group, let in by its providers."""
        pool, tenant_id = self.user_pool_id, self.tenant_id
        if not pool:
            return []
        prefixes = (f"{tenant_id}/", identity_providers.name_prefix(tenant_id))
        groups = [*self.groups(), *(f"{pool}_{name}" for name in self.identity_providers())]

        def find() -> list[User]:
            named = [user for prefix in prefixes for user in self.users_in(pool, f'username ^= "{prefix}"')]
            named = [user for user in named if owner_of(user) in {tenant_id, None}]
            grouped = [user for name in groups for user in self._members(pool, name)]
            return list({user["Username"]: user for user in (*named, *grouped)}.values())

        return self._sought("CreateTenantAdmin", find)

    def users_in(self, user_pool_id: str, only: str = "") -> Iterator[User]:
        """Yield the users of a user pool, page by page as they are taken; `only` is a filter of ListUsers."""
        chosen: Any = {"Filter": only} if only else {}
        pages = self.client.get_paginator("list_users").paginate(
            UserPoolId=user_pool_id, PaginationConfig={"PageSize": 60}, **chosen
        )
        yield from _users(pages)

    def described(self, user_pool_id: str) -> Any:  # Any: the stubs' TypedDict
        """Return a user pool as it is; None if it is gone."""
        found = unless_gone(self.client.describe_user_pool, UserPoolId=user_pool_id)
        return found and found["UserPool"]

    def _members(self, pool: str, group: str) -> Iterator[User]:
        pages = self.client.get_paginator("list_users_in_group").paginate(
            UserPoolId=pool, GroupName=group, PaginationConfig={"PageSize": 60}
        )
        yield from _users(pages)

    def _owner(self, user_pool_id: str) -> str | None:
        try:
            found = self.described(user_pool_id)
        except ClientError as error:
            if error.response["Error"]["Code"] != NOT_OURS or self._is_listed(user_pool_id):
                raise
            return None
        return str(found.get("UserPoolTags", {}).get(cognito.OWNER_TAG)) if found else None

    def _is_listed(self, user_pool_id: str) -> bool:
        """Tell whether a user pool is there at all: one that is gone bears no tag that would allow a look at it."""
        pages = self.client.get_paginator("list_user_pools").paginate(PaginationConfig={"PageSize": 60})
        return any(listed["Id"] == user_pool_id for page in pages for listed in page["UserPools"])

    def _begun(self, step: str) -> bool:
        return bool(self._record["steps"].get(step, {}).get("begun"))

    def _listed(self, step: str, find: Callable[[], list[str]]) -> list[str]:
        wanted = left_in_doubt(self._record, step) or (self._everywhere and self._begun(step))
        return self._sought(step, find) if wanted else []

    def _sought(self, step: str, find: Callable[[], list[T]]) -> list[T]:
        """Look, and where the step is in doubt and nothing is found, wait once and look again.

        What was in a user pool that is gone is gone with it.
        """
        found = unless_gone(find) or []
        if not found and left_in_doubt(self._record, step):
            time.sleep(self._patience)
            self._patience = 0.0
            found = unless_gone(find) or []
        return found


def _users(pages: Iterable[Any]) -> Iterator[User]:
    """Yield the users page by page; none, or no more, where what they are in is gone."""
    try:
        yield from (dict(user) for page in pages for user in page["Users"])
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise


def owner_of(user: User) -> str | None:
    """Return the tenant that a user was made for; None for one that an identity provider let in."""
    found = {attribute["Name"]: attribute.get("Value") for attribute in user.get("Attributes", [])}
    return found.get(names.TENANT_ID)


def check_waiting(users: Iterable[User], tenant_id: str, *, removed: bool = False) -> None:
    """Raise AbandonmentError if one of the users has signed in, or may have: only who waits for that is removed.

    `removed` says that the step has removed something by now, so that it does not count as one that did nothing.
    """
    for user in users:
        if user["UserStatus"] != WAITING_FOR_FIRST_SIGN_IN:
            raise AbandonmentError(
                f"The user {user['Username']} of {tenant_id} is {user['UserStatus']}, so somebody has signed in",
                code="SomebodySignedIn",
                next_action=(
                    "Parts of the tenant are removed already, so it cannot go on. If it is to go, delete the user that"
                    " the message names, then abandon it again."
                ),
                settled=not removed,
            )
