"""CreateTenantAdmin: the tenant's first user, in its group, with a password that nobody knows yet."""

from orchestrator.identity import natural_keys
from orchestrator.identity.temporary_passwords import temporary_password
from orchestrator.identity.tenant_resources import security
from orchestrator.steps import StepContext
from orchestrator.tenants import tiers
from orchestrator.tenants.ledger import Made
from tenant_onboarding import names

ADMIN_ROLE = "admin"


def act(context: StepContext) -> Made:
    """Create the user, or find that this tenant's user exists, and put it into the group; both are safe to repeat."""
    client, user_pool_id = context.regional.cognito, context.resources["userPoolId"]
    admin = context.record["admin"]
    username = user_name(context)
    attributes = {
        "email": admin["email"],
        "email_verified": "true",
        names.TENANT_ID: context.tenant_id,
        names.TENANT_TIER: context.record["tier"],
        names.TENANT_ROLE: ADMIN_ROLE,
    }
    if admin.get("name"):
        attributes["name"] = admin["name"]
    unknown_to_all = temporary_password(security(context.record).password_policy.minimum_length)
    natural_keys.create_user(client, user_pool_id, username, attributes, unknown_to_all)
    client.admin_add_user_to_group(UserPoolId=user_pool_id, Username=username, GroupName=context.resources["groupName"])
    return Made(resources={"adminUsername": username})


def user_name(context: StepContext) -> str:
    """Return the user name of the tenant's admin."""
    template = tiers.USER_NAMES[context.record["tier"]]
    return template.format(tenantId=context.tenant_id, email=context.record["admin"]["email"])
