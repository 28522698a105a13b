"""The welcome email: sent once, sent again on demand, and what became of it.

Knows `aws`, `tenants`, `identity`, `routing` and `emails`. Begin with `sending`.
"""
