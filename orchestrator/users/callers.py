"""Callers: whose request it is, by a token of the tenant, and what the register says of whoever that is.

The token says who asks, and of which tenant. What they may do says the row alone, as it is now: a token goes on saying
what was true when it was issued.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.aws.dynamodb import Item
from orchestrator.tenants import lifecycle
from orchestrator.tenants.ledger import Record
from orchestrator.tenants.records import read_record
from orchestrator.users import hosts, store
from orchestrator.users.hosts import SuspendedError
from orchestrator.users.operations import By
from orchestrator.users.refusals import NotAllowedError, NotAMemberError
from orchestrator.users.statuses import ACTIVE, ADMIN
from tenant_onboarding.authorizer import registry
from tenant_onboarding.authorizer.token_verifier import Identity, TokenVerifier

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings
    from tenant_onboarding.authorizer.key_sets import KeySets
    from tenant_onboarding.authorizer.registry import Route


@dataclass(frozen=True)
class Caller:
    """Who asks: the tenant's record and the caller's row, both as they are now."""

    tenant: Record
    row: Item

    @property
    def is_admin(self) -> bool:
        """Whether the caller may look after the tenant's people."""
        return bool(self.row["role"] == ADMIN)

    @property
    def by(self) -> By:
        """The caller, as operations have it."""
        return By(f"user/{self.row['userId']}", self.row)


def identity(clients: "Clients", settings: "Settings", keys: "KeySets", token: str, host: str = "") -> Identity:
    """Return whose token it is; at a tenant's own host it must be of that tenant.

    Nothing is remembered, so a tenant that is suspended or gone has no caller from that moment on. Raises RefusedError
    of the verifier, NotAllowedError at another tenant's host, SuspendedError of `hosts`, and what AWS answers.
    """
    verifier = TokenVerifier(_Registry(clients, settings), keys, token_uses=(settings.token_use,), app_domain=None)
    found = verifier.verify(token, host=None)
    if host:
        route = hosts.route_of(clients.registry, settings, host)
        if route is None or route["tenantId"] != found.tenant_id:
            raise NotAllowedError
    return found


def caller(clients: "Clients", settings: "Settings", found: Identity) -> Caller:
    """Return who asks, by two reads; raises NotAMemberError, SuspendedError of `hosts`, and what AWS answers."""
    tenant = read_record(clients.dynamodb, settings.tenants_table, found.tenant_id)
    if tenant is None or tenant["status"] not in lifecycle.LIVE:
        raise NotAMemberError
    if tenant["status"] != lifecycle.COMPLETED:
        raise SuspendedError
    row = store.read(clients.dynamodb, settings.users_table, found.tenant_id, found.user_id)
    if row is None or row["status"] != ACTIVE or row.get("sub") != found.subject:
        raise NotAMemberError
    return Caller(tenant, row)


def admin(clients: "Clients", settings: "Settings", found: Identity) -> Caller:
    """Return who asks, who is an admin; raises as `caller`, and NotAllowedError for whoever is none."""
    asks = caller(clients, settings, found)
    if not asks.is_admin:
        raise NotAllowedError
    return asks


@dataclass(frozen=True)
class _Registry:
    """The routing registry as it is now; what a suspended tenant had leads to SuspendedError."""

    clients: "Clients"
    settings: "Settings"

    def find(self, key: str) -> "list[Route]":
        """Return an active key's tenant with each target in force; none if it leads nowhere."""
        item = registry.read(self.clients.registry, self.settings.routes_table, key)
        if item.get("state") == hosts.SUSPENDED:
            raise SuspendedError
        return registry.in_force(registry.led_by(key, item))
