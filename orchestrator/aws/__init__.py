"""AWS as the rest of the house sees it: clients, tables, errors and this deployment's settings.

Knows nothing of tenants but the contracts, so every room may use it. Begin with `errors`: what AWS says is translated
there, once.
"""
