"""The first admin of a tenant that signs in at a provider of its own: INVITED until that names the address.

Nobody is made in Amazon Cognito for somebody who signs in elsewhere, so there is nothing yet but an address and a role.
"""

import time
from typing import TYPE_CHECKING

from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.users import addresses, statuses, store
from orchestrator.users.ids import new_ulid

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings


def of_federated(clients: "Clients", settings: "Settings", record: Record) -> store.User:
    """Return the first admin of a federated tenant, as its event named that; raises what AWS raises for the key."""
    admin = record["admin"]
    return store.User(
        user_id=new_ulid(),
        tenant_id=str(record["tenantId"]),
        email=admin["email"],
        address=addresses.hashed(clients, settings, admin["email"]),
        name=admin.get("name", ""),
        role=statuses.ADMIN,
        status=statuses.INVITED,
        created_at=timestamp(time.time()),
    )
