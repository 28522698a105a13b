"""The isolation tiers: which are offered, and the path each takes through the workflow."""

from orchestrator.errors import ConfigurationError
from orchestrator.fields import Tier

OFFERED: tuple[Tier, ...] = ("pool",)


def path(tier: Tier, *, federated: bool) -> tuple[str, ...]:
    """Return the steps of a tenant in their order; a test holds them to the workflow's definition."""
    placed = ("CreateUserPool", "ConfigureUserPool") if tier == "silo" else ("AssignSharedPool",)
    providers = ("CreateIdentityProviders",) if federated else ()
    client = () if tier == "pool" else ("CreateAppClient",)
    return (
        *placed,
        "CreateTenantGroup",
        *providers,
        *client,
        "CreateTenantAdmin",
        "RegisterRouting",
        "SendWelcomeEmail",
        "CompleteOnboarding",
    )


def not_offered(step: str) -> ConfigurationError:
    """Return what a step says whose tier is not offered yet; intake rejects such tenants before they get there."""
    return ConfigurationError(
        f"{step} belongs to a tier that this version does not offer; it offers {', '.join(OFFERED)}",
        next_action="Deploy a version that offers the tenant's tier, then retry.",
    )
