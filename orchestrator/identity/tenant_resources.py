"""What a tenant's own user pool and app client are to be: the names and owners by which they are found again."""

from typing import TYPE_CHECKING

from orchestrator.identity.cognito import NewUserPool
from orchestrator.identity.tenant_region import region
from orchestrator.tenants import stored_requests
from orchestrator.tenants.ledger import Record
from tenant_onboarding.contracts.tenant_created import Security

if TYPE_CHECKING:
    from orchestrator.aws.settings import Settings


def user_pool(settings: "Settings", record: Record) -> NewUserPool:
    """Return a silo tenant's user pool as it is to be; no shared user pool has such a name or owner."""
    return NewUserPool(
        name=f"{settings.stack_name}-silo-{record['tenantId']}",
        owner=f"{settings.deployment_id}/silo/{record['tenantId']}",
        region=region(settings, record),
        security=security(record),
    )


def security(record: Record) -> Security:
    """Return the security settings of the tenant's user pool; those of shared ones are the default."""
    own = record.get("security")
    return stored_requests.read_security(own) if own else Security()


def app_client_name(settings: "Settings", tenant_id: str) -> str:
    """Return the name of a tenant's app client; no shared user pool's own has such a name."""
    return f"{settings.stack_name}-tenant-{tenant_id}"
