"""Where a tenant is found: host names, codes and email domains, each held by one tenant at most.

Knows `aws`, `tenants` and the contracts. Begin with `routes`, which writes the registry; `tenant_onboarding.authorizer`
reads it.
"""
