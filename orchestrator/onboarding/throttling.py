"""How many steps Cognito has throttled: one number on a row of its own, by which intake finds its pace.

A step that was throttled adds to it, so what is not throttled costs no call. Intake looks only while tenants wait.
"""

from typing import TYPE_CHECKING, Any

from orchestrator.aws.dynamodb import Change
from orchestrator.aws.writes import in_turn

if TYPE_CHECKING:
    from orchestrator.aws.clients import Clients
    from orchestrator.aws.settings import Settings

THROTTLING = "THROTTLING"


def row_key() -> dict[str, str]:
    """Return the key of the row; no tenant id is in capitals."""
    return {"tenantId": THROTTLING, "item": THROTTLING}


def throttled(clients: "Clients", settings: "Settings", more: int = 0) -> int:
    """Add to the number of throttled steps, or nothing, and return it; it never falls."""
    change = Change(settings.tenants_table, row_key()).increase("steps", more)
    answer: Any = in_turn(clients.dynamodb.update_item, **change.arguments(), ReturnValues="ALL_NEW")
    return int(answer["Attributes"]["steps"])
