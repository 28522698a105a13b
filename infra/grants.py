"""What each function may do, narrowest first; the stack passes resources, this page names actions."""

from collections.abc import Iterable, Sequence

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_stepfunctions as sfn

from infra.function import OnboardingFunction
from infra.tables import Tables
from infra.work_grants import look_after
from infra.workflow import Workflow
from orchestrator.identity.marks import OWNER_TAG, STACK_TAG
from tenant_onboarding.cdk import read_routes
from tenant_onboarding.cdk_function import LIVE

USER_POOLS = "userpool/*"
OURS = {f"aws:ResourceTag/{STACK_TAG}": Aws.STACK_NAME}
"""User pools get their ids from Cognito, so a tag says which are this stack's; each is created with it."""
SILO = "silo"
"""What the owner tag of a silo tenant's user pool has between deployment and tenant; no shared one's has."""
TO_BE_OURS = {f"aws:RequestTag/{STACK_TAG}": Aws.STACK_NAME}


def in_our_user_pools(function: OnboardingFunction, regions: Sequence[str], actions: list[str]) -> None:
    """Do this in user pools of the stack, and in no other's."""
    function.allow(actions, _user_pools(function, regions), StringEquals=OURS)


def _user_pools(function: OnboardingFunction, regions: Sequence[str]) -> list[str]:
    """Return the user pools of the home Region, and of those that silo tenants may choose."""
    stack = Stack.of(function)
    home = stack.format_arn(service="cognito-idp", resource=USER_POOLS)
    return [home, *(stack.format_arn(service="cognito-idp", region=each, resource=USER_POOLS) for each in regions)]


def _open_user_pools(function: OnboardingFunction, tables: Tables, regions: Sequence[str]) -> None:
    """Open user pools of ours, shared ones by their rows; change, in Cognito, none but those that bear our tag."""
    function.allow(["dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"], [tables.shared_pools.table_arn])
    # A shared user pool's opening registers our server's own app client.
    keys = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["client#*", "internal#*"]}}
    function.allow(["dynamodb:UpdateItem"], [tables.routes.table_arn], **keys)
    # Cognito knows no resource for these: the pool does not exist yet, a list and a domain belong to no pool.
    function.allow(["cognito-idp:CreateUserPool"], ["*"], StringEquals=TO_BE_OURS)
    function.allow(["cognito-idp:ListUserPools", "cognito-idp:DescribeUserPoolDomain"], ["*"])
    in_our_user_pools(
        function,
        regions,
        [
            "cognito-idp:CreateUserPoolClient",
            "cognito-idp:CreateUserPoolDomain",
            "cognito-idp:DescribeUserPool",
            "cognito-idp:ListUserPoolClients",
            "cognito-idp:SetUserPoolMfaConfig",
        ],
    )
    # CreateUserPool asks for it when it is given tags; the new pool has none yet to be known by.
    function.allow(["cognito-idp:TagResource"], _user_pools(function, regions), StringEquals=TO_BE_OURS)
    role = Stack.of(function).format_arn(
        service="iam",
        region="",
        resource="role",
        resource_name="aws-service-role/email.cognito-idp.amazonaws.com/*",
    )
    # The first user pool that sends through SES makes Cognito's service-linked role, with its creator's permission.
    function.allow(
        ["iam:CreateServiceLinkedRole"],
        [role],
        StringEquals={"iam:AWSServiceName": "email.cognito-idp.amazonaws.com"},
    )


def tenant_records(function: OnboardingFunction, tables: Tables) -> None:
    """Read and update records; a transaction needs the permissions of its parts."""
    function.allow(["dynamodb:GetItem", "dynamodb:UpdateItem"], [tables.tenants.table_arn])


def publish(function: OnboardingFunction, bus: events.IEventBus) -> None:
    """Put events on the bus."""
    function.allow(["events:PutEvents"], [bus.event_bus_arn])


def open_messages(function: OnboardingFunction, key: kms.IKey) -> None:
    """Have SQS decrypt messages for it, and use the key for nothing else; through DynamoDB the key's policy lets it."""
    function.allow(["kms:Decrypt"], [key.key_arn], StringEquals={"kms:ViaService": f"sqs.{Aws.REGION}.amazonaws.com"})


def intake(function: OnboardingFunction, tables: Tables, bus: events.IEventBus, machine: sfn.StateMachine) -> None:
    """Claim, start and publish."""
    claims = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"]
    function.allow(claims, [tables.tenants.table_arn])
    function.allow(["dynamodb:PutItem"], [tables.routes.table_arn])
    function.allow(["states:StartExecution"], [machine.state_machine_arn])
    publish(function, bus)


