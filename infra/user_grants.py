"""What the functions of the account API may do; `infra/grants.py` has all others."""

from collections.abc import Sequence

from aws_cdk import Aws
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs

from infra.function import OnboardingFunction
from infra.grants import in_our_user_pools, send_mail
from infra.tables import Tables
from tenant_onboarding.cdk import read_routes

SIGNING_IN = ["cognito-idp:AdminInitiateAuth", "cognito-idp:AdminRespondToAuthChallenge"]

OF_ONESELF = [
    "cognito-idp:AdminDeleteSoftwareToken",
    "cognito-idp:AdminSetUserMFAPreference",
    "cognito-idp:AdminSetUserPassword",
    "cognito-idp:DescribeUserPoolClient",
]
"""What somebody changes of the own account; the last is for the secret of our server's own app client."""


def proofs(
    function: OnboardingFunction, tables: Tables, requests: sqs.IQueue, key: kms.IKey, *, regions: Sequence[str]
) -> None:
    """Put requests on the queue; make users in Cognito, set passwords, end sessions; no mail, no deletion there."""
    read_routes(function, tables.routes.table_arn, "subdomain", "domain")
    _live_tenants(function, tables)
    function.allow(
        [
            "dynamodb:ConditionCheckItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
        ],
        [tables.users.table_arn],
    )
    in_our_user_pools(
        function,
        regions,
        [
            "cognito-idp:AdminAddUserToGroup",
            "cognito-idp:AdminCreateUser",
            "cognito-idp:AdminGetUser",
            "cognito-idp:AdminSetUserPassword",
            "cognito-idp:AdminUpdateUserAttributes",
            "cognito-idp:AdminUserGlobalSignOut",
        ],
    )
    _send_requests(function, requests, key)


def _send_requests(function: OnboardingFunction, requests: sqs.IQueue, key: kms.IKey) -> None:
    """Put requests for links on the queue."""
    function.allow(["sqs:SendMessage"], [requests.queue_arn])
    # SQS encrypts a message by a data key, for which it asks in the sender's name, and which it opens to use it again.
    through = {"kms:ViaService": f"sqs.{Aws.REGION}.amazonaws.com"}
    function.allow(["kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn], StringEquals=through)


def proof_requests(function: OnboardingFunction, tables: Tables, *, sender: str, configuration_set: str) -> None:
    """Look people up, write down secrets and what mail costs, mail from the one sender; nothing in Cognito."""
    read_routes(function, tables.routes.table_arn, "subdomain", "domain")
    _live_tenants(function, tables)
    function.allow(
        ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"], [tables.users.table_arn]
    )
    function.allow(["secretsmanager:GetSecretValue"], [tables.user_keys])
    send_mail(function, sender=sender, configuration_set=configuration_set)
    function.allow(["ses:GetAccount"], ["*"])  # it is about the account


def sessions(function: OnboardingFunction, tables: Tables, session_keys: str, *, regions: Sequence[str]) -> None:
    """Sign people in and read what a tenant asks of passwords; nothing is written, and nobody's user is looked at.

    AssociateSoftwareToken, VerifySoftwareToken and RevokeToken need no grant: Cognito asks for a session or a token.
    """
    read_routes(function, tables.routes.table_arn, "subdomain")
    function.allow(["dynamodb:GetItem"], [tables.tenants.table_arn])
    function.allow(["secretsmanager:GetSecretValue"], [session_keys])
    in_our_user_pools(function, regions, SIGNING_IN)


def members(
    function: OnboardingFunction, tables: Tables, requests: sqs.IQueue, key: kms.IKey, *, regions: Sequence[str]
) -> None:
    """Read a tenant's people; disable, enable, change and delete them; invite; nobody is made.

    Whoever proves to be the caller gets another password, sets up an authenticator or removes it, at our server's own
    app client. AssociateSoftwareToken, VerifySoftwareToken and RevokeToken need no grant: Cognito asks for a token.
    """
    read_routes(function, tables.routes.table_arn, "client", "tenant", "subdomain", "internal")
    changes_to_users(function, tables, regions=regions)
    function.allow(["dynamodb:PutItem"], [tables.tenants.table_arn])
    function.allow(["dynamodb:ConditionCheckItem", "dynamodb:Query"], [tables.users.table_arn])
    invitations = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["invitation#*"]}}
    function.allow(["dynamodb:DeleteItem", "dynamodb:UpdateItem"], [tables.routes.table_arn], **invitations)
    function.allow(["secretsmanager:GetSecretValue"], [tables.user_keys])
    _send_requests(function, requests, key)
    in_our_user_pools(function, regions, [*SIGNING_IN, *OF_ONESELF])


def changes_to_users(function: OnboardingFunction, tables: Tables, *, regions: Sequence[str]) -> None:
    """Carry out what is done to people who are in the register, and have it looked after until it is done."""
    _live_tenants(function, tables)
    function.allow(["dynamodb:UpdateItem"], [tables.tenants.table_arn])
    function.allow(
        [
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
        ],
        [tables.users.table_arn],
    )
    in_our_user_pools(
        function,
        regions,
        [
            "cognito-idp:AdminDeleteUser",
            "cognito-idp:AdminDisableUser",
            "cognito-idp:AdminEnableUser",
            "cognito-idp:AdminUpdateUserAttributes",
            "cognito-idp:AdminUserGlobalSignOut",
        ],
    )


def seats(function: OnboardingFunction, tables: Tables) -> None:
    """Find which tenants have other seats than were published, and count their people."""
    function.allow(["dynamodb:Query"], [tables.users.table_arn, f"{tables.users.table_arn}/index/*"])


def session_keys(function: OnboardingFunction, secret: str) -> None:
    """Put the next key into the one secret."""
    function.allow(["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"], [secret])


def _live_tenants(function: OnboardingFunction, tables: Tables) -> None:
    """Read records, and have writes hold only for tenants that are live; no record is changed."""
    function.allow(["dynamodb:ConditionCheckItem", "dynamodb:GetItem"], [tables.tenants.table_arn])
