"""What each function may do, written out for reviews, with the conditions that some of it holds under."""

from typing import Any

from tests.infra.template import Template, functions

USER_POOLS = "arn:{Partition}:cognito-idp:{Region}:{AccountId}:userpool/*"
SECRETS = "arn:{Partition}:secretsmanager:{Region}:{AccountId}:secret:tenant-onboarding/*"
EXECUTIONS = "arn:{Partition}:states:{Region}:{AccountId}:execution:{WorkflowStateMachine.Name}:*"
REMOVALS = EXECUTIONS.replace("Workflow", "Abandonment")
TRIGGER = "arn:{Partition}:lambda:{Region}:{AccountId}:function:{StackName}-token-claims:live"
EMAIL_ROLE = "arn:{Partition}:iam::{AccountId}:role/aws-service-role/email.cognito-idp.amazonaws.com/*"
IDENTITY = "arn:{Partition}:ses:{Region}:{AccountId}:identity/"
CONFIGURATION_SET = "arn:{Partition}:ses:{Region}:{AccountId}:configuration-set/{EmailConfigurationSet}"
PEOPLES_CONFIGURATION_SET = CONFIGURATION_SET.replace("EmailConfigurationSet", "EmailPeopleConfigurationSet")
FROM_QUEUE = {
    "sqs:ReceiveMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueUrl",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
}
SIGNING_IN = {"cognito-idp:AdminInitiateAuth", "cognito-idp:AdminRespondToAuthChallenge"}
USERS = "{TablesUsers.Arn}"
USER_KEYS = "{TablesUserKeysSecret.Id}"
SESSION_KEYS = "{TablesSessionKeysSecret.Id}"
RECORDS = {"dynamodb:GetItem", "dynamodb:UpdateItem"}
OPEN_MESSAGES = {"{EncryptionKey.Arn}": {"kms:Decrypt"}}


def by_keys(*patterns: str) -> dict[str, Any]:
    """Return the condition by which a role reads items with these partition keys only."""
    return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(patterns)}}


