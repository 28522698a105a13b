"""CreateTenantAdmin: the tenant's first user, in its group, with a password that nobody knows yet."""

import time

from orchestrator.aws.errors import TransientError
from orchestrator.identity import natural_keys
from orchestrator.identity.temporary_passwords import temporary_password
from orchestrator.identity.tenant_resources import security
from orchestrator.steps import StepContext
from orchestrator.tenants import tiers
from orchestrator.tenants.ledger import Made, timestamp
from orchestrator.users import addresses, store
from orchestrator.users.ids import new_user_id
from tenant_onboarding import names


def act(context: StepContext) -> Made:
    """Create the user, or find that this tenant's user exists, and put it into the group; both are safe to repeat.

    Its id is what Cognito has on it. So it is the same in each try, and after a redo, which finds it in the row.
    """
    client, table = context.regional.cognito, context.settings.users_table
    address = addresses.hashed(context.clients, context.settings, context.record["admin"]["email"])
    found = store.of_tenant(context.clients.dynamodb, table, context.tenant_id) if context.in_doubt else []
    known = store.row_of(found, address) or {"userId": new_user_id(), "createdAt": timestamp(time.time())}
    user_pool_id, username = context.resources["userPoolId"], user_name(context)
    unknown_to_all = temporary_password(security(context.record).password_policy.minimum_length)
    attributes = _attributes(context, known["userId"])
    there = natural_keys.create_user(client, user_pool_id, username, attributes, unknown_to_all)
    client.admin_add_user_to_group(UserPoolId=user_pool_id, Username=username, GroupName=context.resources["groupName"])
    user = store.User(
        user_id=there.get(names.USER_ID) or there["sub"],
        tenant_id=context.tenant_id,
        email=context.record["admin"]["email"],
        address=address,
        name=context.record["admin"].get("name", ""),
        role=store.ADMIN,
        status=store.ACTIVE,
        created_at=known["createdAt"],
        user_pool_id=user_pool_id,
        username=username,
        sub=there["sub"],
    )
    return Made(
        resources={"adminUsername": username},
        together_with=store.only(table, user, found),
        refusal=TransientError(f"Users of {context.tenant_id} are registered already", code="UsersThere"),
    )


def user_name(context: StepContext) -> str:
    """Return the user name of the tenant's admin."""
    template = tiers.USER_NAMES[context.record["tier"]]
    return template.format(tenantId=context.tenant_id, email=context.record["admin"]["email"])


def _attributes(context: StepContext, user_id: str) -> dict[str, str]:
    admin = context.record["admin"]
    attributes = {
        "email": admin["email"],
        "email_verified": "true",
        names.TENANT_ID: context.tenant_id,
        names.TENANT_TIER: context.record["tier"],
        names.TENANT_ROLE: store.ADMIN,
        names.USER_ID: user_id,
    }
    return attributes | ({"name": admin["name"]} if admin.get("name") else {})
