"""Convergence: what user pools, app clients and the register of earlier releases or settings lack, and nothing else.

Whatever is as it should be costs reads only. So a run that ended anywhere is simply begun again: what it has changed
already it finds as it should be.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.dynamodb import items
from orchestrator.aws.errors import OnboardingError, ResourceMissingError, translate
from orchestrator.identity import shared_pools, tenant_region, tenant_resources
from orchestrator.identity.desired_settings import Difference
from orchestrator.identity.paced_calls import PacedCalls
from orchestrator.onboarding.redo import USER_MISSING
from orchestrator.operations import registration
from orchestrator.operations.convergence_server_client import ServerClient
from orchestrator.operations.convergence_targets import AppClient, UserPool
from orchestrator.steps.create_app_client import app_client
from orchestrator.tenants import lifecycle
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import ID_INDEX, RECORD, by_key, read_record, read_request, record_key

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

ATTRIBUTES = (
    *("tenantId", "tier", "federated", "status", "attempt", "region", "security", "routing"),
    *("resources", "admin", "abandonment"),
)
"""What is read of each record."""

Kind = Literal["user pool", "app client", "admin"]
Result = Literal["changed", "unchanged", "left", "failed"]


@dataclass(frozen=True)
class Converged:
    """What became of a user pool, an app client or an admin; of a tenant that is left to its workflow, of all."""

    result: Result
    name: str
    region: str
    user_pool_id: str = ""
    app_client_id: str = ""
    """Empty for the user pool itself."""
    tenant_id: str = ""
    """Empty for what tenants share."""
    differences: tuple[Difference, ...] = ()
    """What was changed; in a dry run, what would be. Of what failed, what was to be."""
    why: str = ""
    """Why it is left, or failed."""
    is_admin: bool = False
    """Whether it is a tenant's admin in the register, named after the tenant."""
    is_of_server: bool = False
    """Whether it is our server's own app client, which may have no id yet."""

    @property
    def kind(self) -> Kind:
        """What it is."""
        if self.is_admin:
            return "admin"
        return "app client" if self.app_client_id or self.is_of_server else "user pool"

    def document(self) -> dict[str, Any]:
        """Return it for JSON; it names no person and holds no secret."""
        return {
            "result": self.result,
            "kind": self.kind,
            "name": self.name,
            "region": self.region,
            "userPoolId": self.user_pool_id,
            "appClientId": self.app_client_id,
            "tenantId": self.tenant_id,
            "differences": [each.document() for each in self.differences],
            "why": self.why,
        }


@dataclass(frozen=True)
class Owner:
    """A row of the shared user pools or a tenant's record, of which what it has is to be looked at."""

    row: Record
    is_shared: bool


def owners(clients: "Clients", settings: "Settings") -> list[Owner]:
    """Return who has a user pool, an app client or an admin: first all shared user pools, then tenants by their ids.

    Only the home Region's tables are read, no user pool. Raises ThrottledError if DynamoDB leaves records unread.
    """
    rows = [Owner(row, is_shared=True) for row in shared_pools.list_rows(clients, settings)]
    keys = items(
        clients.dynamodb.query,
        TableName=settings.tenants_table,
        IndexName=ID_INDEX,
        KeyConditionExpression="#item = :record",
        ExpressionAttributeNames={"#item": "item"},
        ExpressionAttributeValues={":record": RECORD},
    )
    records = by_key(clients, settings, (record_key(str(key["tenantId"])) for key in keys), ATTRIBUTES)
    there = [record for record in records if record.get("status") != lifecycle.ABANDONED]
    return rows + [Owner(each, is_shared=False) for each in sorted(there, key=lambda each: each["tenantId"])]


def converge(
    clients: "Clients", settings: "Settings", found: Iterable[Owner], paced: PacedCalls, *, dry_run: bool
) -> Iterator[list[Converged]]:
    """Yield for each owner what became of what it has; an error at one does not keep the others from their turn."""
    convergence = _Convergence(clients, settings, paced, dry_run=dry_run)
    for owner in found:
        yield list(convergence.of(owner))


