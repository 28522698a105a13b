"""Emails as their readers see them, from templates by locale, and what Amazon SES reports of them.

A deployment may put templates of its own over ours. Knows `aws`, `tenants` and `identity`. Begin with `rendering`.
"""
