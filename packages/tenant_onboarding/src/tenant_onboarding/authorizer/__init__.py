"""Lets a request in by a verified token of a tenant, and tells the API whose it is.

Knows `names` alone. Begin with `handler`, the function; `token_verifier` is its judgement, for use without Lambda too.
"""
