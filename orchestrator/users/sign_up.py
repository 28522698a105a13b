"""Who may register with a tenant without being invited: the tenant has said so, and nothing else counts."""

from functools import partial
from typing import TYPE_CHECKING

from orchestrator.sign_in import verified_domains
from orchestrator.tenants.open_sign_up import policy
from tenant_onboarding.authorizer import registry
from tenant_onboarding.names import EMAIL_DOMAINS, OPEN

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from orchestrator.aws.settings import Settings
    from orchestrator.tenants.ledger import Record


def may_register(dynamodb: "DynamoDBClient", settings: "Settings", record: "Record", email: str) -> bool:
    """Tell whether whoever proves to have an address may register with a tenant without being invited.

    It is one consistent read of the routing registry where the tenant's domains decide, and none elsewhere. Nobody may
    with a federated tenant, whose people come through its own identity provider. What a later version says, this one
    refuses.
    """
    if record["federated"]:
        return False
    said = policy(record)
    if said == EMAIL_DOMAINS:
        find = partial(registry.resolve_all, dynamodb, settings.routes_table)
        return verified_domains.has(find, str(record["tenantId"]), email)
    return said == OPEN
