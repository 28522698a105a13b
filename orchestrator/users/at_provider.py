"""Who is let in at an identity provider: a social one's people by invitation, where the tenant takes nobody else.

The trigger that Cognito asks before it makes a user reads nothing but the routing registry, in the user pool's Region.
"""

import time
from typing import TYPE_CHECKING, Any

from orchestrator.routing import routes
from orchestrator.tenants.ledger import Record, timestamp
from orchestrator.users.links import LASTS
from orchestrator.users.works import INVITATION

if TYPE_CHECKING:
    from orchestrator.aws.settings import Settings


def let_in(settings: "Settings", tenant: Record, email: str) -> list[dict[str, Any]]:
    """Return the actions that let a social provider's person with an address in; none where none can be."""
    if not (tenant["federated"] and tenant["tier"] == "silo"):
        return []  # social providers are the silo tier's alone
    now = time.time()
    return [
        routes.invitation(
            table=settings.routes_table,
            tenant_id=str(tenant["tenantId"]),
            user_pool_id=tenant["resources"]["userPoolId"],
            address=email,
            until=timestamp(now + LASTS[INVITATION]),
            now=timestamp(now),
        )
    ]
