"""The isolation tiers: the one that a plan stands for, what each may carry, and its path through the workflow."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from orchestrator.contracts import Reason, TenantCreated
from orchestrator.contracts.fields import TIERS, Tier, is_plan_name
from orchestrator.contracts.identity_providers import SOCIAL_TYPES

if TYPE_CHECKING:
    from orchestrator.settings import Settings


def of_plan(settings: "Settings", plan: str) -> Tier:
    """Return the tier of a plan of billing's, or the tier that is named itself; raises KeyError for neither."""
    return plan if plan in TIERS else settings.plans[plan]


def plan_problems(settings: "Settings", detail: Any) -> "list[Reason]":  # Any: a detail as it was received
    """Return what is wrong with the plan that a detail names; the contract says it of what could be no plan."""
    plan = detail.get("tier") if isinstance(detail, dict) else None
    known = (*TIERS, *settings.plans)
    if plan in known or not is_plan_name(plan):
        return []
    return [Reason(field="tier", message=f"must be one of {', '.join(known)}")]


def problems(settings: "Settings", tier: Tier, request: TenantCreated) -> Iterator[Reason]:
    """Yield what the tenant asks for and its tier, or this deployment, cannot carry."""
    if tier == "pool" and request.identity_providers:
        yield Reason(field="identityProviders", message="are not possible on tier pool; use bridge or silo")
    if tier == "pool" and request.app_client:
        yield Reason(field="appClient", message="is not possible on tier pool, whose app client is shared")
    if tier != "silo" and request.security:
        yield Reason(field="security", message="is possible on tier silo only")
    if tier != "silo" and request.region:
        yield Reason(field="region", message="is possible on tier silo only")
    elif request.region and request.region not in offered_regions(settings):
        message = f"must be one of the Regions offered: {', '.join(offered_regions(settings))}"
        yield Reason(field="region", message=message)
    if request.security and request.security.password_policy.password_history_size and settings.feature_plan == "LITE":
        message = "is possible only where this deployment's Cognito feature plan is above LITE"
        yield Reason(field="security.passwordPolicy.passwordHistorySize", message=message)
    yield from _provider_problems(settings, tier, request)


def offered_regions(settings: "Settings") -> tuple[str, ...]:
    """Return the Regions where a silo tenant's user pool may be, the home Region first."""
    return tuple(dict.fromkeys((settings.region, *settings.regions)))


def path(tier: Tier, *, federated: bool) -> tuple[str, ...]:
    """Return the steps of a tenant in their order; a test holds them to the workflow's definition.

    A federated tenant has no local admin: its people sign in at its own identity provider.
    """
    placed = ("CreateUserPool", "ConfigureUserPool") if tier == "silo" else ("AssignSharedPool",)
    return (
        *placed,
        "CreateTenantGroup",
        *(("CreateIdentityProviders",) if federated else ()),
        *(("CreateAppClient",) if tier != "pool" else ()),
        *(("CreateTenantAdmin",) if not federated else ()),
        "RegisterRouting",
        "SendWelcomeEmail",
        "CompleteOnboarding",
    )


def _provider_problems(settings: "Settings", tier: Tier, request: TenantCreated) -> Iterator[Reason]:
    partition_and_region = f":secretsmanager:{settings.region}:{settings.account_id}:secret:"
    below = f"{settings.secret_prefix}/{request.tenant_id}/"
    for index, provider in enumerate(request.identity_providers):
        field = f"identityProviders[{index}]"
        if tier == "bridge" and provider.type in SOCIAL_TYPES:
            message = f"{provider.type} is possible on tier silo only: a user pool has one, and bridge shares it"
            yield Reason(field=f"{field}.type", message=message)
        arn = getattr(provider, "client_secret_arn", None)
        if arn and f"{partition_and_region}{below}" not in arn:
            message = f"must name a secret of this account and Region {settings.region} whose name begins with {below}"
            yield Reason(field=f"{field}.clientSecretArn", message=message)
