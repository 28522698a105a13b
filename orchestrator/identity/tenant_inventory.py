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
from orchestrator.identity.marks import OWNER_TAG
from orchestrator.identity.presence import Presence, not_seen_yet
from orchestrator.identity.temporary_passwords import WAITING_FOR_FIRST_SIGN_IN
from orchestrator.identity.tenant_region import clients_there
from orchestrator.identity.tenant_resources import app_client_name, user_pool
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.notes import Notes
from orchestrator.tenants.records import left_in_doubt, noted
from tenant_onboarding import names

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

User = dict[str, Any]
T = TypeVar("T")


class TenantInventory:
    """What there is of a tenant now; every look asks Cognito anew.

    `everywhere` lists user pools and app clients also where no step is in doubt, for the look that verifies. `notes`
    are those of the step, which goes on with long lists where an earlier try had to stop.
    """

    def __init__(
        self,
        clients: "Clients",
        settings: "Settings",
        record: Record,
        *,
        everywhere: bool = False,
        notes: Notes | None = None,
    ) -> None:
        self.client = clients_there(clients, settings, record).cognito
        self.user_pool_id: str | None = record["resources"].get("userPoolId")
        """Where the tenant was placed; without one nothing can have been made in a shared user pool."""
        self.tenant_id = str(record["tenantId"])
        self._settings, self._record = settings, record
        self._everywhere = everywhere
        self._patience = settings.in_doubt_wait_seconds
        self._notes = notes or Notes()
        self._presence = Presence(self.client, settings.in_doubt_wait_seconds, self._notes)

    def user_pools(self) -> list[str]:
        """Return the ids of a silo tenant's own user pools."""
        if self._record["tier"] != "silo":
            return []
        own = user_pool(self._settings, self._record)
        listed = self._listed("CreateUserPool", lambda: cognito.find_user_pools(self.client, own, self._notes))
        named = {self.user_pool_id, noted(self._record, "CreateUserPool")} - {None, *listed}
        return [*listed, *(each for each in sorted(map(str, named)) if self._owner(each) == own.owner)]

    def app_clients(self) -> list[str]:
        """Return the ids of the tenant's own app clients in a shared user pool, never of the shared one."""
        pool, name = self.user_pool_id, app_client_name(self._settings, self.tenant_id)
        if not pool or self._record["tier"] != "bridge":
            return []

        def find() -> list[str]:
            return cognito.find_app_clients(self.client, pool, name, self._notes)

        listed = self._listed("CreateAppClient", find)
        named = {self._record["resources"].get("appClientId"), noted(self._record, "CreateAppClient")}
        for client_id in sorted(map(str, named - {None, *listed})):
            found = self.unless_gone(self.client.describe_user_pool_client, pool, ClientId=client_id)
            if found is None:
                return self._at_second_sight(find)
            if found["UserPoolClient"]["ClientName"] == name:
                listed.append(client_id)
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
            found = self.unless_gone(self.client.get_group, pool, GroupName=name)
            own = found and found["Group"].get("Description") == f"{OWNER_TAG}={name}"
            return [name] if own else []

        return self._sought("CreateTenantGroup", find)

    def users(self) -> list[User]:
        """Return who uses a shared user pool as this tenant: by its names, in its group, let in by its providers.

        Each user that we make says whose it is. One of the tenant's names that says so of nobody was made by hand.
        """
        pool, tenant_id = self.user_pool_id, self.tenant_id
        if not pool:
            return []
        groups = [*self.groups(), *(f"{pool}_{name}" for name in self.identity_providers())]

        def find() -> list[User]:
            made = self.users_in(pool, f'username ^= "{tenant_id}/"')
            let_in = self.users_in(pool, f'username ^= "{identity_providers.name_prefix(tenant_id)}"')
            grouped = (user for name in groups for user in self._members(pool, name))
            found = [user for user in made if owner_of(user) == tenant_id]
            found += [user for user in (*let_in, *grouped) if owner_of(user) in {tenant_id, None}]
            return list({user["Username"]: user for user in found}.values())

        return self._sought("CreateTenantAdmin", find)

    def users_in(self, user_pool_id: str, only: str = "") -> Iterator[User]:
        """Yield the users of a user pool, page by page as they are taken; `only` is a filter of ListUsers."""
        chosen: Any = {"Filter": only} if only else {}
        pages = self.client.get_paginator("list_users").paginate(
            UserPoolId=user_pool_id, PaginationConfig={"PageSize": 60}, **chosen
        )
        yield from self._users(pages, user_pool_id)

    def unless_gone(self, call: Callable[..., T], user_pool_id: str, **arguments: object) -> T | None:
        """Return what a call on a user pool answers, None where what it is about is not there, nor the user pool."""
        return self._presence.unless_gone(lambda: call(UserPoolId=user_pool_id, **arguments), user_pool_id)

    def remove(self, call: Callable[..., object], **which: str) -> None:
        """Remove something from the shared user pool; what is gone already is success."""
        if self.user_pool_id:
            self.unless_gone(call, self.user_pool_id, **which)

    def described(self, user_pool_id: str) -> Any:  # Any: the stubs' TypedDict
        """Return a user pool as it is; None if it is gone. Raises TransientError if it is only not shown yet."""
        found = self.unless_gone(self.client.describe_user_pool, user_pool_id)
        if found is None and not self._presence.lacks(user_pool_id):
            raise not_seen_yet(f"the user pool {user_pool_id}")
        return found and found["UserPool"]

    def _members(self, pool: str, group: str) -> Iterator[User]:
        pages = self.client.get_paginator("list_users_in_group").paginate(
            UserPoolId=pool, GroupName=group, PaginationConfig={"PageSize": 60}
        )
        yield from self._users(pages, pool)

    def _users(self, pages: Iterable[Any], user_pool_id: str) -> Iterator[User]:
        """Yield the users page by page; none, or no more, where what they are in is gone."""
        try:
            yield from (dict(user) for page in pages for user in page["Users"])
        except ClientError as error:
            if not self._presence.is_gone(error, user_pool_id):
                raise

    def _owner(self, user_pool_id: str) -> str | None:
        found = self.described(user_pool_id)
        return str(found.get("UserPoolTags", {}).get(OWNER_TAG)) if found else None

    def _begun(self, step: str) -> bool:
        return bool(self._record["steps"].get(step, {}).get("begun"))

    def _listed(self, step: str, find: Callable[[], list[str]]) -> list[str]:
        wanted = left_in_doubt(self._record, step) or (self._everywhere and self._begun(step))
        return self._sought(step, find) if wanted else []

    def _sought(self, step: str, find: Callable[[], list[T]]) -> list[T]:
        """Look, and where the step is in doubt and nothing is found, look again. A lost user pool has nothing in it."""
        return self._at_second_sight(find) if left_in_doubt(self._record, step) else self._found(find)

    def _at_second_sight(self, find: Callable[[], list[T]]) -> list[T]:
        """Look, and where nothing is found, wait once for all and look again."""
        found = self._found(find)
        if not found:
            time.sleep(self._patience)
            self._patience = 0.0
            found = self._found(find)
        return found

    def _found(self, find: Callable[[], list[T]]) -> list[T]:
        return self._presence.unless_gone(find, self.user_pool_id) or []


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
