"""Tenant onboarding: the domain, which knows neither Lambda nor CDK, and operators' tools beside it.

Each folder is a room, named after what the product does for a tenant. From the ground up: `aws`; `tenants`; `identity`,
`routing`, `sign_in`; `onboarding`, `welcome`; `steps`, `status`; `operations`, `audit`, `preflight`; `local`; `cli`.
A room knows those below it alone, and says where to begin.
"""