class _Convergence:
    def __init__(self, clients: "Clients", settings: "Settings", paced: PacedCalls, *, dry_run: bool) -> None:
        self._clients, self._settings, self._paced, self._dry_run = clients, settings, paced, dry_run

    def of(self, owner: Owner) -> Iterator[Converged]:
        """Converge what an owner has; a row that nobody here can read is told as failed."""
        row = owner.row
        try:
            yield from self._shared(row) if owner.is_shared else self._of_tenant(row)
        except Exception as error:  # one odd row keeps no other from its turn
            pool_id, name = row.get("resources", {}).get("userPoolId", ""), row.get("poolKey", row.get("tenantId"))
            where, tenant_id = tenant_region.region(self._settings, row), str(row.get("tenantId", ""))
            tenant_id = "" if owner.is_shared else tenant_id
            yield Converged("failed", str(name), where, pool_id, "", tenant_id, why=translate(error).message)

    def _shared(self, row: Record) -> Iterator[Converged]:
        """Converge a shared user pool, then its two app clients; one that is being opened is left."""
        settings, key, made = self._settings, row["poolKey"], row["resources"]
        new = shared_pools.user_pool(settings, key)
        if row["status"] == shared_pools.OPENING:
            yield Converged("left", new.name, new.region, made.get("userPoolId", ""), why="it is being opened")
            return
        pool = UserPool(self._clients.in_region(new.region), settings, self._paced, new, made["userPoolId"])
        yield (outcome := self._one(pool, None))
        if outcome.result != "failed":
            client = shared_pools.app_client(settings, key, made["userPoolId"])
            yield self._one(AppClient(pool, client, made["appClientId"]), None)
            yield self._one(ServerClient(pool, self._clients, row), None)

    def _of_tenant(self, record: Record) -> Iterator[Converged]:
        """Converge a silo tenant's user pool, its app clients and its admin, as far as steps have made them."""
        settings, made, is_pooled = self._settings, record["resources"], record["tier"] == "pool"
        pool_id, client_id = made.get("userPoolId", ""), "" if is_pooled else made.get("appClientId", "")
        if is_pooled and "adminUsername" not in made:
            return
        own = tenant_resources.user_pool(settings, record)
        if why := _left_to_its_workflow(record):
            name = tenant_resources.app_client_name(settings, record["tenantId"])
            yield Converged("left", name, own.region, pool_id, client_id, record["tenantId"], why=why)
            return
        if not pool_id:
            return
        pool = UserPool(
            self._clients.in_region(own.region), settings, self._paced, own, pool_id, configured="domain" in made
        )
        if record["tier"] == "silo":
            yield (outcome := self._one(pool, record))
            if outcome.result == "failed":
                return
        if client_id:
            yield self._client_of_tenant(pool, record, client_id)
        if record["tier"] == "silo" and "domain" in made:
            yield self._one(ServerClient(pool, self._clients, record), record)
        if registration.has_admin(record):
            yield from self._admin(record)

    def _admin(self, record: Record) -> Iterator[Converged]:
        """Register the admin of a tenant that nobody is registered of; one who is not there any more is passed over."""
        clients, settings, tenant_id = self._clients, self._settings, str(record["tenantId"])
        made = record["resources"]
        told = (tenant_id, tenant_region.region(settings, record), made.get("userPoolId", ""), "", tenant_id)
        try:
            user = registration.lacking(clients, settings, record, self._paced)
            if user is None:
                counted = registration.counted(clients, settings, tenant_id, dry_run=self._dry_run)
                yield Converged("changed" if counted else "unchanged", *told, counted, is_admin=True)
                return
            differences = (Difference("register", None, registration.shown(user)),)
            if self._dry_run or registration.register(clients, settings, record, user):
                yield Converged("changed", *told, differences, is_admin=True)
            else:
                yield Converged("left", *told, differences, why="it changed meanwhile", is_admin=True)
        except Exception as error:  # as above
            failure = translate(error)
            if failure.code != USER_MISSING:  # somebody has deleted the user, so nobody is to be registered
                yield Converged("failed", *told, why=failure.message, is_admin=True)

    def _client_of_tenant(self, pool: UserPool, record: Record, client_id: str) -> Converged:
        """Converge a tenant's own app client; without a request, of whom was erased, what it asked for just stays."""
        tenant_id = str(record["tenantId"])
        try:
            asked = read_request(self._clients.dynamodb, self._settings.tenants_table, tenant_id).app_client
        except ResourceMissingError:
            asked = None
        except (OnboardingError, ClientError, BotoCoreError) as error:
            name = tenant_resources.app_client_name(self._settings, tenant_id)
            where = (pool.new.region, pool.pool_id, client_id, tenant_id)
            return Converged("failed", name, *where, why=translate(error).message)
        new = app_client(self._settings, record, asked)
        return self._one(AppClient(pool, new, client_id), record)

    def _one(self, target: UserPool | AppClient, record: Record | None) -> Converged:
        tenant_id = str(record["tenantId"]) if record else ""
        told = (target.new.name, target.region, target.pool_id, target.client_id, tenant_id)
        outcome = partial(Converged, is_of_server=isinstance(target, ServerClient))
        differences: tuple[Difference, ...] = ()
        try:
            differences = target.look()
            if not differences:
                return outcome("unchanged", *told)
            if record and (why := self._moved_meanwhile(tenant_id)):
                return outcome("left", *told, why=why)
            if not self._dry_run:
                target.change()
        except Exception as error:  # as above
            return outcome("failed", *told, differences, why=translate(error).message)
        return outcome("changed", *told, differences)

    def _moved_meanwhile(self, tenant_id: str) -> str:
        """Return why a tenant is left after all: it was read some time ago, and somebody may have retried it since."""
        record = read_record(self._clients.dynamodb, self._settings.tenants_table, tenant_id)
        return _left_to_its_workflow(record) if record else "it is no longer there"


def _left_to_its_workflow(record: Record) -> str:
    """Return why a tenant is not touched; empty if nothing is under way."""
    if record["status"] in (*lifecycle.UNDER_WAY, lifecycle.ABANDONED):
        return f"it is {record['status']}"
    return "its abandonment was begun" if "abandonment" in record else ""
