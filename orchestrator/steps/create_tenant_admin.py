"""CreateTenantAdmin: the tenant's first user, in its group, with a password that nobody knows yet."""

import time
from dataclasses import replace

from orchestrator.aws.errors import TransientError
from orchestrator.identity import natural_keys
from orchestrator.identity.temporary_passwords import temporary_password
from orchestrator.identity.tenant_resources import security
from orchestrator.steps import StepContext
from orchestrator.tenants.ledger import Made, timestamp
from orchestrator.users import addresses, local_users, statuses, store
from orchestrator.users.ids import new_ulid
from tenant_onboarding import names


def act(context: StepContext) -> Made:
    """Create the user, or find that this tenant's user exists, and put it into the group; both are safe to repeat.

    Its id is what Cognito has on it. So it is the same in each try, and after a redo, which finds it in the row.
    """
    client, table, record = context.regional.cognito, context.settings.users_table, context.record
    email, made = record["admin"]["email"], context.resources
    address = addresses.hashed(context.clients, context.settings, email)
    found = store.of_tenant(context.clients.dynamodb, table, context.tenant_id) if context.in_doubt else []
    known = store.row_of(found, address) or {"userId": new_ulid(), "createdAt": timestamp(time.time())}
    wanted = store.User(
        user_id=known["userId"],
        tenant_id=context.tenant_id,
        email=email,
        address=address,
        name=record["admin"].get("name", ""),
        role=statuses.ADMIN,
        status=statuses.ACTIVE,
        created_at=known["createdAt"],
        user_pool_id=made["userPoolId"],
        username=local_users.user_name(record, email),
    )
    unknown_to_all = temporary_password(security(record).password_policy.minimum_length)
    attributes = local_users.attributes(record, wanted)
    there = natural_keys.create_user(client, wanted.user_pool_id, wanted.username, attributes, unknown_to_all)
    client.admin_add_user_to_group(
        UserPoolId=wanted.user_pool_id, Username=wanted.username, GroupName=made["groupName"]
    )
    user = replace(wanted, user_id=there.get(names.USER_ID) or there["sub"], sub=there["sub"])
    return Made(
        resources={"adminUsername": user.username},
        together_with=store.only(table, user, found),
        refusal=TransientError(f"Users of {context.tenant_id} are registered already", code="UsersThere"),
    )
