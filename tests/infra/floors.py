"""The house at a glance: its rooms from the ground up. What may know what, and who looks after what is not deployed.

A room knows those of lower floors and itself; rooms of one floor know nothing of one another.
"""

FLOORS = (
    ("tenant_onboarding",),
    ("orchestrator.aws",),
    ("orchestrator.tenants",),
    ("orchestrator.identity", "orchestrator.routing", "orchestrator.sign_in"),
    ("orchestrator.emails",),
    ("orchestrator.onboarding", "orchestrator.users", "orchestrator.welcome"),
    ("orchestrator.steps", "orchestrator.status"),
    ("orchestrator.operations", "orchestrator.audit", "orchestrator.preflight"),
    ("handlers", "infra", "orchestrator.local"),
    ("orchestrator.cli",),
    ("examples",),
)

OPERATORS_TOOLS = (
    "orchestrator.audit",
    "orchestrator.cli",
    "orchestrator.local",
    "orchestrator.operations.convergence",
    "orchestrator.operations.convergence_server_client",
    "orchestrator.operations.convergence_targets",
    "orchestrator.operations.deployment",
    "orchestrator.operations.operators",
)
"""What runs on operators' machines alone; nothing that is deployed imports it."""

MAY_IMPORT = {
    "tenant_onboarding": ("tenant_onboarding",),
    "orchestrator": ("orchestrator", "tenant_onboarding"),
    "handlers": ("handlers", "orchestrator", "tenant_onboarding"),
    "infra": (
        "infra",
        "orchestrator.aws.digits",
        "orchestrator.aws.region_and_account",
        "orchestrator.aws.settings",
        "orchestrator.emails.rendering",
        "orchestrator.emails.template_check",
        "orchestrator.identity.marks.OWNER_TAG",
        "orchestrator.identity.marks.STACK_TAG",
        "orchestrator.identity.user_pool_updates.whole",
        "orchestrator.status.contract",
        "orchestrator.tenants.counters.COMPLETIONS",
        "orchestrator.tenants.counters.COUNTERS",
        "orchestrator.tenants.open_sign_up",
        "orchestrator.tenants.records.ID_INDEX",
        "orchestrator.users.addresses.KEY",
        "orchestrator.users.budgets.OF_DAY",
        "orchestrator.users.contract",
        "orchestrator.users.member_contract",
        "orchestrator.users.session_contract",
        "orchestrator.users.session_keys.FIRST",
        "orchestrator.users.statuses",
        "orchestrator.emails.reports",
        "tenant_onboarding",
    ),
    "examples": ("examples", "tenant_onboarding"),
}
"""Beside the floors: what each top-level package may know of the others."""

STRANGE_TO_THE_DOMAIN = ("aws_cdk", "aws_lambda_powertools", "awslambdaric", "constructs", "jsii")
"""What only handlers, infra and operators' tools import, and of the customers' package the `cdk` modules."""
