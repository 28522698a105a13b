"""The isolation tiers: the one that a plan stands for, what each may carry, and its path through the workflow."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tenant_onboarding.contracts.fields import TIERS, Tier, is_plan_name
from tenant_onboarding.contracts.identity_providers import SOCIAL_TYPES
from tenant_onboarding.contracts.reasons import Reason
from tenant_onboarding.contracts.redirect_addresses import is_localhost

if TYPE_CHECKING:
    from orchestrator.aws.settings import Settings
    from tenant_onboarding.contracts.tenant_created import TenantCreated


USER_NAMES: dict[Tier, str] = {"pool": "{tenantId}/{email}", "bridge": "{tenantId}/{email}", "silo": "{email}"}
"""What a user is called in Cognito: in a shared user pool the same person may belong to two tenants."""


def of_plan(settings: "Settings", plan: str) -> Tier:
    """Return the tier of a plan of billing's, or the tier that is named itself; raises KeyError for neither."""
    return plan if plan in TIERS else settings.plans[plan]


CARRIED: "dict[str, tuple[tuple[Tier, ...], str]]" = {
    "identityProviders": (("bridge", "silo"), "are not possible on tier pool; use bridge or silo"),
    "appClient": (("bridge", "silo"), "is not possible on tier pool, whose app client is shared"),
    "security": (("silo",), "is possible on tier silo only"),
    "region": (("silo",), "is possible on tier silo only"),
}
"""The fields that not every tier carries: by which it is, and what is said to others."""


def problems_at_sight(settings: "Settings", detail: Any) -> Iterator[Reason]:  # Any: a detail as it was received
    """Yield what is wrong with the plan that a detail names, or with what it asks for on that plan's tier.

    The detail may break the contract, which says so itself; this is said together with that.
    """
    plan = detail.get("tier") if isinstance(detail, dict) else None
    known = (*TIERS, *settings.plans)
    if not is_plan_name(plan):
        return
    if plan not in known:
        yield Reason(field="tier", message=f"must be one of {', '.join(known)}")
        return
    tier = of_plan(settings, plan)
    yield from (
        Reason(field=field, message=words)
        for field, (carriers, words) in CARRIED.items()
        if detail.get(field) not in (None, []) and tier not in carriers
    )


def problems(settings: "Settings", tier: Tier, request: "TenantCreated") -> Iterator[Reason]:
    """Yield what else the tenant asks for and its tier, or this deployment, cannot carry."""
    if tier == "silo" and request.region and request.region not in offered_regions(settings):
        message = f"must be one of the Regions offered: {', '.join(offered_regions(settings))}"
        yield Reason(field="region", message=message)
    if request.security and request.security.password_policy.password_history_size and settings.feature_plan == "LITE":
        message = "is possible only where this deployment's Cognito feature plan is above LITE"
        yield Reason(field="security.passwordPolicy.passwordHistorySize", message=message)
    yield from _provider_problems(settings, tier, request)
    yield from _address_problems(settings, request)


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


REMOVALS_FROM_SHARED = ("RemoveTenantUsers", "RemoveAppClient", "RemoveIdentityProviders", "RemoveTenantGroup")


def removal_path(tier: Tier) -> tuple[str, ...]:
    """Return the steps of a tenant's abandonment in their order; a test holds them to the workflow's definition.

    What is not there to be removed, as other tenants of the tier have it, is a step that finds nothing.
    """
    removed = ("RemoveUserPool",) if tier == "silo" else (*REMOVALS_FROM_SHARED, "ReleaseSharedPool")
    return ("CheckNobodySignedIn", *removed, "ReleaseRouting", "VerifyAbandonment", "CompleteAbandonment")


REMOVALS = frozenset(step for tier in TIERS for step in removal_path(tier))


def _provider_problems(settings: "Settings", tier: Tier, request: "TenantCreated") -> Iterator[Reason]:
    ours = f"arn:{settings.partition}:secretsmanager:{settings.region}:{settings.account_id}:secret:"
    below = f"{settings.secret_prefix}/{request.tenant_id}/"
    if tier == "bridge" and len(request.identity_providers) > settings.identity_providers_per_pool:
        message = f"are too many: at most {settings.identity_providers_per_pool} fit into a shared user pool; use silo"
        yield Reason(field="identityProviders", message=message)
    for index, provider in enumerate(request.identity_providers):
        field = f"identityProviders[{index}]"
        if tier == "bridge" and provider.type in SOCIAL_TYPES:
            message = f"{provider.type} is possible on tier silo only: a user pool has one, and bridge shares it"
            yield Reason(field=f"{field}.type", message=message)
        elif tier == "bridge" and provider.type not in settings.bridge_providers:
            yield Reason(field=f"{field}.type", message=f"{provider.type} is possible on tier silo only")
        arn = getattr(provider, "client_secret_arn", None)
        if arn and not arn.startswith(f"{ours}{below}"):
            message = f"must name a secret of this account and Region {settings.region} whose name begins with {below}"
            yield Reason(field=f"{field}.clientSecretArn", message=message)


def _address_problems(settings: "Settings", request: "TenantCreated") -> Iterator[Reason]:
    """The product's hosts are other tenants' and the product's own: no tenant's sign-in may lead there."""
    own = f"{request.routing.subdomain}.{settings.app_domain}"
    asked = request.app_client
    for field, addresses in (("callbackUrls", asked.callback_urls), ("logoutUrls", asked.logout_urls)) if asked else ():
        for index, address in enumerate(addresses):
            if is_localhost(address) and not settings.local_callbacks:
                message = "must not be at http://localhost: this deployment takes that nowhere"
                yield Reason(field=f"appClient.{field}[{index}]", message=message)
            host = str(urlsplit(address).hostname) if address.startswith("https:") else own
            if host != own and f".{host}".endswith(f".{settings.app_domain}"):
                message = f"must not be another host of {settings.app_domain} than {own}"
                yield Reason(field=f"appClient.{field}[{index}]", message=message)
