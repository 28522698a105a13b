"""The failure of a tenant as its record has it, which every look at the tenant shows as it is."""

from typing import Any

FAILURE: dict[str, Any] = {
    "step": "CreateTenantGroup",
    "error": "SomeError",
    "message": "it is full",
    "nextAction": "Free some.",
    "command": "retry",
    "redo": None,
}
