"""RemoveTenantGroup: the group that bears the tenant's id, in a shared user pool."""

from orchestrator.steps import StepContext, inventory_of
from orchestrator.tenants.ledger import Made


def act(context: StepContext) -> Made:
    """Delete the group if it was made for this tenant; one that is gone already is success."""
    inventory = inventory_of(context)
    for name in inventory.groups():
        inventory.remove(inventory.client.delete_group, GroupName=name)
    return Made(amend=lambda change: change.remove("resources.groupName"))
