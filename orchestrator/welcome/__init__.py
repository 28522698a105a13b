"""The welcome email: rendered from templates, sent once, sent again on demand, and what became of it.

Knows `aws`, `tenants`, `identity` and `routing`. Begin with `sending`.
"""
