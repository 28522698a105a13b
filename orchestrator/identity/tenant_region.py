"""Where a tenant's user pool is, and the clients that work there."""

from typing import TYPE_CHECKING

from orchestrator.tenants.ledger import Record

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings


def region(settings: "Settings", record: Record) -> str:
    """Return the Region of the tenant's user pool; a record from before silo tenants could choose one names none."""
    return str(record.get("region", settings.region))


def clients_there(clients: "Clients", settings: "Settings", record: Record) -> "Clients":
    """Return the clients of that Region; all but Cognito is in the home Region."""
    return clients.in_region(region(settings, record))
