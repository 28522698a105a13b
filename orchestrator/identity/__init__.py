"""A tenant's identity in Amazon Cognito: found or created, never twice, and removed by owner only.

Knows `aws`, `tenants` and the contracts. Begin with `cognito`; pool and bridge tenants live in a user pool of
`shared_pools`.
"""
