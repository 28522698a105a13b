"""AWS as the rest of the house sees it: clients, tables, errors and this deployment's settings.

It knows nothing of tenants, so every room may use it. Begin with `errors`: what AWS says is translated there, once.
"""
