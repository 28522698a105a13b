"""From an event to a running workflow, and from its end to a status: nothing is lost, late or told twice.

Knows `aws`, `tenants`, `identity`, `routing` and the contracts. Begin with `intake`; `outcome` and `reconcile` end what
it begins.
"""
