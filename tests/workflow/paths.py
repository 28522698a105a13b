"""The ways through the workflow, written out: what the scenarios expect, on whatever engine."""

END = ("RegisterRouting", "SendWelcomeEmail", "CompleteOnboarding")
FROM_ADMIN = ("HasLocalAdmin", "CreateTenantAdmin", *END)
WITHOUT_ADMIN = ("HasLocalAdmin", *END)
SHARED = ("ChooseTier", "AssignSharedPool", "CreateTenantGroup", "IsFederated")
DEDICATED = ("ChooseTier", "CreateUserPool", "ConfigureUserPool", "CreateTenantGroup", "IsFederated")
OWN_CLIENT = ("HasOwnAppClient", "CreateAppClient")

POOL = (*SHARED, "HasOwnAppClient", *FROM_ADMIN)
BRIDGE = (*SHARED, *OWN_CLIENT, *FROM_ADMIN)
BRIDGE_FEDERATED = (*SHARED, "CreateIdentityProviders", *OWN_CLIENT, *WITHOUT_ADMIN)
SILO = (*DEDICATED, *OWN_CLIENT, *FROM_ADMIN)
SILO_FEDERATED = (*DEDICATED, "CreateIdentityProviders", *OWN_CLIENT, *WITHOUT_ADMIN)
UNKNOWN = ("ChooseTier", "UnknownTier")

RELEASED = ("ReleaseRouting", "VerifyAbandonment", "CompleteAbandonment")
ABANDONED_SHARED = (
    "CheckNobodySignedIn",
    "HasOwnUserPool",
    "RemoveTenantUsers",
    "RemoveAppClient",
    "RemoveIdentityProviders",
    "RemoveTenantGroup",
    "ReleaseSharedPool",
    *RELEASED,
)
ABANDONED_SILO = ("CheckNobodySignedIn", "HasOwnUserPool", "RemoveUserPool", *RELEASED)

CHOICES = {"ChooseTier", "IsFederated", "HasOwnAppClient", "HasLocalAdmin", "HasOwnUserPool"}


def steps(path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the Task states of a path."""
    return tuple(state for state in path if state not in CHOICES)


def up_to(path: tuple[str, ...], state: str) -> tuple[str, ...]:
    """Return the beginning of a path that ends with `state`."""
    return path[: path.index(state) + 1]