def placement(
    function: OnboardingFunction, tables: Tables, *, regions: Sequence[str], secret_prefix: str, trigger: str
) -> None:
    """Work in Cognito, with the client secrets of identity providers; no password, no mail, no deletion.

    Of routes only app clients' are written. Of the register, what is of a user who is replaced is deleted.
    """
    tenant_records(function, tables)
    function.allow(["dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"], [tables.users.table_arn])
    function.allow(["secretsmanager:GetSecretValue"], [tables.user_keys])
    _open_user_pools(function, tables, regions)
    in_our_user_pools(
        function,
        regions,
        [
            "cognito-idp:AdminAddUserToGroup",
            "cognito-idp:AdminCreateUser",
            "cognito-idp:AdminGetUser",
            "cognito-idp:CreateGroup",
            "cognito-idp:CreateIdentityProvider",
            "cognito-idp:DescribeIdentityProvider",
            "cognito-idp:GetGroup",
            "cognito-idp:UpdateIdentityProvider",
        ],
    )
    secrets = Stack.of(function).format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name=f"{secret_prefix}/*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    function.allow(["secretsmanager:GetSecretValue"], [secrets])
    if regions:
        triggers = [lambda_arn(function, region, f"{trigger}:{LIVE}") for region in regions]
        function.allow(["lambda:GetFunctionConfiguration"], triggers)


def removal(
    function: OnboardingFunction, tables: Tables, bus: events.IEventBus, *, regions: Sequence[str], deployment_id: str
) -> None:
    """Delete what is a tenant's, release its place and routes, publish; of user pools no shared one can be deleted."""
    tenant_records(function, tables)
    function.allow(["dynamodb:DeleteItem"], [tables.tenants.table_arn])
    function.allow(["dynamodb:GetItem", "dynamodb:DeleteItem"], [tables.routes.table_arn])
    function.allow(["dynamodb:Query", "dynamodb:DeleteItem"], [tables.users.table_arn])
    function.allow(["dynamodb:GetItem", "dynamodb:UpdateItem"], [tables.shared_pools.table_arn])
    function.allow(["cognito-idp:ListUserPools"], ["*"])
    in_our_user_pools(
        function,
        regions,
        [
            "cognito-idp:AdminDeleteUser",
            "cognito-idp:DeleteGroup",
            "cognito-idp:DeleteIdentityProvider",
            "cognito-idp:DeleteUserPoolClient",
            "cognito-idp:DescribeIdentityProvider",
            "cognito-idp:DescribeUserPool",
            "cognito-idp:DescribeUserPoolClient",
            "cognito-idp:GetGroup",
            "cognito-idp:ListIdentityProviders",
            "cognito-idp:ListUserPoolClients",
            "cognito-idp:ListUsers",
            "cognito-idp:ListUsersInGroup",
        ],
    )
    silos = {f"aws:ResourceTag/{OWNER_TAG}": f"{deployment_id}/{SILO}/*"}
    function.allow(
        ["cognito-idp:DeleteUserPool", "cognito-idp:DeleteUserPoolDomain", "cognito-idp:UpdateUserPool"],
        _user_pools(function, regions),
        StringEquals=OURS,
        StringLike=silos,
    )
    # UpdateUserPool asks for it as it is given the tags that the user pool has, lest it lose them.
    function.allow(
        ["cognito-idp:TagResource"],
        _user_pools(function, regions),
        StringEquals=OURS | TO_BE_OURS,
        StringLike=silos,
    )
    publish(function, bus)


def capacity(function: OnboardingFunction, tables: Tables, bus: events.IEventBus) -> None:
    """Open shared user pools, which are in the home Region, and publish; no tenant's record, no user, no group."""
    _open_user_pools(function, tables, regions=())
    publish(function, bus)


def routing(function: OnboardingFunction, tables: Tables, bus: events.IEventBus) -> None:
    """Activate routes, complete, publish; of a tenant it reads what an update returns, not what it asked for.

    With a federated tenant's completion its first admin is registered.
    """
    function.allow(["dynamodb:UpdateItem"], [tables.tenants.table_arn])
    function.allow(["dynamodb:PutItem", "dynamodb:UpdateItem"], [tables.routes.table_arn])
    function.allow(["dynamodb:PutItem"], [tables.users.table_arn])
    function.allow(["secretsmanager:GetSecretValue"], [tables.user_keys])
    publish(function, bus)


