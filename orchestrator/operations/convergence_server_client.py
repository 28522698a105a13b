"""Our server's own app client of a user pool from before there was one: made once, however often this is begun.

Cognito knows no natural key of it. So whoever makes it first writes down, where its id is to be, that it does and until
when; whoever finds that written down looks for it by its name before one is made.
"""

import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws import writes
from orchestrator.aws.dynamodb import CONDITION_FAILED_EXCEPTION, Change, is_code
from orchestrator.aws.errors import TransientError
from orchestrator.identity import server_clients, shared_pools
from orchestrator.identity.desired_settings import Difference
from orchestrator.identity.server_clients import RESOURCE
from orchestrator.operations.convergence_targets import AppClient, UserPool
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.tenants.records import record_key
from tenant_onboarding.authorizer import registry

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients

MARK = "serverClientUntil"
"""Of a row or a record while the app client is made: until when, in epoch milliseconds, nobody else may begin."""
LEASE_SECONDS = 120.0
"""Longer than looking for it, making it and looking again take."""


class ServerClient(AppClient):
    """The app client of a shared user pool's row, or of a silo tenant's record."""

    def __init__(self, pool: UserPool, clients: "Clients", row: Record) -> None:
        super().__init__(pool, server_clients.wanted(pool.new, pool.pool_id), row["resources"].get(RESOURCE, ""))
        self._clients, self._row = clients, row
        self._tenant_id: str | None = None if "poolKey" in row else str(row["tenantId"])
        self._unregistered: list[str] = []

    def look(self) -> tuple[Difference, ...]:
        """Return what differs: that there is none yet, or its settings and the routes that do not lead to it."""
        if not self.client_id:
            return (Difference("ClientName", None, self.new.name),)
        differences = super().look()
        self._unregistered = [key for key in server_clients.keys(self._row["resources"]) if not self._leads_here(key)]
        return (*differences, *(Difference("route", None, key.partition("#")[0]) for key in self._unregistered))

    def change(self) -> None:
        """Make it and write its id and its routes down, or change what differs."""
        if not self.client_id:
            self._make()
            return
        if self._parameters:
            super().change()
        if self._unregistered:
            writes.transact(self._clients.dynamodb, self._routes(self._row["resources"]))

    def _make(self) -> None:
        pool, until = self._pool, round((time.time() + LEASE_SECONDS) * 1000)
        pool.paced.wait("CreateUserPoolClient", self.region, self.pool_id)
        begun_before = self._begin(until)
        made = server_clients.ensure(
            self._clients.in_region(self.region), pool.settings, self.new, in_doubt=begun_before
        )
        finish = self._change().set(f"resources.{RESOURCE}", made[RESOURCE]).remove(MARK)
        finish.require(f"[{MARK}] = ?", until)
        if self._tenant_id is None:
            finish.increase("appClients")
        resources = self._row["resources"] | made
        writes.transact(self._clients.dynamodb, [finish.action(), *self._routes(resources)])

    def _begin(self, until: int) -> bool:
        """Write down that it is made; tell whether somebody began before. Raises TransientError while somebody is."""
        change = self._change().set(MARK, until).require(f"attribute_not_exists([resources.{RESOURCE}])")
        change.require(f"attribute_not_exists([{MARK}]) OR [{MARK}] < ?", round(time.time() * 1000))
        update = self._clients.dynamodb.update_item
        try:
            before = writes.in_turn(update, **change.arguments(), ReturnValues="UPDATED_OLD")
        except ClientError as error:
            if not is_code(error, CONDITION_FAILED_EXCEPTION):
                raise
            raise TransientError("It is made, or was changed, meanwhile: run it again", code="RecordChanged") from None
        return MARK in before.get("Attributes", {})

    def _change(self) -> Change:
        """Return a change of the row or record, refused if that is not in the status any more that was seen."""
        settings = self._pool.settings
        if self._tenant_id is None:
            change = Change(settings.shared_pools_table, shared_pools.row_key(self._row))
            return change.require("[status] <> ?", shared_pools.OPENING)
        change = Change(settings.tenants_table, record_key(self._tenant_id))
        return change.require("[status] = ? AND [attempt] = ?", self._row["status"], self._row["attempt"])

    def _routes(self, resources: dict[str, Any]) -> list[dict[str, Any]]:  # Any: as records hold them
        table, now = self._pool.settings.routes_table, timestamp(time.time())
        return server_clients.routes(table, self.region, resources, now, self._tenant_id)

    def _leads_here(self, key: str) -> bool:
        found = registry.read(self._clients.dynamodb, self._pool.settings.routes_table, key)
        return found.get("target", {}).get("appClientId") == self.client_id and registry.INTERNAL in found
