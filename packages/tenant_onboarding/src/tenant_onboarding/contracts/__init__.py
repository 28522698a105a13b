"""The events in and out, and every limit that AWS or DNS would otherwise impose later.

`TenantCreated` comes from billing or signup; the others are ours. All are camelCase JSON, strict and frozen. Nothing
that can be known at the door fails after it: where a bound comes from AWS or DNS, the field says which. Begin with
`tenant_created`; `detail_types` has them all, and the JSON Schema of each.
"""
