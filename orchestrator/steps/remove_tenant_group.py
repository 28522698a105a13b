"""RemoveTenantGroup: the group that bears the tenant's id, in a shared user pool."""

from orchestrator.identity.remains import Remains, unless_gone
from orchestrator.steps import StepContext
from orchestrator.tenants.ledger import Made


def act(context: StepContext) -> Made:
    """Delete the group if it was made for this tenant; one that is gone already is success."""
    remains = Remains(context)
    for name in remains.groups():
        unless_gone(remains.client.delete_group, UserPoolId=remains.user_pool_id, GroupName=name)
    return Made(amend=lambda change: change.remove("resources.groupName"))