ON_FENCE_AND_DUE = {"dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:UpdateItem"}
"""On the tenants table: a record is read and held to, and what is under way with people is due until it is over."""
CHANGES_TO_USERS = {"dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
ENFORCING = {
    "cognito-idp:AdminDeleteUser",
    "cognito-idp:AdminDisableUser",
    "cognito-idp:AdminEnableUser",
    "cognito-idp:AdminUpdateUserAttributes",
    "cognito-idp:AdminUserGlobalSignOut",
}
"""What is done to people in Cognito, so that it is there as the register says."""
OF_APP_CLIENTS = by_keys("client#*", "internal#*")
"""Routes of app clients, our server's own among them."""
GRANTS: dict[str, dict[str, set[str]]] = {
    "intake": {
        "{TablesTenants.Arn}": {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"},
        "{TablesRoutes.Arn}": {"dynamodb:PutItem"},
        "{WorkflowStateMachine}": {"states:StartExecution"},
        "{Bus.Arn}": {"events:PutEvents"},
        "{IntakeQueue.Arn}": FROM_QUEUE,
        **OPEN_MESSAGES,
    },
    "placement": {
        "{TablesTenants.Arn}": RECORDS,
        "{TablesRoutes.Arn}": {"dynamodb:UpdateItem"},
        USERS: {"dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"},
        USER_KEYS: {"secretsmanager:GetSecretValue"},
        "{TablesSharedPools.Arn}": {"dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"},
        "*": {"cognito-idp:CreateUserPool", "cognito-idp:ListUserPools", "cognito-idp:DescribeUserPoolDomain"},
        USER_POOLS: {
            "cognito-idp:AdminAddUserToGroup",
            "cognito-idp:AdminCreateUser",
            "cognito-idp:AdminGetUser",
            "cognito-idp:CreateGroup",
            "cognito-idp:CreateIdentityProvider",
            "cognito-idp:CreateUserPoolClient",
            "cognito-idp:CreateUserPoolDomain",
            "cognito-idp:DescribeIdentityProvider",
            "cognito-idp:DescribeUserPool",
            "cognito-idp:GetGroup",
            "cognito-idp:ListUserPoolClients",
            "cognito-idp:SetUserPoolMfaConfig",
            "cognito-idp:TagResource",
            "cognito-idp:UpdateIdentityProvider",
        },
        SECRETS: {"secretsmanager:GetSecretValue"},
        EMAIL_ROLE: {"iam:CreateServiceLinkedRole"},
    },
    "capacity": {
        "{TablesRoutes.Arn}": {"dynamodb:UpdateItem"},
        "{TablesSharedPools.Arn}": {"dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"},
        "*": {"cognito-idp:CreateUserPool", "cognito-idp:ListUserPools", "cognito-idp:DescribeUserPoolDomain"},
        USER_POOLS: {
            "cognito-idp:CreateUserPoolClient",
            "cognito-idp:CreateUserPoolDomain",
            "cognito-idp:DescribeUserPool",
            "cognito-idp:ListUserPoolClients",
            "cognito-idp:SetUserPoolMfaConfig",
            "cognito-idp:TagResource",
        },
        EMAIL_ROLE: {"iam:CreateServiceLinkedRole"},
        "{Bus.Arn}": {"events:PutEvents"},
    },
    "dashboard": {},
    "token_claims": {
        "arn:{Partition}:dynamodb:{Region}:{AccountId}:table/{StackName}-routes": {"dynamodb:GetItem"},
    },
    "pre_sign_up": {
        "arn:{Partition}:dynamodb:{Region}:{AccountId}:table/{StackName}-routes": {"dynamodb:GetItem"},
    },
    "resolver": {"{TablesRoutes.Arn}": {"dynamodb:GetItem"}},
    "routing": {
        "{TablesTenants.Arn}": {"dynamodb:UpdateItem"},
        "{TablesRoutes.Arn}": {"dynamodb:PutItem", "dynamodb:UpdateItem"},
        USERS: {"dynamodb:PutItem"},
        USER_KEYS: {"secretsmanager:GetSecretValue"},
        "{Bus.Arn}": {"events:PutEvents"},
    },
    "welcome": {
        "{TablesTenants.Arn}": RECORDS,
        USER_POOLS: {"cognito-idp:AdminGetUser", "cognito-idp:AdminSetUserPassword"},
        f"{IDENTITY}*": {"ses:SendEmail"},
        CONFIGURATION_SET: {"ses:SendEmail"},
    },
    "mail_feedback": {
        "{TablesTenants.Arn}": {"dynamodb:UpdateItem"},
        USERS: {"dynamodb:UpdateItem"},
        "{MailFeedbackQueue.Arn}": FROM_QUEUE,
        **OPEN_MESSAGES,
    },
    "preflight": {
        "{TablesTenants.Arn}": {"dynamodb:BatchGetItem", "dynamodb:Query"},
        "{TablesTenants.Arn}/index/item-tenantId": {"dynamodb:Query"},
        "{TablesSharedPools.Arn}": {"dynamodb:Query"},
        USERS: {"dynamodb:Query"},
        "*": {
            "cognito-idp:ListUserPools",
            "lambda:GetAccountSettings",
            "servicequotas:ListServiceQuotas",
            "ses:GetAccount",
        },
        f"{IDENTITY}welcome@app.example": {"ses:GetEmailIdentity"},
        TRIGGER: {"lambda:GetFunctionConfiguration"},
        "{MonitoringAlarms}": {"sns:ListSubscriptionsByTopic"},
    },
    "removal": {
        "{TablesTenants.Arn}": RECORDS | {"dynamodb:DeleteItem"},
        "{TablesRoutes.Arn}": {"dynamodb:GetItem", "dynamodb:DeleteItem"},
        USERS: {"dynamodb:Query", "dynamodb:DeleteItem"},
        "{TablesSharedPools.Arn}": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "*": {"cognito-idp:ListUserPools"},
        USER_POOLS: {
            "cognito-idp:AdminDeleteUser",
            "cognito-idp:DeleteGroup",
            "cognito-idp:DeleteIdentityProvider",
            "cognito-idp:DeleteUserPool",
            "cognito-idp:DeleteUserPoolClient",
            "cognito-idp:DeleteUserPoolDomain",
            "cognito-idp:DescribeIdentityProvider",
            "cognito-idp:DescribeUserPool",
            "cognito-idp:DescribeUserPoolClient",
            "cognito-idp:GetGroup",
            "cognito-idp:ListIdentityProviders",
            "cognito-idp:ListUserPoolClients",
            "cognito-idp:ListUsers",
            "cognito-idp:ListUsersInGroup",
            "cognito-idp:TagResource",
            "cognito-idp:UpdateUserPool",
        },
        "{Bus.Arn}": {"events:PutEvents"},
    },
    "proofs": {
        "{TablesRoutes.Arn}": {"dynamodb:GetItem"},
        "{TablesTenants.Arn}": {"dynamodb:ConditionCheckItem", "dynamodb:GetItem"},
        USERS: {
            "dynamodb:ConditionCheckItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
        },
        USER_POOLS: {
            "cognito-idp:AdminAddUserToGroup",
            "cognito-idp:AdminCreateUser",
            "cognito-idp:AdminGetUser",
            "cognito-idp:AdminSetUserPassword",
            "cognito-idp:AdminUpdateUserAttributes",
            "cognito-idp:AdminUserGlobalSignOut",
        },
        "{UsersProofRequestsQueue.Arn}": {"sqs:SendMessage"},
        "{EncryptionKey.Arn}": {"kms:Decrypt", "kms:GenerateDataKey"},
    },
    "sessions": {
        "{TablesRoutes.Arn}": {"dynamodb:GetItem"},
        "{TablesTenants.Arn}": {"dynamodb:GetItem"},
        SESSION_KEYS: {"secretsmanager:GetSecretValue"},
        USER_POOLS: {"cognito-idp:AdminInitiateAuth", "cognito-idp:AdminRespondToAuthChallenge"},
    },
    "session_keys": {SESSION_KEYS: {"secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"}},
    "proof_requests": {
        "{TablesRoutes.Arn}": {"dynamodb:GetItem"},
        "{TablesTenants.Arn}": {"dynamodb:ConditionCheckItem", "dynamodb:GetItem"},
        USERS: {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"},
        USER_KEYS: {"secretsmanager:GetSecretValue"},
        f"{IDENTITY}*": {"ses:SendEmail"},
        PEOPLES_CONFIGURATION_SET: {"ses:SendEmail"},
        "*": {"ses:GetAccount"},
        "{UsersProofRequestsQueue.Arn}": FROM_QUEUE,
        **OPEN_MESSAGES,
    },
    "outcome": {
        "{TablesTenants.Arn}": RECORDS,
        EXECUTIONS: {"states:DescribeExecution"},
        REMOVALS: {"states:DescribeExecution"},
        "{Bus.Arn}": {"events:PutEvents"},
    },
    "members": {
        "{TablesRoutes.Arn}": {"dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:UpdateItem"},
        "{TablesTenants.Arn}": ON_FENCE_AND_DUE | {"dynamodb:PutItem"},
        USERS: CHANGES_TO_USERS | {"dynamodb:ConditionCheckItem", "dynamodb:Query"},
        USER_POOLS: ENFORCING
        | SIGNING_IN
        | {
            "cognito-idp:AdminDeleteSoftwareToken",
            "cognito-idp:AdminSetUserMFAPreference",
            "cognito-idp:AdminSetUserPassword",
            "cognito-idp:DescribeUserPoolClient",
        },
        USER_KEYS: {"secretsmanager:GetSecretValue"},
        "{UsersProofRequestsQueue.Arn}": {"sqs:SendMessage"},
        "{EncryptionKey.Arn}": {"kms:Decrypt", "kms:GenerateDataKey"},
    },
    "reconcile": {
        "{TablesTenants.Arn}": RECORDS | ON_FENCE_AND_DUE,
        USERS: CHANGES_TO_USERS | {"dynamodb:Query"},
        f"{USERS}/index/*": {"dynamodb:Query"},
        USER_POOLS: ENFORCING,
        "{TablesTenants.Arn}/index/*": {"dynamodb:Query"},
        EXECUTIONS: {"states:DescribeExecution", "states:RedriveExecution"},
        REMOVALS: {"states:DescribeExecution"},
        "{WorkflowStateMachine}": {"states:StartExecution"},
        "{AbandonmentStateMachine}": {"states:StartExecution"},
        "{Bus.Arn}": {"events:PutEvents"},
    },
    "api": {
        "{TablesTenants.Arn}": RECORDS | {"dynamodb:BatchGetItem", "dynamodb:Query"},
        "{TablesTenants.Arn}/index/*": {"dynamodb:Query"},
        "{TablesSharedPools.Arn}": {"dynamodb:Query"},
        "{TablesRoutes.Arn}": {"dynamodb:DeleteItem", "dynamodb:GetItem"},
        EXECUTIONS: {
            "states:DescribeExecution",
            "states:DescribeStateMachineForExecution",
            "states:RedriveExecution",
        },
        REMOVALS: {"states:DescribeExecution"},
        "{WorkflowStateMachine}": {"states:StartExecution", "states:DescribeStateMachine"},
        "{AbandonmentStateMachine}": {"states:StartExecution"},
        "{WelcomeAlias}": {"lambda:InvokeFunction"},
        "{Bus.Arn}": {"events:PutEvents"},
    },
    "parameters": {
        "arn:{Partition}:ssm:{Region}:{AccountId}:parameter/tenant-onboarding/tenants/*": {"ssm:PutParameter"},
        "{ParametersQueue.Arn}": FROM_QUEUE,
        **OPEN_MESSAGES,
    },
}
TRACING = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
"""Lambda itself uses them, for every function."""
KNOW_NO_RESOURCE = TRACING | {
    "cognito-idp:CreateUserPool",
    "cognito-idp:DescribeUserPoolDomain",
    "cognito-idp:ListUserPools",
    "events:ListArchives",
    "events:ListRules",
    "lambda:GetAccountSettings",
    "servicequotas:ListServiceQuotas",
    "ses:GetAccount",
}
"""AWS's service authorization reference: these take '*' only."""
BEHIND_CREATE_USER_POOL = {
    "cognito-idp:TagResource",  # it asks for that when it is given tags
    "iam:CreateServiceLinkedRole",  # so does Cognito, for the first user pool that sends through SES
}
NOT_CALLED_BY_US: dict[str, set[str]] = {
    "intake": FROM_QUEUE | {"kms:Decrypt"},  # Lambda polls for us, and SQS asks KMS in our name
    "parameters": FROM_QUEUE | {"kms:Decrypt"},
    "mail_feedback": FROM_QUEUE | {"kms:Decrypt"},
    "proof_requests": FROM_QUEUE | {"kms:Decrypt"},
    "proofs": {"kms:Decrypt", "kms:GenerateDataKey"},  # SQS asks KMS in our name
    "members": {"kms:Decrypt", "kms:GenerateDataKey"},
    "placement": BEHIND_CREATE_USER_POOL,
    "capacity": BEHIND_CREATE_USER_POOL,
    "removal": {"cognito-idp:TagResource"},  # so does UpdateUserPool
}
BY_TOKEN = [
    "cognito-idp:AssociateSoftwareToken on anything",
    "cognito-idp:RevokeToken on anything",
    "cognito-idp:VerifySoftwareToken on anything",
]
"""Cognito asks for a session or a token, and for no permission."""
NEVER_ASKED_FOR = {
    "members": BY_TOKEN,
    "placement": [
        "lambda:GetFunctionConfiguration on anything"
    ],  # for another Region only, and the template here offers none
    "routing": ["dynamodb:GetItem on anything"],  # none of its steps reads the request
    "sessions": BY_TOKEN,
}
OUR_USER_POOLS = {"StringEquals": {"aws:ResourceTag/tenant-onboarding:stack": {"Ref": "AWS::StackName"}}}
TO_BE_OURS = {"StringEquals": {"aws:RequestTag/tenant-onboarding:stack": {"Ref": "AWS::StackName"}}}
WHEN_CREATING_USER_POOLS: dict[str, Any] = {
    "cognito-idp:CreateUserPool": TO_BE_OURS,
    "cognito-idp:TagResource": TO_BE_OURS,
    "iam:CreateServiceLinkedRole": {"StringEquals": {"iam:AWSServiceName": "email.cognito-idp.amazonaws.com"}},
}
DEPLOYMENT_ID = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
OF_SILO_TENANTS = {
    "StringLike": {"aws:ResourceTag/tenant-onboarding:owner": {"Fn::Join": ["", [DEPLOYMENT_ID, "/silo/*"]]}}
}
WHEN_DELETING_USER_POOLS = {
    **dict.fromkeys(
        ("cognito-idp:DeleteUserPool", "cognito-idp:DeleteUserPoolDomain", "cognito-idp:UpdateUserPool"),
        OUR_USER_POOLS | OF_SILO_TENANTS,
    ),
    "cognito-idp:TagResource": {
        "StringEquals": (
            OUR_USER_POOLS["StringEquals"] | WHEN_CREATING_USER_POOLS["cognito-idp:TagResource"]["StringEquals"]
        ),
        **OF_SILO_TENANTS,
    },
}
"""No shared user pool can be deleted, whatever a defect asks for."""
THROUGH_SQS = {
    "StringEquals": {"kms:ViaService": {"Fn::Join": ["", ["sqs.", {"Ref": "AWS::Region"}, ".amazonaws.com"]]}}
}
CONDITIONS: dict[str, dict[str, Any]] = {
    "intake": {"kms:Decrypt": THROUGH_SQS},
    "parameters": {"kms:Decrypt": THROUGH_SQS},
    "mail_feedback": {"kms:Decrypt": THROUGH_SQS},
    "proof_requests": {
        "dynamodb:GetItem on {TablesRoutes.Arn}": by_keys("subdomain#*", "domain#*"),
        "kms:Decrypt": THROUGH_SQS,
        "ses:SendEmail": {"StringEquals": {"ses:FromAddress": "welcome@app.example"}},
    },
    "proofs": {
        **dict.fromkeys(GRANTS["proofs"][USER_POOLS], OUR_USER_POOLS),
        **dict.fromkeys(("kms:Decrypt", "kms:GenerateDataKey"), THROUGH_SQS),
        "dynamodb:GetItem on {TablesRoutes.Arn}": by_keys("subdomain#*", "domain#*"),
    },
    "members": {
        **dict.fromkeys(GRANTS["members"][USER_POOLS], OUR_USER_POOLS),
        **dict.fromkeys(("kms:Decrypt", "kms:GenerateDataKey"), THROUGH_SQS),
        "dynamodb:GetItem on {TablesRoutes.Arn}": by_keys("client#*", "tenant#*", "subdomain#*", "internal#*"),
        **dict.fromkeys(
            ("dynamodb:DeleteItem on {TablesRoutes.Arn}", "dynamodb:UpdateItem on {TablesRoutes.Arn}"),
            by_keys("invitation#*"),
        ),
    },
    "reconcile": dict.fromkeys(GRANTS["reconcile"][USER_POOLS], OUR_USER_POOLS),
    "sessions": {
        **dict.fromkeys(GRANTS["sessions"][USER_POOLS], OUR_USER_POOLS),
        "dynamodb:GetItem on {TablesRoutes.Arn}": by_keys("subdomain#*"),
    },
    "resolver": {"dynamodb:GetItem": by_keys("subdomain#*", "code#*", "domain#*")},
    "token_claims": {"dynamodb:GetItem": by_keys("client#*", "tenant#*")},
    "pre_sign_up": {"dynamodb:GetItem": by_keys("client#*", "domain#*", "invitation#*")},
    "api": {
        "dynamodb:DeleteItem": OF_APP_CLIENTS,
        "dynamodb:GetItem on {TablesRoutes.Arn}": by_keys("subdomain#*", "code#*", "domain#*"),
    },
    "preflight": {
        **dict.fromkeys(
            ("dynamodb:BatchGetItem on {TablesTenants.Arn}", "dynamodb:Query on {TablesTenants.Arn}"),
            by_keys("COUNTERS#*", "COMPLETIONS"),
        ),
        f"dynamodb:Query on {USERS}": by_keys("MAIL#DAY#*"),
        "dynamodb:Query on {TablesTenants.Arn}/index/item-tenantId": {
            "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["SIGNUP#OPEN"]}
        },
    },
    "removal": {**dict.fromkeys(GRANTS["removal"][USER_POOLS], OUR_USER_POOLS), **WHEN_DELETING_USER_POOLS},
    "placement": {
        **dict.fromkeys(GRANTS["placement"][USER_POOLS], OUR_USER_POOLS),
        **WHEN_CREATING_USER_POOLS,
        "dynamodb:UpdateItem on {TablesRoutes.Arn}": OF_APP_CLIENTS,
    },
    "capacity": {
        **dict.fromkeys(GRANTS["capacity"][USER_POOLS], OUR_USER_POOLS),
        **WHEN_CREATING_USER_POOLS,
        "dynamodb:UpdateItem on {TablesRoutes.Arn}": OF_APP_CLIENTS,
    },
    "welcome": {
        **dict.fromkeys(GRANTS["welcome"][USER_POOLS], OUR_USER_POOLS),
        "ses:SendEmail": {"StringEquals": {"ses:FromAddress": "welcome@app.example"}},
    },
}
"""By action, or by action and resource; nothing is granted under a condition and on the same resource without."""


def role_of(template: Template, name: str) -> Any:
    """Return the reference to a function's role."""
    return functions(template)[name][1]["Role"]
