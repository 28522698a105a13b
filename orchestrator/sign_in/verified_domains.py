"""Whether an address is at an email domain that a tenant has proved to be its own."""

from orchestrator.sign_in.token_claims import Find
from tenant_onboarding.authorizer import registry
from tenant_onboarding.names import ascii_domain


def has(find: Find, tenant_id: str, address: str) -> bool:
    """Tell whether an address is at a verified domain of this very tenant, by one read at most.

    What is below such a domain is another one. A tenant that is suspended has none that leads to it.
    """
    local, _, typed = address.rpartition("@")
    domain = ascii_domain(typed)
    if not local or not domain:
        return False
    return any(route.get("tenantId") == tenant_id for route in find(registry.domain_key(domain)))