def welcome(
    function: OnboardingFunction,
    tables: Tables,
    *,
    regions: Sequence[str],
    sender: str,
    configuration_set: str,
) -> None:
    """Set temporary passwords and send mail from the one sender, with the one configuration set."""
    tenant_records(function, tables)
    in_our_user_pools(function, regions, ["cognito-idp:AdminGetUser", "cognito-idp:AdminSetUserPassword"])
    send_mail(function, sender=sender, configuration_set=configuration_set)


def send_mail(function: OnboardingFunction, *, sender: str, configuration_set: str) -> None:
    """Send mail from the one sender, with the one configuration set.

    SES asks for the configuration set and the identity that covers the sender, in its sandbox for the recipient's
    verified identity too; what bounds the mail is whom it is from.
    """
    stack = Stack.of(function)
    identities = stack.format_arn(service="ses", resource="identity", resource_name="*")
    used = stack.format_arn(service="ses", resource="configuration-set", resource_name=configuration_set)
    function.allow(["ses:SendEmail"], [identities, used], StringEquals={"ses:FromAddress": sender})


def mail_feedback(function: OnboardingFunction, tables: Tables) -> None:
    """Write to records and beside people's proofs, and not even read them."""
    function.allow(["dynamodb:UpdateItem"], [tables.tenants.table_arn, tables.users.table_arn])


def outcome(function: OnboardingFunction, tables: Tables, bus: events.IEventBus, *workflows: Workflow) -> None:
    """Ask how an execution ended, record and publish it."""
    tenant_records(function, tables)
    look_after(function, workflows, "states:DescribeExecution")
    publish(function, bus)


def reconcile(function: OnboardingFunction, tables: Tables, bus: events.IEventBus, *workflows: Workflow) -> None:
    """Find by index what was left behind, and finish it, as far as its kind allows."""
    outcome(function, tables, bus, *workflows)
    function.allow(["dynamodb:Query"], [f"{tables.tenants.table_arn}/index/*"])
    look_after(function, workflows, "states:StartExecution", "states:RedriveExecution")


def api(
    function: OnboardingFunction,
    tables: Tables,
    bus: events.IEventBus,
    *workflows: Workflow,
    welcome: OnboardingFunction,
) -> None:
    """Read tenants, who holds a key that people know, counters and shared pools; retry, redo, have mail sent again."""
    reconcile(function, tables, bus, *workflows)
    (onboarding,) = (each for each in workflows if each.kind == "onboarding")
    function.allow(["dynamodb:BatchGetItem", "dynamodb:Query"], [tables.tenants.table_arn])
    function.allow(["dynamodb:Query"], [tables.shared_pools.table_arn])
    function.allow(["states:DescribeStateMachine"], [onboarding.state_machine.state_machine_arn])
    function.allow(["states:DescribeStateMachineForExecution"], [onboarding.executions])
    function.allow(["lambda:InvokeFunction"], [welcome.invoked.function_arn])
    # A step that is done again takes back the route that it made for an app client, in the transaction of the retry.
    keys = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["client#*", "internal#*"]}}
    function.allow(["dynamodb:DeleteItem"], [tables.routes.table_arn], **keys)
    read_routes(function, tables.routes.table_arn, "subdomain", "code", "domain")


def out_of_reach(user_pool: cognito.IUserPool, functions: Iterable[OnboardingFunction]) -> None:
    """Deny functions every action on a user pool: one that may tag new user pools could tag this one as ours."""
    for function in functions:
        function.function.add_to_role_policy(
            iam.PolicyStatement(effect=iam.Effect.DENY, actions=["cognito-idp:*"], resources=[user_pool.user_pool_arn])
        )


def resolver(function: OnboardingFunction, tables: Tables) -> None:
    """Read one route by a key that people know: no list, no other table, nothing of app clients."""
    read_routes(function, tables.routes.table_arn, "subdomain", "code", "domain")


def parameters(function: OnboardingFunction, *, prefix: str) -> None:
    """Write parameters below the prefix."""
    name = f"{prefix.lstrip('/')}/tenants/*"
    arn = Stack.of(function).format_arn(service="ssm", resource="parameter", resource_name=name)
    function.allow(["ssm:PutParameter"], [arn])


def lambda_arn(scope: OnboardingFunction, region: str, name: str) -> str:
    """Return the ARN of a function, or of its version or alias, by name."""
    return Stack.of(scope).format_arn(
        service="lambda",
        region=region,
        resource="function",
        resource_name=name,
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
